/* SPDX-License-Identifier: MIT */
#include "fs/notify/notifier.h"

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
#include "fs/account/account.h"
#include "fs/fetch/fetch.h"
#include "fs/tree/status_hash.h"
#include "fs/tree/tree.h"
#include "fs/notify/notifier_child.h"
#include "fs/notify/notifier_process.h"

enum {
	WAITING_MAX = 10000, /* announcements; of what comes then nobody is told */
	TRIES = 3,           /* for one whose directory moves */
	PATIENCE_MS = 300,   /* of those who wait until all is told */
	READY_MAX =
		512 * 1024, /* bytes of a new result, in the kernel's cache before it is opened */
};

struct announcement {
	struct list link; /* publisher.waiting */
	char kind;
	uint64_t dir, ino; /* PUBLISHER_MODIFY: the prompt, no dir */
	char *name;        /* owned; of PUBLISHER_MODIFY none, it is that of this moment */
	char *new_name;    /* owned; PUBLISHER_RENAME */
	unsigned tries;
	bool done; /* its request has come */
};

struct publisher {
	struct gen *gen;        /* borrowed */
	const char *mountpoint; /* borrowed */
	char token[40];
	struct publisher_process *child;
	bool active; /* between start and stop */
	bool mute;   /* the child does not see the mount: said once */
	struct loop_timer *patience;
	struct list idles; /* publisher_idle.link, borrowed */

	struct list waiting; /* announcement.link, owned; the first is with the child when `sent` */
	size_t count;
	bool sent;
	struct map *seen; /* prompt -> hash of the status that the events so far have told of */
};

static void announcement_free(struct announcement *announcement)
{
	free(announcement->name);
	free(announcement->new_name);
	free(announcement);
}

static bool has_child(const struct publisher *publisher)
{
	return publisher_process_id(publisher->child) > 0;
}

static struct announcement *first(const struct publisher *publisher)
{
	return list_empty(&publisher->waiting)
		       ? NULL
		       : list_entry(publisher->waiting.next, struct announcement, link);
}

/* What the child is about to do, if that is this. */
static struct announcement *current(const struct publisher *publisher, char kind)
{
	struct announcement *announcement = publisher->sent ? first(publisher) : NULL;

	return announcement != NULL && announcement->kind == kind && !announcement->done
		       ? announcement
		       : NULL;
}

static void drop_first(struct publisher *publisher)
{
	struct announcement *announcement = first(publisher);

	list_remove(&announcement->link);
	publisher->count--;
	announcement_free(announcement);
}

/* --- orders --- */

