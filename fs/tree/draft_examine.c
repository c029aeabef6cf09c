/* SPDX-License-Identifier: MIT */
/* What a settled text means: it is judged, and compared with what was bought; then it is a job. */
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
#include "fs/job/defaults.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/job/wish.h"
#include "fs/prompt/prompt.h"
#include "fs/queue/purchase.h"
#include "fs/queue/queue.h"
#include "fs/store/places.h"
#include "fs/store/store.h"
#include "fs/tree/caption.h"
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
	/* it stays with the job as long as that is open, and there may be thousands */
	char *fitting = realloc(text, (size_t)length + 1);
	*ret_text = fitting != NULL ? fitting : text;
	text = NULL;
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

/* One look at one prompt. */
struct examination {
	const struct tree_needs *needs;
	const struct draft_order *order;
	struct node node, top;
	char *path;               /* owned; of its place */
	struct job_record record; /* owned; the job that its text asks for */
	struct wish_record wish;  /* owned */
	struct job_record old;    /* owned; its present job, id 0: none */
	int64_t cancelled; /* the present one, where it was not sent and need not be; 0: it stays */
	struct bought bought; /* what it came to */
};

static void examination_finish(struct examination *look)
{
	free(look->path);
	job_record_finish(&look->record);
	wish_record_finish(&look->wish);
	job_record_finish(&look->old);
}

static int set_wish(struct examination *look, const struct prompt *prompt)
{
	int r = wish_hash(look->top.name, prompt, look->wish.hash);

	if (r == 0 && prompt->ref_count == 0)
		r = wish_request(
			look->record.mode, look->record.body, prompt->take, look->wish.request);
	return r;
}

/* The request, where there is no input to be waited for. */
static int encode(struct examination *look, const struct model *model, struct prompt *prompt)
{
	struct job_record *record = &look->record;
	int r = 0;

	record->mode = strdup(
		model->tool != NULL ? model->tool->endpoint : api_mode_name(prompt->request.mode));
	if (record->mode == NULL)
		return -ENOMEM;
	if (prompt->ref_count == 0) {
		r = prompt_sign_webhook(prompt, look->needs->webhook_url);
		if (r == 0)
			r = prompt_encode(prompt, &record->body);
	}
	return r < 0 ? r : set_wish(look, prompt);
}

