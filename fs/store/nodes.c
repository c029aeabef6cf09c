/* SPDX-License-Identifier: MIT */
#include "fs/store/nodes.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "fs/base/clock.h"
#include "fs/store/store_private.h"

/* Of one file: as large file systems have it. */
#define XATTRS_COUNT 256
#define XATTRS_BYTES (128 * 1024)

#define COLUMNS "ino, parent, name, kind, mode, uid, gid, atime, mtime, ctime, size, draft, job"

static void read_node(sqlite3_stmt *row, struct node *node)
{
	int length = sqlite3_column_bytes(row, 2);

	memset(node, 0, offsetof(struct node, name));
	node->ino = sqlite3_column_int64(row, 0);
	node->parent = sqlite3_column_int64(row, 1);
	if (length > 255)
		length = 255;
	node->name_length = (size_t)length;
	if (length > 0)
		memcpy(node->name, sqlite3_column_blob(row, 2), (size_t)length);
	node->name[length] = '\0';
	node->kind = (enum node_kind)sqlite3_column_int(row, 3);
	node->mode = (mode_t)sqlite3_column_int64(row, 4);
	node->uid = (uid_t)sqlite3_column_int64(row, 5);
	node->gid = (gid_t)sqlite3_column_int64(row, 6);
	node->atime = sqlite3_column_int64(row, 7);
	node->mtime = sqlite3_column_int64(row, 8);
	node->ctime = sqlite3_column_int64(row, 9);
	node->size = sqlite3_column_int64(row, 10);
	node->draft = (enum draft_state)sqlite3_column_int(row, 11);
	node->job = sqlite3_column_int64(row, 12);
}

static int read_one(int r, sqlite3_stmt *row, struct node *ret_node)
{
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_node(row, ret_node);
	return 0;
}

static int read_all(struct db *db, int r, sqlite3_stmt *row,
	int (*visit)(void *arg, const struct node *node), void *arg)
{
	struct node node;

	while (r == 1) {
		read_node(row, &node);
		r = visit(arg, &node);
		if (r != 0)
			break;
		r = db_row_next(db, row);
	}
	return r < 0 ? r : 0;
}

static struct recent_node *recent_place(struct store *store, int64_t ino)
{
	return &store->recent[(uint64_t)ino % STORE_RECENT];
}

static int read_and_remember(struct store *store, int r, sqlite3_stmt *row, struct node *ret_node)
{
	int64_t state = db_state(store->db);

	r = read_one(r, row, ret_node);
	if (r == 0 && state >= 0)
		*recent_place(store, ret_node->ino) =
			(struct recent_node){.state = state, .node = *ret_node};
	return r;
}

int nodes_get(struct store *store, int64_t ino, struct node *ret_node)
{
	const struct recent_node *recent = recent_place(store, ino);
	CLEANUP_ROW sqlite3_stmt *row = NULL;

	if (recent->node.ino == ino && ino != 0 && recent->state == db_state(store->db)) {
		*ret_node = recent->node;
		return 0;
	}
	int r = db_row(store->db, "SELECT " COLUMNS " FROM node WHERE ino = ?", &row, "i", ino);
	return read_and_remember(store, r, row, ret_node);
}

int nodes_find(struct store *store, int64_t parent, const char *name, struct node *ret_node)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT " COLUMNS " FROM node WHERE parent = ? AND name = ?",
		&row, "ib", parent, name, strlen(name));

	return read_and_remember(store, r, row, ret_node);
}

int nodes_list(struct store *store, int64_t parent, int64_t after,
	int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS " FROM node WHERE parent = ? AND ino > ? ORDER BY ino", &row,
		"ii", parent, after);

	return read_all(store->db, r, row, visit, arg);
}

int nodes_list_below(struct store *store, int64_t dir,
	int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"WITH RECURSIVE below(dir) AS (VALUES(?) UNION SELECT node.ino FROM node, below"
		" WHERE node.parent = below.dir AND node.kind <= 2)"
		" SELECT " COLUMNS " FROM node WHERE parent IN below AND kind = 3",
		&row, "i", dir);

	return read_all(store->db, r, row, visit, arg);
}

int nodes_list_dirs_below(struct store *store, int64_t dir, int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"WITH RECURSIVE below(dir) AS (VALUES(?) UNION SELECT node.ino FROM node, below"
		" WHERE node.parent = below.dir AND node.kind <= 2)"
		" SELECT " COLUMNS " FROM node WHERE ino IN below",
		&row, "i", dir);

	return read_all(store->db, r, row, visit, arg);
}

