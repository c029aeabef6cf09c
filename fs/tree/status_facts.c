/* SPDX-License-Identifier: MIT */
/* What is known of one prompt, or of the job behind one result, and each fact of it in words. */
#include "fs/tree/status_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/str.h"
#include "fs/base/text.h"
#include "fs/fetch/fetch.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/queue/costs.h"
#include "fs/queue/queue.h"
#include "fs/store/sheets.h"
#include "fs/store/tally.h"
#include "fs/tree/draft.h"
#include "fs/tree/tree_private.h"

void facts_finish(struct facts *facts)
{
	job_record_finish(&facts->stored);
	free(facts->wish_note);
	task_records_finish(facts->tasks, facts->task_count);
	result_records_finish(facts->results, facts->result_count);
}

/* A prompt of a table that other hands have changed. */
static bool is_edited(struct tree *tree, const struct node *prompt)
{
	struct sheet_row row;
	char stem[256];

	place_stem(prompt->name, stem);
	return sheet_rows_get(tree->needs.store, prompt->parent, stem, &row) == 0 && row.state == ROW_EDITED;
}

int facts_gather(struct tree *tree, const struct node *node, struct facts *facts)
{
	int r = 0;

	memset(facts, 0, sizeof(*facts));
	facts->draft = node->kind == NODE_FILE && (node->draft != DRAFT_NONE || node->job == 0);
	facts->cut_off = node->draft == DRAFT_OPEN && !writers_any(tree->needs.writers, node->ino);
	facts->killed = node->draft == DRAFT_CUT;
	if (node->kind == NODE_FILE)
		facts->edited = is_edited(tree, node);
	if (facts->draft)
		facts->note = draft_note(tree->drafts, node->ino);
	if (node->job == 0 || facts->draft)
		return 0;
	struct job *job = job_table_find(tree->needs.jobs, node->job);
	if (job != NULL) {
		facts->record = &job->record;
		facts->reason = queue_reason(tree->needs.queue, job);
		facts->needs = queue_needs_word(tree->needs.queue, job);
		queue_place(tree->needs.queue, job, &facts->place);
	} else {
		r = jobs_get(tree->needs.store, node->job, &facts->stored);
		if (r == 0)
			facts->record = &facts->stored;
		if (r == -ENOENT)
			return 0;
	}
	if (r == 0)
		r = wishes_get_note(tree->needs.store, node->job, &facts->hold, &facts->wish_note);
	if (r == -ENOENT)
		r = 0;
	/* what was never sent has neither */
	bool sent = facts->record->submitted != 0;
	if (r == 0 && sent)
		r = tasks_get(tree->needs.store, node->job, &facts->tasks, &facts->task_count);
	if (r == 0 && sent)
		r = results_get(
			tree->needs.store, node->job, &facts->results, &facts->result_count);
	if (r < 0)
		facts_finish(facts);
	return r;
}

static const char *state_name(const struct facts *facts)
{
	return facts->draft || facts->record == NULL
		       ? "DRAFT"
		       : job_state_name(job_state_shown(facts->record->state));
}

/* One line each, and no more: what would be several, or none at all, stands in a shell's quotes. */
static int add_name(struct buf *text, const char *name)
{
	if (text_is_clean(name, strlen(name)))
		return buf_adds(text, name);
	CLEANUP_FREE char *quoted = text_shell(name);
	return quoted == NULL ? -ENOMEM : buf_adds(text, quoted);
}

/* "../" for each directory from this one up to the root. */
static int add_way_up(struct tree *tree, int64_t from, struct buf *text)
{
	struct node dir;

	for (int64_t up = from; up != (int64_t)TREE_ROOT && up != 0; up = dir.parent) {
		int r = nodes_get(tree->needs.store, up, &dir);
		if (r < 0)
			return r;
		buf_adds(text, "../");
	}
	return 0;
}

/* What is below `from` has no "../" in its path; all else is reached by way of the root. */
int facts_add_path(struct tree *tree, int64_t from, const struct node *node, struct buf *text)
{
	struct node at = *node;
	CLEANUP_FREE char *path = strdup("");

	if (path == NULL)
		return -ENOMEM;
	for (;;) {
		int r = str_prepend_name(&path, at.name, at.name_length, "");
		if (r < 0)
			return r;
		if (at.parent == from || at.parent == (int64_t)TREE_ROOT || at.parent == 0)
			break;
		r = nodes_get(tree->needs.store, at.parent, &at);
		if (r < 0)
			return r;
	}
	int r = at.parent == from ? 0 : add_way_up(tree, from, text);
	return r < 0 ? r : add_name(text, path);
}

