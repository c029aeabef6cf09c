/* SPDX-License-Identifier: MIT */
#pragma once
/* text: the one filter for text from outside on its way to a person: a status, the log, an attribute, a name, a terminal.
 *
 * What would move a cursor, begin a line or turn the direction of reading becomes '?': C0, DEL, C1, U+2028 and U+2029, the
 * marks, embeddings and isolates of bidirectional text, U+FEFF, U+FFF9 to U+FFFB, tags, and what is no UTF-8. Letters of any
 * script, emoji and their joiners stay. The API key, once text_hide() knows it, becomes "***" wherever it comes from, and in
 * whichever writing (text_key.h). */
#include <stdbool.h>
#include <stddef.h>

struct buf;

/* No longer than before. `lines`: line feeds and tabs stay. Returns the new length. */
size_t text_filter(char *text, size_t length, bool lines);
void text_filter_buf(struct buf *text, bool lines);
/* A copy as text_filter() leaves it, without a NUL, `room` bytes at most: cut at a code point, with "…" for the rest. */
size_t text_copy(char *to, size_t room, const char *text, size_t length);
bool text_is_clean(const char *text, size_t length);
/* A word for a command line that a person may paste into a shell: as it is where it needs no quotes, else in quotes, with
 * what is not clean as $'\x1b'. Caller frees; NULL: no memory. */
char *text_shell(const char *word);
/* Copied; NULL forgets the one before. */
void text_hide(const char *secret);
