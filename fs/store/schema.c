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

/* Numbers that were counted anew at each look, and files whose bytes may go. The value 0 of an inode number means "none", so that an index which holds it
 * leads to all the rest. */
static const char counted[] =
	"DROP INDEX job_ino;"
	"CREATE INDEX job_ino ON job(ino) WHERE ino != 0;"
	"DROP INDEX result_ino;"
	"CREATE INDEX result_ino ON result(ino) WHERE ino != 0;"
	"CREATE INDEX cached_used ON cached(used) WHERE bytes > 0;"
	"CREATE INDEX cached_boot ON cached(boot, used);"
	"CREATE TABLE job_count(state INTEGER PRIMARY KEY, jobs INTEGER NOT NULL);"
	"INSERT INTO job_count SELECT state, count(*) FROM job GROUP BY state;"
	"CREATE TABLE dir_count(dir INTEGER PRIMARY KEY, names INTEGER NOT NULL, dirs INTEGER NOT "
	"NULL);"
	"INSERT INTO dir_count SELECT parent, count(*), sum(kind <= 2) FROM node WHERE parent IS "
	"NOT NULL"
	" GROUP BY parent;"
	"INSERT OR REPLACE INTO meta SELECT 'cached_bytes', ifnull(sum(bytes), 0) FROM cached;"
	"INSERT OR REPLACE INTO meta SELECT 'latest_time',"
	" ifnull(max(max(created, submitted, finished)), 0) FROM job;"

	"CREATE TRIGGER job_count_add AFTER INSERT ON job BEGIN"
	" INSERT INTO job_count VALUES(new.state, 1) ON CONFLICT(state) DO UPDATE SET jobs = jobs "
	"+ 1;"
	" UPDATE meta SET value = max(new.created, new.submitted, new.finished) WHERE key = "
	"'latest_time'"
	" AND value < max(new.created, new.submitted, new.finished); END;"
	"CREATE TRIGGER job_count_remove AFTER DELETE ON job BEGIN"
	" UPDATE job_count SET jobs = jobs - 1 WHERE state = old.state; END;"
	"CREATE TRIGGER job_count_change AFTER UPDATE OF state ON job WHEN new.state != old.state "
	"BEGIN"
	" UPDATE job_count SET jobs = jobs - 1 WHERE state = old.state;"
	" INSERT INTO job_count VALUES(new.state, 1) ON CONFLICT(state) DO UPDATE SET jobs = jobs "
	"+ 1; END;"
	"CREATE TRIGGER job_time AFTER UPDATE OF submitted, finished ON job BEGIN"
	" UPDATE meta SET value = max(new.submitted, new.finished) WHERE key = 'latest_time'"
	" AND value < max(new.submitted, new.finished); END;"

	"CREATE TRIGGER dir_count_add AFTER INSERT ON node WHEN new.parent IS NOT NULL BEGIN"
	" INSERT INTO dir_count VALUES(new.parent, 1, new.kind <= 2)"
	" ON CONFLICT(dir) DO UPDATE SET names = names + 1, dirs = dirs + excluded.dirs; END;"
	"CREATE TRIGGER dir_count_remove AFTER DELETE ON node BEGIN"
	" UPDATE dir_count SET names = names - 1, dirs = dirs - (old.kind <= 2) WHERE dir = "
	"old.parent;"
	" DELETE FROM dir_count WHERE dir = old.ino; END;"
	"CREATE TRIGGER dir_count_move AFTER UPDATE OF parent ON node"
	" WHEN new.parent IS NOT old.parent BEGIN"
	" UPDATE dir_count SET names = names - 1, dirs = dirs - (old.kind <= 2) WHERE dir = "
	"old.parent;"
	" INSERT INTO dir_count SELECT new.parent, 1, new.kind <= 2 WHERE new.parent IS NOT NULL"
	" ON CONFLICT(dir) DO UPDATE SET names = names + 1, dirs = dirs + excluded.dirs; END;"

	/* bytes of files that the tree has let go: what is not in here, and in no node, is never removed */
	"CREATE TABLE data_gone(ino INTEGER PRIMARY KEY);"
	"CREATE TRIGGER data_gone_add AFTER DELETE ON node WHEN old.kind = 3 BEGIN"
	" INSERT OR IGNORE INTO data_gone VALUES(old.ino); END;"

	"CREATE TRIGGER cached_add AFTER INSERT ON cached BEGIN"
	" UPDATE meta SET value = value + new.bytes WHERE key = 'cached_bytes'; END;"
	"CREATE TRIGGER cached_remove AFTER DELETE ON cached BEGIN"
	" UPDATE meta SET value = value - old.bytes WHERE key = 'cached_bytes'; END;"
	"CREATE TRIGGER cached_change AFTER UPDATE OF bytes ON cached BEGIN"
	" UPDATE meta SET value = value + new.bytes - old.bytes WHERE key = 'cached_bytes'; END;";

