/* SPDX-License-Identifier: MIT */
#pragma once
/* setup: all that is known before anything is opened: from argv, the configuration, the environment and the
 * key to checked settings. Nothing here outlives a sentence on standard error when something is wrong.
 *
 * Order of strength: default < file < environment < -o. With --sandbox the addresses and the key of the
 * configuration do not count. */
#include <sys/stat.h>

#include "config/config.h"
#include "config/options.h"
#include "config/secret.h"
#include "fs/model/model.h"

struct setup {
	struct options options; /* mountpoint and config_path are absolute */
	struct config config;
	struct model_list catalogue;	/* built in; the next two are what it is read with */
	struct model_param *params;
	size_t param_count;
	struct model_table *models; /* of them */
	struct secret secret;
	bool key_in_environment; /* so it cannot be read a second time */
	struct stat config_file; /* as it was when it was read; all zero: there was none */
};

enum setup_outcome {
	SETUP_MOUNT,  /* go on */
	SETUP_CHECK,  /* --check: look at the account; *ret_message says what is wrong with the key */
	SETUP_SET_KEY, /* --set-key; there is no key yet */
	SETUP_FORGET, /* --forget */
	SETUP_RESTART, /* --restart */
	SETUP_DONE,   /* --help or --version was served */
	SETUP_FAILED, /* *ret_message has a sentence; it may be NULL when out of memory */
	SETUP_LATER,  /* likewise, and the same may work later: key_command gave no key */
	SETUP_USAGE   /* likewise, and the command line is to blame */
};

/* *ret_setup is to be finished whatever the outcome; the caller frees *ret_message. */
enum setup_outcome setup_load(int argc, char **argv, struct setup *ret_setup, char **ret_message);
/* The key as it is now, from where the configuration says now. 0, or a negative errno with a sentence; the
 * old key stays then. */
int setup_reload_key(struct setup *setup, char **ret_message);
/* Has the file of the settings been written or replaced since it was read? */
bool setup_changed(const struct setup *setup);
/* Wipes the key as well. */
void setup_finish(struct setup *setup);
