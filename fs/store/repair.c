/* SPDX-License-Identifier: MIT */
/* store_repair(): what can be put right without guessing. Bytes that the database does not know become plain files, what stands in
 * a directory that is gone moves, and numbers that are kept are counted anew. Jobs and what was bought stay as they are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/store/nodes.h"
#include "fs/store/store_private.h"

struct repair {
	struct ids orphans, strays;
	int64_t dir;
	struct buf report;
};

static int adopt(struct store *store, struct repair *repair, int64_t ino)
{
	struct node node = {.ino = ino, .parent = repair->dir, .kind = NODE_FILE, .mode = S_IFREG | 0600,
		.uid = getuid(), .gid = getgid()}, found;
	struct stat st;
	int r = store_data_stat(store, ino, &st);

	/* the number is that of something else: no name fits both */
	if (r < 0 || nodes_get(store, ino, &found) != -ENOENT)
		return r;
	node.atime = node.mtime = node.ctime = clock_to_ns(&st.st_mtim);
	snprintf(node.name, sizeof(node.name), "recovered-%lld", (long long)ino);
	r = nodes_add(store, &node);
	if (r == 0)
		buf_addf(&repair->report, "repaired: data/%lld is .weryaifs/lost+found/%s now\n", (long long)ino,
			node.name);
	return r;
}

static int move(struct store *store, struct repair *repair, int64_t ino)
{
	struct node node;
	char name[sizeof(node.name)];
	int r = nodes_get(store, ino, &node);

	if (r < 0)
		return r;
	/* the number keeps apart what had the same name in several places */
	snprintf(name, sizeof(name), "%lld-%.200s", (long long)ino, node.name);
	r = nodes_set_name(store, ino, repair->dir, name);
	if (r == 0)
		buf_addf(&repair->report, "repaired: %s is in .weryaifs/lost+found now\n", name);
	return r;
}

static int find_strays(struct store *store, struct repair *repair)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT ino FROM node WHERE parent IS NOT NULL AND parent != 0"
		" AND parent NOT IN (SELECT ino FROM node)",
		&row, "");

	return db_row_each(store->db, r, row, ids_note, &repair->strays);
}

static int count_again(struct store *store)
{
	static const char *const all[] = {"DELETE FROM job_count",
		"INSERT INTO job_count SELECT state, count(*) FROM job GROUP BY state", "DELETE FROM dir_count",
		"INSERT INTO dir_count SELECT parent, count(*), sum(kind <= 2) FROM node WHERE parent IS NOT NULL GROUP BY parent",
		"INSERT OR REPLACE INTO meta SELECT 'cached_bytes', ifnull(sum(bytes), 0) FROM cached"};
	int r = 0;

	for (size_t i = 0; i < array_length(all) && r == 0; i++)
		r = db_run(store->db, all[i], "");
	return r;
}

static int repair_all(struct store *store, struct repair *repair)
{
	int r = 0;

	for (size_t i = 0; i < repair->orphans.count && r == 0; i++)
		r = adopt(store, repair, repair->orphans.items[i]);
	for (size_t i = 0; i < repair->strays.count && r == 0; i++)
		r = move(store, repair, repair->strays.items[i]);
	return r < 0 ? r : count_again(store);
}

static int repair_store(struct store *store, struct repair *repair)
{
	int r = store_data_each(store, ids_note, &repair->orphans);

	if (r == 0)
		r = find_strays(store, repair);
	if (r < 0)
		return r;
	r = store_begin(store, true);
	if (r == 0)
		r = repair_all(store, repair);
	return store_end(store, r);
}

int store_repair(
	const char *state_dir, const char *cache_dir, int64_t dir, char **ret_report, char **ret_message)
{
	struct repair repair = {.dir = dir};
	struct store *store = NULL;
	int r = store_open(state_dir, cache_dir, &store, ret_message);

	if (r < 0)
		return r;
	buf_init(&repair.report, 1 << 20);
	r = repair_store(store, &repair);
	store_close(store);
	ids_finish(&repair.orphans);
	ids_finish(&repair.strays);
	*ret_report = r < 0 ? NULL : buf_steal(&repair.report);
	if (r == 0 && *ret_report == NULL)
		r = -ENOMEM;
	buf_finish(&repair.report);
	return r;
}
