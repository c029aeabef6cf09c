/* SPDX-License-Identifier: MIT */
#include "fs/notify/notifier_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch.h"
#include "fs/job/changes.h"
#include "fs/notify/notifier_child.h"
#include "fs/notify/notifier_process.h"
#include "fs/tree/status_hash.h"
#include "fs/tree/tree.h"

enum {
	TRIES = 3,           /* for one whose directory moves */
	PATIENCE_MS = 300,   /* of those who wait until all is told */
	READY_MAX =
		512 * 1024, /* bytes of a new result, in the kernel's cache before it is opened */
};

static bool has_child(const struct notifier *notifier)
{
	return notifier_process_id(notifier->child) > 0;
}

/* --- orders --- */

/* The place of this moment: *ret_dir is the caller's, *ret_name the announcement's or in *ret_dir. */
static int find_place(struct notifier *notifier, const struct announcement *announcement,
	char **ret_dir, const char **ret_name)
{
	struct tree *tree = notifier->needs.tree;
	uint64_t ino = announcement->dir;

	if (announcement->kind != NOTIFIER_MODIFY) {
		*ret_name = announcement->name;
		return tree_path(tree, ino, ret_dir);
	}
	int r = tree_path(tree, announcement->ino | TREE_STATUS_BIT, ret_dir);
	if (r < 0)
		return r;
	char *slash = strrchr(*ret_dir, '/'); /* a prompt is never at the root */
	if (slash == NULL) {
		free(steal(ret_dir));
		return -ENOENT;
	}
	*slash = '\0';
	*ret_name = slash + 1;
	return 0;
}

/* What the kernel may take over without the network: who opens the file first finds it there. */
static int64_t bytes_here(struct notifier *notifier, const struct announcement *announcement)
{
	int64_t bytes = fetch_first_bytes(notifier->needs.fetches, TREE_NODE(announcement->ino));

	return bytes < READY_MAX ? bytes : READY_MAX;
}

static int send_order(struct notifier *notifier, const struct announcement *announcement)
{
	CLEANUP_FREE char *dir = NULL;
	CLEANUP(buf_finish) struct buf order;
	const char *name;

	buf_init(&order, NOTIFIER_ORDER_MAX);
	int r = find_place(notifier, announcement, &dir, &name);
	if (r < 0)
		return r;
	buf_add(&order, &announcement->kind, 1);
	buf_add(&order, notifier->token, strlen(notifier->token) + 1);
	buf_add(&order, dir, strlen(dir) + 1);
	buf_add(&order, name, strlen(name) + 1);
	if (announcement->kind == NOTIFIER_RENAME)
		buf_add(&order, announcement->new_name, strlen(announcement->new_name) + 1);
	if (announcement->kind == NOTIFIER_CREATE)
		buf_addf(&order, "%" PRId64 "%c", bytes_here(notifier, announcement), '\0');
	if (!buf_ok(&order))
		return order.failed;
	return notifier_process_send(notifier->child, order.data, order.length);
}

/* Sends the next one that can be sent. */
static void go_on(struct notifier *notifier)
{
	struct announcement *announcement;

	while (has_child(notifier) && notifier->sent == NULL &&
		(announcement = notifier_next(notifier)) != NULL) {
		int r = send_order(notifier, announcement);
		if (r == 0)
			notifier_set_sent(notifier, announcement);
		else if (r == -EPIPE || r == -ECONNRESET || r == -ENOTCONN)
			return; /* its death will be told */
		else
			notifier_drop(notifier, announcement);
	}
}

static void take_answer(struct notifier *notifier, int result)
{
	struct announcement *announcement = notifier->sent;

	notifier_set_sent(notifier, NULL);
	if (result == -EXDEV && !notifier->mute) {
		notifier->mute = true;
		log_warning("notifier: '%s' is not to be seen by other processes: inotify will "
			    "not tell of results",
			notifier->needs.mountpoint);
	} else if (result == 0) {
		notifier->mute = false;
		notifier_process_praise(notifier->child);
	}
	/* moved while the order was on its way: again, for the place where it is now */
	if (result == -ENOENT && !announcement->done && ++announcement->tries < TRIES)
		return;
	if (result < 0)
		log_errno(LOG_LEVEL_DEBUG, result, "notifier: no event '%c' for inode %" PRIu64,
			announcement->kind, announcement->ino);
	notifier_drop(notifier, announcement);
}

