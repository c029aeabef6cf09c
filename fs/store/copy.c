/* SPDX-License-Identifier: MIT */
#include "fs/store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/worker.h"
#include "fs/store/db_private.h"
#include "fs/store/soundness.h"
#include "fs/store/store_private.h"

#define UNFINISHED STORE_DATABASE ".new"
#define FIRST_MS 60000		     /* the mount has settled */
#define AGAIN_MS (INT64_C(3600) * 1000) /* looks whether a day is over */
#define STEP_MS 20
#define END_MS 2000
#define STEP_PAGES 64 /* of 4 KiB: a millisecond */

struct ledger_copy {
	struct worker_job job; /* reads it, and puts it on the disk */
	struct worker *worker; /* borrowed: for this alone, since a large one takes minutes */
	struct store *store;   /* borrowed */
	int dir_fd;	       /* owned: of the state, as long as the thread needs it */
	atomic_bool ending;
	struct loop_timer *timer;
	sqlite3 *to;
	sqlite3_backup *backup;
	bool storing;
	int error; /* of the job */
};

int64_t ledger_copy_age(const struct store *store)
{
	struct stat st;

	if (fstatat(store->state_fd, STORE_DATABASE DB_COPY_NEW, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	int64_t age = clock_wall_ms() - st.st_mtim.tv_sec * INT64_C(1000);
	/* from the future: the clock was wrong, then or now */
	return age < 0 ? CLOCK_DAY_MS : age;
}

static char *path_of(int state_fd)
{
	char *path;

	return asprintf(&path, "/proc/self/fd/%d/" UNFINISHED, state_fd) < 0 ? NULL : path;
}

static int is_ending(void *arg)
{
	const struct ledger_copy *copy = arg;

	return atomic_load(&copy->ending);
}

/* On the worker's thread. It is what the database was when it was copied, page by page: -EBADMSG, that is damaged. */
static int read_whole(struct ledger_copy *copy)
{
	CLEANUP_FREE char *path = path_of(copy->dir_fd);
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	int r = -EIO;

	if (path != NULL && sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
		sqlite3_progress_handler(handle, 1000, is_ending, copy);
		int code = sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_step(statement);
		bool is_sound = code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
		r = is_sound ? 0 : atomic_load(&copy->ending) ? -ECANCELED : code == SQLITE_ROW || code == SQLITE_CORRUPT ? -EBADMSG : -EIO;
		sqlite3_finalize(statement);
	}
	sqlite3_close(handle);
	return r;
}

/* On the worker's thread. The older one goes last, so that at any moment there are whole ones. */
static int keep(int state_fd)
{
	CLEANUP_CLOSE int fd = openat(state_fd, UNFINISHED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	if (renameat(state_fd, STORE_DATABASE DB_COPY_NEW, state_fd, STORE_DATABASE DB_COPY_OLD) < 0 && errno != ENOENT)
		return -errno;
	if (renameat(state_fd, UNFINISHED, state_fd, STORE_DATABASE DB_COPY_NEW) < 0)
		return -errno;
	return fsync(state_fd) < 0 ? -errno : 0;
}

static void run(struct worker_job *job)
{
	struct ledger_copy *copy = container_of(job, struct ledger_copy, job);

	copy->error = read_whole(copy);
	if (copy->error == 0)
		copy->error = keep(copy->dir_fd);
}

static void done(struct worker_job *job)
{
	struct ledger_copy *copy = container_of(job, struct ledger_copy, job);

	copy->storing = false;
	if (atomic_load(&copy->ending))
		return;
	unlinkat(copy->store->state_fd, UNFINISHED, 0);
	if (copy->error == -EBADMSG) {
		log_error("store: the database is damaged: its copies of the days before are kept as they are. Unmount, and look at it: "
			  "weryaifs --check");
		soundness_doubted(copy->store);
	} else if (copy->error < 0)
		log_errno(LOG_LEVEL_WARNING, copy->error, "store: the day's copy of the database could not be kept");
	else
		log_info("store: the day's copy of the database is kept");
	loop_timer_arm(copy->timer, AGAIN_MS);
}

static void drop(struct ledger_copy *copy)
{
	if (copy->backup != NULL)
		sqlite3_backup_finish(copy->backup);
	copy->backup = NULL;
	if (copy->to != NULL)
		sqlite3_close(copy->to);
	copy->to = NULL;
}

/* Copies are worth less than room for what is to come. */
static bool has_room(const struct store *store)
{
	struct statvfs disk;
	struct stat st;

	return fstatvfs(store->state_fd, &disk) == 0 &&
	       fstatat(store->state_fd, STORE_DATABASE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (uint64_t)disk.f_bavail * disk.f_frsize > 4 * (uint64_t)st.st_size + (64 << 20);
}

static int begin(struct ledger_copy *copy)
{
	CLEANUP_FREE char *path = path_of(copy->dir_fd);

	unlinkat(copy->store->state_fd, UNFINISHED, 0);
	if (path == NULL)
		return -ENOMEM;
	int code = sqlite3_open_v2(path, &copy->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	/* nothing of it counts before it is whole and on the disk */
	if (code == SQLITE_OK)
		code = sqlite3_exec(copy->to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		copy->backup = sqlite3_backup_init(copy->to, "main", copy->store->db->handle, "main");
	return copy->backup == NULL ? -EIO : 0;
}

static void step(void *arg)
{
	struct ledger_copy *copy = arg;
	int64_t age = ledger_copy_age(copy->store);

	if (copy->backup == NULL && age >= 0 && age < CLOCK_DAY_MS) {
		loop_timer_arm(copy->timer, AGAIN_MS);
		return;
	}
	int r = copy->backup != NULL ? 0 : !has_room(copy->store) ? -ENOSPC : begin(copy);
	int code = r < 0 ? SQLITE_ERROR : sqlite3_backup_step(copy->backup, STEP_PAGES);
	if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
		loop_timer_arm(copy->timer, STEP_MS);
		return;
	}
	drop(copy);
	if (code == SQLITE_DONE) {
		copy->storing = true;
		worker_submit(copy->worker, &copy->job);
		return;
	}
	log_warning("store: no copy of the database could be made: %s",
		r == -ENOSPC ? "the disk has little room" : sqlite3_errstr(code));
	loop_timer_arm(copy->timer, AGAIN_MS);
}

static void ledger_copy_free(struct ledger_copy *copy)
{
	loop_timer_destroy(copy->timer);
	cleanup_closep(&copy->dir_fd);
	free(copy);
}

int ledger_copy_create(
	struct loop *loop, struct worker *worker, struct store *store, struct ledger_copy **ret_copy)
{
	struct ledger_copy *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		return -ENOMEM;
	copy->worker = worker;
	copy->store = store;
	copy->job = (struct worker_job){.run = run, .done = done};
	copy->dir_fd = fcntl(store->state_fd, F_DUPFD_CLOEXEC, 3);
	int r = copy->dir_fd < 0 ? -errno : 0;
	if (r == 0)
		r = loop_timer_create(loop, step, copy, &copy->timer);
	if (r < 0) {
		ledger_copy_free(copy);
		return r;
	}
	loop_timer_arm(copy->timer, FIRST_MS);
	*ret_copy = copy;
	return 0;
}

void ledger_copy_destroy(struct ledger_copy *copy)
{
	if (copy == NULL)
		return;
	atomic_store(&copy->ending, true);
	/* one that is being read belongs to its thread: it ends with the process, and the next copy takes its place */
	if (copy->storing && !worker_drain_for(copy->worker, END_MS)) {
		loop_timer_destroy(copy->timer);
		return;
	}
	bool began = copy->backup != NULL || copy->error < 0;
	drop(copy);
	if (began)
		unlinkat(copy->store->state_fd, UNFINISHED, 0);
	ledger_copy_free(copy);
}
