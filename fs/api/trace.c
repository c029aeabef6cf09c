/* SPDX-License-Identifier: MIT */
#include "fs/api/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/str.h"
#include "fs/base/text.h"

#define STRING_MAX 4096 /* bytes of one string */
#define TEXT_MAX 16384	/* of a body that is no JSON */
#define FIRST_BYTES 64
#define SECRET_MIN 12 /* bytes of a value in an address that may be a token */
#define DEPTH_MAX 64

struct trace {
	char *path; /* owned */
	int fd;
	int64_t size;
	bool failed; /* said once */
};

static int open_file(struct trace *trace)
{
	struct stat st;
	int fd = open(trace->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		fchmod(fd, 0600) < 0) {
		close(fd);
		return -EPERM;
	}
	trace->fd = fd;
	trace->size = st.st_size;
	return 0;
}

int trace_open(const char *path, struct trace **ret_trace)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return -ENOMEM;
	trace->fd = -1;
	trace->path = strdup(path);
	int r = trace->path ? open_file(trace) : -ENOMEM;
	if (r < 0)
		trace_close(trace);
	else
		*ret_trace = trace;
	return r;
}

void trace_close(struct trace *trace)
{
	if (!trace)
		return;
	cleanup_closep(&trace->fd);
	free(trace->path);
	free(trace);
}

/* --- masking --- */

/* Values behind '?' and '&' that are long enough to be a token become "***", as do names and passwords in front of a host. */
static char *mask_url(const char *url)
{
	const char *host = strstr(url, "://"), *at = host ? strpbrk(host + 3, "/?#@") : NULL;
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, STRING_MAX + HTTP_TRACE_HEAD);
	if (at && *at == '@') {
		buf_add(&text, url, (size_t)(host + 3 - url));
		buf_adds(&text, "***");
		url = at;
	}
	while (*url) {
		size_t length = strcspn(url, "?&");
		buf_add(&text, url, length);
		url += length;
		if (!*url)
			break;
		size_t name = strcspn(url, "="), value;
		if (name > strcspn(url + 1, "?&#") + 1)
			name = strcspn(url + 1, "?&#"); /* no value */
		value = url[name] == '=' ? strcspn(url + name + 1, "?&#") : 0;
		buf_add(&text, url, name + (url[name] == '='));
		if (value >= SECRET_MIN)
			buf_adds(&text, "***");
		else
			buf_add(&text, url + name + 1, value);
		url += name + (url[name] == '=') + value;
		if (name == 0)
			buf_add(&text, url++, 1);
	}
	return buf_steal(&text);
}

static bool is_url(const char *text)
{
	return strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0;
}

/* A copy that may be shown; NULL: it stays as it is. */
static json_t *mask_string(const char *text)
{
	size_t length = strlen(text);
	json_t *masked = NULL;

	if (is_url(text) && strpbrk(text, "?@")) {
		CLEANUP_FREE char *url = mask_url(text);
		masked = url ? json_string(url) : json_string("***");
	} else if (length > STRING_MAX) {
		size_t kept = FIRST_BYTES;
		while (kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
			kept--;
		masked = json_sprintf("%.*s... (%zu bytes)", (int)kept, text, length);
	}
	return masked;
}

static void mask(json_t *value, unsigned depth);

/* What is to be shown in a member's place; NULL: itself, what is in it masked. */
static json_t *mask_member(json_t *member, unsigned depth)
{
	if (json_is_string(member))
		return mask_string(json_string_value(member));
	mask(member, depth + 1);
	return NULL;
}

static void mask(json_t *value, unsigned depth)
{
	const char *key;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	json_object_foreach(value, key, member)
	{
		json_t *masked = mask_member(member, depth);
		if (masked)
			json_object_set_new(value, key, masked);
	}
	if (!json_is_array(value))
		return;
	json_array_foreach(value, i, member)
	{
		json_t *masked = mask_member(member, depth);
		if (masked)
			json_array_set_new(value, i, masked);
	}
}

/* --- a line --- */

static const char *mask_header(const char *name, size_t length, const char *value)
{
	static const char *const secret[] = {
		"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"};

	for (size_t i = 0; i < array_length(secret); i++)
		if (strlen(secret[i]) == length && strncasecmp(secret[i], name, length) == 0)
			return "***";
	return value;
}

/* "Name: value" in the order of the wire; the first line apart. */
static json_t *list_headers(char *head, char **ret_first)
{
	json_t *list = json_array();
	char *line;

	*ret_first = strsep(&head, "\n");
	while (head && (line = strsep(&head, "\n"))) {
		size_t length = strcspn(line, ":");
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '\0' || line[length] == '\0')
			continue;
		line[length] = '\0';
		const char *value = line + length + 1;
		value += strspn(value, " \t");
		json_t *url = mask_string(value);
		json_array_append_new(list,
			json_sprintf("%s: %s", line,
				mask_header(line, length, url ? json_string_value(url) : value)));
		json_decref(url);
	}
	return list;
}