/* Both go through the nodes by their numbers, and end when there are enough. */
#define MADE                                                                                       \
	"parent IS NOT NULL AND (kind = 4 OR (kind = 3 AND job > 0 AND EXISTS(SELECT 1 FROM job"    \
	" WHERE job.id = node.job AND job.state IN (9, 10)))) AND ino < ? ORDER BY ino DESC LIMIT -1 OFFSET ?"

int nodes_list_made(struct store *store, int64_t dir, int64_t before, int64_t skip,
	int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r;

	if (dir == 0)
		r = db_row(store->db, "SELECT " COLUMNS " FROM node WHERE " MADE, &row, "ii", before, skip);
	else
		r = db_row(store->db,
			"WITH RECURSIVE below(dir) AS (VALUES(?) UNION SELECT node.ino FROM node, below"
			" WHERE node.parent = below.dir AND node.kind <= 2)"
			" SELECT " COLUMNS " FROM node WHERE parent IN below AND " MADE,
			&row, "iii", dir, before, skip);
	return read_all(store->db, r, row, visit, arg);
}

int nodes_list_drafts(
	struct store *store, int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS " FROM node INDEXED BY node_draft WHERE draft != 0 AND parent IS NOT NULL"
		" ORDER BY mtime, ino", &row, "");

	return read_all(store->db, r, row, visit, arg);
}

int nodes_list_nameless(
	struct store *store, int (*visit)(void *arg, const struct node *node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT " COLUMNS " FROM node WHERE parent IS NULL AND ino != 1",
		&row, "");

	return read_all(store->db, r, row, visit, arg);
}

int nodes_count(struct store *store, int64_t parent, bool directories_only, int64_t *ret_count)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT names, dirs FROM dir_count WHERE dir = ?", &row, "i", parent);

	if (r < 0)
		return r;
	*ret_count = r == 0 ? 0 : sqlite3_column_int64(row, directories_only ? 1 : 0);
	return 0;
}

int nodes_is_busy(struct store *store, int64_t dir, bool *ret_busy)
{
	/* by itself SQLite would go through all names of the directory */
	static const char sql[] =
		"SELECT EXISTS(SELECT 1 FROM node INDEXED BY node_busy WHERE draft != 0 AND parent = ?)"
		" OR EXISTS(SELECT 1 FROM job INDEXED BY job_busy WHERE ended = 0 AND dir = ?)";
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, sql, &row, "ii", dir, dir);

	if (r < 0)
		return r;
	*ret_busy = sqlite3_column_int(row, 0) != 0;
	return 0;
}

int nodes_add(struct store *store, struct node *node)
{
	const char *name = node->name;
	int r;

	if (node->ino != 0)
		r = db_run(store->db,
			"INSERT INTO node(ino, parent, name, kind, mode, uid, gid, atime, mtime, "
			"ctime, size, draft,"
			" job) VALUES(?,NULLIF(?,0),?,?,?,?,?,?,?,?,?,?,?)",
			"iibiiiiiiiiii", node->ino, node->parent, name, strlen(name),
			(int64_t)node->kind, (int64_t)node->mode, (int64_t)node->uid,
			(int64_t)node->gid, node->atime, node->mtime, node->ctime, node->size,
			(int64_t)node->draft, node->job);
	else
		r = db_run(store->db,
			"INSERT INTO node(parent, name, kind, mode, uid, gid, atime, mtime, ctime, "
			"size, draft, job)"
			" VALUES(NULLIF(?,0),?,?,?,?,?,?,?,?,?,?,?)",
			"ibiiiiiiiiii", node->parent, name, strlen(name), (int64_t)node->kind,
			(int64_t)node->mode, (int64_t)node->uid, (int64_t)node->gid, node->atime,
			node->mtime, node->ctime, node->size, (int64_t)node->draft, node->job);
	if (r == 0)
		node->ino = db_last_id(store->db);
	return r;
}

int nodes_set_attributes(struct store *store, const struct node *node)
{
	return db_run(store->db,
		"UPDATE node SET mode = ?, uid = ?, gid = ?, atime = ?, mtime = ?, ctime = ?,"
		" size = ? WHERE ino = ?",
		"iiiiiiii", (int64_t)node->mode, (int64_t)node->uid, (int64_t)node->gid,
		node->atime, node->mtime, node->ctime, node->size, node->ino);
}