/* --- those who wait until all is told --- */

bool notifier_is_quiet(const struct notifier *notifier)
{
	/* statuses have their names, whatever is still to be told of them */
	return notifier == NULL || (list_empty(&notifier->waiting[NOTIFIER_RESULTS]) &&
					   list_empty(&notifier->waiting[NOTIFIER_NAMES]));
}

static bool is_busy(const struct notifier *notifier)
{
	return has_child(notifier) && notifier->sent != NULL;
}

static void end_waits(void *arg)
{
	struct notifier *notifier = arg;

	loop_timer_disarm(notifier->patience);
	while (!list_empty(&notifier->idles)) {
		struct notifier_idle *idle =
			list_entry(notifier->idles.next, struct notifier_idle, link);
		list_remove(&idle->link);
		idle->call(idle);
	}
}

bool notifier_await(struct notifier *notifier, struct notifier_idle *idle)
{
	if (notifier == NULL || !is_busy(notifier))
		return false;
	if (list_empty(&notifier->idles))
		loop_timer_arm(notifier->patience, PATIENCE_MS);
	list_append(&notifier->idles, &idle->link);
	return true;
}

void notifier_await_cancel(struct notifier_idle *idle)
{
	list_remove(&idle->link);
}

/* --- the child --- */

static void child_started(void *arg)
{
	struct notifier *notifier = arg;

	told_child_set(notifier->told, notifier_process_id(notifier->child));
	go_on(notifier);
}

static bool child_answered(void *arg, int result)
{
	struct notifier *notifier = arg;

	if (notifier->sent == NULL)
		return false;
	take_answer(notifier, result);
	go_on(notifier);
	if (!is_busy(notifier))
		end_waits(notifier);
	return true;
}

static void child_died(void *arg)
{
	notifier_lose_child(arg);
	end_waits(arg);
}

/* --- what has changed --- */

static void add(struct notifier *notifier, char kind, uint64_t dir, uint64_t ino, const char *name,
	const char *new_name)
{
	struct announcement *announcement =
		notifier->active ? announcement_new(kind, dir, ino, name, new_name) : NULL;

	if (announcement == NULL)
		return;
	if (notifier_take(notifier, announcement) < 0)
		announcement_free(announcement);
	else
		go_on(notifier);
}

static void result_foreseen(void *arg, uint64_t dir, uint64_t ino, const char *old_name, const char *name)
{
	if (old_name != NULL)
		notifier_foresee(arg, NOTIFIER_RENAME, dir, ino, old_name, name);
	else
		notifier_foresee(arg, NOTIFIER_CREATE, dir, ino, name, NULL);
}

static void result_appeared(void *arg, uint64_t dir, uint64_t ino, const char *name)
{
	add(arg, NOTIFIER_CREATE, dir, ino, name, NULL);
}

static void result_backed_up(
	void *arg, uint64_t dir, uint64_t ino, const char *old_name, const char *new_name)
{
	add(arg, NOTIFIER_RENAME, dir, ino, old_name, new_name);
}

static void name_changed(void *arg, enum changes_name what, uint64_t dir, const char *name)
{
	static const char kinds[] = {[CHANGES_STATUS_MADE] = NOTIFIER_STATUS,
		[CHANGES_STATUS_GONE] = NOTIFIER_REMOVE,
		[CHANGES_PROMPT_MADE] = NOTIFIER_STATUS,
		[CHANGES_PROMPT_GONE] = NOTIFIER_REMOVE,
		[CHANGES_DIRECTORY_MADE] = NOTIFIER_DIRECTORY};

	add(arg, kinds[what], dir, 0, name, NULL);
}

static bool is_waiting(const struct notifier *notifier, uint64_t prompt)
{
	const struct announcement *announcement = map_get(notifier->modified, prompt);

	return announcement != NULL && announcement != notifier->sent;
}