static char *base64(const char *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, 4 * FIRST_BYTES);
	for (size_t i = 0; i < size; i += 3) {
		unsigned bits = (unsigned)(unsigned char)data[i] << 16;
		if (i + 1 < size)
			bits |= (unsigned)(unsigned char)data[i + 1] << 8;
		if (i + 2 < size)
			bits |= (unsigned char)data[i + 2];
		char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
			i + 1 < size ? digits[bits >> 6 & 63] : '=',
			i + 2 < size ? digits[bits & 63] : '='};
		buf_add(&text, group, sizeof(group));
	}
	return buf_steal(&text);
}

static void add_body(json_t *line, const char *name, const char *bytes_name, const struct buf *body,
	int64_t bytes, bool binary)
{
	json_t *json = NULL;
	bool whole = bytes == (int64_t)body->length;

	if (bytes == 0)
		return;
	if (!binary && whole && wire_parse(body->data, body->length, &json) == 0) {
		mask(json, 0);
		json_object_set_new(line, name, json);
		return;
	}
	json_object_set_new(line, bytes_name, json_integer((json_int_t)bytes));
	if (!binary && whole && body->length <= TEXT_MAX && str_is_utf8(body->data, body->length)) {
		json_object_set_new(line, name, json_stringn(body->data, body->length));
		return;
	}
	if (strcmp(bytes_name, "bytes") == 0) {
		CLEANUP_FREE char *first = base64(
			body->data, body->length < FIRST_BYTES ? body->length : FIRST_BYTES);
		json_object_set_new(line, "first", json_string(first ? first : ""));
	}
}

static char *make_line(const struct http_exchange *exchange)
{
	CLEANUP_FREE char *sent = strndup(exchange->sent.data, exchange->sent.length);
	CLEANUP_FREE char *head = strndup(exchange->head.data, exchange->head.length);
	CLEANUP_FREE char *url = mask_url(exchange->url);
	char *first_sent = NULL, *first = NULL;
	int status = 0;

	if (!sent || !head || !url)
		return NULL;
	json_t *line = json_object();
	json_object_set_new(line, "time", json_real((double)exchange->began_ms / 1000));
	json_object_set_new(line, "ms", json_integer((json_int_t)exchange->took_ms));
	json_t *sent_headers = list_headers(sent, &first_sent);
	json_t *headers = list_headers(head, &first);
	if (first_sent)
		first_sent[strcspn(first_sent, " ")] = '\0';
	json_object_set_new(line, "method", json_string(first_sent && *first_sent ? first_sent : "?"));
	json_object_set_new(line, "url", json_string(url));
	json_object_set_new(line, "request_headers", sent_headers);
	/* a file that goes up is a form */
	add_body(line, "request_body", "request_bytes", &exchange->sent_body, exchange->sent_bytes,
		strncmp(exchange->sent_body.data, "--", 2) == 0);
	if (first && sscanf(first, "HTTP/%*s %d", &status) == 1)
		json_object_set_new(line, "status", json_integer(status));
	json_object_set_new(line, "headers", headers);
	add_body(line, "body", "bytes", &exchange->body, exchange->body_bytes, false);
	if (exchange->error)
		json_object_set_new(line, "error", json_string(exchange->error));
	char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(14));
	json_decref(line);
	return text;
}

static void turn_over(struct trace *trace)
{
	CLEANUP_FREE char *old = NULL;

	if (asprintf(&old, "%s.old", trace->path) < 0) {
		old = NULL;
		return;
	}
	cleanup_closep(&trace->fd);
	trace->fd = -1;
	if (rename(trace->path, old) < 0 || open_file(trace) < 0)
		log_errno(LOG_LEVEL_WARNING, -errno, "trace: it has come to its limit and ends");
}

void trace_write(void *arg, const struct http_exchange *exchange)
{
	struct trace *trace = arg;
	CLEANUP_FREE char *line = make_line(exchange);

	if (!line)
		return;
	/* the key, wherever it stands */
	size_t length = text_filter(line, strlen(line), false);
	if (trace->fd >= 0 && trace->size + (int64_t)length >= TRACE_MAX)
		turn_over(trace);
	if (trace->fd < 0)
		return;
	line[length] = '\n';
	ssize_t n = write(trace->fd, line, length + 1);
	if (n < 0 && !trace->failed) {
		trace->failed = true;
		log_errno(LOG_LEVEL_WARNING, -errno, "trace: it cannot be written");
	}
	if (n > 0)
		trace->size += n;
}
