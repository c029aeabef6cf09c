/* SPDX-License-Identifier: MIT */
/* A database of an older version, or a new one, becomes one of ours. What takes long says how long, since a mount waits for it. */
#include "fs/store/db_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/store/schema.h"

#define FIRST_MS 1000 /* what is done by then says nothing */
#define AGAIN_MS 5000
#define LOOK_STEPS 20000 /* of SQLite's machine: some milliseconds */
#define SPARE (64 << 20)

struct progress {
	const char *what;
	int64_t began_ms, next_ms;
};

static int tell(void *arg)
{
	struct progress *progress = arg;
	int64_t now = clock_mono_ms();

	if (now < progress->next_ms)
		return 0;
	progress->next_ms = now + AGAIN_MS;
	log_warning("db: %s: %" PRId64 " s so far", progress->what, (now - progress->began_ms) / 1000);
	return 0;
}

static void progress_begin(struct db *db, struct progress *progress, const char *what)
{
	int64_t now = clock_mono_ms();

	*progress = (struct progress){what, now, now + FIRST_MS};
	sqlite3_progress_handler(db->handle, LOOK_STEPS, tell, progress);
}

static void progress_end(struct db *db)
{
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
}

/* All steps or none. */
static int take_steps(struct db *db, int64_t version)
{
	struct progress progress;
	char head[96];
	int r = db_begin(db, true);

	progress_begin(db, &progress, "bringing the database up to date");
	while (r == 0 && version < schema_version())
		r = db_exec(db, schema_step(++version));
	if (r == 0) {
		snprintf(head, sizeof(head), "PRAGMA application_id=%d; PRAGMA user_version=%lld",
			DB_APPLICATION_ID, (long long)version);
		r = db_exec(db, head);
	}
	r = db_end(db, r);
	progress_end(db);
	return r;
}

/* It is written twice, beside itself and into the log. */
static bool has_room(const char *path, int64_t *ret_size)
{
	CLEANUP_FREE char *directory = strdup(path);
	struct statvfs disk;
	struct stat st;

	if (directory == NULL || stat(path, &st) < 0)
		return false;
	*strrchr(directory, '/') = '\0';
	*ret_size = st.st_size;
	return statvfs(directory, &disk) == 0 &&
	       (uint64_t)disk.f_bavail * disk.f_frsize > 3 * (uint64_t)st.st_size + SPARE;
}

static int write_anew(struct db *db, const char *path)
{
	CLEANUP_FREE char *directory = strdup(path);
	struct progress progress;

	if (directory == NULL)
		return -ENOMEM;
	/* not in memory, and not on another disk, whose room was not looked at */
	*strrchr(directory, '/') = '\0';
	sqlite3_temp_directory = sqlite3_mprintf("%s", directory);
	progress_begin(db, &progress, "writing the database anew");
	int r = db_exec(db, "PRAGMA temp_store=FILE; PRAGMA auto_vacuum=INCREMENTAL; VACUUM;"
			    " PRAGMA temp_store=MEMORY; PRAGMA wal_checkpoint(TRUNCATE)");
	progress_end(db);
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = NULL;
	return r;
}

int db_upgrade(struct db *db, const char *path, int64_t version)
{
	int64_t gives_back = 0, size = 0;
	int r = 0;

	if (version > 0 && version < schema_version())
		log_info("db: the schema goes from version %lld to %lld", (long long)version,
			(long long)schema_version());
	if (r == 0 && version < schema_version())
		r = take_steps(db, version);
	if (r == 0)
		r = db_pragma_int(db, "PRAGMA auto_vacuum", &gives_back);
	if (r < 0 || gives_back != 0)
		return r;
	if (!has_room(path, &size)) {
		log_warning("db: the disk has no room to write the database anew, so that it goes on keeping what it has "
			    "taken; tried again at the next mount");
		return 0;
	}
	log_info("db: the database (%" PRId64 " MiB) is written anew, once, so that it can give back what it does not need any more",
		size >> 20);
	if (write_anew(db, path) < 0)
		log_warning("db: it was not written anew, and is as it was; tried again at the next mount");
	return 0;
}
