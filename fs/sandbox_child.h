/* SPDX-License-Identifier: MIT */
#pragma once
/* sandbox_child: the server that --sandbox mounts, as a process of ours, and the throw-away place of its account.
 *
 * The program is weryaifs-sandbox beside our own, else the one in $PATH. It ends when whoever started it does, however that
 * happens: with the keeper, where there is one. $WERYAI_SANDBOX_ARGS has further words for it, with blanks between: for tests.
 * Blocks until the server listens, ten seconds at most: it is for the time before the loop runs. */
#include <stdbool.h>

struct sandbox_child;

/* The key that it is given; any other would do. */
#define SANDBOX_CHILD_KEY "sk-sandbox"

/* `quiet`: its standard error is not ours, which a terminal or a $(...) may be waiting for.
 * Every error has a sentence in *ret_message, which the caller frees. */
int sandbox_child_start(bool quiet, struct sandbox_child **ret_child, char **ret_message);
const char *sandbox_child_url(const struct sandbox_child *child); /* "http://127.0.0.1:PORT" */
/* A directory that only we can enter, in $XDG_RUNTIME_DIR, $TMPDIR or /tmp. */
const char *sandbox_child_directory(const struct sandbox_child *child);
/* For the processes that we start: the next one adopts it. -ENOMEM. */
int sandbox_child_lend(const struct sandbox_child *child);
/* *ret_child is NULL where nobody has lent one. -ENOMEM. */
int sandbox_child_adopt(struct sandbox_child **ret_child);
/* It goes on, for whoever adopts it next. NULL is fine. */
void sandbox_child_leave(struct sandbox_child *child);
/* Ends the process and removes the directory with all that is in it. NULL is fine. */
void sandbox_child_stop(struct sandbox_child *child);
