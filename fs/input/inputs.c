/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/input/inputs_buy.h"
#include "fs/input/inputs_private.h"
#include "fs/input/limits.h"
#include "fs/input/liveness.h"
#include "fs/input/reference.h"
#include "fs/input/upload.h"
#include "fs/job/job_table.h"
#include "fs/prompt/prompt.h"
#include "fs/queue/queue.h"

#define PAUSE_MS 10  /* between a change and the look, for those that come in crowds */
#define DISK_MS 5000 /* the disk did not answer: again after this */
#define PATIENCE 10  /* times `settle`: so long a missing input may still be on its way */

static void look_within(struct inputs *inputs, int64_t wait)
{
	int64_t due = clock_mono_ms() + wait;

	if (loop_timer_armed(inputs->timer) && inputs->due <= due)
		return;
	inputs->due = due;
	loop_timer_arm(inputs->timer, wait);
}

void inputs_recheck(struct inputs *inputs)
{
	look_within(inputs, inputs->pause);
}

/* State and sentence; told and saved when they are new. Progress is not worth a write. */
static void show(
	struct inputs *inputs, struct job *job, enum job_state state, const char *text)
{
	const char *shown = state == JOB_BLOCKED ? job->record.error : job->record.trouble;

	if (job->record.state == state && shown != NULL && strcmp(shown, text) == 0)
		return;
	if (state == JOB_BLOCKED)
		job_set_error(&job->record, text);
	else
		job_set_trouble(&job->record, text);
	if (job->record.state == state)
		job_tell(job);
	else if (job_change(job, state, false) < 0)
		queue_wake(inputs->needs.queue); /* it is tried again there */
}

void inputs_end_invalid(struct inputs *inputs, struct job *job, const char *text)
{
	job_set_error(&job->record, text);
	job_change(job, JOB_INVALID, false);
	queue_end_job(inputs->needs.queue, job);
}

/* Its rows are gone: another job, which was bought before, is the prompt's. */
static void give_way(const struct asker *asker)
{
	changes_tell_status(asker->inputs->needs.changes, asker->place.ino);
	queue_drop(asker->inputs->needs.queue, asker->job->record.id);
}

/* From here on the request is what it is, and in the ledger. */
static void go(struct inputs *inputs, struct job *job, const struct inputs_bought *bought, char *body,
	const char *warning, bool later)
{
	free(job->record.body);
	job->record.body = body;
	job->record.unmade = later;
	job_set_trouble(&job->record, bought->trouble);
	if (warning != NULL)
		job_set_text(&job->record.warning, "%s", warning);
	job_work_end(job);
	job_change(job, bought->state, false);
	queue_wake(inputs->needs.queue);
}

/* All inputs are there. `later`: but for addresses that a dry run does not ask for. */
static int leave(const struct asker *asker, struct job *job, const struct reference *input,
	const char *warning, bool later)
{
	struct inputs *inputs = asker->inputs;
	struct prompt *prompt = &job_inputs_of(job)->prompt;
	CLEANUP_FREE char *body = NULL;
	struct inputs_bought bought;
	int r = prompt_sign_webhook(prompt, inputs->needs.webhook_url);

	if (r == 0)
		r = prompt_encode(prompt, &body);
	if (r == -EINVAL || r == -EILSEQ) {
		inputs_end_invalid(inputs, job, "this prompt with these inputs cannot be sent");
		return 0;
	}
	if (r == 0)
		r = inputs_buy(asker, input, body, later, &bought);
	if (r < 0)
		return r;
	switch (bought.verdict) {
	case BOUGHT_NOT:
		go(inputs, job, &bought, steal(&body), warning, later);
		return 0;
	case BOUGHT_COPY:
		show(inputs, job, JOB_WAITING,
			"a copy of another prompt that asks for the same: sent in a moment, unless "
			"that one goes; at once: echo submit into this file");
		look_within(inputs, bought.wait_ms);
		return 0;
	case BOUGHT_SOON:
		look_within(inputs, bought.wait_ms);
		return 0;
	default:
		give_way(asker);
		return 0;
	}
}

