/* SPDX-License-Identifier: MIT */
/* Who writes to which file, and when a text has settled. How long that takes is said in draft_pace.c; copies of other prompts wait
 * longer (draft_copies.c). */
#include "fs/tree/draft.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/job/changes.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/queue/credits.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"
#include "fs/tree/draft_pace.h"
#include "fs/tree/draft_private.h"
#include "fs/tree/tree.h"

/* the disk would not take the job: again after this */
static const struct backoff retry_pace = {.first_ms = 250, .max_ms = 10000};

int drafts_create(const struct tree_needs *needs, struct drafts **ret_drafts)
{
	struct drafts *drafts = calloc(1, sizeof(*drafts));

	if (drafts == NULL)
		return -ENOMEM;
	drafts->needs = needs;
	drafts->names_changed = clock_mono_ms();
	list_init(&drafts->copies);
	drafts->by_ino = map_create();
	drafts->awaited = map_create();
	drafts->pace = pace_create(needs);
	int r = drafts->by_ino == NULL || drafts->awaited == NULL || drafts->pace == NULL
			? -ENOMEM
			: loop_timer_create(
				  needs->loop, drafts_look_at_copies, drafts, &drafts->copies_timer);
	if (r < 0) {
		drafts_destroy(drafts);
		return r;
	}
	*ret_drafts = drafts;
	return 0;
}

static void draft_free(struct draft *draft)
{
	draft_leave_turn(draft);
	map_remove(draft->drafts->by_ino, (uint64_t)draft->ino);
	loop_timer_destroy(draft->timer);
	list_remove(&draft->link);
	free(draft->note);
	free(draft);
}

void drafts_destroy(struct drafts *drafts)
{
	struct draft *draft;
	uint64_t ino;

	if (drafts == NULL)
		return;
	while (drafts->by_ino != NULL && (draft = map_any(drafts->by_ino, &ino)) != NULL)
		draft_free(draft);
	map_destroy(drafts->by_ino);
	map_destroy(drafts->awaited);
	loop_timer_destroy(drafts->copies_timer);
	pace_destroy(drafts->pace);
	free(drafts);
}

static void on_settled(void *arg);

static bool has_writers(const struct draft *draft)
{
	return writers_any(draft->drafts->needs->writers, draft->ino);
}

static int draft_get(struct drafts *drafts, int64_t ino, struct draft **ret_draft)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL) {
		draft = calloc(1, sizeof(*draft));
		if (draft == NULL)
			return -ENOMEM;
		draft->drafts = drafts;
		draft->ino = ino;
		list_init(&draft->link);
		int r = loop_timer_create(drafts->needs->loop, on_settled, draft, &draft->timer);
		if (r == 0)
			r = map_put(drafts->by_ino, (uint64_t)ino, draft);
		if (r < 0) {
			loop_timer_destroy(draft->timer);
			free(draft);
			return r;
		}
	}
	*ret_draft = draft;
	return 0;
}

int draft_open(struct drafts *drafts, const struct node *node)
{
	struct draft *draft;
	int r = draft_get(drafts, node->ino, &draft);

	if (r < 0)
		return r;
	draft->is_prompt = place_is_examined(drafts->needs->store, node);
	if (!has_writers(draft))
		draft->failed = false;
	r = writers_add(drafts->needs->writers, node->ino);
	if (r == 0) {
		loop_timer_disarm(draft->timer);
		draft_leave_turn(draft);
		draft_stop_copying(draft); /* or a name that changes would have it examined under its writer */
	} else if (!has_writers(draft) && !draft->pending) {
		draft_free(draft);
	}
	return r;
}

void draft_opened_before(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);
	struct node node;

	if (draft == NULL || !draft->is_prompt || nodes_get(drafts->needs->store, ino, &node) < 0)
		return;
	draft->marked = node.draft == DRAFT_OPEN;
	draft->cut = node.draft == DRAFT_CUT;
	draft->writer = DRAFT_ANYBODY;
}

struct mark {
	int64_t ino;
	enum draft_state state;
};

static int write_mark(struct store *store, void *arg)
{
	const struct mark *mark = arg;

	return nodes_set_draft(store, mark->ino, mark->state);
}

static int save_mark(struct drafts *drafts, int64_t ino, enum draft_state state)
{
	struct mark mark = {ino, state};

	return store_run(drafts->needs->store, false, write_mark, &mark);
}

int draft_will_write(struct drafts *drafts, int64_t ino, pid_t writer)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL || !draft->is_prompt)
		return 0;
	int r = draft->marked ? 0 : save_mark(drafts, ino, DRAFT_OPEN);
	if (r < 0)
		return r;
	draft->writer = writer;
	draft->cut = false;
	if (!draft->marked)
		changes_tell_status(drafts->needs->changes, ino);
	draft->marked = true;
	return 0;
}

pid_t draft_writer(struct drafts *drafts, int64_t ino)
{
	const struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	return draft != NULL && draft->is_prompt && draft->marked ? draft->writer : DRAFT_NOBODY;
}

bool draft_is_written(struct drafts *drafts, int64_t ino)
{
	const struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	return draft != NULL && draft->is_prompt && has_writers(draft);
}

void draft_cut_short(struct drafts *drafts, int64_t ino, pid_t writer)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (writer == DRAFT_NOBODY || draft_writer(drafts, ino) != writer)
		return;
	int r = save_mark(drafts, ino, DRAFT_CUT);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "draft: the writer of inode %lld was killed", (long long)ino);
		draft->failed = true; /* it stays DRAFT_OPEN, which is not sent either */
		return;
	}
	draft->marked = false; /* another change marks it anew */
	draft->cut = true;
	changes_tell_status(drafts->needs->changes, ino);
}

