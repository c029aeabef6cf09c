/* SPDX-License-Identifier: MIT */
/* The bytes of plain files and prompts: data/INO. */
#include "fs/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/base/str.h"
#include "fs/store/nodes.h"
#include "fs/store/store_private.h"

#define SPOOL "events"
#define DATA_LAST (INT64_C(1) << 48) /* no account gets there; larger numbers are not of our files */

int store_data_stat(struct store *store, int64_t ino, struct stat *ret_stat)
{
	char name[STORE_NAME];

	store_name(ino, name);
	return fstatat(store->data_fd, name, ret_stat, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int store_data_remove(struct store *store, int64_t ino)
{
	char name[STORE_NAME];

	store_data_fd_drop(store, ino);
	store_name(ino, name);
	return unlinkat(store->data_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int store_data_sync(struct store *store)
{
	return fsync(store->data_fd) < 0 ? -errno : 0;
}

static int list_gone(struct store *store, struct ids *gone)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT ino FROM data_gone", &row, "");

	return db_row_each(store->db, r, row, ids_note, gone);
}

static int remove_gone(struct store *store)
{
	CLEANUP(ids_finish) struct ids gone = {0};
	int r = list_gone(store, &gone);

	for (size_t i = 0; i < gone.count && r == 0; i++)
		r = store_data_remove(store, gone.items[i]);
	if (r < 0 || gone.count == 0)
		return r;
	r = db_begin(store->db, false);
	for (size_t i = 0; i < gone.count && r == 0; i++)
		r = db_run(store->db, "DELETE FROM data_gone WHERE ino = ?", "i", gone.items[i]);
	return db_end(store->db, r);
}

/* Its node was removed; the file goes at the next mount. */
static bool is_gone(struct store *store, int64_t ino)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;

	return db_row(store->db, "SELECT 1 FROM data_gone WHERE ino = ?", &row, "i", ino) == 1;
}

static int each_file(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg)
{
	int fd = openat(store->data_fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int64_t ino;
	int r = 0;

	if (dir == NULL) {
		r = -errno;
		cleanup_closep(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL)
		if (str_to_int(entry->d_name, 1, DATA_LAST, &ino) == 0)
			r = visit(arg, ino);
	closedir(dir);
	return r;
}

struct look {
	struct store *store;
	int (*visit)(void *arg, int64_t ino);
	void *arg;
	int64_t last; /* number that the database has given */
};

static int look_up(void *arg, int64_t ino)
{
	const struct look *look = arg;
	struct node node;
	int found = nodes_get(look->store, ino, &node);

	if (found == -ENOENT && is_gone(look->store, ino))
		return 0;
	if (found == -ENOENT || (found == 0 && node.kind != NODE_FILE))
		return look->visit(look->arg, ino);
	return found;
}

int store_data_each(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg)
{
	return each_file(store, look_up, &(struct look){.store = store, .visit = visit, .arg = arg});
}

static int look_behind(void *arg, int64_t ino)
{
	const struct look *look = arg;

	return ino > look->last ? look->visit(look->arg, ino) : 0;
}

/* What a daemon that died may have left: files of numbers that were never given, since that was rolled back. */
static int each_behind_last(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg)
{
	struct look look = {.visit = visit, .arg = arg};
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT seq FROM sqlite_sequence WHERE name = 'node'", &row, "");

	if (r > 0)
		look.last = sqlite3_column_int64(row, 0);
	return r < 0 ? r : each_file(store, look_behind, &look);
}

int store_data_sweep(struct store *store, bool goes_on)
{
	CLEANUP(ids_finish) struct ids orphans = {0};
	int64_t last = 0;
	int r = remove_gone(store);

	/* each file of an account is looked up: not where the mount before, or the daemon before in this one, has done so */
	if (r == 0 && !store->is_untouched)
		r = (goes_on ? each_behind_last : store_data_each)(store, ids_note, &orphans);
	if (r < 0 || orphans.count == 0)
		return r;
	for (size_t i = 0; i < orphans.count; i++)
		last = orphans.items[i] > last ? orphans.items[i] : last;
	log_warning("store: %zu file%s in data/ that the database does not know, the first is %lld: left as they "
		    "are; to get them into .weryaifs/lost+found: weryaifs --check --repair",
		orphans.count, orphans.count == 1 ? "" : "s", (long long)orphans.items[0]);
	/* a new file that takes the number of one of them would be made of its bytes */
	r = db_begin(store->db, false);
	if (r == 0)
		r = db_run(store->db, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'node'", "i", last);
	return db_end(store->db, r);
}

int store_spool_open(struct store *store, bool kept)
{
	int fd = kept ? openat(store->state_fd, SPOOL, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)
		      : openat(store->state_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int store_spool_again(struct store *store)
{
	int fd = openat(store->state_fd, SPOOL, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void store_spool_remove(struct store *store)
{
	if (unlinkat(store->state_fd, SPOOL, 0) < 0 && errno != ENOENT)
		log_errno(LOG_LEVEL_WARNING, -errno, "store: cannot remove the file of the events");
}

int store_statvfs(struct store *store, struct statvfs *ret_statvfs)
{
	return fstatvfs(store->data_fd, ret_statvfs) < 0 ? -errno : 0;
}
