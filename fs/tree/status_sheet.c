/* SPDX-License-Identifier: MIT */
/* The status of a table of prompts (fs/table): what is in its row of the store, in words. */
#include "fs/tree/status_sheet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/store/sheets.h"
#include "fs/tree/status_private.h"
#include "fs/tree/tree_private.h"

bool sheet_is(struct tree *tree, const struct node *node)
{
	CLEANUP(sheet_finish) struct sheet sheet = {0};

	return place_is_table(tree->needs.store, node) && sheets_get(tree->needs.store, node->ino, &sheet) == 0;
}

void sheet_tell_gone(struct tree *tree, const struct node *node)
{
	char name[256 + sizeof(PLACE_STATUS)];

	snprintf(name, sizeof(name), "%s" PLACE_STATUS, node->name);
	changes_tell_name(tree->needs.changes, CHANGES_STATUS_GONE, node->parent, name);
}

static const char *state_of(const struct node *node, const struct sheet *sheet)
{
	if (node->draft != DRAFT_NONE)
		return "DRAFT";
	switch (sheet->state) {
	case SHEET_TODO:
		return "PROCESSING";
	case SHEET_HELD:
		return "HELD";
	case SHEET_DONE:
		return "SUCCESS";
	case SHEET_FAULTY:
		break;
	}
	return "INVALID";
}

int sheet_format(struct tree *tree, const struct node *node, char **ret_text, size_t *ret_length)
{
	CLEANUP(sheet_finish) struct sheet sheet = {0};
	CLEANUP(buf_finish) struct buf text;
	int r = sheets_get(tree->needs.store, node->ino, &sheet);

	if (r < 0)
		return r;
	buf_init(&text, STATUS_MAX);
	buf_addf(&text, "state: %s\n", state_of(node, &sheet));
	if (node->draft == DRAFT_NONE && sheet.report != NULL)
		buf_adds(&text, sheet.report);
	if (node->draft == DRAFT_OPEN && !writers_any(tree->needs.writers, node->ino))
		buf_adds(&text, "warning: weryaifs was stopped, or a write failed, while this file was being "
				"written: it may be incomplete, and nothing is made of it; write it again, or: "
				"echo submit into this file\n");
	if (node->draft == DRAFT_CUT)
		buf_adds(&text, "warning: the program that wrote this file was killed before it had ended: it may be incomplete, "
				"and nothing is made of it; write it again, or: echo submit into this file\n");
	text_filter_buf(&text, true);
	if (!buf_ok(&text))
		return -ENOMEM;
	*ret_length = text.length;
	*ret_text = buf_steal(&text);
	return 0;
}

int sheet_progress(struct tree *tree, const struct node *node, enum status_progress *ret_progress)
{
	CLEANUP(sheet_finish) struct sheet sheet = {0};

	*ret_progress = writers_any(tree->needs.writers, node->ino) ? STATUS_OPEN : STATUS_IDLE;
	if (node->draft != DRAFT_NONE) {
		if (node->draft == DRAFT_CLOSED || node->draft == DRAFT_MANY)
			*ret_progress = STATUS_RUNS;
		return 0;
	}
	int r = sheets_get(tree->needs.store, node->ino, &sheet);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (sheet.state == SHEET_TODO)
		*ret_progress = STATUS_RUNS;
	else
		*ret_progress = sheet.state == SHEET_DONE ? STATUS_IDLE : STATUS_FAILED;
	return 0;
}

int sheet_line(struct tree *tree, const struct node *node, int64_t dir, struct buf *text)
{
	CLEANUP(sheet_finish) struct sheet sheet = {0};
	int r = sheets_get(tree->needs.store, node->ino, &sheet);

	if (r < 0 || (node->draft == DRAFT_NONE && sheet.state == SHEET_DONE))
		return r == -ENOENT ? 0 : r;
	buf_addf(text, "%s\t", state_of(node, &sheet));
	r = facts_add_path(tree, dir, node, text);
	buf_adds(text, "\n");
	return r;
}
