/* SPDX-License-Identifier: MIT */
#include "fs/tree/status.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/tree/draft.h"
#include "fs/account/account_private.h"
#include "fs/queue/queue.h"
#include "fs/fetch/fetch.h"
#include "fs/tree/tree_private.h"
#include "fs/input/inputs.h"

#define TEXT_MAX (512 * 1024)
#define PREFIX "user.weryai."
#define PROMPT_VALUE_MAX 60000 /* of an attribute's 64 KiB */

/* What is known of one prompt, or of the job behind one result. */
struct facts {
	const struct job_record *record; /* NULL: no job */
	struct job_record stored;        /* owned; where the job is not in memory */
	const char *reason;              /* why it waits, borrowed */
	struct task_record *tasks;       /* owned */
	size_t task_count;
	struct result_record *results; /* owned */
	size_t result_count;
	bool draft;
	bool cut_off; /* a draft whose writer went with an earlier mount */
};

static void facts_finish(struct facts *facts)
{
	job_record_finish(&facts->stored);
	task_records_finish(facts->tasks, facts->task_count);
	result_records_finish(facts->results, facts->result_count);
}

static int gather(struct gen *gen, const struct node *node, struct facts *facts)
{
	int r = 0;

	memset(facts, 0, sizeof(*facts));
	facts->draft = node->kind == NODE_FILE && (node->draft != DRAFT_NONE || node->job == 0);
	facts->cut_off = node->draft == DRAFT_OPEN && !draft_has_writers(gen->drafts, node->ino);
	if (node->job == 0 || facts->draft)
		return 0;
	struct job *job = queue_find(gen->queue, node->job);
	if (job != NULL) {
		facts->record = &job->record;
		facts->reason = queue_reason(gen->queue, job);
	} else {
		r = jobs_get(gen->store, node->job, &facts->stored);
		if (r == 0)
			facts->record = &facts->stored;
		if (r == -ENOENT)
			return 0;
	}
	if (r == 0)
		r = tasks_get(gen->store, node->job, &facts->tasks, &facts->task_count);
	if (r == 0)
		r = results_get(gen->store, node->job, &facts->results, &facts->result_count);
	if (r < 0)
		facts_finish(facts);
	return r;
}

static enum job_state shown_state(const struct job_record *record)
{
	/* done for the user is what can be read */
	return record->state == JOB_SUCCESS && !record->published ? JOB_PROCESSING : record->state;
}

static const char *state_name(const struct facts *facts)
{
	return facts->draft || facts->record == NULL ? "DRAFT"
						     : job_state_name(shown_state(facts->record));
}

/* A path from the directory `from` to a result that may have been moved away: "../../FLUX/x/a.png". */
static int add_path(struct gen *gen, int64_t from, const struct node *node, struct buf *text)
{
	struct node dir = *node;
	char path[4096] = "";

	if (node->parent == from) {
		buf_add(text, node->name, node->name_length);
		return 0;
	}
	for (int64_t up = from; up != (int64_t)TREE_ROOT && up != 0;) {
		struct node above;
		int r = nodes_get(gen->store, up, &above);
		if (r < 0)
			return r;
		buf_adds(text, "../");
		up = above.parent;
	}
	for (;;) {
		char longer[sizeof(path)];
		if (snprintf(longer, sizeof(longer), "%s%s%s", dir.name, path[0] != '\0' ? "/" : "",
			    path) >= (int)sizeof(longer))
			return -ENAMETOOLONG;
		memcpy(path, longer, sizeof(path));
		if (dir.parent == (int64_t)TREE_ROOT || dir.parent == 0)
			break;
		int r = nodes_get(gen->store, dir.parent, &dir);
		if (r < 0)
			return r;
	}
	buf_adds(text, path);
	return 0;
}

