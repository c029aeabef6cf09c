/* SPDX-License-Identifier: MIT */
#pragma once
/* options: argv, over the same table as the file. */
#include "config/config.h"

struct options {
	char *mountpoint, *source; /* owned; source NULL unless mount(8)'s form was used */
	char *config_path;         /* --config, NULL: the default path if it exists */
	char *account;             /* --account */
	bool foreground, debug, sandbox, check;
	bool repair;		   /* with check */
	bool online; /* --online, of --check */
	bool set_key, keyring; /* --set-key, into the keyring */
	bool forget;           /* --forget, of `account` */
	bool restart;          /* --restart, of the mount at `mountpoint` */
	bool help, version;
	char **items; /* -o items in order, not yet applied */
	size_t item_count;
	char *mount_options; /* ro, nosuid, … for the kernel, comma-joined; NULL none */
};

/* 0, or -EINVAL or -ENOMEM with a sentence; then there is nothing to finish. -d sets foreground
 * too. Of -o, "config=FILE", "sandbox" and "debug" act as the long options, since fstab has no
 * others. Ignores mount(8)'s words that are not for us: rw, auto, noauto, user, nofail, _netdev,
 * x-*, comment=*, defaults, …, and default_permissions, subtype=*. In mount_options "\," is a
 * comma inside a value, as libfuse reads it. */
int options_parse(struct options *options, int argc, char **argv, char **ret_message);
void options_finish(struct options *options);
/* --help: every option and every key, with its default; made from the table. Caller frees. */
char *options_help(void);