/* A missing input of a prompt that was just written may be on its way: files come in any order. */
static bool is_patient(struct inputs *inputs, struct job *job)
{
	int64_t now = clock_mono_ms(), patience = inputs->needs.settle_ms * PATIENCE;
	struct job_inputs *wait = job_inputs_of(job);

	if (wait->missing_since == 0)
		wait->missing_since = job->record.state == JOB_BLOCKED ? now - patience : now;
	int64_t left = wait->missing_since + patience - now;
	if (left > 0)
		look_within(inputs, left);
	return left > 0;
}

/* The first of those that keep the prompt back most. */
static const struct reference *find_worst(
	const struct prompt *prompt, const struct reference *input)
{
	const struct reference *worst = &input[0];

	for (size_t i = 1; i < prompt->ref_count; i++)
		if (input[i].verdict > worst->verdict)
			worst = &input[i];
	return worst;
}

static int conclude(const struct asker *asker, struct job *job, const struct reference *input,
	const char *warning, bool later)
{
	struct inputs *inputs = asker->inputs;
	const struct reference *worst = find_worst(&job_inputs_of(job)->prompt, input);
	enum reference_verdict verdict = worst->verdict;
	CLEANUP_FREE char *circle = NULL;

	if (verdict >= REFERENCE_MISSING) {
		struct inputs_bought bought;
		int r = inputs_buy_without(asker, input, &bought);
		if (r < 0)
			return r;
		if (bought.verdict != BOUGHT_NOT) {
			give_way(asker);
			return 0;
		}
	}
	if (verdict != REFERENCE_MISSING)
		job_inputs_of(job)->missing_since = 0;
	if (circle_find(inputs, job, &circle)) {
		CLEANUP_FREE char *sentence = NULL;
		if (asprintf(&sentence, "its inputs go in a circle: %s",
			    circle != NULL ? circle : "each waits for the other") < 0) {
			sentence = NULL;
			return -ENOMEM;
		}
		show(inputs, job, JOB_BLOCKED, sentence);
		return 0;
	}
	switch (verdict) {
	case REFERENCE_READY:
		return leave(asker, job, input, warning, later);
	case REFERENCE_WAITS:
		show(inputs, job, JOB_WAITING, worst->text);
		return 0;
	case REFERENCE_MISSING:
		show(inputs, job, is_patient(inputs, job) ? JOB_WAITING : JOB_BLOCKED, worst->text);
		return 0;
	default:
		show(inputs, job, JOB_BLOCKED, worst->text);
		return 0;
	}
}

