/* SPDX-License-Identifier: MIT */
/* A prompt that a table of prompts has made, and that says something else now, is the table's no longer. */
#include <errno.h>

#include "fs/job/place.h"
#include "fs/store/sheets.h"
#include "fs/store/store.h"
#include "fs/tree/draft_private.h"
#include "fs/tree/tree.h"

struct edit {
	int64_t dir;
	struct sheet_row row;
};

static int write_edited(struct store *store, void *arg)
{
	const struct edit *edit = arg;

	return sheet_rows_set(store, edit->dir, &edit->row);
}

int draft_note_edit(const struct tree_needs *needs, const struct node *node, const char *text, size_t length)
{
	struct edit edit = {.dir = node->parent};
	char stem[256];

	place_stem(node->name, stem);
	int r = sheet_rows_get(needs->store, edit.dir, stem, &edit.row);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (edit.row.state != ROW_OURS || edit.row.hash == sheet_hash(text, length))
		return 0;
	edit.row.state = ROW_EDITED;
	return store_run(needs->store, false, write_edited, &edit);
}
