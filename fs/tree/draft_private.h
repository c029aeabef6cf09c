/* SPDX-License-Identifier: MIT */
#pragma once
/* draft_private: what draft.c (when a text is examined), draft_copies.c (copies wait longer) and draft_examine.c (what it means
 * then) share. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/list.h"
#include "fs/job/bought.h"
#include "fs/store/nodes.h"

struct loop_timer;
struct map;
struct pace;
struct tree_needs;

/* A file that somebody has open for writing, or a prompt that settles. */
struct draft {
	struct drafts *drafts; /* borrowed */
	int64_t ino;
	bool is_prompt;           /* or what may be a table of some */
	bool marked;              /* DRAFT_OPEN is in the database */
	bool failed;              /* a write failed: stays so */
	bool pending;             /* to be examined when it has settled */
	unsigned failures;        /* of the examination, in a row */
	struct loop_timer *timer; /* owned */
	char *note;               /* owned; why it waits; NULL none */
	int64_t copy_since;       /* monotonic ms: it waits as a copy; 0: it does not */
	struct list link;         /* in drafts.copies, while it does */
};

struct drafts {
	const struct tree_needs *needs;  /* borrowed */
	struct map *by_ino;              /* of struct draft, owned */
	struct pace *pace;               /* owned */
	struct list copies;              /* draft.link */
	struct loop_timer *copies_timer; /* owned: what they copy may be gone now */
	int64_t names_changed;           /* monotonic ms */
};

struct draft_order {
	bool asked;  /* a person says `submit`: it is sent, whatever was bought before */
	bool copies; /* the names are quiet: a copy of another prompt is sent */
};

/* Makes the job that a prompt's text asks for, or finds the one that was bought; what cannot be sent becomes an INVALID one,
 * which says why. 0 also where there is nothing to do: it is no prompt any more, or says nothing. BOUGHT_SOON and BOUGHT_COPY:
 * nothing is decided yet, it is to be examined again. -EINVAL: a person submits nothing. */
int draft_examine(const struct tree_needs *needs, int64_t ino, const struct draft_order *order,
	struct bought *ret_bought);

/* draft_copies.c */
/* Is it to be sent though another prompt asks for the same? */
bool draft_may_copy(const struct draft *draft);
/* Waits: `job` is of the prompt that it is a copy of. */
void draft_wait_as_copy(struct draft *draft, int64_t job);
void draft_stop_copying(struct draft *draft);
/* Timer of drafts.copies_timer: what they copy may have gone: then they are no copies, but what was renamed. */
void drafts_look_at_copies(void *arg);
/* draft_edit.c. The text of a prompt has settled: does it differ from what a table (fs/table) has made of it? */
int draft_note_edit(const struct tree_needs *needs, const struct node *node, const char *text, size_t length);
