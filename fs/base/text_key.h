/* SPDX-License-Identifier: MIT */
#pragma once
/* text_key: where the API key stands in a text, as it is or as a service may write it. For text.h. */
#include <stdbool.h>
#include <stddef.h>

/* Copied; NULL forgets the one before. */
void text_key_set(const char *key);
/* How many bytes at the beginning of `text` are the key: as it is, percent-encoded, in Base64 (of either alphabet, and with whatever
 * before it) or as hexadecimal digits; a long key also where it is cut. 0: none. */
size_t text_key_at(const char *text, size_t length);
/* By byte: whether it may be the first one of the key, in any writing. Most of a text has none. */
const bool *text_key_begins(void);
