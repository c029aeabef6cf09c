/* SPDX-License-Identifier: MIT */
/* What a settled text means: compared with what was sent, judged, and made a job, in one transaction. */
#include "fs/tree/draft_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/read_all.h"
#include "fs/input/inputs.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt.h"
#include "fs/queue/queue.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"

/* -EFBIG: longer than any prompt. The caller frees. */
static int read_text(
	const struct tree_needs *needs, int64_t ino, char **ret_text, size_t *ret_length)
{
	CLEANUP_CLOSE int fd = store_data_open(needs->store, ino, O_RDONLY);
	CLEANUP_FREE char *text = malloc(PROMPT_MAX_BYTES + 2);

	if (fd < 0)
		return fd;
	if (text == NULL)
		return -ENOMEM;
	ssize_t length = read_all(fd, text, PROMPT_MAX_BYTES + 1);
	if (length < 0)
		return (int)length;
	if (length > PROMPT_MAX_BYTES)
		return -EFBIG;
	text[length] = '\0';
	*ret_text = steal(&text);
	*ret_length = (size_t)length;
	return 0;
}

/* The directory of the model that this prompt is for. */
static int find_model(const struct tree_needs *needs, const struct node *node, struct node *ret_top)
{
	int64_t top;
	int r = place_top(needs->store, node->parent, &top);

	return r < 0 ? r : nodes_get(needs->store, top, ret_top);
}

static int refuse(struct job_record *record, const char *why)
{
	record->state = JOB_INVALID;
	record->mode = strdup("");
	job_set_error(record, why);
	return record->mode == NULL || record->error == NULL ? -ENOMEM : 0;
}

/* What is to be done with this text, as a record. -ENODATA: nothing, there is no prompt in it. */
static int judge(const struct tree_needs *needs, const struct node *top, struct job_record *record)
{
	const struct model *model = model_table_find(*needs->models, top->name);
	struct prompt_options options = {.allow_unknown = needs->allow_unknown,
		.dry_run = needs->dry_run,
		.models = *needs->models};
	CLEANUP_FREE char *message = NULL;
	struct prompt prompt = {0};

	if (model == NULL)
		return refuse(record, "the service no longer has this model; move the prompt to "
				      "another directory");
	int r = prompt_parse(model, &options, record->text, record->text_length, &prompt, &message);
	if (r == -EINVAL) {
		prompt_finish(&prompt);
		return refuse(record, message != NULL ? message : "this prompt cannot be sent");
	}
	/* with inputs the request is made when they are there: fs/input */
	if (r == 0 && prompt.ref_count == 0)
		r = prompt_sign_webhook(&prompt, needs->webhook_url);
	if (r == 0 && prompt.ref_count == 0)
		r = prompt_encode(&prompt, &record->body);
	if (r == 0) {
		record->mode = strdup(model->tool != NULL ? model->tool->endpoint
							  : api_mode_name(prompt.request.mode));
		r = prompt_format_left_out(&prompt, &record->left_out);
		if (r == 0)
			r = prompt_format_settings(&prompt, &record->settings);
		record->dry_run = prompt.dry_run;
		record->state = prompt.ref_count > 0 ? JOB_WAITING
				: prompt.dry_run     ? JOB_HELD
						     : JOB_QUEUED;
		if (record->mode == NULL)
			r = -ENOMEM;
	}
	prompt_finish(&prompt);
	return r;
}

static int new_record(const struct node *node, const struct node *top, char *text, size_t length,
	struct job_record *record)
{
	record->text = text;
	record->text_length = length;
	record->place = (struct job_place){.ino = node->ino, .dir = node->parent};
	place_stem(node->name, record->place.stem);
	record->model = strdup(top->name);
	record->created = clock_wall_ms();
	return record->model == NULL ? -ENOMEM : 0;
}

/* Was this very text sent to this very model, so that there is nothing to be done? */
static bool is_known(const struct tree_needs *needs, const struct job_record *old,
	const struct node *top, const char *text, size_t length)
{
	if (strcmp(old->model, top->name) != 0 || old->text_length != length ||
		memcmp(old->text, text, length) != 0)
		return false;
	/* what was made and could not be fetched has been paid for */
	if (old->state == JOB_FAILED)
		return queue_has_unfetched(needs->queue, old->id);
	return old->state != JOB_INVALID && old->state != JOB_BLOCKED;
}

/* What the new text of a prompt takes the place of. */
struct past {
	struct job_record old;  /* owned; its present job, id 0: none */
	struct job_record sent; /* owned; the last one that was sent, if that is another one */
	int64_t cancelled; /* the present one, where it was not sent and need not be; 0: it stays */
};

static void past_finish(struct past *past)
{
	job_record_finish(&past->old);
	job_record_finish(&past->sent);
}

/* -ENOENT of a row is the ledger's loss: there is nothing to compare with then. */
static int get_record(const struct tree_needs *needs, int64_t id, struct job_record *record)
{
	int r = id == 0 ? -ENOENT : jobs_get(needs->store, id, record);

	return r == -ENOENT ? 0 : r;
}