/* Has it come to an end? */
static bool is_final(const char *status)
{
	static const char *const ends[] = {"state: SUCCESS\n", "state: FAILED\n", "state: UNKNOWN\n"};

	for (size_t i = 0; i < array_length(ends); i++)
		if (strncmp(status, ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

static void status_has_changed(void *arg, uint64_t prompt, bool by_itself)
{
	struct notifier *notifier = arg;
	CLEANUP_FREE char *text = NULL, *path = NULL;
	size_t length;

	/* removed, or no prompt any more */
	if (tree_path(notifier->needs.tree, prompt | TREE_STATUS_BIT, &path) < 0 ||
		tree_status_text(notifier->needs.tree, prompt, &text, &length) < 0) {
		told_status_set(notifier->told, prompt, 0);
		told_open_set(notifier->told, prompt, false);
		return;
	}
	uint32_t now = (uint32_t)status_hash(text, length) | 1; /* never 0 */
	uint32_t before = told_status(notifier->told, prompt);
	if (before == now)
		return;
	/* a user who gives a prompt another name sees no change of its status */
	if (before != 0 || by_itself) {
		tree_status_changed(notifier->needs.tree, prompt);
		if (!is_waiting(notifier, prompt))
			add(notifier, NOTIFIER_MODIFY, 0, prompt, NULL, NULL);
	}
	/* last, so that a death before this is a change that the next daemon sees */
	told_status_set(notifier->told, prompt, now);
	told_open_set(notifier->told, prompt, !is_final(text));
}

/* --- from the start to the end --- */

static int make_token(struct notifier *notifier)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(notifier->token, sizeof(notifier->token), "%016" PRIx64 "%016" PRIx64, random[0],
		random[1]);
	return 0;
}

static void listen(struct notifier *notifier)
{
	static const struct changes_events events = {.status = status_has_changed,
		.result_foreseen = result_foreseen,
		.result_appeared = result_appeared,
		.result_backed_up = result_backed_up,
		.name = name_changed};

	notifier->active = true;
	changes_listen(notifier->needs.changes, &notifier->listener, &events, notifier);
}

int notifier_create(const struct notifier_needs *needs, struct notifier **ret_notifier)
{
	static const struct notifier_process_events events = {
		child_started, child_answered, child_died};
	struct notifier *notifier = calloc(1, sizeof(*notifier));

	if (notifier == NULL)
		return -ENOMEM;
	notifier->needs = *needs;
	for (int turn = 0; turn < NOTIFIER_TURNS; turn++)
		list_init(&notifier->waiting[turn]);
	list_init(&notifier->idles);
	notifier->modified = map_create();
	int r = notifier->modified == NULL ? -ENOMEM : make_token(notifier);
	if (r == 0)
		r = told_create(needs->memory_fd, needs->memory_at, &notifier->told);
	if (r == 0)
		r = notifier_process_create(
			needs, &events, notifier, &notifier->child);
	if (r == 0)
		r = loop_timer_create(needs->loop, end_waits, notifier, &notifier->patience);
	if (r == 0)
		r = loop_timer_create(needs->loop, notifier_recheck, notifier, &notifier->recheck);
	if (r == 0 && needs->resumes)
		r = notifier_again(notifier);
	if (r < 0) {
		notifier_destroy(notifier);
		return r;
	}
	/* whoever watches the mount was there before us: what changes before it can be used is told later */
	if (needs->resumes)
		listen(notifier);
	*ret_notifier = notifier;
	return 0;
}

void notifier_start(struct notifier *notifier)
{
	if (notifier->needs.resumes)
		notifier_again_over(notifier);
	else
		listen(notifier);
	notifier_process_start(notifier->child);
}

void notifier_stop(struct notifier *notifier)
{
	if (notifier == NULL || !notifier->active)
		return;
	notifier->active = false;
	changes_unlisten(&notifier->listener);
	notifier_process_stop(notifier->child);
	end_waits(notifier);
}

void notifier_destroy(struct notifier *notifier)
{
	if (notifier == NULL)
		return;
	notifier_stop(notifier);
	notifier_process_destroy(notifier->child);
	loop_defer_cancel(notifier->needs.loop, notifier_forget_foreseen, notifier);
	struct announcement *announcement;
	while (notifier->modified != NULL && (announcement = notifier_next(notifier)) != NULL)
		notifier_drop(notifier, announcement);
	loop_timer_destroy(notifier->patience);
	loop_timer_destroy(notifier->recheck);
	told_destroy(notifier->told);
	map_destroy(notifier->modified);
	free(notifier);
}
