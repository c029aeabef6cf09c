/* SPDX-License-Identifier: MIT */
#include "fs/store/db_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/base/text.h"
#include "fs/store/schema.h"

#define LARGE (INT64_C(32) << 20)

static bool db_is_sound(struct db *db)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
		SQLITE_OK)
		return false;
	bool sound = sqlite3_step(statement) == SQLITE_ROW &&
		     strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	sqlite3_finalize(statement);
	return sound;
}

static bool has_bytes(const char *path, const char *suffix)
{
	CLEANUP_FREE char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return true;
	}
	return lstat(name, &st) == 0 && st.st_size > 0;
}

static void add_command(struct buf *text, const char *words, const char *path, const char *suffix)
{
	CLEANUP_FREE char *name = NULL, *quoted = NULL;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		name = NULL;
	quoted = name == NULL ? NULL : text_shell(name);
	buf_adds(text, words);
	if (quoted == NULL || buf_adds(text, quoted) < 0)
		text->failed = -ENOMEM;
}

/* What to do when the database cannot be used: the copies that lie beside it, and how a new account is begun. Caller frees;
 * NULL: no memory. */
static char *advise(const char *path, const char *witness)
{
	const char *copy = has_bytes(path, DB_COPY_NEW) ? DB_COPY_NEW : DB_COPY_OLD;
	CLEANUP_FREE char *dir = strdup(path);
	struct buf text;

	if (dir == NULL)
		return NULL;
	buf_init(&text, 64 * 1024);
	buf_adds(&text, "What was bought stands in it alone, so nothing is begun anew");
	if (has_bytes(path, copy)) {
		/* a log that belongs to another database would be played into the copy */
		add_command(&text, "; to put back its last copy (what may have been sent since is held): rm -f ", path, "-wal");
		add_command(&text, " && cp ", path, copy);
		add_command(&text, " ", path, "");
	} else {
		buf_adds(&text, "; put back a copy of it, if you have one");
	}
	*strrchr(dir, '/') = '\0';
	add_command(&text, ". To begin a new account all the same, move away ", dir, "");
	if (witness != NULL && witness[0] == '/')
		add_command(&text, " and ", witness, "");
	char *advice = buf_steal(&text);
	buf_finish(&text);
	return advice;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_size;
}

static bool is_read(const char *path, enum db_reading reading)
{
	return reading == DB_READ_ALL || (reading == DB_READ_SMALL && size_of(path) <= LARGE);
}

