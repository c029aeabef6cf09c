/* SPDX-License-Identifier: MIT */
#pragma once
/* draft: from a prompt's last close to a job (design 1.3): notes writers, waits until the text has settled, compares
 * it with what was last sent, checks it, and makes the job. The database says what is a draft, so that a crash
 * forgets nothing; a text whose writer was cut off by a crash is not sent by itself. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/store/nodes.h"

struct tree_needs;
struct drafts;

/* needs are borrowed. */
int drafts_create(const struct tree_needs *needs, struct drafts **ret_drafts);
void drafts_destroy(struct drafts *drafts);
/* After a mount: what was closed settles again. */
int drafts_resume(struct drafts *drafts);

int draft_open(struct drafts *drafts, const struct node *node);	/* for writing */
/* After draft_open(): the last daemon died while the file was open. What was changed then is closed by its writer, too. */
void draft_opened_before(struct drafts *drafts, int64_t ino);
void draft_close(struct drafts *drafts, int64_t ino);
/* Who changes a text: a process, as the kernel numbers it, or one of: */
enum {
	DRAFT_NOBODY = 0,   /* nothing was changed, or by no process that could be killed over it: us, another pid namespace */
	DRAFT_ANYBODY = -1, /* it was changed, and who did that is not known: the last daemon knew */
};
/* Before bytes of an open file change. The writer: who changes them. */
int draft_will_write(struct drafts *drafts, int64_t ino, pid_t writer);
/* Who made the last change of a text that somebody has still open; DRAFT_NOBODY also where it is no prompt's. */
pid_t draft_writer(struct drafts *drafts, int64_t ino);
/* This writer was killed by a signal with the file open. Unless another one has gone on since, the text may be half of one: it is not
 * sent until it is written anew or a person says so. In the ledger when this returns. */
void draft_cut_short(struct drafts *drafts, int64_t ino, pid_t writer);
/* Open for writing, and a prompt or a table of some. */
bool draft_is_written(struct drafts *drafts, int64_t ino);
/* Such a change was refused by the disk: the text may be incomplete, and is not sent unless a person says so. */
void draft_write_failed(struct drafts *drafts, int64_t ino);
/* Inside the caller's transaction: the name of a file has become that of a prompt, or it belongs to another model now
 * (DRAFT_CLOSED, DRAFT_MANY), or it is none any more (DRAFT_NONE); draft_marked() follows after the commit, and not without
 * it. */
int draft_mark(struct drafts *drafts, int64_t ino, enum draft_state state);
void draft_marked(struct drafts *drafts, int64_t ino, bool is_prompt);
/* A prompt was made, renamed or removed: copies of others wait until that was the last for a while. */
void drafts_names_changed(struct drafts *drafts);
/* Why a draft is not examined yet, a sentence; NULL: nothing special. Valid until the next call. */
const char *draft_note(struct drafts *drafts, int64_t ino);
void draft_settle(struct drafts *drafts, int64_t ino); /* starts the wait, when nobody writes */
void draft_forget(struct drafts *drafts, int64_t ino); /* removed */
/* A person says so: examines now, and sends whatever was bought before. -EBUSY: somebody writes to it; -EINVAL: it is empty. */
int draft_submit(struct drafts *drafts, int64_t ino);
