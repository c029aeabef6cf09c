/* SPDX-License-Identifier: MIT */
#include "fs/tree/status.h"

#include <errno.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/tree/status_private.h"
#include "fs/tree/status_sheet.h"
#include "fs/tree/tree_private.h"

const char *const status_keys[STATUS_KEYS] = {"state", "model", "mode", "task", "batch",
	"submitted", "finished", "elapsed", "credits", "results", "queue", "needs", "request", "settings",
	"left_out", "note", "warning", "error"};

/* A value is one line: what goes on is indented. Names of attributes have no blank; here they do. */
static void add_line(struct buf *text, const char *key, const struct buf *value)
{
	size_t start = text->length, word;

	buf_adds(text, key);
	for (size_t i = start; i < text->length; i++)
		if (text->data[i] == '_')
			text->data[i] = ' ';
	buf_adds(text, ": ");
	for (const char *c = value->data; *c != '\0'; c += word) {
		word = strcspn(c, "\n");
		if (c[word] == '\n')
			word++;
		buf_add(text, c, word);
		if (c[word - 1] == '\n')
			buf_adds(text, "  ");
	}
	buf_adds(text, "\n");
}

int status_format(struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length)
{
	struct facts facts;
	struct buf text, value;

	if (place_is_table(tree->needs.store, prompt))
		return sheet_format(tree, prompt, ret_text, ret_length);
	int r = facts_gather(tree, prompt, &facts);
	if (r < 0)
		return r;
	buf_init(&text, STATUS_MAX);
	buf_init(&value, STATUS_MAX);
	for (size_t i = 0; i < STATUS_KEYS; i++) {
		buf_clear(&value);
		if (facts_add(tree, &facts, prompt, status_keys[i], &value))
			add_line(&text, status_keys[i], &value);
	}
	if (facts.cut_off)
		buf_adds(&text,
			"warning: weryaifs was stopped, or a write failed, while this file was "
			"being written, or its account was copied before the file was sent: it "
			"may be incomplete, or sent from there, and is not sent by itself; write "
			"it again, or: echo submit into this file\n");
	if (facts.killed)
		buf_adds(&text,
			"warning: the program that wrote this was killed before it had ended, so "
			"it may be incomplete and is not sent; write it again, or: echo submit "
			"into this file\n");
	text_filter_buf(&text, true);
	r = buf_ok(&text) && buf_ok(&value) ? 0 : -ENOMEM;
	if (r == 0) {
		*ret_length = text.length;
		*ret_text = buf_steal(&text);
	}
	buf_finish(&value);
	buf_finish(&text);
	facts_finish(&facts);
	return r;
}

int status_wait_text(
	struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length)
{
	struct facts facts;
	struct buf text;
	int r = facts_gather(tree, prompt, &facts);

	if (r < 0)
		return r;
	buf_init(&text, STATUS_MAX);
	switch (facts_progress(tree, &facts, prompt)) {
	case STATUS_OPEN:
	case STATUS_RUNS:
		r = -EAGAIN;
		break;
	case STATUS_IDLE:
	case STATUS_FAILED:
		r = -EIO;
		break;
	case STATUS_SUCCEEDED:
		r = facts_add_results(tree, &facts, prompt->parent, "\n", &text);
		break;
	}
	if (r == 0)
		r = -EIO; /* all of them were removed */
	if (r > 0) {
		buf_adds(&text, "\n");
		r = buf_ok(&text) ? 0 : -ENOMEM;
	}
	if (r == 0) {
		*ret_length = text.length;
		*ret_text = buf_steal(&text);
	}
	buf_finish(&text);
	facts_finish(&facts);
	return r;
}
