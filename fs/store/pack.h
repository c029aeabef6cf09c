/* SPDX-License-Identifier: MIT */
#pragma once
/* pack: texts of the ledger that are kept for years and hardly ever read, compressed (zlib). One that says again what another text
 * says is packed as what differs from that: the request of a job has its prompt in it. Pure; seen by fs/store alone. */
#include <stddef.h>

/* `like`: a text that unpack() is given, too; NULL: none. The caller frees. NULL: it would not become smaller, or no memory. */
void *pack(const void *text, size_t length, const void *like, size_t like_length, size_t *ret_length);
/* The text, and a NUL behind it; the caller frees. NULL: it was not made by pack(), or no memory. */
char *unpack(const void *packed, size_t length, const void *like, size_t like_length, size_t *ret_length);
