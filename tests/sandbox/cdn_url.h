/* SPDX-License-Identifier: MIT */
#pragma once
/* cdn_url: the URLs of results and uploads: made, checked, found again.
 *
 * A result's URL is BASE/cdn/TOKEN/TASK/INDEX.EXT; the token says when it was made and cannot be
 * guessed, so that URLs can expire. Uploads are BASE/cdn/upload/NAME.EXT.
 *
 * Threads: any. */
#include "tests/sandbox/request.h"
#include "tests/sandbox/upload.h"

/* What a path leads to. */
struct cdn_target {
	int http;                /* 200, 403 or 404 */
	const struct task *task; /* NULL: an upload */
	const struct upload *upload;
	unsigned index;
	char subject[64]; /* what attempts are counted for */
};

struct cdn_target cdn_find_target(struct sandbox *sandbox, const char *path);

/* Owned by the caller. */
char *cdn_url(struct sandbox *sandbox, const struct task *task, unsigned index);
const char *cdn_suffix(const struct task *task, unsigned index); /* as its URL has it */
/* A song's cover comes behind its results. */
bool cdn_is_cover(const struct task *task, unsigned index);
enum media cdn_kind(const struct task *task, unsigned index);

/* Can the service fetch this URL as input? 0: yes, or it is not ours. -ENOENT: ours, and not there
 * (any more). -EMEDIUMTYPE: of another kind. */
int cdn_check_input(struct sandbox *sandbox, const char *url, enum media media);

/* How long what is behind this URL plays, in seconds; 0: it is not ours. NAN: it cannot be played. */
double cdn_input_seconds(struct sandbox *sandbox, const char *url);

/* The task and the index that one of our result URLs leads to, expired or not; NULL: none. */
const struct task *cdn_find_task(struct sandbox *sandbox, const char *url, unsigned *ret_index);
/* The bytes of one of our upload URLs, as a new reference; NULL: none. */
struct blob *cdn_find_upload(struct sandbox *sandbox, const char *url);