/* Design 1.3b. Each job that an older version left gets its place and a wish without a hash, which only a parser can make
 * (wishes_list_unknown()). Of prompts that are gone it is not known since when: since now. */
static const char paid_once[] =
	"CREATE TABLE place(id INTEGER PRIMARY KEY, path BLOB NOT NULL,"
	" displaced INTEGER NOT NULL DEFAULT 0, job INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE wish(job INTEGER PRIMARY KEY, place INTEGER NOT NULL, name BLOB NOT NULL,"
	" hash TEXT, request TEXT, inputs TEXT, owner INTEGER NOT NULL DEFAULT 0,"
	" gone INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0,"
	" hold INTEGER NOT NULL DEFAULT 0, note TEXT);"
	"CREATE TEMP TABLE old_place AS"
	" WITH RECURSIVE dirs(ino, path) AS (SELECT ino, '/' || name FROM node WHERE parent = 1"
	" AND kind <= 2 UNION ALL SELECT node.ino, dirs.path || '/' || node.name FROM node"
	" JOIN dirs ON node.parent = dirs.ino WHERE node.kind <= 2)"
	" SELECT job.dir AS dir, job.stem AS stem,"
	" CAST(ifnull(dirs.path, '?' || job.dir) || '/' || job.stem AS BLOB) AS path,"
	" dirs.path IS NULL AS displaced, 0 AS job"
	" FROM job LEFT JOIN dirs ON dirs.ino = job.dir GROUP BY job.dir, job.stem;"
	"UPDATE old_place SET job = ifnull((SELECT max(id) FROM job WHERE job.dir = old_place.dir"
	" AND job.stem = old_place.stem AND job.state >= 5), 0);"
	"INSERT INTO place(path, displaced, job) SELECT path, displaced, job FROM old_place;"
	"CREATE UNIQUE INDEX place_now ON place(path) WHERE displaced = 0;"
	"CREATE INDEX place_once ON place(path) WHERE displaced != 0;"
	"INSERT INTO wish(job, place, name, owner, gone) SELECT job.id, place.id, job.stem,"
	" ifnull((SELECT uid FROM node WHERE node.ino = job.ino), 0),"
	" CASE WHEN EXISTS(SELECT 1 FROM node WHERE node.ino = job.ino AND node.job = job.id)"
	" THEN 0 ELSE CAST(strftime('%s', 'now') AS INTEGER) * 1000 END"
	" FROM job JOIN old_place ON old_place.dir = job.dir AND old_place.stem = job.stem"
	" JOIN place ON place.path = old_place.path AND place.displaced = old_place.displaced;"
	"DROP TABLE old_place;"
	"CREATE INDEX wish_place ON wish(place);"
	"CREATE INDEX wish_gone ON wish(hash, job) WHERE gone != 0;"
	"CREATE INDEX wish_gone_name ON wish(hash, name, job) WHERE gone != 0;"
	"CREATE INDEX wish_gone_request ON wish(request, job) WHERE gone != 0;"
	"CREATE INDEX wish_there ON wish(hash, job) WHERE gone = 0;"
	"CREATE INDEX wish_there_request ON wish(request, job) WHERE gone = 0;"
	"CREATE INDEX wish_unknown ON wish(job) WHERE hash IS NULL;"
	"CREATE INDEX result_size ON result(size) WHERE size > 0;"
	"INSERT INTO meta VALUES('wishes_unknown', (SELECT count(*) FROM wish));";

/* What was said by a flag beside the state, by a mark in an address or by one sentence with two meanings has a state, a column
 * and a field of its own. A job has ended where its state is a final one. */
