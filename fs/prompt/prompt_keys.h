/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_keys: the words that begin a directive of a prompt file (design 1.2), and what looks like them.
 *
 * Each directory has its table: a model's has the settings and inputs that all models have, and the names that
 * the service's own endpoints give them; a tool's has its fields, by both their names. Entries point into the catalogue. */
#include <stdbool.h>
#include <stddef.h>

#include "fs/model/model.h"

#define PROMPT_KEY_MAX 64 /* bytes of a folded key */
#define PROMPT_KEYS_MAX 96

enum prompt_key_kind {
	KEY_SETTING,
	KEY_REF,
	KEY_FIELD,   /* of a tool */
	KEY_WORDS,   /* the prompt itself */
	KEY_DRY_RUN,
	KEY_TAKE,
	KEY_FALLBACK,
	KEY_ELSEWHERE, /* of models, read in a tool's directory, which has no such thing */
};

/* How sure a line with this key is a directive. */
enum prompt_key_trust {
	KEY_OURS,     /* always, and a near miss of it is a slip */
	KEY_SERVICES, /* always: the service's name for it */
	KEY_IF_FITS,  /* where the value is one: the name of something that this directory does not have */
	KEY_SLIP,     /* never: it is told what the key is called here */
	KEY_SLIP_IF_FITS, /* the same, where the value is one; else the line is prose */
};

struct prompt_key {
	char word[PROMPT_KEY_MAX + 1]; /* folded */
	enum prompt_key_kind kind;
	int which; /* enum setting, enum prompt_ref_role, or the index of a field */
	enum prompt_key_trust trust;
	const char *name; /* to show: our word for it */
};

struct prompt_keys {
	struct prompt_key items[PROMPT_KEYS_MAX];
	size_t count;
};

void prompt_keys_init(struct prompt_keys *keys, const struct model *model);

/* Lower case, '-', '_' and other blanks as one blank, trimmed, full-width letters as plain ones. False if the text is anything but
 * one to six words of letters and digits that begin with a letter, or too long for a key. */
bool prompt_key_fold(const char *data, size_t length, char ret_folded[PROMPT_KEY_MAX + 1]);
const struct prompt_key *prompt_key_find(const struct prompt_keys *keys, const char *folded); /* NULL: none */
/* What a folded key that is not known was probably meant to be; NULL: nothing. *ret_is_word: it is a word of its own that prose
 * has in front of colons ("radio", "revolution"), so the value has to decide. */
const struct prompt_key *prompt_key_near(
	const struct prompt_keys *keys, const char *folded, bool *ret_is_word);
/* The longest known key that the line begins with, as words; *ret_length is what it takes of the line. */
const struct prompt_key *prompt_key_begin(
	const struct prompt_keys *keys, const char *line, size_t length, size_t *ret_length);
