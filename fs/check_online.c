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

static const struct {
	const char *what, *path;
	bool registry;
} questions[] = {
	{"balance", "/v1/generation/balance", false},
	{"image models", "/growthai/v1/image/models", true},
	{"video models", "/growthai/v1/video/models", true},
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

static int read_error(size_t question, int status, const struct buf *body, struct api_error *error)
{
	struct model_list list = {0};
	double credits = 0;
	enum api_kind kind = question == 1 ? API_IMAGE : API_VIDEO;
	int r = question == 0
			? envelope_balance(status, body->data, body->length, &credits, error)
			: registry_parse_live(kind, status, body->data, body->length, &list, error);

	if (r == 0 && question == 0)
		printf("%s: %.10g credits\n", questions[question].what, credits);
	model_list_finish(&list);
	return r;
}

static void read_answer(struct online *online, int status)
{
	const char *what = questions[online->next].what;
	const struct buf *body = &online->body;
	char cause[ERRCLASS_EXPLAIN];
	struct api_error error = {0};
	size_t models = 0;

	if (read_error(online->next, status, body, &error) < 0) {
		errclass_cause(&error, cause, sizeof(cause));
		printf("problem: %s: %s%s%s%s\n", what, cause,
			error.text[0] ? " The service says: " : "", error.text,
			error.class == ERRCLASS_AUTH ? " (weryaifs --set-key sets another one)"
						     : "");
		online->problems++;
		return;
	}
	if (online->next == 0) {
		(void)shape_balance(body->data, body->length, tell, online);
		return;
	}
	(void)shape_models(online->next == 1 ? API_IMAGE : API_VIDEO, body->data, body->length,
		tell, online, &models);
	printf("%s: %zu rows\n", what, models);
}

static void on_done(void *arg, const struct http_end *end)
{
	struct online *online = arg;

	online->request = NULL;
	if (end->error != 0) {
		printf("problem: %s: %s\n", questions[online->next].what, end->text);
		online->problems++;
	} else {
		read_answer(online, end->head.status);
	}
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
		questions[online->next].registry ? config->models_base_url : config->base_url;
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
