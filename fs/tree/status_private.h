/* SPDX-License-Identifier: MIT */
#pragma once
/* status_private: what is known of one prompt, for its text (status.c) and for attributes (status_attributes.c). */
#include <stdbool.h>

#include "fs/base/buf.h"
#include "fs/queue/queue.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"
#include "fs/store/wishes.h"
#include "fs/tree/status.h"

struct tree;

/* The keys of a status, in the order of its lines. */
#define STATUS_KEYS 18
extern const char *const status_keys[STATUS_KEYS];

#define STATUS_MAX (512 * 1024) /* bytes of a text or a value */

/* What is known of one prompt, or of the job behind one result. */
struct facts {
	const struct job_record *record; /* NULL: no job */
	struct job_record stored;        /* owned; where the job is not in memory */
	const char *reason;              /* why it waits, borrowed */
	struct queue_place place;        /* in line; 0: it is in none */
	const char *needs;               /* what it goes on with by itself; NULL: nothing */
	struct task_record *tasks;       /* owned */
	size_t task_count;
	struct result_record *results; /* owned */
	size_t result_count;
	enum wish_hold hold;     /* of the record */
	char *wish_note;         /* owned; of the record; NULL none */
	const char *note;        /* why a draft waits, borrowed; NULL none */
	bool edited;             /* a table has made it, which it is no more */
	bool draft;
	bool cut_off; /* a draft whose writer went with an earlier mount */
	bool killed;  /* or by a signal */
};

/* What will come of it. */
enum status_progress facts_progress(const struct tree *tree, const struct facts *facts, const struct node *node);
int facts_gather(struct tree *tree, const struct node *node, struct facts *facts);
void facts_finish(struct facts *facts);
/* The path from the directory `from` to a file, "a.png", "sub/a.png" or "../../FLUX/x/a.png". */
int facts_add_path(struct tree *tree, int64_t from, const struct node *node, struct buf *text);
/* Names of the results that are still there, as from the directory `from`; returns how many. */
int facts_add_results(struct tree *tree, const struct facts *facts, int64_t from, const char *separator,
	struct buf *text);
/* One fact by the name of its key. False: it does not apply. */
bool facts_add(struct tree *tree, const struct facts *facts, const struct node *node, const char *key,
	struct buf *text);
/* The same of a result, which has more of them. */
bool facts_add_of_result(struct tree *tree, const struct facts *facts, const struct node *node, const char *key,
	struct buf *text);
