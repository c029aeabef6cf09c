/* SPDX-License-Identifier: MIT */
#pragma once
/* draft_private: what draft.c (when a text is examined), draft_copies.c (copies wait longer), draft_turn.c (who takes up what several
 * ask for) and draft_examine.c (what it means then) share. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
	pid_t writer;             /* of the last change, while it is marked; DRAFT_NOBODY, DRAFT_ANYBODY */
	bool failed;              /* a write failed: stays so */
	bool cut;                 /* DRAFT_CUT is in the database, and nothing was changed since */
	bool pending;             /* to be examined when it has settled */
	unsigned failures;        /* of the examination, in a row */
	struct loop_timer *timer; /* owned */
	char *note;               /* owned; why it waits; NULL none */
	int64_t copy_since;       /* monotonic ms: it waits as a copy; 0: it does not */
	struct list link;         /* in drafts.copies, while it does */
	int64_t awaits;           /* the job that is its to take up, soon; 0: none */
	int64_t examined_at;      /* monotonic ms: when it will, then */
};

struct drafts {
	const struct tree_needs *needs;  /* borrowed */
	struct map *by_ino;              /* of struct draft, owned */
	struct pace *pace;               /* owned */
	struct list copies;              /* draft.link */
	struct map *awaited;             /* by job: the draft that awaits it, owned */
	struct loop_timer *copies_timer; /* owned: what they copy may be gone now */
	int64_t names_changed;           /* monotonic ms */
};

struct draft_order {
	bool asked;  /* a person says `submit`: it is sent, whatever was bought before */
	bool copies; /* the names are quiet: a copy of another prompt is sent */
	struct draft *draft; /* whose turn counts, where several ask for one job; NULL: it does not */
};

/* Makes the job that a prompt's text asks for, or finds the one that was bought; what cannot be sent becomes an INVALID one,
 * which says why. 0 also where there is nothing to do: it is no prompt any more, or says nothing. BOUGHT_SOON and BOUGHT_COPY:
 * nothing is decided yet, it is to be examined again. -EINVAL: a person submits nothing. */
int draft_examine(const struct tree_needs *needs, int64_t ino, const struct draft_order *order,
	struct bought *ret_bought);

/* draft_turn.c */
/* bought: BOUGHT_SOON. Of those that wait for a job the first one takes it up. */
void draft_wait_for(struct draft *draft, const struct bought *bought);
void draft_leave_turn(struct draft *draft);
/* How long until the one that comes first is through (arg: struct draft); 0: it is this one's turn. */
int64_t draft_turn_ms(void *arg, int64_t job);

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
