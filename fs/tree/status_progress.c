/* SPDX-License-Identifier: MIT */
/* Whether something will come of a prompt by itself, for who waits. */
#include "fs/tree/status.h"

#include <errno.h>
#include <string.h>

#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/tree/status_private.h"
#include "fs/tree/status_sheet.h"
#include "fs/tree/tree_private.h"

enum status_progress facts_progress(const struct tree *tree, const struct facts *facts, const struct node *node)
{
	const struct job_record *record = facts->record;

	if (writers_any(tree->needs.writers, node->ino) && node->draft != DRAFT_NONE)
		return STATUS_OPEN;
	if (facts->draft || record == NULL)
		/* empty, or cut off: only a person makes something of it */
		return node->draft == DRAFT_CLOSED || node->draft == DRAFT_MANY ? STATUS_RUNS : STATUS_IDLE;
	/* money or a key, which nobody can wait for in a program; tomorrow comes by itself */
	if (facts->needs != NULL && strcmp(facts->needs, "tomorrow") != 0)
		return STATUS_FAILED;
	if (record->state == JOB_HELD)
		return record->dry_run || facts->hold == HOLD_CAPTION ? STATUS_IDLE : STATUS_FAILED;
	enum job_state shown = job_state_shown(record->state);
	if (shown == JOB_SUCCESS)
		return STATUS_SUCCEEDED;
	return job_state_is_final(shown) ? STATUS_FAILED : STATUS_RUNS;
}

bool status_is_of(struct tree *tree, const struct node *node)
{
	return place_is_prompt(tree->needs.store, node) ||
	       (place_is_table(tree->needs.store, node) && (node->draft != DRAFT_NONE || sheet_is(tree, node)));
}

int status_progress(struct tree *tree, const struct node *prompt, enum status_progress *ret_progress)
{
	struct facts facts;

	if (place_is_table(tree->needs.store, prompt))
		return sheet_progress(tree, prompt, ret_progress);
	int r = facts_gather(tree, prompt, &facts);
	if (r < 0)
		return r;
	*ret_progress = facts_progress(tree, &facts, prompt);
	facts_finish(&facts);
	return 0;
}

int status_line(struct tree *tree, const struct node *prompt, int64_t dir, struct buf *text)
{
	struct facts facts;

	if (place_is_table(tree->needs.store, prompt))
		return sheet_line(tree, prompt, dir, text);
	int r = facts_gather(tree, prompt, &facts);
	if (r < 0)
		return r;
	facts_add(tree, &facts, prompt, "state", text);
	buf_adds(text, "\t");
	r = facts_add_path(tree, dir, prompt, text);
	if (r == 0 && facts.result_count > 0) {
		size_t before = text->length;
		buf_adds(text, "\t");
		r = facts_add_results(tree, &facts, dir, "\t", text);
		/* all of them were removed */
		if (r == 0)
			text->data[text->length = before] = '\0';
	}
	buf_adds(text, "\n");
	facts_finish(&facts);
	return r < 0 ? r : 0;
}
