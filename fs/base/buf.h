/* SPDX-License-Identifier: MIT */
#pragma once
/* buf: growable bytes with a mandatory ceiling.
 *
 * Invariants: data is never NULL after buf_init and always NUL-terminated at data[length], so a buf
 * of text is a C string. A failed append leaves the contents as they were and sets `failed`, which
 * stays set: a sequence of appends is checked once, at its end, with buf_ok().
 * Errors: -EFBIG beyond the ceiling, -ENOMEM. */
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; borrowed empty string until the first append */
	size_t length, capacity, ceiling;
	int failed; /* 0 or the first error */
};

void buf_init(struct buf *buf, size_t ceiling);
void buf_finish(struct buf *buf); /* frees; also legal on zeroed memory */
void buf_clear(struct buf *buf);  /* keeps the memory, clears `failed` */
int buf_add(struct buf *buf, const void *data, size_t length);
int buf_adds(struct buf *buf, const char *string);
int buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text, which the caller frees, or NULL when an append failed; the buf is empty afterwards. */
char *buf_steal(struct buf *buf);
static inline bool buf_ok(const struct buf *buf)
{
	return buf->failed == 0;
}
