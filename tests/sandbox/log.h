/* SPDX-License-Identifier: MIT */
#pragma once
/* log: the request log, one JSON object a line.
 *
 * A line is in the file (one write to an append-only descriptor) when log_write returns, so that
 * a reader who has an answer also finds its line. Keys of accounts are never part of an entry.
 *
 * Threads: any. */
#include <jansson.h>

struct log;
/* path NULL: a log that keeps nothing. 0 or negative errno. */
int log_create(const char *path, struct log **ret);
void log_destroy(struct log *log);
void log_write(struct log *log, json_t *entry); /* borrows entry */