int nodes_set_name(struct store *store, int64_t ino, int64_t parent, const char *name)
{
	if (parent == 0)
		return db_run(store->db, "UPDATE node SET parent = NULL WHERE ino = ?", "i", ino);
	return db_run(store->db, "UPDATE node SET parent = ?, name = ? WHERE ino = ?", "ibi",
		parent, name, strlen(name), ino);
}

int nodes_set_draft(struct store *store, int64_t ino, enum draft_state draft)
{
	return db_run(store->db, "UPDATE node SET draft = ?, mtime = ? WHERE ino = ?", "iii",
		(int64_t)draft, clock_wall_ns(), ino);
}

int nodes_set_job(struct store *store, int64_t ino, int64_t job)
{
	return db_run(store->db, "UPDATE node SET job = ?, mtime = ? WHERE ino = ?", "iii", job,
		clock_wall_ns(), ino);
}

int nodes_remove(struct store *store, int64_t ino)
{
	int r = db_run(store->db, "DELETE FROM xattr WHERE ino = ?", "i", ino);

	return r < 0 ? r : db_run(store->db, "DELETE FROM node WHERE ino = ?", "i", ino);
}

int nodes_touch(struct store *store, int64_t ino, int64_t now)
{
	return db_run(store->db, "UPDATE node SET mtime = ?, ctime = ? WHERE ino = ?", "iii", now,
		now, ino);
}

int xattrs_get(struct store *store, int64_t ino, const char *name, void *value, size_t size,
	size_t *ret_length)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM xattr WHERE ino = ? AND name = ?", &row, "ib",
		ino, name, strlen(name));

	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	size_t length = (size_t)sqlite3_column_bytes(row, 0);
	r = 0;
	if (size > 0 && length > size)
		r = -ERANGE;
	else if (size > 0 && length > 0)
		memcpy(value, sqlite3_column_blob(row, 0), length);
	*ret_length = length;
	return r;
}

static int check_room(struct store *store, int64_t ino, size_t more)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT count(*), ifnull(sum(length(name) + length(value)), 0) FROM xattr WHERE ino = ?",
		&row, "i", ino);

	if (r < 0)
		return r;
	return sqlite3_column_int64(row, 0) >= XATTRS_COUNT ||
			       sqlite3_column_int64(row, 1) + (int64_t)more > XATTRS_BYTES
		       ? -ENOSPC
		       : 0;
}

int xattrs_set(struct store *store, int64_t ino, const char *name, const void *value, size_t length,
	int flags)
{
	size_t old;
	int r = xattrs_get(store, ino, name, NULL, 0, &old);

	if (r < 0 && r != -ENODATA)
		return r;
	if (r == 0 && (flags & XATTR_CREATE) != 0)
		return -EEXIST;
	if (r == -ENODATA && (flags & XATTR_REPLACE) != 0)
		return -ENODATA;
	/* in place of one of no less it takes no room */
	r = r == 0 && length <= old ? 0 : check_room(store, ino, strlen(name) + length);
	if (r < 0)
		return r;
	return db_run(store->db, "INSERT OR REPLACE INTO xattr(ino, name, value) VALUES(?, ?, ?)",
		"ibb", ino, name, strlen(name), length > 0 ? value : "", length);
}

int xattrs_remove(struct store *store, int64_t ino, const char *name)
{
	int r = db_run(store->db, "DELETE FROM xattr WHERE ino = ? AND name = ?", "ib", ino, name,
		strlen(name));

	if (r < 0)
		return r;
	return db_changes(store->db) > 0 ? 0 : -ENODATA;
}

int xattrs_list(
	struct store *store, int64_t ino, int (*visit)(void *arg, const char *name), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	char name[256];
	int r = db_row(
		store->db, "SELECT name FROM xattr WHERE ino = ? ORDER BY name", &row, "i", ino);

	while (r == 1) {
		size_t length = (size_t)sqlite3_column_bytes(row, 0);
		if (length < sizeof(name)) {
			memcpy(name, sqlite3_column_blob(row, 0), length);
			name[length] = '\0';
			r = visit(arg, name);
			if (r != 0)
				break;
		}
		r = db_row_next(store->db, row);
	}
	return r < 0 ? r : 0;
}
