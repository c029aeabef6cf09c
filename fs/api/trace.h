/* SPDX-License-Identifier: MIT */
#pragma once
/* trace: every request and answer as a line of JSON in a file, to look at a user's trouble with (`-o trace=FILE`), and for
 * `weryaifs-sandbox --replay FILE`.
 *
 * A line: time, ms, method, url, request_headers, request_body or request_bytes, status, headers, body or bytes and first
 * (base64), error. Bodies that are JSON are JSON here too; others are text where they are short text, else a length.
 * Masked: the key, wherever it stands; credentials and cookies; what is long behind a '?' in an address, and so tokens of
 * webhooks and signatures. Long strings are cut. Prompts are there.
 * The file is its owner's alone (0600), appended to, and renamed to FILE.old when it has grown to TRACE_MAX.
 * Written from the loop's thread: it is no thing for a slow disk. */
#include "fs/net/http_trace.h"

#define TRACE_MAX (INT64_C(64) << 20)

struct trace;

/* -EPERM: it is a file of somebody else's, or no file; or those of open(2). */
int trace_open(const char *path, struct trace **ret_trace);
void trace_close(struct trace *trace); /* NULL is fine */
void trace_write(void *trace, const struct http_exchange *exchange); /* http_trace_fn */