/* Reads only, so that a file which is not ours stays as it is. */
static int db_examine(struct db *db, const char *path, enum db_reading reading, int64_t *ret_version, char **ret_message)
{
	int64_t tables, application = 0, version = 0;
	const char *why = NULL;

	if (db_pragma_int(db, "SELECT count(*) FROM sqlite_master", &tables) < 0 ||
		(is_read(path, reading) && !db_is_sound(db)))
		why = "is damaged";
	else if (tables > 0 && (db_pragma_int(db, "PRAGMA application_id", &application) < 0 ||
				       application != DB_APPLICATION_ID))
		why = "is not a weryaifs database";
	else if (tables > 0 && db_pragma_int(db, "PRAGMA user_version", &version) < 0)
		why = "is damaged";
	else if (tables > 0 && version <= 0)
		why = "is damaged";
	else if (version > schema_version())
		why = "was written by a newer weryaifs";
	if (why == NULL) {
		*ret_version = version;
		return 0;
	}
	CLEANUP_FREE char *advice =
		version > schema_version() ? strdup("Mount it with that one again.") : advise(path, NULL);
	if (advice == NULL ||
		asprintf(ret_message, "%s %s; it was left as it is. %s", path, why, advice) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

static int db_create(const char *path, int flags, struct db **ret_db, char **ret_message)
{
	struct db *db = calloc(1, sizeof(*db));

	*ret_message = NULL;
	if (db == NULL)
		return -ENOMEM;
	db->statements = map_create();
	if (db->statements == NULL) {
		free(db);
		return -ENOMEM;
	}
	int code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code != SQLITE_OK) {
		int r = -EIO;
		if (asprintf(ret_message, "%s: %s", path, sqlite3_errstr(code)) < 0) {
			*ret_message = NULL;
			r = -ENOMEM;
		}
		db_close(db);
		return r;
	}
	sqlite3_extended_result_codes(db->handle, 0);
	*ret_db = db;
	return 0;
}

/* https://www.sqlite.org/uri.html */
static char *immutable_uri(const char *path)
{
	struct buf uri;

	buf_init(&uri, 3 * PATH_MAX + 32);
	buf_adds(&uri, "file:");
	for (const char *c = path; *c != '\0'; c++)
		buf_addf(&uri, strchr("?#%", *c) != NULL ? "%%%02x" : "%c", (unsigned char)*c);
	buf_adds(&uri, "?immutable=1");
	char *text = buf_steal(&uri);
	buf_finish(&uri);
	return text;
}

/* A handle to look through, that makes no file and changes none: where no log is waiting to be read, SQLite is told that
 * nothing changes; where there is one, it is not put into the database when we close. */
static int db_open_untouched(const char *path, struct db **ret_db, char **ret_message)
{
	if (!has_bytes(path, "-wal") && !has_bytes(path, "-journal")) {
		CLEANUP_FREE char *uri = immutable_uri(path);
		return uri == NULL ? -ENOMEM
				   : db_create(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret_db,
					     ret_message);
	}
	int r = db_create(path, SQLITE_OPEN_READWRITE, ret_db, ret_message);
	if (r < 0)
		return r;
	r = sqlite3_db_config((*ret_db)->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ==
			    SQLITE_OK
		    ? db_exec(*ret_db, "PRAGMA locking_mode=EXCLUSIVE")
		    : -EIO;
	if (r < 0)
		db_close(*ret_db);
	return r;
}

/* The handle to look through goes on where it may write: the log is not read twice. */
static int db_open_for_work(const char *path, int64_t version, struct db **db, char **ret_message)
{
	if (*db != NULL && version > 0 && sqlite3_db_readonly((*db)->handle, "main") == 0)
		return sqlite3_db_config((*db)->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL) == SQLITE_OK ? 0 : -EIO;
	db_close(*db);
	*db = NULL;
	return db_create(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, db, ret_message);
}

/* 0: ours, and sound. */
static int db_look(const char *path, enum db_reading reading, struct db **ret_db, int64_t *ret_version, char **ret_message)
{
	struct db *db;
	int r = db_open_untouched(path, &db, ret_message);

	if (r < 0)
		return r;
	r = db_exec(db, "PRAGMA cell_size_check=ON");
	if (r == 0)
		r = db_examine(db, path, reading, ret_version, ret_message);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

static int refuse_loss(const char *path, const char *witness, char **ret_message)
{
	CLEANUP_FREE char *advice = advise(path, witness);

	if (advice == NULL || asprintf(ret_message,
				      "%s is missing or empty, but other files of this account are there (%s); all was "
				      "left as it is. %s",
				      path, witness, advice) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

int db_open(const char *path, const char *witness, enum db_reading reading, struct db **ret_db, char **ret_message)
{
	struct db *db = NULL;
	int64_t version = 0;
	int r = 0;

	*ret_message = NULL;
	if (reading == DB_READ_ALL && size_of(path) > LARGE)
		log_warning("db: the machine went down while this account was mounted: its database (%lld MiB) is read whole first",
			(long long)(size_of(path) >> 20));
	/* SQLite would remove a log without a database */
	if (has_bytes(path, "")) {
		r = db_look(path, reading, &db, &version, ret_message);
		if (r < 0)
			return r;
	} else if (witness == NULL && has_bytes(path, "-wal")) {
		witness = "weryaifs.db-wal";
	}
	if (version == 0 && witness != NULL) {
		db_close(db);
		return refuse_loss(path, witness, ret_message);
	}
	r = db_open_for_work(path, version, &db, ret_message);
	/* the header, which says that pages can be given back, is written with the first one: before there is a log */
	if (r == 0 && version == 0)
		r = db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL");
	if (r == 0)
		r = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA "
				"journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY");
	if (r == 0)
		r = db_upgrade(db, path, version);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

int db_open_to_look(const char *path, const char *witness, struct db **ret_db, char **ret_message)
{
	struct db *db;
	int64_t version;

	*ret_message = NULL;
	if (!has_bytes(path, ""))
		return witness == NULL ? -ENOENT : refuse_loss(path, witness, ret_message);
	int r = db_look(path, DB_READ_ALL, &db, &version, ret_message);
	if (r < 0)
		return r;
	if (version == 0) {
		db_close(db);
		return witness == NULL ? -ENOENT : refuse_loss(path, witness, ret_message);
	}
	if (version < schema_version()) {
		if (asprintf(ret_message,
			    "%s is from an older weryaifs; it is brought up to date by the next "
			    "mount",
			    path) < 0)
			*ret_message = NULL;
		db_close(db);
		return -EAGAIN;
	}
	*ret_db = db;
	return 0;
}
