/* SPDX-License-Identifier: MIT */
#pragma once
/* sentence: what the error messages of this folder share. Private to config/. */
#include <stddef.h>

/* Writes the sentence to *ret_message (caller frees; NULL when out of memory) and returns
 * `error`. */
int sentence_fail(char **ret_message, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The candidate that a mistyped word was probably meant to be. Start with {.word = …}, offer every
 * candidate, then read `best`: NULL where none is near enough. Borrows all strings. */
struct nearest {
	const char *word, *best;
	size_t distance;
};

void nearest_offer(struct nearest *nearest, const char *candidate);