static bool is_here(struct tree *tree, const struct result_record *result, struct node *ret_node)
{
	return result->ino != 0 && nodes_get(tree->needs.store, result->ino, ret_node) == 0 && ret_node->parent != 0;
}

/* Names of the results that are still there; returns how many. */
int facts_add_results(struct tree *tree, const struct facts *facts, int64_t from,
	const char *separator, struct buf *text)
{
	struct node node;
	int count = 0;

	for (size_t i = 0; i < facts->result_count; i++) {
		if (!is_here(tree, &facts->results[i], &node))
			continue;
		if (count++ > 0)
			buf_adds(text, separator);
		int r = facts_add_path(tree, from, &node, text);
		if (r < 0)
			return r;
	}
	return count;
}

static void add_time(struct buf *text, int64_t wall_ms)
{
	char when[CLOCK_TEXT];

	clock_format(wall_ms, when);
	buf_adds(text, when);
}

static void add_tasks(struct buf *text, const struct facts *facts)
{
	for (size_t i = 0; i < facts->task_count; i++)
		buf_addf(text, "%s%s", i > 0 ? " " : "", facts->tasks[i].id);
}

static void add_place(struct buf *text, const struct queue_place *place)
{
	buf_addf(text, "place %zu of %zu, waits for %s", place->place, place->of, place->waits_for);
	if (place->at == 0)
		return;
	buf_adds(text, "; will probably be sent at ");
	add_time(text, place->at);
}

static void add_elapsed(struct buf *text, const struct job_record *record)
{
	buf_addf(text, "%.1f s", (double)(record->finished - record->submitted) / 1000.0);
}

/* Whether a lost answer was charged shows best in the balance around it. */
static void add_balance(struct buf *text, const struct job_record *record)
{
	bool before = !isnan(record->balance_before), after = !isnan(record->balance_after);

	if (record->state != JOB_UNKNOWN || (!before && !after))
		return;
	if (before) {
		buf_addf(text, ". The balance was %.10g credits at ", record->balance_before);
		add_time(text, record->balance_at);
		buf_adds(text, ", before it");
	}
	if (after)
		buf_addf(text, "%s %.10g after it", before ? " and" : ". The balance was",
			record->balance_after);
	if (before && after)
		buf_adds(text, record->balance_after < record->balance_before
				       ? " (what other submissions have cost since is in it)"
				       : ": it seems that nothing was charged");
}

static void add_expected(struct tree *tree, const struct job_record *record, struct buf *text)
{
	double credits;

	if (costs_expected(tree->needs.store, *tree->needs.models, record, NULL, &credits) == 0 && !isnan(credits))
		buf_addf(text, "probably %.10g", credits);
}

/* Its own where nothing else was sent meanwhile; else what all together have cost is the most that it can have been. The balance is of the
 * account: one reading alone says nothing. */
static void add_credits(struct tree *tree, const struct job_record *record, struct buf *text)
{
	struct job_cost cost = {NAN, COST_UNKNOWN, NAN};

	if (record->submitted == 0) {
		if (!job_state_is_final(record->state))
			add_expected(tree, record, text);
		return;
	}
	if (tally_get_cost(tree->needs.store, record->id, &cost) < 0)
		return;
	if (cost.kind == COST_ALONE)
		buf_addf(text, "%.10g", cost.credits);
	else if (cost.kind == COST_SHARED || cost.kind == COST_DIVIDED)
		buf_addf(text, "at most %.10g", cost.most);
	else if (cost.kind == COST_EXPECTED)
		buf_addf(text, "probably %.10g", cost.credits);
	if (cost.kind != COST_UNKNOWN && !isnan(record->balance_before) && !isnan(record->balance_after))
		buf_addf(text, " (balance: %.10g before, %.10g after)", record->balance_before, record->balance_after);
}

/* What keeps it from going on comes before what is only worth knowing. */
static const char *warning_of(const struct facts *facts)
{
	const struct job_record *record = facts->record;

	if (facts->reason != NULL)
		return facts->reason;
	if (record->trouble != NULL)
		return record->trouble;
	if (record->state == JOB_HELD && record->dry_run)
		return "dry run: nothing was sent; to send it: echo submit into this file";
	return record->warning;
}

/* Results that could not be fetched when they were last read. */
static void add_troubles(
	struct tree *tree, const struct facts *facts, int64_t from, bool first, struct buf *text)
{
	struct node node;

