/* SPDX-License-Identifier: MIT */
#include "fs/check_online.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client.h"
#include "fs/api/shape.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/loop.h"
#include "fs/layers.h"

enum { BALANCE, IMAGE_MODELS, VIDEO_MODELS, SPEAKERS };

static const struct {
	const char *what, *path;
	int about;
} questions[] = {
	{"balance", "/v1/generation/balance", BALANCE},
	{"image models", "/growthai/v1/image/models", IMAGE_MODELS},
	{"video models", "/growthai/v1/video/models", VIDEO_MODELS},
	{"speakers of PODCAST, en", "/v1/generation/podcast/speakers/list?language=en", SPEAKERS},
	{"speakers of PODCAST, zh", "/v1/generation/podcast/speakers/list?language=zh", SPEAKERS},
};

struct online {
	const struct setup *setup;
	struct loop *loop;
	struct layers layers;
	struct http_request *request;
	struct buf body;
	size_t next;
	int problems, differences;
};

static void ask(struct online *online);

static int on_body(void *arg, const char *data, size_t length)
{
	struct online *online = arg;

	return buf_add(&online->body, data, length);
}

static void tell(void *arg, const char *sentence)
{
	struct online *online = arg;

	printf("  different: %s\n", sentence);
	online->differences++;
}

/* The word before what went wrong. No document shows what the list of speakers looks like, and nothing else depends on it. */
static const char *complaint(struct online *online)
{
	if (questions[online->next].about == SPEAKERS)
		return "not told";
	online->problems++;
	return "problem";
}

static int read_speakers(const char *what, int status, const struct buf *body, struct api_error *error)
{
	CLEANUP(strlist_finish) struct strlist speakers = {0};
	int r = envelope_speakers(status, body->data, body->length, &speakers, error);
	CLEANUP_FREE char *list = r == 0 ? strlist_join(&speakers, ", ") : NULL;

	if (list != NULL)
		printf("%s: %s\n", what, list);
	return r;
}

static int read_models(
	struct online *online, enum api_kind kind, int status, const struct buf *body, struct api_error *error)
{
	struct model_list list = {0};
	size_t models = 0;
	int r = registry_parse_live(kind, status, body->data, body->length, &list, error);

	model_list_finish(&list);
	if (r < 0)
		return r;
	(void)shape_models(kind, body->data, body->length, tell, online, &models);
	printf("%s: %zu rows\n", questions[online->next].what, models);
	return 0;
}

static int read_balance(struct online *online, int status, const struct buf *body, struct api_error *error)
{
	double credits = 0;
	int r = envelope_balance(status, body->data, body->length, &credits, error);

	if (r < 0)
		return r;
	printf("%s: %.10g credits\n", questions[online->next].what, credits);
	(void)shape_balance(body->data, body->length, tell, online);
	return 0;
}

static void read_answer(struct online *online, int status)
{
	const char *what = questions[online->next].what;
	int about = questions[online->next].about, r;
	const struct buf *body = &online->body;
	char cause[ERRCLASS_EXPLAIN];
	struct api_error error = {0};

	if (about == BALANCE)
		r = read_balance(online, status, body, &error);
	else if (about == SPEAKERS)
		r = read_speakers(what, status, body, &error);
	else
		r = read_models(online, about == IMAGE_MODELS ? API_IMAGE : API_VIDEO, status, body, &error);
	if (r == 0)
		return;
	errclass_cause(&error, cause, sizeof(cause));
	printf("%s: %s: %s%s%s%s\n", complaint(online), what, cause,
		error.text[0] ? " The service says: " : "", error.text,
		error.class == ERRCLASS_AUTH ? " (weryaifs --set-key sets another one)" : "");
}

static void on_done(void *arg, const struct http_end *end)
{
	struct online *online = arg;

	online->request = NULL;
	if (end->error != 0)
		printf("%s: %s: %s\n", complaint(online), questions[online->next].what, end->text);
	else
		read_answer(online, end->head.status);
	buf_finish(&online->body);
	online->next++;
	ask(online);
}

static void ask(struct online *online)
{
	static const struct http_events events = {.body = on_body, .done = on_done};
	const struct config *config = &online->setup->config;
	CLEANUP_FREE char *url = NULL;

	if (online->next == array_length(questions)) {
		loop_stop(online->loop, 0);
		return;
	}
	const char *base =
		questions[online->next].about == IMAGE_MODELS || questions[online->next].about == VIDEO_MODELS
			? config->models_base_url
			: config->base_url;
	size_t length = strlen(base);
	while (length > 0 && base[length - 1] == '/')
		length--;
	if (asprintf(&url, "%.*s%s", (int)length, base, questions[online->next].path) < 0)
		url = NULL;
	struct http_spec spec = {.url = url != NULL ? url : "",
		.bearer = online->setup->secret.key,
		.range_start = -1,
		.range_end = -1,
		.stall_ms = config->request_timeout_ms,
		.total_ms = config->request_timeout_ms,
		.max_bytes = ENVELOPE_MAX_BYTES};
	buf_init(&online->body, ENVELOPE_MAX_BYTES);
	int r = http_start(online->layers.api_http, &spec, &events, online, &online->request);
	if (r < 0) {
		printf("problem: %s: %s\n", questions[online->next].what, strerror(-r));
		online->problems++;
		loop_stop(online->loop, 0);
	}
}

static void begin(void *arg)
{
	ask(arg);
}

int check_online(const struct setup *setup)
{
	struct online online = {.setup = setup};
	int r = loop_create(&online.loop);

	if (r == 0) {
		online.layers.loop = online.loop;
		r = layers_open_api(&online.layers, setup);
	}
	if (r == 0)
		r = loop_defer(online.loop, begin, &online);
	if (r == 0)
		r = loop_run(online.loop);
	layers_close(&online.layers);
	if (online.loop != NULL)
		loop_destroy(online.loop);
	if (r < 0) {
		printf("problem: the service cannot be asked: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	if (online.problems == 0 && online.differences == 0)
		puts("the service answers as expected");
	else if (online.differences > 0)
		puts("answers that differ are read as far as they are understood; please tell us "
		     "of them");
	return online.problems > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
