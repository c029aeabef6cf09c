/* SPDX-License-Identifier: MIT */
#pragma once
/* source: the bytes of a plain file, or those of a result that are here, and what they say of themselves. */
#include <stdbool.h>

#include "fs/store/nodes.h"

struct store;
struct cache_file;

struct source {
	int fd;                    /* -1: closed; else owned, or `cached`'s */
	struct cache_file *cached; /* owned; of a result */
	int64_t size;
};

#define SOURCE_CLOSED ((struct source){.fd = -1})

int source_open(struct store *store, const struct node *node, struct source *ret_source);
void source_close(struct source *source); /* a closed one is fine */
bool source_is_whole(const struct source *source);
/* As pread(2), but a negative errno: -ENODATA where a result's bytes are not all here. */
ssize_t source_read(const struct source *source, int64_t offset, void *data, size_t length);
/* A suffix of sniff.h, static; NULL: none that is known there. */
int source_type(const struct source *source, const char **ret_type);
/* As media_duration(). */
int source_duration(const struct source *source, int64_t *ret_ms);

struct source_twin {
	int64_t job, seq; /* of the result that has the same bytes; job 0: none has */
};

/* Which result of this account is this plain file a copy of, be that removed since? By its content (fs/media/content.h), and by some pieces of
 * what comes behind that, as far as the result's are in the cache; of results
 * of older versions, where it has the same length, and as many of its first bytes as are
 * here of the result are the same. */
int source_find_twin(struct store *store, const struct node *file, struct source_twin *ret_twin);
