/* SPDX-License-Identifier: MIT */
/* An answer's head, line by line, as libcurl hands it over. What is told of it is within its bounds, whatever it says. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/net/http_head.h"
#include "tests/fuzz/holds.h"

static void check_text(const char *text, size_t room)
{
	size_t length = strnlen(text, room);

	HOLDS(length < room);
	for (size_t i = 0; i < length; i++)
		HOLDS((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void check(const struct http_head_parser *parser)
{
	const struct http_head *head = &parser->head;

	HOLDS(head->content_length >= -1 && head->total >= -1);
	HOLDS(head->range_start >= -1 && head->range_end >= -1);
	HOLDS(head->range_start < 0 || head->range_end >= head->range_start);
	HOLDS(head->total < 0 || head->range_end < head->total);
	HOLDS(head->retry_after_ms >= -1 && head->retry_after_ms <= INT64_C(366) * 24 * 3600 * 1000);
	check_text(head->etag, sizeof(head->etag));
	check_text(head->last_modified, sizeof(head->last_modified));
	check_text(head->content_type, sizeof(head->content_type));
	check_text(parser->location, sizeof(parser->location));
}

/* The first byte chooses the status. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 206, 302, 404, 416, 429, 503};
	struct http_head_parser parser;
	int status = size > 0 ? statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))] : 200;

	http_head_reset(&parser);
	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t length = end == NULL ? size : (size_t)(end - data) + 1;
		/* of the exact size, so that a sanitizer sees a read behind the end */
		char *line = malloc(length);
		if (line == NULL)
			return 0;
		memcpy(line, data, length);
		http_head_field(&parser, line, length);
		free(line);
		check(&parser);
		data += length;
		size -= length;
	}
	http_head_finish(&parser, status);
	check(&parser);
	return 0;
}
