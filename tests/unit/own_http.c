/* SPDX-License-Identifier: MIT */
#include "tests/unit/own_http.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/list.h"
#include "fs/base/loop.h"
#include "fs/net/http.h"
#include "tests/unit/own_disk.h"

#define CDN "https://cdn.test/"
#define PIECE 16384

struct http {
	struct loop *loop;
	struct loop_timer *timer;
	struct list requests;        /* http_request.link, owned */
	struct http_request *served; /* the one whose callback runs; NULL: it was cancelled by it */
	uint64_t received;
};

struct http_request {
	struct list link;
	struct http *http;
	struct http_events events;
	void *arg;
	char what[600]; /* "GET /v1/…" */
	char *body;     /* owned; what is answered */
	size_t length, given;
	int64_t start, total; /* of the answer's body in the file; total 0: no file */
	struct own_answer answer;
	int64_t due; /* monotonic ms: not answered before */
	bool answered, headed, paused;
};

static struct rule {
	char part[128];
	struct own_answer answer;
	size_t count;
} rules[64];

static size_t rule_count, request_count, tasks, uploads;
static struct {
	char what[608];
} started[4096];
static char posted[16384], task_state[32];
static double balance;
static size_t picture_bytes;
static unsigned picture_count;
static int64_t latency;
static bool without_ranges;
static uint64_t received;
static struct http *all[8];

void own_http_reset(void)
{
	rule_count = request_count = tasks = uploads = 0;
	posted[0] = '\0';
	own_http_state("succeed");
	own_http_balance(100);
	own_http_pictures(100, 1);
	latency = 0;
	without_ranges = false;
	received = 0;
}

void own_http_latency(int64_t ms)
{
	latency = ms;
}

void own_http_without_ranges(void)
{
	without_ranges = true;
}

uint64_t own_http_bytes(void)
{
	return received;
}

void own_http_next_many(const char *part, struct own_answer answer, size_t count)
{
	struct rule *rule = &rules[rule_count++];

	assert(rule_count <= array_length(rules));
	snprintf(rule->part, sizeof(rule->part), "%s", part);
	rule->answer = answer;
	rule->count = count;
}

void own_http_next(const char *part, struct own_answer answer)
{
	own_http_next_many(part, answer, 1);
}

void own_http_state(const char *state)
{
	snprintf(task_state, sizeof(task_state), "%s", state);
}

void own_http_balance(double credits)
{
	balance = credits;
}

void own_http_pictures(size_t bytes, unsigned count)
{
	picture_bytes = bytes;
	picture_count = count;
}

const char *own_http_posted(void)
{
	return posted;
}

char own_http_byte(int64_t offset)
{
	static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02";

	return offset < (int64_t)sizeof(head) ? head[offset] : (char)(offset % 251);
}

size_t own_http_count(const char *part)
{
	size_t count = 0;

	for (size_t i = 0; i < request_count; i++)
		count += strstr(started[i].what, part) != NULL;
	return count;
}

/* --- the service --- */

static char *make_picture(int64_t start, size_t length)
{
	char *data = malloc(length + 1);

	assert(data != NULL);
	for (size_t i = 0; i < length; i++)
		data[i] = own_http_byte(start + (int64_t)i);
	return data;
}

static void answer_picture(struct http_request *request, const struct http_spec *spec)
{
	int64_t end = (int64_t)picture_bytes;
	bool ranged = spec->range_start >= 0 && !without_ranges;

	request->start = ranged ? spec->range_start : 0;
	if (ranged && spec->range_end >= 0 && spec->range_end + 1 < end)
		end = spec->range_end + 1;
	request->total = (int64_t)picture_bytes;
	request->length = end > request->start ? (size_t)(end - request->start) : 0;
	request->body = make_picture(request->start, request->length);
	request->answer.status = ranged ? 206 : 200;
}

static char *list_pictures(const char *task)
{
	char *text = strdup("");

	for (unsigned i = 0; i < picture_count && text != NULL; i++) {
		char *longer;
		assert(asprintf(&longer, "%s%s\"" CDN "%s-%u.png\"", text, i > 0 ? "," : "", task,
			       i) > 0);
		free(text);
		text = longer;
	}
	return text;
}

