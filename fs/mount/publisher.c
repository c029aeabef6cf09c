/* SPDX-License-Identifier: MIT */
#include "fs/mount/publisher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/gen/gen.h"
#include "fs/gen/result.h"
#include "fs/gen/tree.h"
#include "fs/mount/file.h"
#include "fs/mount/handle.h"
#include "fs/mount/publisher_child.h"
#include "fs/mount/reply.h"

enum {
	WAITING_MAX = 10000, /* announcements; of what comes then nobody is told */
	TRIES = 3,           /* for one whose directory moves */
	RESTART_MS = 500,    /* after the first death; doubled each time */
	RESTART_MAX_MS = 60000,
	REAP_MS = 2000,
	PATIENCE_MS = 300, /* of those who wait until all is told */
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
	struct session *session; /* borrowed */
	char token[40];
	pid_t pid;   /* 0: no child */
	int pid_fd;  /* readable when it has ended */
	int socket;  /* our end */
	bool active; /* between start and stop */
	bool mute;   /* the child does not see the mount: said once */
	int64_t restart_ms;
	struct loop_watch *death, *answers;
	struct loop_timer *restart, *patience;
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
	struct gen *gen = publisher->session->gen;
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
		results_first(gen_results(publisher->session->gen), TREE_NODE(announcement->ino));

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
	/* never full: the child has answered everything before */
	if (send(publisher->socket, order.data, order.length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	return 0;
}

/* Sends the next one that can be sent. */
static void go_on(struct publisher *publisher)
{
	struct announcement *announcement;

	while (publisher->pid > 0 && !publisher->sent &&
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
			publisher->session->mountpoint);
	} else if (result == 0) {
		publisher->mute = false;
		publisher->restart_ms = RESTART_MS;
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

static bool is_busy(const struct publisher *publisher)
{
	return publisher->pid > 0 && publisher->sent;
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

static void handle_answers(void *arg, unsigned events)
{
	struct publisher *publisher = arg;
	int result;
	ssize_t length = recv(publisher->socket, &result, sizeof(result), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length != sizeof(result) || !publisher->sent) {
		/* it is ending, or out of its mind; its death will be told */
		loop_watch_remove(publisher->answers);
		publisher->answers = NULL;
		kill(publisher->pid, SIGKILL);
		return;
	}
	take_answer(publisher, result);
	go_on(publisher);
	if (!is_busy(publisher))
		end_waits(publisher);
}

/* --- the child --- */

static void forget_child(struct publisher *publisher)
{
	loop_watch_remove(publisher->death);
	loop_watch_remove(publisher->answers);
	publisher->death = publisher->answers = NULL;
	if (publisher->pid_fd >= 0)
		close(publisher->pid_fd);
	if (publisher->socket >= 0)
		close(publisher->socket);
	publisher->pid_fd = publisher->socket = -1;
	publisher->pid = 0;
	publisher->sent = false;
}

static void start_later(struct publisher *publisher)
{
	if (!publisher->active)
		return;
	loop_timer_arm(publisher->restart, publisher->restart_ms);
	publisher->restart_ms *= 2;
	if (publisher->restart_ms > RESTART_MAX_MS)
		publisher->restart_ms = RESTART_MAX_MS;
}

static void handle_death(void *arg, unsigned events)
{
	struct publisher *publisher = arg;
	struct announcement *announcement = first(publisher);
	int status = 0;

	if (waitpid(publisher->pid, &status, WNOHANG) == 0)
		return;
	log_warning("publisher: process %d ended (%s %d); starting it again in %" PRId64 " ms",
		publisher->pid, WIFSIGNALED(status) ? "signal" : "code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		publisher->restart_ms);
	/* the one that it was at may have been told of already: once is better than twice */
	if (publisher->sent && announcement->done)
		drop_first(publisher);
	forget_child(publisher);
	start_later(publisher);
	end_waits(publisher);
}

static int set_actions(posix_spawn_file_actions_t *actions, int socket)
{
	int error = 0;

	for (int fd = 0; fd < PUBLISHER_FD && error == 0; fd++)
		error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, socket, PUBLISHER_FD);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(actions, PUBLISHER_FD + 1);
	return error;
}

/* ^C in the terminal is for us; what we block and ignore would be inherited. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	int error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &defaults);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

/* A new program, not a fork: it has neither our memory (the key) nor our descriptors (the kernel's, the database). */
static int spawn(const char *mountpoint, int socket, pid_t *ret_pid)
{
	char *words[] = {(char *)PUBLISHER_NAME, (char *)mountpoint, NULL}, *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = set_actions(&actions, socket);
		if (error == 0)
			error = set_attributes(&attributes);
		if (error == 0)
			error = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, words,
				environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int watch_child(struct publisher *publisher)
{
	struct loop *loop = publisher->session->loop;

	publisher->pid_fd = pidfd_open(publisher->pid, 0);
	if (publisher->pid_fd < 0)
		return -errno;
	int r = loop_watch_add(
		loop, publisher->pid_fd, LOOP_READ, 0, handle_death, publisher, &publisher->death);
	return r < 0 ? r
		     : loop_watch_add(loop, publisher->socket, LOOP_READ, 0, handle_answers,
			       publisher, &publisher->answers);
}

static int start_child(struct publisher *publisher)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	publisher->socket = ends[0];
	int r = spawn(publisher->session->mountpoint, ends[1], &publisher->pid);
	close(ends[1]);
	if (r < 0)
		publisher->pid = 0;
	else
		r = watch_child(publisher);
	if (r < 0 && publisher->pid > 0) {
		kill(publisher->pid, SIGKILL); /* it has had no order: it ends at once */
		while (waitpid(publisher->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (r < 0)
		forget_child(publisher);
	return r;
}

static void handle_restart(void *arg)
{
	struct publisher *publisher = arg;
	int r = start_child(publisher);

	if (r < 0) {
		log_errno(LOG_LEVEL_WARNING, r,
			"publisher: cannot be started: inotify will not tell of results");
		start_later(publisher);
		return;
	}
	log_debug("publisher: process %d", publisher->pid);
	go_on(publisher);
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
	if (tree_path(publisher->session->gen, prompt | TREE_STATUS_BIT, &path) < 0 ||
		gen_status_text(publisher->session->gen, prompt, &text, &length) < 0) {
		map_remove(publisher->seen, prompt);
		return;
	}
	uintptr_t now = file_status_hash(text, length);
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
	return publisher != NULL && publisher->pid > 0 && publisher->pid == pid;
}

/* Is there still what the order is about? */
static int find_announced(struct publisher *publisher, const struct announcement *announcement,
	const char *name, struct tree_entry *ret_entry)
{
	int r = tree_lookup(publisher->session->gen, announcement->dir, name, ret_entry);

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
	struct tree_entry *ret_entry, struct handle **ret_handle)
{
	struct announcement *announcement = current(publisher, PUBLISHER_CREATE);

	if (announcement == NULL || announcement->dir != parent ||
		strcmp(announcement->name, name) != 0)
		return -EPERM;
	int r = find_announced(publisher, announcement, name, ret_entry);
	if (r == 0)
		r = file_result_open(publisher->session, ret_entry->ino, O_RDONLY, ret_handle);
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

int publisher_create(struct session *session, struct publisher **ret_publisher)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
		return -ENOMEM;
	publisher->session = session;
	publisher->pid_fd = publisher->socket = -1;
	publisher->restart_ms = RESTART_MS;
	list_init(&publisher->waiting);
	list_init(&publisher->idles);
	publisher->seen = map_create();
	int r = publisher->seen == NULL ? -ENOMEM : make_token(publisher);
	if (r == 0)
		r = loop_timer_create(
			session->loop, handle_restart, publisher, &publisher->restart);
	if (r == 0)
		r = loop_timer_create(session->loop, end_waits, publisher, &publisher->patience);
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
	gen_set_events(publisher->session->gen, &events, publisher);
	handle_restart(publisher);
}

void publisher_stop(struct publisher *publisher)
{
	static const struct gen_events none = {0};

	if (publisher == NULL || !publisher->active)
		return;
	publisher->active = false;
	gen_set_events(publisher->session->gen, &none, NULL);
	loop_timer_disarm(publisher->restart);
	loop_watch_remove(publisher->death);
	loop_watch_remove(publisher->answers);
	publisher->death = publisher->answers = NULL;
	if (publisher->pid > 0)
		kill(publisher->pid, SIGKILL);
	end_waits(publisher);
}

void publisher_destroy(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	publisher_stop(publisher);
	if (publisher->pid > 0) {
		struct pollfd ended = {.fd = publisher->pid_fd, .events = POLLIN};
		/* without the mount nothing can hold it; if it hangs elsewhere init takes it */
		if (poll(&ended, 1, REAP_MS) == 1)
			waitpid(publisher->pid, NULL, WNOHANG);
	}
	forget_child(publisher);
	while (!list_empty(&publisher->waiting))
		drop_first(publisher);
	loop_timer_destroy(publisher->restart);
	loop_timer_destroy(publisher->patience);
	map_destroy(publisher->seen);
	free(publisher);
}