/* Some tools want to be told how large their picture is; an address alone does not say. */
static int fill_size(struct prompt *prompt, struct reference *input)
{
	char kilobytes[24];

	snprintf(kilobytes, sizeof(kilobytes), "%" PRId64, (input->size + 1023) / 1024);
	for (size_t i = 0; i < prompt->tool.count; i++) {
		struct tool_item *item = &prompt->tool.items[i];
		if (item->type != TOOL_KILOBYTES || item->values.count > 0 ||
			input->verdict != REFERENCE_READY)
			continue;
		if (input->size >= 0)
			return strlist_add(&item->values, kilobytes);
		free(input->text);
		input->verdict = REFERENCE_WRONG;
		if (asprintf(&input->text,
			    "the size of what is behind an address is not known: write it, in KB: "
			    "%s: 200",
			    item->name) < 0) {
			input->text = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

/* All are looked at before one is uploaded: where another is wrong, nothing is sent. */
static int look_at_inputs(const struct asker *asker, struct reference *input, char **ret_warning)
{
	const struct job *job = asker->job;
	struct job_inputs *wait = job_inputs_of(job);
	struct prompt *prompt = &wait->prompt;
	int r = 0;

	for (size_t i = 0; i < prompt->ref_count && r == 0; i++) {
		r = reference_look(asker, &prompt->refs[i], &input[i]);
		if (r == 0)
			limits_measure(
				asker->inputs->needs.store, job, &prompt->refs[i], &input[i]);
		if (r == 0 && i == 0)
			r = fill_size(prompt, &input[i]);
		wait->on[i] = input[i].on;
	}
	if (r == 0)
		r = limits_check(prompt, input, ret_warning);
	if (r < 0 || find_worst(prompt, input)->verdict >= REFERENCE_MISSING)
		return r;
	/* all of them, so that uploads start while another input is waited for */
	for (size_t i = 0; i < prompt->ref_count && r == 0; i++) {
		if (input[i].verdict == REFERENCE_READY)
			r = reference_address(asker, &prompt->refs[i], &input[i]);
		if (r == 0 && input[i].verdict == REFERENCE_READY)
			r = prompt_add_input(prompt, &prompt->refs[i], input[i].text);
	}
	return r;
}

static int look_at_job(struct inputs *inputs, struct job *job)
{
	struct prompt *prompt = &job_inputs_of(job)->prompt;
	size_t count = prompt->ref_count;
	struct reference input[SETTING_REFS_MAX] = {0};
	CLEANUP_FREE char *warning = NULL;
	struct asker asker = {.inputs = inputs, .job = job};
	bool later = false;
	int r = job_place(job, &asker.place);

	prompt_clear_inputs(prompt);
	if (r == 0)
		r = look_at_inputs(&asker, input, &warning);
	for (size_t i = 0; i < count; i++)
		later = later || input[i].later;
	if (r == 0)
		r = conclude(&asker, job, input, warning, later);
	for (size_t i = 0; i < count; i++)
		free(input[i].text);
	return r;
}

static void look_at_all(void *arg)
{
	struct inputs *inputs = arg;
	int64_t begin = clock_mono_ms();
	struct list *item, *after;
	int worst = 0;

	list_for_each_safe(item, after, &inputs->needs.jobs->lines.waiting)
	{
		struct job *job = list_entry(item, struct job, waiting);
		int r = job_inputs_of(job) != NULL && !job->unsaved ? look_at_job(inputs, job) : 0;
		if (r < 0) {
			log_errno(
				LOG_LEVEL_ERROR, r, "job %" PRId64 ": its inputs", job->record.id);
			worst = r;
		}
	}
	inputs->pause = (clock_mono_ms() - begin) * 10;
	if (inputs->pause < PAUSE_MS)
		inputs->pause = PAUSE_MS;
	if (worst < 0)
		look_within(inputs, DISK_MS);
}

void inputs_retry(struct inputs *inputs)
{
	uploads_retry(inputs->uploads);
}

static void something_changed(void *arg)
{
	inputs_recheck(arg);
}

int inputs_create(const struct inputs_needs *needs, struct inputs **ret_inputs)
{
	static const struct changes_events events = {.anything = something_changed};
	struct inputs *inputs = calloc(1, sizeof(*inputs));

	if (inputs == NULL)
		return -ENOMEM;
	inputs->needs = *needs;
	inputs->pause = PAUSE_MS;
	int r = loop_timer_create(needs->loop, look_at_all, inputs, &inputs->timer);
	if (r == 0)
		r = liveness_create(&inputs->needs, something_changed, inputs, &inputs->liveness);
	if (r == 0)
		r = uploads_create(&inputs->needs, inputs->liveness, something_changed, inputs,
			&inputs->uploads);
	if (r < 0) {
		inputs_destroy(inputs);
		return r;
	}
	changes_listen(needs->changes, &inputs->listener, &events, inputs);
	*ret_inputs = inputs;
	return 0;
}

void inputs_destroy(struct inputs *inputs)
{
	if (inputs == NULL)
		return;
	changes_unlisten(&inputs->listener);
	uploads_destroy(inputs->uploads);
	liveness_destroy(inputs->liveness);
	loop_timer_destroy(inputs->timer);
	free(inputs);
}