/* Why it is for a person to say whether this is sent. */
static int find_hold(struct examination *look, const struct prompt *prompt)
{
	int64_t place, last = 0;
	bool caption = false;

	if (look->order->asked)
		return 0;
	if (look->needs->manual || look->node.draft == DRAFT_MANY) {
		look->wish.hold = look->needs->manual ? HOLD_MANUAL : HOLD_MANY;
		return 0;
	}
	int r = places_find(look->needs->store, look->path, &place, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	r = last != 0 || prompt->ref_count > 0
		    ? 0
		    : caption_is(look->needs->store, &look->node, &caption);
	if (caption)
		look->wish.hold = HOLD_CAPTION;
	return r;
}

static int judge_prompt(struct examination *look, const struct model *model, struct prompt *prompt)
{
	struct job_record *record = &look->record;
	int r = encode(look, model, prompt);

	if (r == 0)
		r = prompt_format_left_out(prompt, &record->left_out);
	if (r == 0)
		r = prompt_format_settings(prompt, &record->settings);
	if (r < 0)
		return r;
	record->dry_run = prompt->dry_run && !look->order->asked;
	record->state = prompt->ref_count > 0 ? JOB_WAITING
			: record->dry_run     ? JOB_HELD
					      : JOB_QUEUED;
	look->wish.owner = look->node.uid;
	look->wish.asked = look->order->asked;
	if (record->dry_run)
		look->wish.hold = HOLD_DRY_RUN;
	return record->dry_run ? 0 : find_hold(look, prompt);
}

/* The text that this place has sent last is what it was, whatever became of the catalogue. */
static int judge_as_before(struct examination *look, const char *why)
{
	struct job_record *record = &look->record;
	struct job_record last = {0};
	int64_t place, id = 0;
	int r = places_find(look->needs->store, look->path, &place, &id);

	if (r == 0 && id != 0)
		r = jobs_get(look->needs->store, id, &last);
	bool same = r == 0 && id != 0 && last.text_length == record->text_length &&
		    memcmp(last.text, record->text, record->text_length) == 0 &&
		    strcmp(last.model, look->top.name) == 0 && !job_state_is_unsent(last.state);
	job_record_finish(&last);
	wish_record_finish(&look->wish);
	if (same && wishes_get(look->needs->store, id, &look->wish) == 0 &&
		look->wish.hash[0] != '\0' &&
		bought_is_paid(look->wish.state, look->wish.has_task)) {
		record->state = JOB_QUEUED;
		record->mode = strdup("");
		return record->mode == NULL ? -ENOMEM : 0;
	}
	wish_record_finish(&look->wish);
	return refuse(record, why);
}

/* What is to be done with this text, as a record. -ENODATA: nothing, there is no prompt in it. */
static int judge(struct examination *look)
{
	const struct model *model = model_table_find(*look->needs->models, look->top.name);
	struct prompt_options options = {.allow_unknown = look->needs->allow_unknown,
		.dry_run = look->needs->dry_run,
		.models = *look->needs->models};
	struct job_record *record = &look->record;
	CLEANUP(defaults_finish) struct defaults defaults = {0};
	CLEANUP_FREE char *message = NULL;
	struct prompt prompt = {0};

	if (model == NULL)
		return judge_as_before(look,
			"the service no longer has this model; move the prompt "
			"to another directory");
	int r = defaults_read(look->needs->store, look->node.parent, &defaults);

	defaults_use(&defaults, &options);
	if (r == 0)
		r = prompt_parse(
			model, &options, record->text, record->text_length, &prompt, &message);
	if (r == 0)
		r = judge_prompt(look, model, &prompt);
	prompt_finish(&prompt);
	if (r != -EINVAL)
		return r;
	return judge_as_before(look, message != NULL ? message : "this prompt cannot be sent");
}

static int new_record(struct examination *look)
{
	struct job_record *record = &look->record;
	const struct node *node = &look->node;

	record->place = (struct job_place){.ino = node->ino, .dir = node->parent};
	place_stem(node->name, record->place.stem);
	record->model = strdup(look->top.name);
	record->created = clock_wall_ms();
	return record->model == NULL ? -ENOMEM : 0;
}

/* -ENOENT of a row is the ledger's loss: there is nothing to compare with then. */
static int find_old(struct examination *look)
{
	int64_t id = look->node.job;
	int r = id == 0 ? -ENOENT : jobs_get(look->needs->store, id, &look->old);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (queue_can_cancel(look->needs->queue, id) || look->old.state == JOB_INVALID)
		look->cancelled = id;
	return 0;
}

/* Does the prompt have a job that was not sent yet and asks for just this, so that it stays? */
static int is_waiting_already(const struct examination *look, bool *ret_waits)
{
	const struct job_record *old = &look->old, *record = &look->record;
	struct wish_record wish;

	*ret_waits = false;
	if (look->cancelled == 0 || old->state == JOB_INVALID || old->state == JOB_BLOCKED ||
		old->dry_run != record->dry_run ||
		strcmp(old->model, record->model) != 0)
		return 0;
	*ret_waits = old->text_length == record->text_length &&
		     memcmp(old->text, record->text, record->text_length) == 0;
	if (*ret_waits || old->state != JOB_HELD || record->state != JOB_QUEUED)
		return 0;
	int r = wishes_get(look->needs->store, old->id, &wish);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret_waits = wish.hash[0] != '\0' && strcmp(wish.hash, look->wish.hash) == 0;
	wish_record_finish(&wish);
	return 0;
}

static int clear_draft(struct store *store, void *arg)
{
	return nodes_set_draft(store, *(int64_t *)arg, DRAFT_NONE);
}

/* A new job goes to work. */
static int put_to_work(struct examination *look)
{
	const struct tree_needs *needs = look->needs;
	int64_t id = look->record.id;
	int r = queue_add(needs->queue, &look->record);
	struct job *job = r < 0 ? NULL : job_table_find(needs->jobs, id);

	if (job == NULL)
		return r;
	job->released = look->wish.asked;
	return job->record.state == JOB_WAITING ? inputs_adopt(needs->inputs, job) : 0;
}

static int conclude(struct examination *look, int judged)
{
	const struct tree_needs *needs = look->needs;
	struct purchase purchase = {.prompt = &look->node,
		.path = look->path,
		.stem = look->record.place.stem,
		.record = judged == -ENODATA ? NULL : &look->record,
		.wish = &look->wish,
		.settle_ms = needs->settle_ms,
		.cancelled = look->cancelled,
		.copies = look->order->copies,
		.turn_ms = look->order->draft != NULL ? draft_turn_ms : NULL,
		.turn_arg = look->order->draft,
		.hold = wish_hold_text(look->wish.hold)};
	bool waits = false;
	int r;

	if (judged == -ENODATA) {
		queue_unwanted(needs->queue, look->node.job, true);
		r = purchase_nothing(needs->queue, &purchase);
		return r < 0 || !look->order->asked ? r : -EINVAL;
	}
	r = look->order->asked ? 0 : is_waiting_already(look, &waits);
	if (r < 0)
		return r;
	if (waits)
		return store_run(needs->store, false, clear_draft, &look->node.ino);
	if (look->record.state != JOB_QUEUED || look->order->asked) {
		purchase.hold = NULL;
		r = purchase_add(needs->queue, &purchase);
	} else {
		if (purchase.hold != NULL)
			job_set_trouble(&look->record, purchase.hold);
		r = purchase_decide(needs->queue, &purchase);
	}
	if (r < 0)
		return r;
	look->bought = purchase.bought;
	return purchase.bought.verdict == BOUGHT_NOT ? put_to_work(look) : 0;
}

static int examine(struct examination *look, char *text, size_t length, bool too_long)
{
	const struct tree_needs *needs = look->needs;
	int r = find_model(needs, &look->node, &look->top);

	look->record.text = text;
	look->record.text_length = length;
	if (r == 0)
		r = new_record(look);
	if (r == 0)
		r = place_of(needs->store, look->node.parent, look->record.place.stem, &look->path);
	if (r == 0)
		r = find_old(look);
	if (r < 0)
		return r;
	r = too_long ? refuse(&look->record,
			       "this file is longer than 256 KiB: that is no prompt; shorten it")
		     : judge(look);
	return r < 0 && r != -ENODATA ? r : conclude(look, r);
}

int draft_examine(const struct tree_needs *needs, int64_t ino, const struct draft_order *order,
	struct bought *ret_bought)
{
	CLEANUP(examination_finish)
	struct examination look = {.needs = needs, .order = order};
	CLEANUP_FREE char *text = NULL;
	size_t length = 0;
	int r = nodes_get(needs->store, ino, &look.node);

	*ret_bought = (struct bought){.verdict = BOUGHT_NOT};
	if (r == -ENOENT || (r == 0 && !place_is_prompt(needs->store, &look.node)))
		return 0;
	if (r == 0)
		r = read_text(needs, ino, &text, &length);
	bool too_long = r == -EFBIG;
	if (too_long) {
		/* the text is too long to be kept; the parser never sees it */
		text = strdup("");
		r = text == NULL ? -ENOMEM : 0;
	}
	if (r == 0)
		r = draft_note_edit(needs, &look.node, text, length);
	if (r < 0)
		return r;
	r = examine(&look, steal(&text), length, too_long);
	if (r < 0)
		return r;
	*ret_bought = look.bought;
	changes_tell_status(needs->changes, ino);
	queue_wake(needs->queue);
	return 0;
}