static void answer_well(struct http_request *request, const struct http_spec *spec)
{
	char task[64] = "";
	int n;

	request->answer.status = 200;
	if (strncmp(spec->url, CDN, strlen(CDN)) == 0) {
		answer_picture(request, spec);
		return;
	}
	if (spec->post != NULL) {
		n = asprintf(&request->body, "{\"status\":200,\"data\":{\"task_ids\":[\"T%zu\"]}}",
			++tasks);
	} else if (strstr(request->what, "/balance") != NULL) {
		n = asprintf(&request->body, "{\"status\":200,\"data\":%g}", balance);
	} else if (sscanf(request->what, "GET /v1/generation/%63[^/]/status", task) == 1) {
		CLEANUP_FREE char *pictures = list_pictures(task);
		n = asprintf(&request->body,
			"{\"status\":200,\"data\":{\"task_id\":\"%s\",\"task_status\":\"%s\","
			"\"images\":[%s]}}",
			task, task_state, strcmp(task_state, "succeed") == 0 ? pictures : "");
	} else if (strstr(request->what, "/upload-file") != NULL) {
		n = asprintf(&request->body,
			"{\"status\":200,\"data\":{\"url\":\"https://files.test/%zu\"}}",
			++uploads);
	} else {
		request->answer.status = 404;
		n = asprintf(&request->body, "{}");
	}
	assert(n > 0);
	request->length = (size_t)n;
}

static void answer_as_told(struct http_request *request, struct own_answer answer)
{
	request->answer = answer;
	if (answer.body != NULL) {
		request->body = strdup(answer.body);
		request->length = strlen(answer.body);
	}
	request->answered = !answer.hold;
}

static const struct own_answer *find_rule(const char *what)
{
	for (size_t i = 0; i < rule_count; i++) {
		if (rules[i].count > 0 && strstr(what, rules[i].part) != NULL) {
			rules[i].count -= rules[i].count != SIZE_MAX;
			return &rules[i].answer;
		}
	}
	return NULL;
}

/* --- http.h --- */

static int64_t retry_after(const struct http_request *request)
{
	return request->answer.retry_after_ms > 0 ? request->answer.retry_after_ms : -1;
}

static void end(struct http_request *request, int error)
{
	struct http_events events = request->events;
	void *arg = request->arg;
	struct http_end told = {.error = error,
		.maybe_sent = !request->answer.not_sent,
		.head = {.status = error == 0 || request->headed ? request->answer.status : 0,
			.retry_after_ms = retry_after(request)},
		.body_bytes = (int64_t)request->given};

	if (error != 0)
		snprintf(told.text, sizeof(told.text), "the test says: %s", strerror(-error));
	list_remove(&request->link);
	free(request->body);
	free(request);
	events.done(arg, &told);
}

static int give_head(struct http_request *request)
{
	struct http_head head = {.status = request->answer.status,
		.content_length = (int64_t)request->length,
		.range_start = -1,
		.range_end = -1,
		.total = request->total > 0 ? request->total : (int64_t)request->length,
		.retry_after_ms = retry_after(request),
		.wait_ms = latency};

	if (head.status == 206) {
		head.range_start = request->start;
		head.range_end = request->start + (int64_t)request->length - 1;
		head.accept_ranges = true;
	}
	request->headed = true;
	return request->events.head != NULL ? request->events.head(request->arg, &head) : 0;
}

/* One step of one request. */
static void serve_request(struct http_request *request)
{
	struct http *http = request->http;

	if (request->answer.error != 0) {
		end(request, request->answer.error);
		return;
	}
	if (!request->headed) {
		int r = give_head(request);
		if (http->served == NULL)
			return;
		if (r < 0) {
			end(request, r);
			return;
		}
	}
	if (request->given < request->length) {
		size_t rest = request->length - request->given;
		size_t piece = rest < PIECE ? rest : PIECE;
		const char *data = request->body + request->given;
		request->given += piece;
		http->received += piece;
		received += piece;
		int r = request->events.body != NULL
				? request->events.body(request->arg, data, piece)
				: 0;
		if (http->served == NULL)
			return;
		if (r < 0) {
			end(request, r);
			return;
		}
		request->paused = r == HTTP_PAUSE;
		/* the others have their turn */
		list_remove(&request->link);
		list_append(&http->requests, &request->link);
		return;
	}
	end(request, 0);
}

static struct http_request *find_next(struct http *http)
{
	struct list *item;

	list_for_each(item, &http->requests)
	{
		struct http_request *request = list_entry(item, struct http_request, link);
		if (request->answered && !request->paused && request->due <= clock_mono_ms())
			return request;
	}
	return NULL;
}