	for (size_t i = 0; i < facts->result_count; i++) {
		int64_t ino = facts->results[i].ino;
		const char *trouble = ino == 0 ? NULL : fetch_trouble_of(tree->needs.fetches, ino);
		if (trouble == NULL || !is_here(tree, &facts->results[i], &node))
			continue;
		if (!first)
			buf_adds(text, "; ");
		first = false;
		facts_add_path(tree, from, &node, text);
		buf_addf(text,
			" could not be fetched: %s. Reading it tries again (submit would order a "
			"new one)",
			trouble);
	}
}

static void add_warning(
	struct tree *tree, const struct facts *facts, const struct node *node, struct buf *text)
{
	const struct job_record *record = facts->record;
	const char *warning = warning_of(facts);

	if (warning != NULL) {
		buf_adds(text, warning);
		if (job_state_is_final(record->state) && warning == record->trouble &&
			record->warning != NULL)
			buf_addf(text, "; %s", record->warning);
	}
	add_troubles(tree, facts, node->parent, warning == NULL, text);
}

/* It was made, and nothing of it is here: X.wait fails. */
static bool all_were_removed(struct tree *tree, const struct facts *facts)
{
	struct node node;

	if (facts->record == NULL || facts->record->state != JOB_SUCCESS || facts->result_count == 0 ||
		warning_of(facts) != NULL)
		return false;
	for (size_t i = 0; i < facts->result_count; i++)
		if (is_here(tree, &facts->results[i], &node))
			return false;
	return true;
}

static bool add_note(struct tree *tree, const struct facts *facts, struct buf *text)
{
	const char *note = facts->note != NULL ? facts->note : facts->wish_note;
	size_t before = text->length;

	if (note != NULL)
		buf_adds(text, note);
	if (facts->edited)
		buf_addf(text, "%sedited by hand: the table that made this prompt changes it no longer",
			text->length > before ? "; " : "");
	if (all_were_removed(tree, facts))
		buf_addf(text, "%sits results were removed or replaced. Saving the prompt again brings them back, and costs nothing",
			text->length > before ? "; " : "");
	return text->length > before;
}

/* One fact by the name of its key. False: it does not apply. */
bool facts_add(struct tree *tree, const struct facts *facts, const struct node *node,
	const char *key, struct buf *text)
{
	const struct job_record *record = facts->record;
	size_t before = text->length;

	if (strcmp(key, "state") == 0) {
		buf_adds(text, state_name(facts));
		return true;
	}
	if (strcmp(key, "note") == 0)
		return add_note(tree, facts, text);
	if (record == NULL)
		return false;
	if (strcmp(key, "model") == 0)
		buf_adds(text, record->model);
	else if (strcmp(key, "mode") == 0)
		buf_adds(text, record->mode);
	else if (strcmp(key, "task") == 0)
		add_tasks(text, facts);
	else if (strcmp(key, "batch") == 0 && record->batch != 0)
		buf_addf(text, "%" PRId64, record->batch);
	else if (strcmp(key, "submitted") == 0 && record->submitted != 0)
		add_time(text, record->submitted);
	else if (strcmp(key, "finished") == 0 && record->finished != 0 && record->submitted != 0)
		add_time(text, record->finished);
	else if (strcmp(key, "elapsed") == 0 && record->finished != 0 && record->submitted != 0)
		add_elapsed(text, record);
	else if (strcmp(key, "credits") == 0)
		add_credits(tree, record, text);
	else if (strcmp(key, "results") == 0)
		facts_add_results(tree, facts, node->parent, ", ", text);
	else if (strcmp(key, "queue") == 0 && facts->place.place != 0)
		add_place(text, &facts->place);
	else if (strcmp(key, "needs") == 0 && facts->needs != NULL)
		buf_adds(text, facts->needs);
	else if (strcmp(key, "request") == 0 && record->state == JOB_HELD &&
		 (record->dry_run || facts->hold == HOLD_MANUAL) && record->body != NULL)
		buf_adds(text, record->body);
	else if (strcmp(key, "settings") == 0 && record->state == JOB_HELD && record->dry_run &&
		record->settings != NULL)
		buf_adds(text, record->settings);
	else if (strcmp(key, "left_out") == 0 && record->left_out != NULL)
		buf_adds(text, record->left_out);
	else if (strcmp(key, "warning") == 0)
		add_warning(tree, facts, node, text);
	else if (strcmp(key, "error") == 0 && record->error != NULL) {
		buf_adds(text, record->error);
		add_balance(text, record);
	}
	return text->length > before;
}
