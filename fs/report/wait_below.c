/* SPDX-License-Identifier: MIT */
#include "fs/report/wait_below.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/job/changes.h"
#include "fs/job/place.h"
#include "fs/store/nodes.h"
#include "fs/tree/status.h"

#define SLICE 64		  /* prompts that are looked at before others have their turn */
#define LIST_SLICE 256		  /* names that are listed before that */
#define TEXT_MAX (64 * 1024 * 1024) /* bytes of a report */
#define DEPTH_MAX 4096		  /* directories above a prompt: more is a damaged tree */

enum phase { LOOKING, WAITING, WRITING, OVER };

struct wait_below {
	struct wait_below_needs needs;
	int64_t dir;
	void (*done)(void *arg);
	void *arg;
	struct changes_listener listener;
	struct loop_timer *timer; /* owned; the next slice */
	enum phase phase;
	struct ids dirs;     /* owned; directories below, as they were when this phase began */
	size_t next_dir;     /* of them: which is listed now */
	int64_t behind;	     /* in it: listed so far */
	size_t budget;	     /* names that may still be listed in this turn */
	struct ids prompts;  /* owned; what this phase goes through */
	size_t next;	     /* of them */
	struct map *listed;  /* owned; prompts, by inode; values mean nothing */
	struct map *running; /* prompts that are waited for, by inode; values mean nothing */
	struct map *seen;    /* and those that ever were */
	struct buf text;
	bool failed;
	int error; /* 0, or what has ended it */
};

static void be_over(struct wait_below *wait, int error)
{
	wait->phase = OVER;
	wait->error = error;
	changes_unlisten(&wait->listener);
	loop_timer_disarm(wait->timer);
	wait->done(wait->arg);
}

static int note_prompt(struct wait_below *wait, int64_t ino)
{
	if (map_get(wait->listed, (uint64_t)ino) != NULL)
		return 0;
	int r = map_put(wait->listed, (uint64_t)ino, wait);
	return r < 0 ? r : ids_add(&wait->prompts, ino);
}

static int note_dir(void *arg, const struct node *node)
{
	return ids_add(arg, node->ino);
}

static int note_node(void *arg, const struct node *node)
{
	struct wait_below *wait = arg;
	int r = node->kind == NODE_FILE && status_is_of(wait->needs.tree, node) ? note_prompt(wait, node->ino) : 0;

	wait->behind = node->ino;
	return r < 0 ? r : --wait->budget == 0;
}

/* The directories are those of one moment, so that none is missed that is moved meanwhile; of a prompt that is moved we hear. */
static int begin(struct wait_below *wait, enum phase phase)
{
	wait->phase = phase;
	ids_finish(&wait->dirs);
	ids_finish(&wait->prompts);
	wait->dirs = wait->prompts = (struct ids){0};
	wait->next_dir = wait->next = 0;
	wait->behind = 0;
	map_destroy(wait->listed);
	wait->listed = map_create();
	if (wait->listed == NULL)
		return -ENOMEM;
	int r = nodes_list_dirs_below(wait->needs.store, wait->dir, note_dir, &wait->dirs);
	if (r == 0)
		loop_timer_arm(wait->timer, 0);
	return r;
}

/* A slice of what is below. */
static int list_some(struct wait_below *wait)
{
	wait->budget = LIST_SLICE;
	while (wait->budget > 0 && wait->next_dir < wait->dirs.count) {
		int r = nodes_list(wait->needs.store, wait->dirs.items[wait->next_dir], wait->behind, note_node, wait);
		if (r < 0)
			return r;
		if (wait->budget == 0)
			break;
		wait->budget--;
		wait->next_dir++;
		wait->behind = 0;
	}
	return 0;
}

static int is_below(struct wait_below *wait, const struct node *prompt)
{
	struct node dir;
	int64_t at = prompt->parent;

	for (int depth = 0; depth < DEPTH_MAX && at != 0; depth++) {
		if (at == wait->dir)
			return 1;
		int r = nodes_get(wait->needs.store, at, &dir);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		at = dir.parent;
	}
	return 0;
}

/* 0: it has no place here (any more); 1: *ret_node is it. */
static int find(struct wait_below *wait, int64_t ino, struct node *ret_node)
{
	int r = nodes_get(wait->needs.store, ino, ret_node);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return status_is_of(wait->needs.tree, ret_node) ? is_below(wait, ret_node) : 0;
}