/* For the next answer that is due. */
static void arm(struct http *http)
{
	int64_t first = INT64_MAX;
	struct list *item;

	list_for_each(item, &http->requests)
	{
		struct http_request *request = list_entry(item, struct http_request, link);
		if (request->answered && !request->paused && request->due < first)
			first = request->due;
	}
	if (first != INT64_MAX)
		loop_timer_arm(http->timer, first - clock_mono_ms());
}

static void serve(void *arg)
{
	struct http *http = arg;

	http->served = find_next(http);
	if (http->served != NULL)
		serve_request(http->served);
	arm(http);
}

int http_create(struct loop *loop, const struct http_options *options, struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));

	assert(http != NULL);
	http->loop = loop;
	list_init(&http->requests);
	int r = loop_timer_create(loop, serve, http, &http->timer);
	assert(r == 0);
	for (size_t i = 0; i < array_length(all); i++) {
		if (all[i] == NULL) {
			all[i] = http;
			break;
		}
	}
	*ret_http = http;
	return 0;
}

void http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	while (!list_empty(&http->requests))
		http_cancel(list_entry(http->requests.next, struct http_request, link));
	loop_timer_destroy(http->timer);
	for (size_t i = 0; i < array_length(all); i++)
		if (all[i] == http)
			all[i] = NULL;
	free(http);
}

int http_start(struct http *http, const struct http_spec *spec, const struct http_events *events,
	void *arg, struct http_request **ret_request)
{
	struct http_request *request = calloc(1, sizeof(*request));
	const char *path = strstr(spec->url, "://");

	assert(request != NULL && path != NULL && request_count < array_length(started));
	path = strchr(path + 3, '/');
	list_init(&request->link);
	request->http = http;
	request->events = *events;
	request->arg = arg;
	snprintf(request->what, sizeof(request->what), "%s %s",
		spec->post != NULL || spec->upload != NULL ? "POST" : "GET", path);
	if (http_check_url(spec->url) < 0) {
		free(request);
		return -EINVAL;
	}
	const struct own_answer *told = find_rule(request->what);
	if (told != NULL && told->refuse != 0) {
		free(request);
		return told->refuse;
	}
	record("%s%s", request->what, spec->once ? " once" : "");
	snprintf(started[request_count++].what, sizeof(started->what), "%s%s", request->what,
		spec->own_connection ? " own" : "");
	if (spec->post != NULL)
		snprintf(posted, sizeof(posted), "%s", spec->post);
	request->answered = true;
	if (told != NULL && (told->status != 0 || told->error != 0 || told->hold))
		answer_as_told(request, *told);
	else
		answer_well(request, spec);
	request->due = clock_mono_ms() + latency;
	list_append(&http->requests, &request->link);
	arm(http);
	*ret_request = request;
	return 0;
}

void http_resume(struct http_request *request)
{
	request->paused = false;
	loop_timer_arm(request->http->timer, 0);
}

void http_cancel(struct http_request *request)
{
	if (request == NULL)
		return;
	if (request->http->served == request)
		request->http->served = NULL;
	list_remove(&request->link);
	free(request->body);
	free(request);
}

unsigned http_active(const struct http *http)
{
	const struct list *item;
	unsigned count = 0;

	list_for_each(item, &http->requests) count++;
	return count;
}

uint64_t http_bytes_received(const struct http *http)
{
	return http->received;
}

int http_check_url(const char *url)
{
	return strncmp(url, "https://", 8) == 0 ? 0 : -EINVAL;
}

/* Enough for these tests; http's own is tested with http. */
char *http_escape(const char *segment)
{
	return strdup(segment);
}

/* --- what is held --- */

void own_http_release(struct own_answer answer)
{
	for (size_t i = 0; i < array_length(all); i++) {
		struct list *item;
		if (all[i] == NULL)
			continue;
		list_for_each(item, &all[i]->requests)
		{
			struct http_request *request = list_entry(item, struct http_request, link);
			if (!request->answered)
				answer_as_told(request, answer);
		}
		loop_timer_arm(all[i]->timer, 0);
	}
}

size_t own_http_open(const char *part)
{
	size_t count = 0;

	for (size_t i = 0; i < array_length(all); i++) {
		struct list *item;
		if (all[i] == NULL)
			continue;
		list_for_each(item, &all[i]->requests) count +=
			strstr(list_entry(item, struct http_request, link)->what, part) != NULL;
	}
	return count;
}
