/* SPDX-License-Identifier: MIT */
#pragma once
/* secret: the API key. Sources, first that is there: $WERYAI_API_KEY (then wiped from our
 * environment, so that a second load does not find it), the file $WERYAI_API_KEY_FILE, key_file,
 * key_command (blocks for up to 30 s: not for the loop), $CREDENTIALS_DIRECTORY/weryai_api_key
 * (systemd), $XDG_CONFIG_HOME/weryaifs/key. What key_command has said before the mount is in $WERYAIFS_KEY_OF_COMMAND for
 * the daemon of a keeper, and it is not run again. An empty variable counts as absent.
 * The key never reaches a log, an error text or argv; secret_finish() wipes the struct. */
#include "config/config.h"
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define SECRET_MAX 512
#define SECRET_OF_COMMAND "WERYAIFS_KEY_OF_COMMAND" /* KEEPER_KEY_ENVIRONMENT in fs/kept/keeper.h */

struct secret {
	char key[SECRET_MAX];
	bool of_command;
	char *file; /* owned; the file that it came from, to be watched for rotation; NULL none */
	struct timespec file_mtime; /* and size, inode: what it was when read */
	off_t file_size;
	ino_t file_ino;
};

/* -ENOKEY none found or the named file is absent; -EAGAIN key_command failed, as where a keyring is
 * locked, and may do better later; -EACCES a key file that
 * others can use (mode & 077) or that another user owns; -EINVAL empty, over-long or with bytes
 * that cannot stand in a header; -ETIMEDOUT, -EFBIG of key_command; the errno of what could not
 * be read; -ENOMEM. One sentence in *ret_message; *ret_secret is written on 0 only. */
int secret_load(const struct config *config, struct secret *ret_secret, char **ret_message);
/* Takes `text`, trimmed, as the key: 0, or -EINVAL with a sentence that calls it "the API key in WHAT". */
int secret_take(struct secret *secret, const char *text, size_t length, const char *what, char **ret_message);
/* Where a key file would be looked for first. Caller frees; NULL: no home, no memory. */
char *secret_path(const struct config *config);
/* Writes the key to the file, mode 0600, whole or not at all; makes its directory, mode 0700. */
int secret_store(const char *path, const struct secret *secret, char **ret_message);
/* Has the file changed since? Reads nothing. A file that is gone has not changed. */
bool secret_changed(const struct secret *secret);
void secret_finish(struct secret *secret);
