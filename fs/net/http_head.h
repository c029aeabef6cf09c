/* SPDX-License-Identifier: MIT */
#pragma once
/* http_head: header lines to struct http_head (RFC 9110, RFC 9112). Private to fs/net.
 *
 * Every value is a stranger's: what does not parse exactly counts as absent. */
#include <stdbool.h>
#include <stddef.h>

#include "fs/net/http.h"

struct http_head_parser {
	struct http_head head;
	bool chunked;
	char location[4096]; /* "" none, or longer than fits */
};

void http_head_reset(struct http_head_parser *parser); /* at a status line */
void http_head_field(struct http_head_parser *parser, const char *line, size_t length);
void http_head_finish(struct http_head_parser *parser, int status); /* at the empty line */
