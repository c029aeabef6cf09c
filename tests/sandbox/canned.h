/* SPDX-License-Identifier: MIT */
#pragma once
/* canned: answers from a table (--answers), that a prompt orders by its line: [[answer=12]] for its submission,
 * [[status-answer=12*2]] for the first two questions about its task. A line has columns between tabs: what it answers, the
 * HTTP status, the body ("-": none); the rest, and lines that begin with #, are for people.
 *
 * Threads: constant once made. */
#include "tests/sandbox/answer.h"

struct canned;

/* file NULL: an empty table. 0, or -1 after a message on standard error. */
int canned_create(const char *file, struct canned **ret);
void canned_destroy(struct canned *canned); /* NULL is fine */
/* line counts from 1; one that is not there is HTTP 500. */
void canned_answer(const struct canned *canned, unsigned line, struct answer *ret);