/* After the last close, or when it has come to its name: as long as it takes. */
static void settle(struct draft *draft)
{
	struct drafts *drafts = draft->drafts;
	CLEANUP_FREE char *note = NULL;
	int64_t wait = pace_wait_ms(drafts->pace, draft->ino, &note);

	free(draft->note);
	draft->note = steal(&note);
	draft_leave_turn(draft);
	draft_stop_copying(draft);
	loop_timer_arm(draft->timer, wait);
}

void draft_close(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL)
		return;
	writers_remove(drafts->needs->writers, ino);
	if (has_writers(draft))
		return;
	changes_tell_other(drafts->needs->changes);
	if (draft->cut || (draft->marked && draft->failed)) {
		/* nor what was closed within `settle` before: this has gone on with it */
		draft->marked = draft->pending = draft->cut = false;
		changes_tell_status(drafts->needs->changes, ino);
	} else if (draft->marked) {
		/* where the disk refuses, memory goes on: at worst the text waits for a person after a crash */
		int r = save_mark(drafts, ino, DRAFT_CLOSED);
		if (r < 0)
			log_errno(LOG_LEVEL_ERROR, r, "draft: the closing of inode %lld",
				(long long)ino);
		draft->marked = false;
		draft->pending = true;
	}
	if (!draft->pending) {
		draft_free(draft);
		return;
	}
	settle(draft);
	credits_expect(drafts->needs->credits);
}

void draft_write_failed(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft != NULL)
		draft->failed = true;
}

/* As long as somebody writes, it is open. */
static enum draft_state mark_of(const struct drafts *drafts, int64_t ino, enum draft_state state)
{
	return state != DRAFT_NONE && writers_any(drafts->needs->writers, ino) ? DRAFT_OPEN : state;
}

int draft_mark(struct drafts *drafts, int64_t ino, enum draft_state state)
{
	return nodes_set_draft(drafts->needs->store, ino, mark_of(drafts, ino, state));
}

void draft_marked(struct drafts *drafts, int64_t ino, bool is_prompt)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL)
		return;
	draft->is_prompt = is_prompt;
	draft->marked = is_prompt && has_writers(draft);
	draft->cut = false;
	draft->pending = false;
	loop_timer_disarm(draft->timer);
	if (!has_writers(draft))
		draft_free(draft);
}

void draft_settle(struct drafts *drafts, int64_t ino)
{
	struct draft *draft;

	if (draft_get(drafts, ino, &draft) < 0) {
		log_error("draft: out of memory: inode %lld is examined at the next mount",
			(long long)ino);
		return;
	}
	if (has_writers(draft))
		return;
	draft->is_prompt = true;
	draft->pending = true;
	settle(draft);
}

void draft_forget(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	writers_forget(drafts->needs->writers, ino);
	if (draft != NULL)
		draft_free(draft);
}

/* It is known what it is. */
static void end(struct draft *draft)
{
	draft->failures = 0;
	draft->pending = false;
	draft_leave_turn(draft);
	draft_stop_copying(draft);
	free(steal(&draft->note));
	if (!has_writers(draft))
		draft_free(draft);
}

/* What is decided about a table is not decided here. */
static int examine(struct draft *draft, struct bought *ret_bought)
{
	const struct tree_needs *needs = draft->drafts->needs;
	struct draft_order order = {.copies = draft_may_copy(draft), .draft = draft};
	struct node node;

	*ret_bought = (struct bought){.verdict = BOUGHT_NOT};
	if (nodes_get(needs->store, draft->ino, &node) == 0 && place_is_table(needs->store, &node))
		return needs->table_settled(needs->arg, draft->ino);
	return draft_examine(needs, draft->ino, &order, ret_bought);
}

static void on_settled(void *arg)
{
	struct draft *draft = arg;
	struct bought bought;
	int r = examine(draft, &bought);

	if (r < 0) {
		int64_t wait = backoff_wait_ms(&retry_pace, ++draft->failures, -1, 0);
		log_errno(LOG_LEVEL_ERROR, r,
			"draft: inode %lld could not be examined: again in %lld ms",
			(long long)draft->ino, (long long)wait);
		draft_leave_turn(draft); /* others do not wait for a disk that may stay full */
		loop_timer_arm(draft->timer, wait);
	} else if (bought.verdict == BOUGHT_SOON) {
		draft_wait_for(draft, &bought);
	} else if (bought.verdict == BOUGHT_COPY) {
		draft_leave_turn(draft);
		draft_wait_as_copy(draft, bought.job);
	} else {
		end(draft);
	}
}

const char *draft_note(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	return draft != NULL ? draft->note : NULL;
}

int draft_submit(struct drafts *drafts, int64_t ino)
{
	static const struct draft_order order = {.asked = true, .copies = true};
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);
	struct bought bought;

	if (draft != NULL && has_writers(draft))
		return -EBUSY;
	int r = draft_examine(drafts->needs, ino, &order, &bought);
	if (r == 0 && draft != NULL)
		draft_free(draft);
	return r;
}

static int note_draft(void *arg, const struct node *node)
{
	/* what was never closed, or by a kill, may be half a prompt: a person decides (status says so) */
	return node->draft == DRAFT_OPEN || node->draft == DRAFT_CUT ? 0 : ids_add(arg, node->ino);
}

int drafts_resume(struct drafts *drafts)
{
	struct ids closed = {0};
	int r = nodes_list_drafts(drafts->needs->store, note_draft, &closed);

	for (size_t i = 0; i < closed.count && r == 0; i++)
		draft_settle(drafts, closed.items[i]);
	ids_finish(&closed);
	return r;
}