static int find_past(const struct tree_needs *needs, const struct node *node, struct past *past)
{
	int64_t sent = 0;
	int r = get_record(needs, node->job, &past->old);

	if (r < 0 || past->old.id == 0)
		return r;
	if (queue_can_cancel(needs->queue, past->old.id) || past->old.state == JOB_INVALID)
		past->cancelled = past->old.id;
	if (!job_state_is_unsent(past->old.state))
		return 0;
	r = jobs_find_sent(needs->store, node->ino, &sent);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return get_record(needs, sent, &past->sent);
}

struct examined {
	const struct node *node;
	const struct past *past;
	struct job_record *record; /* of a new job; NULL: `job` stays or becomes the prompt's */
	int64_t job;
};

static int write_examined(struct store *store, void *arg)
{
	struct examined *examined = arg;
	int64_t cancelled = examined->past->cancelled, ino = examined->node->ino;
	int r = cancelled != 0 ? jobs_remove(store, cancelled) : 0;

	if (r == 0 && examined->record != NULL) {
		r = jobs_add(store, examined->record);
		examined->job = examined->record->id;
	}
	if (r == 0)
		r = nodes_set_job(store, ino, examined->job);
	return r < 0 ? r : nodes_set_draft(store, ino, DRAFT_NONE);
}

/* One transaction: the text was examined, and the prompt's job is `record` where it is a new one (id 0), else `job`. */
static int commit(const struct tree_needs *needs, const struct node *node, const struct past *past,
	struct job_record *record, int64_t job)
{
	struct examined examined = {node, past, record, job};
	int r = store_run(needs->store, false, write_examined, &examined);

	if (r == 0 && past->cancelled != 0)
		queue_drop(needs->queue, past->cancelled);
	return r;
}

/* The prompt says again what was sent last, or nothing at all: what is waiting is not sent any more. */
static int go_back(const struct tree_needs *needs, const struct node *node, const struct past *past,
	bool wanted)
{
	queue_unwanted(needs->queue, node->job, !wanted);
	return commit(needs, node, past, NULL, past->cancelled != 0 ? past->sent.id : node->job);
}

static int add_job(const struct tree_needs *needs, const struct node *node, const struct past *past,
	struct job_record *record)
{
	const struct job_record *old = &past->old;

	if (past->cancelled != 0)
		record->after = old->after;
	else if (old->id != 0 && !job_state_is_unsent(old->state) &&
		 !job_state_is_final(old->state))
		record->after = old->id;
	int r = commit(needs, node, past, record, 0);
	int64_t id = record->id;
	if (r == 0)
		r = queue_add(needs->queue, record);
	struct job *job = r < 0 ? NULL : job_table_find(needs->jobs, id);
	return job != NULL && job->record.state == JOB_WAITING ? inputs_adopt(needs->inputs, job)
							       : r;
}

static int examine_text(const struct tree_needs *needs, const struct node *node, char *text,
	size_t length, bool again)
{
	struct job_record record = {0};
	struct past past = {0};
	struct node top;
	int r = find_model(needs, node, &top);

	int named = new_record(node, &top, text, length, &record);
	if (r == 0)
		r = named;
	if (r == 0)
		r = find_past(needs, node, &past);
	if (r < 0)
		goto end;
	if (!again && past.old.id != 0 && is_known(needs, &past.old, &top, text, length)) {
		past.cancelled = 0;
		r = go_back(needs, node, &past, true);
	} else if (!again && past.sent.id != 0 && is_known(needs, &past.sent, &top, text, length)) {
		r = go_back(needs, node, &past, true);
	} else {
		r = judge(needs, &top, &record);
		if (r == 0)
			r = add_job(needs, node, &past, &record);
		else if (r == -ENODATA)
			r = go_back(needs, node, &past, false);
	}
end:
	past_finish(&past);
	job_record_finish(&record);
	return r;
}

static int refuse_size(const struct tree_needs *needs, const struct node *node)
{
	char *text = strdup("");

	/* the text is too long to be kept; the parser never sees it */
	struct job_record record = {.text = text};
	struct past past = {0};
	struct node top;
	int r = text == NULL ? -ENOMEM : find_model(needs, node, &top);
	if (r == 0)
		r = new_record(node, &top, text, 0, &record);
	if (r == 0)
		r = refuse(
			&record, "this file is longer than 256 KiB: that is no prompt; shorten it");
	if (r == 0)
		r = find_past(needs, node, &past);
	if (r == 0)
		r = add_job(needs, node, &past, &record);
	past_finish(&past);
	job_record_finish(&record);
	return r;
}

int draft_examine(const struct tree_needs *needs, int64_t ino, bool again)
{
	struct node node;
	char *text = NULL;
	size_t length = 0;
	int r = nodes_get(needs->store, ino, &node);

	if (r == -ENOENT || (r == 0 && !place_is_prompt(&node)))
		return 0;
	if (r == 0)
		r = read_text(needs, ino, &text, &length);
	if (r == -EFBIG)
		r = refuse_size(needs, &node);
	else if (r == 0)
		r = examine_text(needs, &node, text, length, again);
	if (r == 0) {
		changes_tell_status(needs->changes, ino);
		queue_wake(needs->queue);
	}
	return r;
}
