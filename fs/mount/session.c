/* SPDX-License-Identifier: MIT */
#include "fs/mount/session.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/base/message.h"
#include "fs/base/worker.h"
#include "fs/kept/carried.h"
#include "fs/mount/file.h"
#include "fs/mount/flush.h"
#include "fs/mount/ghost.h"
#include "fs/mount/handle.h"
#include "fs/mount/inode.h"
#include "fs/kept/kept.h"
#include "fs/kept/library_log.h"
#include "fs/mount/mount_private.h"
#include "fs/kept/mountpoint.h"
#include "fs/mount/passthrough.h"
#include "fs/mount/pending.h"
#include "fs/mount/request.h"
#include "fs/notify/notifier.h"
#include "fs/tree/copiers.h"

enum {
	DRAIN = 64,           /* requests of one wake: transfers and timers get their turn, too */
	DRAIN_AT_END = 512,   /* closes that are still under way when the mount ends */
};

static void serve_ended(struct session *session, int error)
{
	loop_watch_remove(session->watch);
	session->watch = NULL;
	/* libfuse says the same for an unmount and for a connection that was cut */
	if (error == -ENODEV)
		error = session->device != 0 &&
					mountpoint_device(session->mountpoint) == session->device
				? -ECONNABORTED
				: 0;
	if (error == 0)
		log_info("mount: '%s' was unmounted", session->mountpoint);
	else
		log_errno(LOG_LEVEL_ERROR, error, "mount: the connection of '%s' broke",
			session->mountpoint);
	if (session->events.gone != NULL)
		session->events.gone(session->events_arg, error);
}

static void tell_ready(struct session *session)
{
	session->told = true;
	kept_is_ready(session->kept);
	notifier_start(session->notifier);
	/* a keeper does so by itself, since we may not */
	if (session->device != 0 && session->kept == NULL)
		mountpoint_read_ahead(session->device);
	if (session->events.ready != NULL)
		session->events.ready(session->events_arg);
}

static void serve(void *arg, unsigned events)
{
	struct session *session = arg;
	int r = 1;

	for (int i = 0; i < DRAIN && r > 0; i++)
		r = request_serve(session);
	if (session->greeted && !session->told)
		tell_ready(session);
	if (r < 0)
		serve_ended(session, r);
}

static int watch_session(struct session *session)
{
	int fd = fuse_session_fd(session->fuse);
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return loop_watch_add(
		session->loop, fd, LOOP_READ, LOOP_URGENT, serve, session, &session->watch);
}

static int start_child(void *arg, pid_t *ret_pid, int *ret_socket)
{
	const struct session *session = arg;

	return kept_start_publisher(session->kept, ret_pid, ret_socket);
}

static int make_notifier(struct session *session)
{
	const struct notifier_needs needs = {.loop = session->loop,
		.tree = session->tree,
		.fetches = session->fetches,
		.changes = session->changes,
		.mountpoint = session->mountpoint,
		/* we may be confined */
		.start_child = session->kept != NULL ? start_child : NULL,
		.start_arg = session,
		.memory_fd = kept_memory_fd(session->kept),
		.memory_at = CARRIED_TOLD_AT,
		.resumes = session->resumed};

	return notifier_create(&needs, &session->notifier);
}

/* Things that the next daemon is to find, and those that the last one has left. */
static int carry(struct session *session)
{
	int r = carried_create(
		kept_memory_fd(session->kept), session->resumed, &session->carried);

	if (r < 0)
		return r;
	session->request.mem = carried_buffer(session->carried);
	struct carried_head *head = carried_head(session->carried);
	if (session->resumed)
		session->mountpoint = strdup(head->mountpoint);
	return session->resumed && session->mountpoint == NULL ? -ENOMEM : 0;
}

/* Not a look at a mount that waits for us. */
static int find_mountpoint(struct session *session, const struct session_options *options)
{
	int r = session->kept != NULL ? carry(session) : 0;

	if (r == 0 && !session->resumed) {
		session->mountpoint = strdup(options->mountpoint);
		r = session->mountpoint != NULL ? 0 : -ENOMEM;
	}
	if (r == 0 && session->kept != NULL && !session->resumed) {
		struct carried_head *head = carried_head(session->carried);
		if (strlen(session->mountpoint) >= sizeof(head->mountpoint))
			return -ENAMETOOLONG;
		snprintf(head->mountpoint, sizeof(head->mountpoint), "%s", session->mountpoint);
	}
	return r;
}

/* What the kernel waits for is answered once the loop runs, since answers may wait for it. */
static void resume(void *arg)
{
	struct session *session = arg;
	int r = request_serve_left(session);

	if (r == 0) {
		handle_wake_pollers(session);
		r = watch_session(session);
	}
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "mount: cannot go on with '%s'", session->mountpoint);
		if (session->events.gone != NULL)
			session->events.gone(session->events_arg, r);
		return;
	}
	log_info("mount: goes on with '%s'", session->mountpoint);
	/* who has waited for us is not to wait for the notifier's start as well */
	serve(session, 0);
	if (session->watch != NULL && !session->told)
		tell_ready(session);
}