static const char said[] =
	"UPDATE job SET state = 11 WHERE state = 8 AND published = 0;"
	"UPDATE job SET state = 12 WHERE state = 1 AND published = 0;"
	"ALTER TABLE job ADD COLUMN trouble TEXT;"
	"UPDATE job SET trouble = error, error = NULL WHERE state NOT IN (1, 9, 10, 12);"
	"ALTER TABLE job ADD COLUMN unmade INTEGER NOT NULL DEFAULT 0;"
	"UPDATE job SET unmade = 1 WHERE state = 4 AND dry_run != 0"
	" AND instr(body, 'uploaded when it is sent: ') > 0;"
	"DROP INDEX job_open; DROP INDEX job_busy;"
	"ALTER TABLE job DROP COLUMN published;"
	"ALTER TABLE job ADD COLUMN ended INTEGER AS (state IN (1, 8, 9, 10)) VIRTUAL;"
	"CREATE INDEX job_open ON job(id) WHERE ended = 0;"
	"CREATE INDEX job_busy ON job(dir) WHERE ended = 0;"

	"ALTER TABLE result ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE result ADD COLUMN text TEXT;"
	"UPDATE result SET kind = 1, text = substr(url, 7), url = '' WHERE substr(url, 1, 6) = 'data:,';"
	"UPDATE result SET kind = 2, type = NULL WHERE type = 'cover';"
	/* one that was fetched: a picture behind a sound of the same task */
	"UPDATE result SET kind = 2 WHERE type IN ('png', 'jpg', 'webp', 'gif', 'avif', 'heic', 'svg')"
	" AND EXISTS(SELECT 1 FROM result AS sound WHERE sound.job = result.job"
	" AND sound.task = result.task AND sound.seq < result.seq"
	" AND sound.type IN ('m4a', 'mp3', 'wav'));"
	"UPDATE result SET kind = 3, url = substr(url, 9) WHERE substr(url, 1, 8) = 'refused:';";

/* Tables of prompts (sheets.h). */
static const char sheets[] =
	"CREATE TABLE sheet(ino INTEGER PRIMARY KEY, state INTEGER NOT NULL,"
	" asked INTEGER NOT NULL DEFAULT 0, dir INTEGER NOT NULL DEFAULT 0,"
	" parent INTEGER NOT NULL DEFAULT 0, name BLOB, report TEXT);"
	"CREATE INDEX sheet_todo ON sheet(ino) WHERE state = 1;"
	"CREATE TABLE sheet_row(dir INTEGER NOT NULL, name BLOB NOT NULL, hash INTEGER NOT NULL,"
	" state INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(dir, name)) WITHOUT ROWID;"
	"CREATE TRIGGER sheet_remove AFTER DELETE ON node WHEN old.kind = 3 BEGIN"
	" DELETE FROM sheet WHERE ino = old.ino; END;"
	"CREATE TRIGGER sheet_row_remove AFTER DELETE ON node WHEN old.kind = 2 BEGIN"
	" DELETE FROM sheet_row WHERE dir = old.ino; END;";

/* What jobs have asked for, made and cost, summed up (tally.h): in the row of the job's day, and in that of all days. */
#define TALLY_DAY(row) "strftime('%Y-%m-%d', " row ".submitted / 1000, 'unixepoch')"
#define TALLY_VALUES(row, sign)                                                                             \
	row ".model, " row ".state, " sign "1, " sign row ".asked, " sign row ".made,"                      \
	" " sign "iif(" row ".cost_kind IN (1, 2), ifnull(" row ".cost, 0), 0),"                             \
	" " sign "iif(" row ".cost_kind IN (3, 4), ifnull(" row ".cost, 0), 0)"
#define TALLY_ADD(row, sign)                                                                                \
	" INSERT INTO tally SELECT day.value, " TALLY_VALUES(row, sign)                                      \
	" FROM (SELECT '' AS value UNION ALL SELECT " TALLY_DAY(row) ") AS day WHERE " row ".submitted != 0"  \
	" ON CONFLICT(day, model, state) DO UPDATE SET jobs = jobs + excluded.jobs,"                         \
	" asked = asked + excluded.asked, made = made + excluded.made,"                                      \
	" measured = measured + excluded.measured, expected = expected + excluded.expected;"
