/* SPDX-License-Identifier: MIT */
#include "fs/store/schema.h"

#include <assert.h>

#include "fs/base/cleanup.h"

static const char first[] =
	"CREATE TABLE node(ino INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER, name BLOB,"
	" kind INTEGER NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL,"
	" atime INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,"
	" size INTEGER NOT NULL DEFAULT 0, draft INTEGER NOT NULL DEFAULT 0, job INTEGER);"
	"CREATE UNIQUE INDEX node_name ON node(parent, name);"
	"CREATE INDEX node_order ON node(parent, ino);"
	"CREATE INDEX node_subdirs ON node(parent) WHERE kind <= 2;"
	"CREATE INDEX node_draft ON node(draft) WHERE draft != 0;"
	"CREATE TABLE xattr(ino INTEGER NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL,"
	" PRIMARY KEY(ino, name)) WITHOUT ROWID;"
	"CREATE TABLE job(id INTEGER PRIMARY KEY AUTOINCREMENT, ino INTEGER NOT NULL, dir INTEGER "
	"NOT NULL,"
	" stem BLOB NOT NULL, model TEXT NOT NULL, mode TEXT NOT NULL, state INTEGER NOT NULL, "
	"text BLOB NOT NULL,"
	" body TEXT, batch INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, submitted INTEGER "
	"NOT NULL DEFAULT 0,"
	" finished INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,"
	" next_attempt INTEGER NOT NULL DEFAULT 0, after INTEGER NOT NULL DEFAULT 0, dry_run "
	"INTEGER NOT NULL DEFAULT 0,"
	" published INTEGER NOT NULL DEFAULT 0, warning TEXT, error TEXT,"
	" balance_before REAL, balance_after REAL);"
	"CREATE INDEX job_open ON job(published) WHERE published = 0;"
	"CREATE INDEX job_slot ON job(dir, stem);"
	"CREATE INDEX job_ino ON job(ino);"
	"CREATE TABLE task(job INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, state "
	"INTEGER NOT NULL,"
	" message TEXT, PRIMARY KEY(job, seq)) WITHOUT ROWID;"
	"CREATE TABLE result(job INTEGER NOT NULL, seq INTEGER NOT NULL, task TEXT NOT NULL, url "
	"TEXT NOT NULL,"
	" ino INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT -1, etag TEXT, type TEXT,"
	" PRIMARY KEY(job, seq)) WITHOUT ROWID;"
	"CREATE INDEX result_ino ON result(ino);"
	"CREATE TABLE cached(ino INTEGER PRIMARY KEY, boot TEXT NOT NULL, ranges BLOB NOT NULL,"
	" used INTEGER NOT NULL, bytes INTEGER NOT NULL);"
	"CREATE TABLE spend(day TEXT PRIMARY KEY, submissions INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	/* inode numbers below 1000 are fixed ones */
	"INSERT INTO sqlite_sequence(name, seq) VALUES('node', 999);"
	"INSERT INTO meta VALUES('synced', 0);";

/* How version N was made of version N - 1; a new database takes all the steps. One that was released stays as it is. */
static const char *const steps[] = {
	NULL,
	first,
	"ALTER TABLE job ADD COLUMN balance_at INTEGER NOT NULL DEFAULT 0;",
	"CREATE TABLE upload(hash TEXT PRIMARY KEY, url TEXT NOT NULL, \"when\" INTEGER NOT NULL)"
	" WITHOUT ROWID;",
	"CREATE TABLE known(kind TEXT PRIMARY KEY, list TEXT NOT NULL, \"when\" INTEGER NOT NULL)"
	" WITHOUT ROWID;",
	"CREATE INDEX node_busy ON node(parent) WHERE draft != 0;"
	"CREATE INDEX job_busy ON job(dir) WHERE published = 0;",
};

int64_t schema_version(void)
{
	return (int64_t)array_length(steps) - 1;
}

const char *schema_step(int64_t version)
{
	assert(version > 0 && version <= schema_version());
	return steps[version];
}