/* The place of this moment: *ret_dir is the caller's, *ret_name the announcement's or in *ret_dir. */
static int find_place(struct publisher *publisher, const struct announcement *announcement,
	char **ret_dir, const char **ret_name)
{
	struct gen *gen = publisher->gen;
	uint64_t ino = announcement->dir;

	if (announcement->kind != PUBLISHER_MODIFY) {
		*ret_name = announcement->name;
		return tree_path(gen, ino, ret_dir);
	}
	int r = tree_path(gen, announcement->ino | TREE_STATUS_BIT, ret_dir);
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
static int64_t bytes_here(struct publisher *publisher, const struct announcement *announcement)
{
	int64_t bytes =
		results_first(gen_results(publisher->gen), TREE_NODE(announcement->ino));

	return bytes < READY_MAX ? bytes : READY_MAX;
}

static int send_order(struct publisher *publisher, const struct announcement *announcement)
{
	CLEANUP_FREE char *dir = NULL;
	CLEANUP(buf_finish) struct buf order;
	const char *name;

	buf_init(&order, PUBLISHER_ORDER_MAX);
	int r = find_place(publisher, announcement, &dir, &name);
	if (r < 0)
		return r;
	buf_add(&order, &announcement->kind, 1);
	buf_add(&order, publisher->token, strlen(publisher->token) + 1);
	buf_add(&order, dir, strlen(dir) + 1);
	buf_add(&order, name, strlen(name) + 1);
	if (announcement->kind == PUBLISHER_RENAME)
		buf_add(&order, announcement->new_name, strlen(announcement->new_name) + 1);
	if (announcement->kind == PUBLISHER_CREATE)
		buf_addf(&order, "%" PRId64 "%c", bytes_here(publisher, announcement), '\0');
	if (!buf_ok(&order))
		return order.failed;
	return publisher_process_send(publisher->child, order.data, order.length);
}

/* Sends the next one that can be sent. */
static void go_on(struct publisher *publisher)
{
	struct announcement *announcement;

	while (has_child(publisher) && !publisher->sent &&
		(announcement = first(publisher)) != NULL) {
		int r = send_order(publisher, announcement);
		if (r == 0)
			publisher->sent = true;
		else if (r == -EPIPE || r == -ECONNRESET || r == -ENOTCONN)
			return; /* its death will be told */
		else
			drop_first(publisher);
	}
}

static void take_answer(struct publisher *publisher, int result)
{
	struct announcement *announcement = first(publisher);

	publisher->sent = false;
	if (result == -EXDEV && !publisher->mute) {
		publisher->mute = true;
		log_warning("publisher: '%s' is not to be seen by other processes: inotify will "
			    "not tell of results",
			publisher->mountpoint);
	} else if (result == 0) {
		publisher->mute = false;
		publisher_process_praise(publisher->child);
	}
	/* moved while the order was on its way: again, for the place where it is now */
	if (result == -ENOENT && !announcement->done && ++announcement->tries < TRIES)
		return;
	if (result < 0)
		log_errno(LOG_LEVEL_DEBUG, result, "publisher: no event for inode %" PRIu64,
			announcement->ino);
	drop_first(publisher);
}

/* --- those who wait until all is told --- */

bool publisher_is_quiet(const struct publisher *publisher)
{
	return publisher == NULL || list_empty(&publisher->waiting);
}

static bool is_busy(const struct publisher *publisher)
{
	return has_child(publisher) && publisher->sent;
}

static void end_waits(void *arg)
{
	struct publisher *publisher = arg;

	loop_timer_disarm(publisher->patience);
	while (!list_empty(&publisher->idles)) {
		struct publisher_idle *idle =
			list_entry(publisher->idles.next, struct publisher_idle, link);
		list_remove(&idle->link);
		idle->call(idle);
	}
}

bool publisher_await(struct publisher *publisher, struct publisher_idle *idle)
{
	if (publisher == NULL || !is_busy(publisher))
		return false;
	if (list_empty(&publisher->idles))
		loop_timer_arm(publisher->patience, PATIENCE_MS);
	list_append(&publisher->idles, &idle->link);
	return true;
}

void publisher_await_cancel(struct publisher_idle *idle)
{
	list_remove(&idle->link);
}

/* --- the child --- */

static void child_started(void *arg)
{
	go_on(arg);
}

static bool child_answered(void *arg, int result)
{
	struct publisher *publisher = arg;

	if (!publisher->sent)
		return false;
	take_answer(publisher, result);
	go_on(publisher);
	if (!is_busy(publisher))
		end_waits(publisher);
	return true;
}

static void child_died(void *arg)
{
	struct publisher *publisher = arg;

	/* the one that it was at may have been told of already: once is better than twice */
	if (publisher->sent && first(publisher)->done)
		drop_first(publisher);
	publisher->sent = false;
	end_waits(publisher);
}

/* --- what has changed --- */

static void add(struct publisher *publisher, char kind, uint64_t dir, uint64_t ino,
	const char *name, const char *new_name)
{
	struct announcement *announcement = NULL;

	if (publisher->active && publisher->count < WAITING_MAX)
		announcement = calloc(1, sizeof(*announcement));
	if (announcement == NULL)
		return;
	announcement->kind = kind;
	announcement->dir = dir;
	announcement->ino = ino;
	if (name != NULL)
		announcement->name = strdup(name);
	if (new_name != NULL)
		announcement->new_name = strdup(new_name);
	if ((name != NULL && announcement->name == NULL) ||
		(new_name != NULL && announcement->new_name == NULL)) {
		announcement_free(announcement);
		return;
	}
	list_append(&publisher->waiting, &announcement->link);
	publisher->count++;
	go_on(publisher);
}

static void result_appeared(void *arg, uint64_t dir, uint64_t ino, const char *name)
{
	add(arg, PUBLISHER_CREATE, dir, ino, name, NULL);
}

static void result_backed_up(
	void *arg, uint64_t dir, uint64_t ino, const char *old_name, const char *new_name)
{
	add(arg, PUBLISHER_RENAME, dir, ino, old_name, new_name);
}

static bool is_waiting(const struct publisher *publisher, uint64_t prompt)
{
	struct list *item;

	list_for_each(item, &publisher->waiting)
	{
		struct announcement *announcement = list_entry(item, struct announcement, link);
		if (announcement->kind == PUBLISHER_MODIFY && announcement->ino == prompt &&
			!(publisher->sent && announcement == first(publisher)))
			return true;
	}
	return false;
}

static void status_has_changed(void *arg, uint64_t prompt, bool by_itself)
{
	struct publisher *publisher = arg;
	CLEANUP_FREE char *text = NULL, *path = NULL;
	size_t length;

	/* removed, or no prompt any more */
	if (tree_path(publisher->gen, prompt | TREE_STATUS_BIT, &path) < 0 ||
		gen_status_text(publisher->gen, prompt, &text, &length) < 0) {
		map_remove(publisher->seen, prompt);
		return;
	}
	uintptr_t now = status_hash(text, length);
	uintptr_t before = (uintptr_t)map_get(publisher->seen, prompt);
	if (before == now || map_put(publisher->seen, prompt, (void *)now) < 0)
		return;
	/* a user who gives a prompt another name sees no change of its status */
	if ((before != 0 || by_itself) && !is_waiting(publisher, prompt))
		add(publisher, PUBLISHER_MODIFY, 0, prompt, NULL, NULL);
}

/* --- the child's requests --- */

bool publisher_is(const struct publisher *publisher, pid_t pid)
{
	return publisher != NULL && pid > 0 && publisher_process_id(publisher->child) == pid;
}

/* Is there still what the order is about? */
static int find_announced(struct publisher *publisher, const struct announcement *announcement,
	const char *name, struct tree_entry *ret_entry)
{
	int r = tree_lookup(publisher->gen, announcement->dir, name, ret_entry);

	return r == 0 && ret_entry->ino != announcement->ino ? -ENOENT : r;
}

int publisher_lookup(struct publisher *publisher, uint64_t parent, const char *name,
	struct tree_entry *ret_entry)
{
	struct announcement *announcement;

	if (parent == TREE_ROOT && strcmp(name, publisher->token) == 0)
		return -PUBLISHER_HERE;
	announcement = current(publisher, PUBLISHER_CREATE);
	if (announcement != NULL && announcement->dir == parent &&
		strcmp(announcement->name, name) == 0)
		return -ENOENT;
	announcement = current(publisher, PUBLISHER_RENAME);
	if (announcement == NULL || announcement->dir != parent)
		return 0;
	if (strcmp(announcement->new_name, name) == 0)
		return -ENOENT;
	if (strcmp(announcement->name, name) != 0)
		return 0;
	int r = find_announced(publisher, announcement, announcement->new_name, ret_entry);
	return r < 0 ? r : 1;
}

int publisher_made(struct publisher *publisher, uint64_t parent, const char *name,
	struct tree_entry *ret_entry)
{
	struct announcement *announcement = current(publisher, PUBLISHER_CREATE);

	if (announcement == NULL || announcement->dir != parent ||
		strcmp(announcement->name, name) != 0)
		return -EPERM;
	int r = find_announced(publisher, announcement, name, ret_entry);
	if (r < 0)
		return r == -ENOENT ? -EEXIST : r; /* for good, not to be tried again */
	announcement->done = true;
	return 0;
}

int publisher_renamed(struct publisher *publisher, uint64_t parent, const char *name,
	uint64_t new_parent, const char *new_name)
{
	struct announcement *announcement = current(publisher, PUBLISHER_RENAME);

	if (announcement == NULL || announcement->dir != parent ||
		announcement->dir != new_parent || strcmp(announcement->name, name) != 0 ||
		strcmp(announcement->new_name, new_name) != 0)
		return -EPERM;
	announcement->done = true;
	return 0;
}

/* --- from the start to the end --- */

static int make_token(struct publisher *publisher)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(publisher->token, sizeof(publisher->token), "%016" PRIx64 "%016" PRIx64, random[0],
		random[1]);
	return 0;
}

