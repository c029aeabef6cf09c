/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/replay.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX ((size_t)16 << 20)

struct exchange {
	json_t *line; /* owned */
	char *path;   /* owned; what is behind the host, without a query */
	const char *method;
	bool given;
};

struct replay {
	pthread_mutex_t lock;
	struct exchange *exchange; /* owned */
	size_t count;
};

/* What is behind the host. */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path : "/";
}

static void add(struct replay *replay, json_t *line)
{
	const char *url = json_string_value(json_object_get(line, "url"));
	const char *method = json_string_value(json_object_get(line, "method"));
	struct exchange *exchange;

	if (!url || !method) {
		json_decref(line);
		return;
	}
	replay->exchange = xrealloc(
		replay->exchange, (replay->count + 1) * sizeof(*replay->exchange));
	exchange = &replay->exchange[replay->count++];
	*exchange = (struct exchange){.line = line, .method = method};
	exchange->path = strndup(path_of(url), strcspn(path_of(url), "?#"));
}

int replay_create(const char *file, struct replay **ret)
{
	FILE *stream = file ? fopen(file, "re") : NULL;
	struct replay *replay;
	char *line = NULL;
	size_t space = 0;

	*ret = NULL;
	if (!file)
		return 0;
	if (!stream) {
		fprintf(stderr, "weryaifs-sandbox: --replay %s: %s\n", file, strerror(errno));
		return -1;
	}
	replay = xcalloc(1, sizeof(*replay));
	pthread_mutex_init(&replay->lock, NULL);
	while (getline(&line, &space, stream) > 0) {
		json_t *json = json_loads(line, 0, NULL);

		if (json)
			add(replay, json);
	}
	free(line);
	fclose(stream);
	*ret = replay;
	if (replay->count > 0)
		return 0;
	fprintf(stderr, "weryaifs-sandbox: --replay %s: there is no exchange in it\n", file);
	return -1;
}

void replay_destroy(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->count; i++) {
		json_decref(replay->exchange[i].line);
		free(replay->exchange[i].path);
	}
	free(replay->exchange);
	pthread_mutex_destroy(&replay->lock);
	free(replay);
}

/* The first that was not given yet, else the last; NULL: nothing of this kind was asked. */
static const json_t *find(struct replay *replay, const char *method, const char *path)
{
	struct exchange *found = NULL;

	pthread_mutex_lock(&replay->lock);
	for (size_t i = 0; i < replay->count && !(found && !found->given); i++)
		if (strcmp(replay->exchange[i].method, method) == 0 &&
			strcmp(replay->exchange[i].path, path) == 0)
			found = &replay->exchange[i];
	if (found)
		found->given = true;
	pthread_mutex_unlock(&replay->lock);
	return found ? found->line : NULL;
}

/* Addresses lead to us. */
static json_t *lead_here(const struct sandbox *sandbox, const json_t *value)
{
	const char *text = json_string_value(value), *key;
	json_t *member, *copy;
	size_t i;

	if (text && (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0))
		return json_sprintf("%s%s", sandbox->base, path_of(text));
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, member)
			json_array_append_new(copy, lead_here(sandbox, member));
		return copy;
	}
	if (!json_is_object(value))
		return json_incref((json_t *)value);
	copy = json_object();
	json_object_foreach((json_t *)value, key, member)
		json_object_set_new(copy, key, lead_here(sandbox, member));
	return copy;
}

static size_t decode(const char *text, char *to, size_t room)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t size = 0;
	unsigned bits = 0, count = 0;

	for (; *text && *text != '=' && strchr(digits, *text); text++) {
		bits = bits << 6 | (unsigned)(strchr(digits, *text) - digits);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (size < room)
			to[size++] = (char)(bits >> count);
	}
	return size;
}

static char *make_body(const struct sandbox *sandbox, const json_t *line, size_t *ret_size)
{
	const json_t *body = json_object_get(line, "body");
	const char *first = json_string_value(json_object_get(line, "first"));
	json_int_t bytes = json_integer_value(json_object_get(line, "bytes"));
	char *text;

	if (json_is_object(body) || json_is_array(body)) {
		json_t *ours = lead_here(sandbox, body);

		text = json_dumps(ours, JSON_COMPACT);
		json_decref(ours);
		*ret_size = text ? strlen(text) : 0;
		return text;
	}
	if (json_is_string(body)) {
		*ret_size = json_string_length(body);
		return xstrdup(json_string_value(body));
	}
	*ret_size = bytes < 0 ? 0 : (size_t)bytes < BODY_MAX ? (size_t)bytes : BODY_MAX;
	text = xcalloc(1, *ret_size + 1);
	if (first)
		decode(first, text, *ret_size);
	return text;
}

/* Those that say something of the body or of what comes next. */
static void add_headers(struct MHD_Response *response, const json_t *headers)
{
	static const char *const names[] = {"content-type", "content-range", "accept-ranges", "etag",
		"last-modified", "retry-after"};
	const json_t *header;
	size_t i;

	json_array_foreach(headers, i, header)
	{
		const char *text = json_string_value(header), *colon = text ? strstr(text, ": ") : NULL;

		for (size_t k = 0; colon && k < sizeof(names) / sizeof(names[0]); k++) {
			size_t size = (size_t)(colon - text);

			if (strlen(names[k]) == size && strncasecmp(names[k], text, size) == 0)
				MHD_add_response_header(response, names[k], colon + 2);
		}
	}
}

enum MHD_Result replay_handle(struct request *request)
{
	struct sandbox *sandbox = request->sandbox;
	const json_t *line = find(sandbox->replay, request->method, request->path);
	int status = (int)json_integer_value(json_object_get(line, "status"));
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t size;
	char *body;

	json_object_set_new(request->entry, "replayed", json_boolean(line));
	json_object_set_new(request->entry, "http", json_integer(line ? status : 404));
	log_write(sandbox->log, request->entry);
	if (line && status == 0) {
		request_reset(request);
		return MHD_NO;
	}
	body = line ? make_body(sandbox, line, &size) : xstrdup("not in the trace\n");
	if (!line)
		size = strlen(body);
	response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	add_headers(response, json_object_get(line, "headers"));
	result = MHD_queue_response(request->connection, line ? (unsigned)status : 404, response);
	MHD_destroy_response(response);
	return result;
}
