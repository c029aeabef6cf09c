/* SPDX-License-Identifier: MIT */
/* The directory of a table's prompts, and the files in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/job/changes.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt.h"
#include "fs/store/store.h"
#include "fs/table/table_private.h"
#include "fs/tree/tree.h"

/* Is the directory that the table had still one of its model's? */
static bool is_there(const struct table_work *work, struct node *ret_dir)
{
	struct store *store = work->tables->needs.store;
	int64_t top = 0, own_top = 0;

	return work->sheet.dir != 0 && nodes_get(store, work->sheet.dir, ret_dir) == 0 &&
	       ret_dir->parent != 0 && ret_dir->kind == NODE_DIR &&
	       place_has_prompts(store, ret_dir->ino, &top) &&
	       place_has_prompts(store, work->file.parent, &own_top) && top == own_top;
}

/* The table was renamed, and no other one came to its old name: the directory is called as the table is. */
static int follow(struct table_work *work, const struct node *dir)
{
	struct store *store = work->tables->needs.store;
	struct node other;

	if (nodes_find(store, work->sheet.parent, work->sheet.name, &other) == 0 ||
		nodes_find(store, work->file.parent, work->stem, &other) == 0)
		return -ENOENT;
	return tree_rename(work->tables->needs.tree, (uint64_t)dir->parent, dir->name,
		(uint64_t)work->file.parent, work->stem, 0);
}

static int find_by_name(struct table_work *work)
{
	struct store *store = work->tables->needs.store;
	struct node dir;
	int64_t top;

	work->sheet.dir = 0;
	if (!prompt_is_place(work->stem))
		work->dir_error = "a directory of this name belongs to a tool, and has no prompts: rename the table";
	int r = nodes_find(store, work->file.parent, work->stem, &dir);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (dir.kind != NODE_DIR)
		work->dir_error = "there is a file where the directory of its prompts would be: rename one of the two";
	else if (place_has_prompts(store, dir.ino, &top))
		work->sheet.dir = dir.ino;
	return 0;
}

int table_dir_find(struct table_work *work)
{
	struct sheet *sheet = &work->sheet;
	bool moved = sheet->parent != work->file.parent || strcmp(sheet->name, work->file.name) != 0;
	struct node dir;
	int r = is_there(work, &dir) ? 0 : -ENOENT;

	if (r == 0 && moved)
		r = follow(work, &dir);
	if (r != 0)
		r = find_by_name(work);
	sheet->parent = work->file.parent;
	snprintf(sheet->name, sizeof(sheet->name), "%s", work->file.name);
	return r;
}

int table_dir_make(struct table_work *work)
{
	const struct tree_owner owner = {work->file.uid, work->file.gid};
	/* who may read the table may look into its directory */
	mode_t mode = (work->file.mode & 0666) | 0700 | ((work->file.mode & 0044) >> 2);
	struct tree_entry entry;
	int r = tree_mkdir(
		work->tables->needs.tree, (uint64_t)work->file.parent, work->stem, mode, &owner, &entry);

	if (r < 0)
		return r;
	work->sheet.dir = TREE_NODE(entry.ino);
	changes_tell_name(work->tables->needs.changes, CHANGES_DIRECTORY_MADE, work->file.parent, work->stem);
	return 0;
}

int table_file_find(const struct table_work *work, const char *name, struct node *ret_file)
{
	char file[256 + 8];

	if (work->sheet.dir == 0)
		return -ENOENT;
	snprintf(file, sizeof(file), "%s" PLACE_PROMPT, name);
	return nodes_find(work->tables->needs.store, work->sheet.dir, file, ret_file);
}

int table_file_hash(const struct table_work *work, int64_t ino, int64_t *ret_hash)
{
	CLEANUP_CLOSE int fd = store_data_open(work->tables->needs.store, ino, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* longer than any row's text: it is another one */
	size_t size = st.st_size > 2 * PROMPT_MAX_BYTES ? 0 : (size_t)st.st_size;
	CLEANUP_FREE char *text = malloc(size + 1);
	if (text == NULL)
		return -ENOMEM;
	ssize_t length = read_all(fd, text, size);
	if (length < 0)
		return (int)length;
	*ret_hash = sheet_hash(text, (size_t)length);
	return 0;
}
