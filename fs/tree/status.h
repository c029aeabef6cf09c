/* SPDX-License-Identifier: MIT */
#pragma once
/* status: a prompt's job in words: the text of X.status, the lines of X.wait, the user.weryai.* attributes. Reads only. */
#include <stddef.h>
#include <stdint.h>

#include "fs/store/nodes.h"

struct gen;

/* `key: value` lines, `state:` first (design 1.3); caller frees. */
int status_format(struct gen *gen, const struct node *prompt, char **ret_text, size_t *ret_length);
/* Names of the results as they are called now, one a line. -EAGAIN: not final yet; -EIO: ended without results. */
int status_wait_text(
	struct gen *gen, const struct node *prompt, char **ret_text, size_t *ret_length);
/* One attribute without its "user.weryai." prefix; caller frees. -ENODATA: does not apply. */
int status_attribute(struct gen *gen, const struct node *node, const char *name, char **ret_value);
/* Calls visit for each attribute that applies, full name. */
int status_attributes(struct gen *gen, const struct node *node,
	int (*visit)(void *arg, const char *name), void *arg);

/* Runs `changed` each time the status of this prompt may read differently; it may remove itself. */
struct status_watch;
int status_watch_add(struct gen *gen, int64_t ino, void (*changed)(void *arg), void *arg,
	struct status_watch **ret_watch);
void status_watch_remove(struct status_watch *watch); /* NULL is fine */
/* For the modules of gen: tells the watchers and the events of gen, from the loop, not from inside the caller. */
void status_changed(struct gen *gen, int64_t ino);
/* The same for a prompt that a user has moved: it may read differently for its place alone. */
void status_moved(struct gen *gen, int64_t ino);
/* Drops what was not told yet: the end of gen. */
void status_drop_changes(struct gen *gen);
