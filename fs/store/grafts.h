/* SPDX-License-Identifier: MIT */
#pragma once
/* grafts: what results carry beside the bytes that were made: how the file that users see differs from the one in the cache
 * (fs/media/graft.h). It stays with a result whose file is gone, so that the same file comes back, and goes with its job. A result has
 * one where `extra` of its row (jobs.h) is not 0. Changes run inside the caller's transaction. */
#include <stddef.h>
#include <stdint.h>

struct node;
struct store;

struct graft_record {
	int64_t cut;		  /* so many of the original's first bytes are not seen */
	char *original;		  /* owned; those */
	char *head;		  /* owned; what is seen in their place */
	size_t head_length;
	char *tail;		  /* owned; behind the last byte; NULL: nothing */
	size_t tail_length;
	char *content;		  /* owned; by what the file that users see is known again (fs/media/content.h) */
};

void graft_record_finish(struct graft_record *graft); /* zeroed memory is fine */
int grafts_get(struct store *store, int64_t job, int64_t seq, struct graft_record *ret_graft); /* -ENOENT */
int grafts_set(struct store *store, int64_t job, int64_t seq, const struct graft_record *graft);
/* Whose is a file with this content? -ENOENT: nobody's. */
int grafts_find(struct store *store, const char *content, int64_t *ret_job, int64_t *ret_seq);