/* The mount is older than we: all that the kernel holds is made again. Before anything else happens, since what somebody
 * has open for writing is not sent. */
static int begin_again(struct session *session)
{
	int r = account_served(session->account, &session->done);

	if (r < 0)
		return r;
	ghost_all_again(session);
	r = inode_quiet_again(session);
	if (r == 0)
		r = file_all_again(session);
	return r < 0 ? r : loop_defer(session->loop, resume, session);
}

static int begin(struct session *session)
{
	if (session->resumed)
		return begin_again(session);
	return session->kept != NULL ? account_serves_anew(session->account) : 0;
}

int session_create(struct loop *loop, struct account *account,
	const struct session_options *options, const struct session_events *events, void *arg,
	struct session **ret_session, char **ret_message)
{
	struct session *session = calloc(1, sizeof(*session));

	*ret_message = NULL;
	if (session == NULL)
		return -ENOMEM;
	session->loop = loop;
	session->account = account;
	session->tree = account_tree(account);
	session->fetches = account_fetches(account);
	session->changes = account_changes(account);
	session->worker = options->worker;
	session->events = *events;
	session->events_arg = arg;
	session->uid = options->uid;
	session->gid = options->gid;
	session->readme = options->readme;
	session->umask = options->umask >= 0 ? (mode_t)options->umask : 0;
	list_init(&session->handles);
	list_init(&session->parked);
	list_init(&session->ghosts);
	session->known = map_create();
	session->kept = options->kept;
	session->resumed = kept_resumes(options->kept);
	library_log_setup(options->debug);

	int r = session->known == NULL ? -ENOMEM : 0;
	if (r == 0)
		r = copiers_create(&session->copiers);
	if (r == 0)
		r = flushes_create(session, &session->flushes);
	if (r == 0)
		r = find_mountpoint(session, options);
	if (r == 0)
		r = begin(session);
	if (r == 0)
		r = session_mount(session, options, ret_message);
	if (r == 0)
		r = make_notifier(session);
	if (r == 0) {
		session->device = mountpoint_device(session->mountpoint);
		r = session->resumed ? 0 : watch_session(session);
	}
	if (r < 0) {
		if (*ret_message == NULL)
			message_refuse(ret_message, "mounting on '%s' failed: %s",
				options->mountpoint, strerror(-r));
		if (session->resumed)
			session_leave(session);
		else
			session_destroy(session);
		return r;
	}
	log_debug("mount: mounted on '%s'", session->mountpoint);
	*ret_session = session;
	return 0;
}

/* After a lazy unmount by somebody else another filesystem may have taken the place: not ours to take away. */
static bool is_replaced(const struct session *session)
{
	dev_t now = session->device != 0 ? mountpoint_device(session->mountpoint) : 0;

	return now != 0 && now != session->device;
}

static void unmount(struct session *session)
{
	if (session->kept == NULL) {
		if (!is_replaced(session))
			fuse_session_unmount(session->fuse);
		return;
	}
	int r = kept_unmount(session->kept);
	/* without its keeper the mount ends when we close the device: mountpoint_clean() */
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "mount: the keeper does not unmount");
}

void session_leave(struct session *session)
{
	if (session == NULL)
		return;
	notifier_stop(session->notifier);
	loop_watch_remove(session->watch);
	session->watch = NULL;
	worker_drain(session->worker);
}

/* Nothing in here waits for the kernel or for a user: what is parked is answered, closes that are on their way are
 * taken, and then the connection is cut before the mount is taken away. */
void session_destroy(struct session *session)
{
	if (session == NULL)
		return;
	loop_defer_cancel(session->loop, resume, session);
	notifier_stop(session->notifier);
	if (session->watch != NULL) {
		loop_watch_remove(session->watch);
		flushes_end(session->flushes);
		pending_end_all(session);
		for (int i = 0; i < DRAIN_AT_END && request_serve(session) > 0; i++)
			;
	}
	pending_end_all(session);
	if (session->fuse != NULL)
		unmount(session);
	worker_drain(session->worker);
	flushes_destroy(session->flushes);
	handle_end_all(session);
	passthrough_end(session);
	if (session->known != NULL)
		inode_unref_all(session);
	if (session->fuse != NULL)
		fuse_session_destroy(session->fuse);
	/* libfuse leaves the mount where it finds the connection cut already */
	if (session->mountpoint != NULL)
		mountpoint_clean(session->mountpoint);
	notifier_destroy(session->notifier);
	ghost_end_all(session);
	copiers_destroy(session->copiers);
	map_destroy(session->known);
	if (session->by_id != NULL)
		map_destroy(session->by_id);
	if (session->carried == NULL)
		free(session->request.mem);
	carried_destroy(session->carried);
	free(session->answer);
	free(session->mountpoint);
	free(session);
}
