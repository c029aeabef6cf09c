/* SPDX-License-Identifier: MIT */
#include "fs/net/http_head.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "fs/base/clock.h"
#include "fs/base/str.h"

void http_head_reset(struct http_head_parser *parser)
{
	parser->head = (struct http_head){.content_length = -1,
		.range_start = -1,
		.range_end = -1,
		.total = -1,
		.retry_after_ms = -1};
	parser->chunked = false;
	parser->location[0] = '\0';
}

/* The number at *text, which is moved behind it; -1 when there is none or it is too large. */
static int64_t take_number(const char **text)
{
	const char *c = *text;
	int64_t value = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, *c - '0', &value))
			return -1;
	}
	if (c == *text)
		return -1;
	*text = c;
	return value;
}

static int64_t whole_number(const char *text)
{
	int64_t value = take_number(&text);
	return *text == '\0' ? value : -1;
}

/* "bytes 0-99/1000"; an asterisk may stand for "0-99" or for "1000" (RFC 9110, 14.4). */
static void parse_content_range(struct http_head *head, const char *text)
{
	if (strncasecmp(text, "bytes ", 6) != 0)
		return;
	text += 6;
	int64_t start = -1, end = -1, total = -1;
	if (*text == '*') {
		text++;
	} else {
		start = take_number(&text);
		if (start < 0 || *text++ != '-')
			return;
		end = take_number(&text);
		if (end < start)
			return;
	}
	if (*text++ != '/')
		return;
	if (strcmp(text, "*") != 0) {
		total = whole_number(text);
		if (total < 0 || end >= total)
			return;
	}
	head->range_start = start;
	head->range_end = end;
	head->total = total;
}

static int64_t parse_retry_after(const char *text)
{
	const int64_t longest_ms = 365 * CLOCK_DAY_MS;
	if (*text >= '0' && *text <= '9') {
		int64_t seconds = whole_number(text);
		return seconds > longest_ms / 1000 ? longest_ms : seconds < 0 ? -1 : seconds * 1000;
	}
	int64_t date = curl_getdate(text, NULL);
	if (date < 0 || date > INT64_MAX / 1000)
		return -1;
	int64_t wait = date * 1000 - clock_wall_ms();
	return wait < 0 ? 0 : wait > longest_ms ? longest_ms : wait;
}

static void copy_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);
	to[0] = '\0';
	if (length >= size)
		return;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return;
	}
	memcpy(to, text, length + 1);
}

static void take_field(struct http_head_parser *parser, const char *name, const char *value)
{
	struct http_head *head = &parser->head;
	if (strcasecmp(name, "content-length") == 0)
		head->content_length = whole_number(value);
	else if (strcasecmp(name, "content-encoding") == 0)
		head->encoded = value[0] != '\0' && strcasecmp(value, "identity") != 0;
	else if (strcasecmp(name, "transfer-encoding") == 0)
		parser->chunked = true;
	else if (strcasecmp(name, "content-range") == 0)
		parse_content_range(head, value);
	else if (strcasecmp(name, "accept-ranges") == 0)
		head->accept_ranges = strcasecmp(value, "bytes") == 0;
	else if (strcasecmp(name, "etag") == 0)
		copy_text(head->etag, sizeof(head->etag), value);
	else if (strcasecmp(name, "last-modified") == 0)
		copy_text(head->last_modified, sizeof(head->last_modified), value);
	else if (strcasecmp(name, "content-type") == 0)
		copy_text(head->content_type, sizeof(head->content_type), value);
	else if (strcasecmp(name, "retry-after") == 0)
		head->retry_after_ms = parse_retry_after(value);
	else if (strcasecmp(name, "location") == 0)
		copy_text(parser->location, sizeof(parser->location), value);
}

void http_head_field(struct http_head_parser *parser, const char *line, size_t length)
{
	char name[32], text[sizeof(parser->location)];
	const char *colon = memchr(line, ':', length);
	if (colon == NULL || (size_t)(colon - line) >= sizeof(name))
		return;
	const char *value = colon + 1;
	size_t value_length = length - (size_t)(value - line);
	str_trim(&value, &value_length);
	if (value_length >= sizeof(text) || memchr(line, '\0', length) != NULL)
		return;
	memcpy(name, line, (size_t)(colon - line));
	name[colon - line] = '\0';
	memcpy(text, value, value_length);
	text[value_length] = '\0';
	take_field(parser, name, text);
}

void http_head_finish(struct http_head_parser *parser, int status)
{
	struct http_head *head = &parser->head;
	head->status = status;
	if (parser->chunked)
		head->content_length = -1;
	if (status != 206)
		head->range_start = head->range_end = -1;
	if (status != 206 && status != 416)
		head->total = status == 200 ? head->content_length : -1;
	if (head->encoded) { /* these numbers are about the compressed bytes */
		head->content_length = head->total = -1;
		head->accept_ranges = false;
	}
}
