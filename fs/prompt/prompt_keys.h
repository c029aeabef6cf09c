/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_keys: the words that begin a directive of a prompt file (design 1.2), and what looks like them. */
#include <stdbool.h>
#include <stddef.h>

#define PROMPT_KEY_MAX 20 /* bytes of a folded key */

enum prompt_key_kind { KEY_SETTING, KEY_REF, KEY_DRY_RUN, KEY_TAKE, KEY_FALLBACK };

struct prompt_key {
	const char *word; /* folded */
	enum prompt_key_kind kind;
	int which; /* enum setting or enum prompt_ref_role */
	const char *
		right; /* NULL; else `word` is a name from elsewhere, and this is ours: never a directive */
};

/* Lower case, '-', '_' and tab as blank, runs of blanks as one, trimmed. False if the text is anything but one
 * to three words of letters, or too long for a key. */
bool prompt_key_fold(const char *data, size_t length, char ret_folded[PROMPT_KEY_MAX + 1]);
const struct prompt_key *prompt_key_find(const char *folded); /* NULL: none */
/* What a folded key that is not known was probably meant to be; NULL: nothing. */
const struct prompt_key *prompt_key_near(const char *folded);
/* The longest known key that the line begins with, as words; *ret_length is what it takes of the line. */
const struct prompt_key *prompt_key_begin(const char *line, size_t length, size_t *ret_length);
/* The name to show: ours. */
const char *prompt_key_name(const struct prompt_key *key);