int publisher_create(struct loop *loop, struct gen *gen, const char *mountpoint,
	struct publisher **ret_publisher)
{
	static const struct publisher_process_events events = {
		child_started, child_answered, child_died};
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
		return -ENOMEM;
	publisher->gen = gen;
	publisher->mountpoint = mountpoint;
	list_init(&publisher->waiting);
	list_init(&publisher->idles);
	publisher->seen = map_create();
	int r = publisher->seen == NULL ? -ENOMEM : make_token(publisher);
	if (r == 0)
		r = publisher_process_create(
			loop, mountpoint, &events, publisher, &publisher->child);
	if (r == 0)
		r = loop_timer_create(loop, end_waits, publisher, &publisher->patience);
	if (r < 0) {
		publisher_destroy(publisher);
		return r;
	}
	*ret_publisher = publisher;
	return 0;
}

void publisher_start(struct publisher *publisher)
{
	static const struct gen_events events = {.status_changed = status_has_changed,
		.result_appeared = result_appeared,
		.result_backed_up = result_backed_up};

	publisher->active = true;
	gen_set_events(publisher->gen, &events, publisher);
	publisher_process_start(publisher->child);
}

void publisher_stop(struct publisher *publisher)
{
	static const struct gen_events none = {0};

	if (publisher == NULL || !publisher->active)
		return;
	publisher->active = false;
	gen_set_events(publisher->gen, &none, NULL);
	publisher_process_stop(publisher->child);
	end_waits(publisher);
}

void publisher_destroy(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	publisher_stop(publisher);
	publisher_process_destroy(publisher->child);
	while (!list_empty(&publisher->waiting))
		drop_first(publisher);
	loop_timer_destroy(publisher->patience);
	map_destroy(publisher->seen);
	free(publisher);
}