/* Names of the results that are still there; returns how many. */
static int add_results(struct gen *gen, const struct facts *facts, int64_t from,
	const char *separator, struct buf *text)
{
	struct node node;
	int count = 0;

	for (size_t i = 0; i < facts->result_count; i++) {
		if (facts->results[i].ino == 0 ||
			nodes_get(gen->store, facts->results[i].ino, &node) < 0 || node.parent == 0)
			continue;
		if (count++ > 0)
			buf_adds(text, separator);
		int r = add_path(gen, from, &node, text);
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

/* Of the account: what else was going on is in it. One of the two alone says nothing. */
static void add_credits(struct buf *text, const struct job_record *record)
{
	if (record->state == JOB_UNKNOWN || isnan(record->balance_before) ||
		isnan(record->balance_after))
		return;
	buf_addf(text, "%.10g before, %.10g after", record->balance_before, record->balance_after);
}

/* Sentences for people: while it waits, and where some of what it made could not be fetched, they are a warning, else the
 * error. */
static bool error_is_final(const struct job_record *record)
{
	return record->state != JOB_SUCCESS && job_state_is_final(shown_state(record));
}

static const char *warning_of(const struct facts *facts)
{
	const struct job_record *record = facts->record;

	if (facts->reason != NULL)
		return facts->reason;
	if (record->error != NULL && !error_is_final(record))
		return record->error;
	if (record->state == JOB_HELD && record->dry_run)
		return "dry run: nothing was sent; to send it: echo submit into this file";
	return record->warning;
}

/* Results that could not be fetched when they were last read. */
static void add_troubles(
	struct gen *gen, const struct facts *facts, int64_t from, bool first, struct buf *text)
{
	struct node node;

	for (size_t i = 0; i < facts->result_count; i++) {
		int64_t ino = facts->results[i].ino;
		const char *trouble = ino == 0 ? NULL : results_trouble(gen->results, ino);
		if (trouble == NULL || nodes_get(gen->store, ino, &node) < 0 || node.parent == 0)
			continue;
		if (!first)
			buf_adds(text, "; ");
		first = false;
		add_path(gen, from, &node, text);
		buf_addf(text,
			" could not be fetched: %s. Reading it tries again (submit would order a "
			"new one)",
			trouble);
	}
}

static void add_warning(
	struct gen *gen, const struct facts *facts, const struct node *node, struct buf *text)
{
	const struct job_record *record = facts->record;
	const char *warning = warning_of(facts);

	if (warning != NULL) {
		buf_adds(text, warning);
		if (record->published && warning == record->error && record->warning != NULL)
			buf_addf(text, "; %s", record->warning);
	}
	add_troubles(gen, facts, node->parent, warning == NULL, text);
}

/* One fact by the name of its key. False: it does not apply. */
static bool add_fact(struct gen *gen, const struct facts *facts, const struct node *node,
	const char *key, struct buf *text)
{
	const struct job_record *record = facts->record;
	size_t before = text->length;

	if (strcmp(key, "state") == 0) {
		buf_adds(text, state_name(facts));
		return true;
	}
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
		add_credits(text, record);
	else if (strcmp(key, "results") == 0)
		add_results(gen, facts, node->parent, ", ", text);
	else if (strcmp(key, "request") == 0 && record->state == JOB_HELD && record->dry_run)
		buf_adds(text, record->body);
	else if (strcmp(key, "warning") == 0)
		add_warning(gen, facts, node, text);
	else if (strcmp(key, "error") == 0 && record->error != NULL && error_is_final(record)) {
		buf_adds(text, record->error);
		add_balance(text, record);
	}
	return text->length > before;
}

static const char *const keys[] = {"state", "model", "mode", "task", "batch", "submitted",
	"finished", "elapsed", "credits", "results", "request", "warning", "error"};

/* A value is one line: what goes on is indented. */
static void add_line(struct buf *text, const char *key, const struct buf *value)
{
	buf_addf(text, "%s: ", key);
	for (const char *c = value->data; *c != '\0'; c++) {
		buf_add(text, c, 1);
		if (*c == '\n')
			buf_adds(text, "  ");
	}
	buf_adds(text, "\n");
}

int status_format(struct gen *gen, const struct node *prompt, char **ret_text, size_t *ret_length)
{
	struct facts facts;
	struct buf text, value;
	int r = gather(gen, prompt, &facts);

	if (r < 0)
		return r;
	buf_init(&text, TEXT_MAX);
	buf_init(&value, TEXT_MAX);
	for (size_t i = 0; i < array_length(keys); i++) {
		buf_clear(&value);
		if (add_fact(gen, &facts, prompt, keys[i], &value))
			add_line(&text, keys[i], &value);
	}
	if (facts.cut_off)
		buf_adds(&text,
			"warning: weryaifs was stopped, or a write failed, while this file was "
			"being written, or its account was copied before the file was sent: it "
			"may be incomplete, or sent from there, and is not sent by itself; write "
			"it again, or: echo submit into this file\n");
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
	struct gen *gen, const struct node *prompt, char **ret_text, size_t *ret_length)
{
	struct facts facts;
	struct buf text;
	int r = gather(gen, prompt, &facts);

	if (r < 0)
		return r;
	buf_init(&text, TEXT_MAX);
	if (facts.draft || facts.record == NULL)
		r = -EAGAIN;
	else if (facts.record->state == JOB_HELD && facts.record->dry_run)
		r = -EIO;
	else if (!job_state_is_final(shown_state(facts.record)))
		r = -EAGAIN;
	else if (facts.record->state != JOB_SUCCESS)
		r = -EIO;
	else
		r = add_results(gen, &facts, prompt->parent, "\n", &text);
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

/* --- attributes --- */

static const char *const result_keys[] = {
	"model", "mode", "task", "prompt", "url", "submitted", "finished"};

static bool add_result_fact(struct gen *gen, const struct facts *facts, const struct node *node,
	const char *key, struct buf *text)
{
	if (facts->record == NULL)
		return false;
	if (strcmp(key, "prompt") == 0) {
		size_t length = facts->record->text_length;
		/* getfattr -d prints what ends in a line feed as base64 */
		while (length > 0 && facts->record->text[length - 1] == '\n')
			length--;
		return buf_add(text, facts->record->text,
			       length < PROMPT_VALUE_MAX ? length : PROMPT_VALUE_MAX) == 0;
	}
	for (size_t i = 0; i < facts->result_count; i++) {
		if (facts->results[i].ino != node->ino)
			continue;
		if (strcmp(key, "task") == 0)
			return buf_adds(text, facts->results[i].task) == 0;
		if (strcmp(key, "url") == 0)
			return buf_adds(text, facts->results[i].url) == 0;
	}
	return strcmp(key, "task") != 0 && strcmp(key, "url") != 0 &&
	       add_fact(gen, facts, node, key, text);
}

static bool is_key(const char *const *list, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

/* Does this node have attributes of ours, and which? NULL: none. */
static const char *const *keys_of(const struct node *node, size_t *ret_count)
{
	if (node->kind == NODE_RESULT) {
		*ret_count = array_length(result_keys);
		return result_keys;
	}
	*ret_count = array_length(keys);
	return tree_is_prompt(node) ? keys : NULL;
}

int status_attribute(struct gen *gen, const struct node *node, const char *name, char **ret_value)
{
	struct facts facts;
	struct buf value;
	size_t count;
	const char *const *list = keys_of(node, &count);

	if (list == NULL || !is_key(list, count, name))
		return -ENODATA;
	int r = gather(gen, node, &facts);
	if (r < 0)
		return r;
	buf_init(&value, TEXT_MAX);
	bool applies = node->kind == NODE_RESULT ? add_result_fact(gen, &facts, node, name, &value)
						 : add_fact(gen, &facts, node, name, &value);
	if (!applies)
		r = -ENODATA;
	else if (!buf_ok(&value))
		r = -ENOMEM;
	else
		*ret_value = buf_steal(&value);
	buf_finish(&value);
	facts_finish(&facts);
	return r;
}

int status_attributes(struct gen *gen, const struct node *node,
	int (*visit)(void *arg, const char *name), void *arg)
{
	size_t count;
	const char *const *list = keys_of(node, &count);
	char name[64];
	int r = 0;

	for (size_t i = 0; list != NULL && i < count && r == 0; i++) {
		CLEANUP_FREE char *value = NULL;
		r = status_attribute(gen, node, list[i], &value);
		if (r == -ENODATA) {
			r = 0;
			continue;
		}
		snprintf(name, sizeof(name), PREFIX "%s", list[i]);
		if (r == 0)
			r = visit(arg, name);
	}
	return r;
}