/* Is this one waited for, as things are now? */
static int judge(struct wait_below *wait, int64_t ino)
{
	enum status_progress progress = STATUS_IDLE;
	struct node node;
	int r = find(wait, ino, &node);

	if (r > 0)
		r = status_progress(wait->needs.tree, &node, &progress);
	if (r < 0)
		return r;
	if (progress != STATUS_RUNS) {
		map_remove(wait->running, (uint64_t)ino);
		return 0;
	}
	r = map_put(wait->running, (uint64_t)ino, wait);
	return r < 0 ? r : map_put(wait->seen, (uint64_t)ino, wait);
}

static int note_moved(struct wait_below *wait, int64_t ino)
{
	struct node node;
	int r = find(wait, ino, &node);

	return r > 0 ? note_prompt(wait, ino) : r;
}

static void status_has_changed(void *arg, uint64_t ino, bool by_itself)
{
	struct wait_below *wait = arg;

	if (wait->phase == OVER)
		return;
	/* one that is moved while the report is made is in it once, wherever it was */
	int r = wait->phase == WRITING ? note_moved(wait, (int64_t)ino) : judge(wait, (int64_t)ino);
	if (r < 0)
		be_over(wait, r == -ENOMEM ? r : -EIO);
	else if (wait->phase == WAITING && map_count(wait->running) == 0)
		/* not at once: what has ended may be the beginning of something else in this very turn */
		loop_timer_arm(wait->timer, 0);
}

static int write_line(struct wait_below *wait, int64_t ino)
{
	enum status_progress progress;
	struct node node;
	int r = find(wait, ino, &node);

	if (r <= 0)
		return r;
	r = status_progress(wait->needs.tree, &node, &progress);
	if (r == 0)
		r = status_line(wait->needs.tree, &node, wait->dir, &wait->text);
	if (r < 0)
		return r;
	if (progress == STATUS_FAILED && map_get(wait->seen, (uint64_t)ino) != NULL)
		wait->failed = true;
	return 0;
}

/* One slice: listing first, then what was listed. */
static int do_slice(struct wait_below *wait)
{
	int r = 0;

	if (wait->next_dir < wait->dirs.count)
		return list_some(wait);
	for (size_t i = 0; i < SLICE && wait->next < wait->prompts.count && r >= 0; i++) {
		int64_t ino = wait->prompts.items[wait->next++];
		r = wait->phase == LOOKING ? judge(wait, ino) : write_line(wait, ino);
	}
	return r < 0 ? r : wait->text.failed;
}

static void go_on(void *arg)
{
	struct wait_below *wait = arg;
	int r;

	if (wait->phase == WAITING)
		r = map_count(wait->running) == 0 ? begin(wait, WRITING) : 0;
	else
		r = do_slice(wait);
	if (r < 0) {
		be_over(wait, r == -ENOMEM ? r : -EIO);
	} else if (wait->phase == WAITING) {
		return;
	} else if (wait->next_dir < wait->dirs.count || wait->next < wait->prompts.count) {
		loop_timer_arm(wait->timer, 0);
	} else if (wait->phase == LOOKING) {
		wait->phase = WAITING;
		loop_timer_arm(wait->timer, 0);
	} else {
		be_over(wait, 0);
	}
}

int wait_below_create(const struct wait_below_needs *needs, int64_t dir, void (*done)(void *arg), void *arg,
	struct wait_below **ret_wait)
{
	static const struct changes_events events = {.status = status_has_changed};
	struct wait_below *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return -ENOMEM;
	wait->needs = *needs;
	wait->dir = dir;
	wait->done = done;
	wait->arg = arg;
	buf_init(&wait->text, TEXT_MAX);
	wait->running = map_create();
	wait->seen = map_create();
	int r = wait->running == NULL || wait->seen == NULL
			? -ENOMEM
			: loop_timer_create(needs->loop, go_on, wait, &wait->timer);
	if (r == 0)
		r = begin(wait, LOOKING);
	if (r < 0) {
		wait_below_destroy(wait);
		return r;
	}
	changes_listen(needs->changes, &wait->listener, &events, wait);
	*ret_wait = wait;
	return 0;
}

void wait_below_destroy(struct wait_below *wait)
{
	if (wait == NULL)
		return;
	changes_unlisten(&wait->listener);
	loop_timer_destroy(wait->timer);
	ids_finish(&wait->dirs);
	ids_finish(&wait->prompts);
	map_destroy(wait->listed);
	map_destroy(wait->running);
	map_destroy(wait->seen);
	buf_finish(&wait->text);
	free(wait);
}

int wait_below_text(const struct wait_below *wait, const char **ret_text, size_t *ret_length, bool *ret_failed)
{
	if (wait->phase != OVER)
		return -EAGAIN;
	if (wait->error < 0)
		return wait->error;
	*ret_text = wait->text.data;
	*ret_length = wait->text.length;
	*ret_failed = wait->failed;
	return 0;
}
