/* SPDX-License-Identifier: MIT */
#pragma once
/* table: every key once: its section, type, field, default and help. Private to config/.
 * Reading a file, -o, the environment and --help all go through it. */
#include "config/config.h"

struct config_entry;

struct config_type {
	const char *placeholder; /* in --help: settle=SECONDS */
	const char *expected;    /* in messages: "a time in seconds" */
	const char *words[4];    /* of a choice: what sets false, what sets true; or what sets 0, 1, 2; NULL ends them */
	bool bare;               /* -o KEY alone means yes */
	double scale;            /* field units per unit of the text; 0: the range is not shown */
	/* Sets the field, whose old string it frees. 0, -ENOMEM, or -EINVAL with the field untouched;
	 * then *ret_why may be set to a static reason that says more than `expected`. */
	int (*parse)(const struct config_entry *entry, const char *value, void *field,
		const char **ret_why);
};

struct config_entry {
	const char *section, *key;
	const struct config_type *type;
	const char *help;    /* one line */
	size_t offset, size; /* of the field in struct config; size 0: kept in config.params */
	const char *initial; /* the default as text; NULL none */
	int64_t min, max;    /* in field units, both inclusive */
};

/* types.c */
extern const struct config_type config_type_account, config_type_url, config_type_proxy, config_type_path, config_type_command,
	config_type_seconds, config_type_int, config_type_id, config_type_umask,
	config_type_bytes, config_type_bool, config_type_unknown, config_type_results, config_type_metadata, config_type_confine,
	config_type_text, config_type_address, config_type_list;

#define CONFIG_ENTRIES 80 /* more than the table has, for arrays beside it */

const struct config_entry *config_table(size_t *ret_count);
/* The entry of a key as a person writes it ('-', '_' and blank are equal, any case) or NULL.
 * `section` NULL: any but [model], as for -o; "model" also knows the keys of [defaults]. */
const struct config_entry *config_table_find(const char *section, const char *key);
/* "; did you mean 'settle'?" and the like for a key that config_table_find() does not know.
 * Caller frees; NULL when out of memory. */
char *config_table_hint(const char *section, const char *key);
/* The table's spelling of a section's name, in any case; NULL unknown. *ret_nearest may be NULL. */
const char *config_table_section(const char *name, const char **ret_nearest);

/* Sets one key. `model` is NULL but for [model KEY]; `where` opens the message. */
int config_apply(struct config *config, const struct config_entry *entry, const char *model,
	const char *value, const char *where, char **ret_message);

/* home.c */

/* $HOME, else the password database; NULL none. Borrowed, until the next call. */
const char *config_home(void);
/* $XDG_CONFIG_HOME/weryaifs/NAME, by default below ~/.config; caller frees; NULL: no home, no
 * memory. */
char *config_user_path(const char *name);