static const char tally[] =
	"ALTER TABLE job ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN price INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN cost REAL;"
	"ALTER TABLE job ADD COLUMN cost_kind INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN most REAL;"
	"UPDATE job SET asked = max(1, ifnull(iif(json_valid(body), max(ifnull(json_extract(body, '$.image_number'), 0),"
	" ifnull(json_extract(body, '$.video_number'), 0)), 1), 1)) WHERE submitted != 0;"
	"UPDATE job SET made = (SELECT count(*) FROM result WHERE result.job = job.id AND result.kind IN (0, 1))"
	" WHERE submitted != 0;"
	"CREATE INDEX job_unpriced ON job(price) WHERE cost_kind = 0 AND price != 0;"
	"CREATE TABLE price(key INTEGER PRIMARY KEY, credits REAL NOT NULL, \"when\" INTEGER NOT NULL);"
	"CREATE TABLE tally(day TEXT NOT NULL, model TEXT NOT NULL, state INTEGER NOT NULL, jobs INTEGER NOT NULL,"
	" asked INTEGER NOT NULL, made INTEGER NOT NULL, measured REAL NOT NULL, expected REAL NOT NULL,"
	" PRIMARY KEY(day, model, state)) WITHOUT ROWID;"
	"INSERT INTO tally SELECT day, model, state, count(*), sum(asked), sum(made), 0, 0"
	" FROM (SELECT " TALLY_DAY("job") " AS day, model, state, asked, made FROM job WHERE submitted != 0"
	" UNION ALL SELECT '', model, state, asked, made FROM job WHERE submitted != 0) GROUP BY day, model, state;"
	"CREATE TRIGGER tally_add AFTER INSERT ON job WHEN new.submitted != 0 BEGIN" TALLY_ADD("new", "") " END;"
	"CREATE TRIGGER tally_remove AFTER DELETE ON job WHEN old.submitted != 0 BEGIN" TALLY_ADD("old", "-") " END;"
	"CREATE TRIGGER tally_change AFTER UPDATE OF state, submitted, asked, made, cost, cost_kind ON job"
	" WHEN (old.submitted != 0 OR new.submitted != 0) AND (new.state != old.state OR new.submitted != old.submitted"
	" OR new.asked != old.asked OR new.made != old.made OR new.cost IS NOT old.cost"
	" OR new.cost_kind != old.cost_kind) BEGIN" TALLY_ADD("old", "-") TALLY_ADD("new", "") " END;";

#define RETRIED(column) "replace(" column ", '(nothing is sent): echo submit > ', '(nothing is sent): echo retry > ')"

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
	counted,
	paid_once,
	"ALTER TABLE job ADD COLUMN left_out TEXT; ALTER TABLE job ADD COLUMN settings TEXT;",
	said,
	/* results are shown as writable to their owner, so that copies of them are */
	"UPDATE node SET mode = mode | 128 WHERE kind = 4 AND mode & 4095 = 292;",
	/* the time of a prompt's row is that of its status */
	"UPDATE node SET mtime = max(mtime, ifnull((SELECT max(created, submitted, finished) * 1000000"
	" FROM job WHERE job.id = node.job), 0)) WHERE kind = 3;",
	sheets,
	"ALTER TABLE job ADD COLUMN step_asked INTEGER NOT NULL DEFAULT 0;",
	"ALTER TABLE result ADD COLUMN content TEXT;",
	tally,
	/* what the views list (found.h) */
	"CREATE INDEX node_day ON node(mtime / 86400000000000, ino) WHERE kind = 4;"
	"CREATE INDEX job_state ON job(state); CREATE INDEX job_model ON job(model);",
	"ALTER TABLE result ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX result_unkept ON result(job, seq) WHERE kept = 0 AND ino != 0 AND size > 0"
	" AND kind != 1;"
	"CREATE INDEX result_unkept_size ON result(size) WHERE kept = 0 AND ino != 0 AND size > 0"
	" AND kind != 1;"
	"CREATE INDEX result_tried ON result(kept) WHERE kept = 2;",
	/* `submit` buys since then; what fetches again is `retry` */
	"UPDATE job SET warning = " RETRIED("warning") ", trouble = " RETRIED("trouble")
	" WHERE warning LIKE '%(nothing is sent): echo submit > %' OR trouble LIKE '%(nothing is sent): echo submit > %';",
	/* tidy.h */
	"ALTER TABLE job ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX job_whole ON job(id) WHERE packed = 0 AND ino = 0 AND ended = 1;",
	/* a file that is put back is known by it, whatever became of the result */
	"CREATE INDEX result_content ON result(content) WHERE content IS NOT NULL;",
	/* what results carry (grafts.h) */
	"ALTER TABLE result ADD COLUMN extra INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE graft(job INTEGER NOT NULL, seq INTEGER NOT NULL, original BLOB NOT NULL,"
	" head BLOB NOT NULL, tail BLOB NOT NULL, content TEXT NOT NULL, PRIMARY KEY(job, seq));"
	"CREATE INDEX graft_content ON graft(content);",
	/* removed.h */
	"CREATE TABLE removed(ino INTEGER PRIMARY KEY, job INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" size INTEGER NOT NULL, \"when\" INTEGER NOT NULL);"
	"CREATE INDEX removed_result ON removed(job, seq);"
	"CREATE INDEX removed_when ON removed(\"when\");",
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
