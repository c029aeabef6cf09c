/* SPDX-License-Identifier: MIT */
#include "fs/input/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/account/account_private.h"
#include "fs/input/limits.h"
#include "fs/base/message.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt.h"
#include "fs/queue/queue_private.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"

#define PAUSE_MS 10     /* between a change and the look, for those that come in crowds */
#define DISK_MS 5000    /* the disk did not answer: again after this */
#define PATIENCE 10     /* times `settle`: so long a missing input may still be on its way */
#define CIRCLE_MAX 1000 /* prompts that are looked at for one circle */

/* What a job waits for. */
struct inputs {
	struct prompt prompt;
	int64_t on[SETTING_REFS_MAX]; /* prompts, 0 none, by ref */
	int64_t missing_since;       /* monotonic ms; 0: nothing is */
};

struct waiting {
	struct gen *gen;          /* borrowed */
	struct loop_timer *timer; /* owned */
	int64_t due;              /* of the timer, when it is armed */
	int64_t pause; /* ms until the next look: a tenth of the time at most is spent looking */
};

static void look_at_all(void *arg);

int waiting_create(struct gen *gen, struct waiting **ret_waiting)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (waiting == NULL)
		return -ENOMEM;
	waiting->gen = gen;
	waiting->pause = PAUSE_MS;
	int r = loop_timer_create(gen->loop, look_at_all, waiting, &waiting->timer);
	if (r < 0) {
		free(waiting);
		return r;
	}
	*ret_waiting = waiting;
	return 0;
}

void waiting_destroy(struct waiting *waiting)
{
	if (waiting == NULL)
		return;
	loop_timer_destroy(waiting->timer);
	free(waiting);
}

static void look_within(struct waiting *waiting, int64_t wait)
{
	int64_t due = clock_mono_ms() + wait;

	if (loop_timer_armed(waiting->timer) && waiting->due <= due)
		return;
	waiting->due = due;
	loop_timer_arm(waiting->timer, wait);
}

void waiting_recheck(struct gen *gen)
{
	if (gen->waiting != NULL)
		look_within(gen->waiting, gen->waiting->pause);
}

void inputs_destroy(struct inputs *inputs)
{
	if (inputs == NULL)
		return;
	prompt_finish(&inputs->prompt);
	free(inputs);
}

/* --- circles --- */

struct circle {
	struct gen *gen;
	int64_t target;
	int64_t seen[CIRCLE_MAX], from[CIRCLE_MAX]; /* from: index of the one that led here */
	size_t count;
};

static const struct inputs *inputs_of(struct gen *gen, int64_t prompt)
{
	struct node node;

	if (nodes_get(gen->store, prompt, &node) < 0 || node.job == 0 || node.draft != DRAFT_NONE)
		return NULL;
	struct job *job = queue_find(gen->queue, node.job);
	return job != NULL ? job->inputs : NULL;
}

static void add_to_circle(struct circle *circle, int64_t prompt, int64_t from)
{
	for (size_t i = 0; i < circle->count; i++)
		if (circle->seen[i] == prompt)
			return;
	if (circle->count == CIRCLE_MAX)
		return;
	circle->seen[circle->count] = prompt;
	circle->from[circle->count++] = from;
}

/* "/FLUX/a.txt <- /FLUX/b.txt <- /FLUX/a.txt", from the end of the chain back to its start. */
static char *describe_circle(const struct circle *circle, size_t last)
{
	struct buf text;

	buf_init(&text, 8192);
	for (int64_t i = (int64_t)last;; i = circle->from[i]) {
		CLEANUP_FREE char *path = NULL;
		struct node node;
		if (nodes_get(circle->gen->store, i < 0 ? circle->target : circle->seen[i], &node) <
				0 ||
			path_of(circle->gen, &node, &path) < 0)
			break;
		buf_addf(&text, "%s%s", text.length > 0 ? " <- " : "", path);
		if (i < 0)
			break;
	}
	return buf_steal(&text);
}

/* Does what this job waits for wait for this job? Caller frees *ret_text: the way round. */
static bool is_circle(struct gen *gen, const struct job *job, char **ret_text)
{
	struct circle *circle = calloc(1, sizeof(*circle));
	bool found = false;

	if (circle == NULL)
		return false;
	circle->gen = gen;
	circle->target = job->record.ino;
	for (size_t i = 0; i < job->inputs->prompt.ref_count; i++)
		if (job->inputs->on[i] != 0)
			add_to_circle(circle, job->inputs->on[i], -1);
	for (size_t at = 0; at < circle->count && !found; at++) {
		const struct inputs *inputs = inputs_of(gen, circle->seen[at]);
		for (size_t i = 0; inputs != NULL && i < inputs->prompt.ref_count; i++) {
			if (inputs->on[i] == circle->target) {
				*ret_text = describe_circle(circle, at);
				found = true;
				break;
			}
			if (inputs->on[i] != 0)
				add_to_circle(circle, inputs->on[i], (int64_t)at);
		}
	}
	free(circle);
	return found;
}

/* --- one job --- */

/* State and sentence; told and saved when they are new. Progress is not worth a write. */
static void put(struct gen *gen, struct job *job, enum job_state state, const char *text)
{
	bool same_text = job->record.error != NULL && strcmp(job->record.error, text) == 0;

	if (job->record.state == state && same_text)
		return;
	job_set_text(&job->record.error, "%s", text);
	if (job->record.state != state)
		job_change(gen, job, state, false);
	else
		status_changed(gen, job->record.ino);
}

/* For good: there is nothing whose change could help. */
static void end_invalid(struct gen *gen, struct job *job, const char *text)
{
	job_set_text(&job->record.error, "%s", text);
	job->record.published = true;
	job_change(gen, job, JOB_INVALID, false);
	queue_end_job(gen->queue, job);
}

/* All inputs are there: from here on the request is what it is, and in the ledger. */
static int leave(struct gen *gen, struct job *job, const char *warning)
{
	const char *first = job->inputs->prompt.warning;
	char *body = NULL;
	int r = prompt_sign_webhook(&job->inputs->prompt, gen->options.webhook_url);

	if (r == 0)
		r = prompt_encode(&job->inputs->prompt, &body);
	if (r == -EINVAL || r == -EILSEQ) {
		end_invalid(gen, job, "this prompt with these inputs cannot be sent");
		return 0;
	}
	if (r < 0)
		return r;
	free(job->record.body);
	job->record.body = body;
	job_set_text(&job->record.error, NULL);
	if (warning != NULL)
		job_set_text(&job->record.warning, "%s%s%s", first != NULL ? first : "",
			first != NULL ? "; " : "", warning);
	inputs_destroy(steal(&job->inputs));
	job_change(gen, job, job->record.dry_run ? JOB_HELD : JOB_QUEUED, false);
	queue_pump(gen->queue);
	return 0;
}

/* A missing input of a prompt that was just written may be on its way: files come in any order. */
static bool is_patient(struct gen *gen, struct job *job)
{
	int64_t now = clock_mono_ms(), patience = gen->options.settle_ms * PATIENCE;

	if (job->inputs->missing_since == 0)
		job->inputs->missing_since =
			job->record.state == JOB_INVALID ? now - patience : now;
	int64_t left = job->inputs->missing_since + patience - now;
	if (left > 0)
		look_within(gen->waiting, left);
	return left > 0;
}

static int conclude(
	struct gen *gen, struct job *job, const struct input *worst, const char *warning)
{
	enum input_verdict verdict = worst->verdict;
	CLEANUP_FREE char *circle = NULL;

	if (verdict != INPUT_MISSING)
		job->inputs->missing_since = 0;
	if (is_circle(gen, job, &circle)) {
		CLEANUP_FREE char *sentence = NULL;
		if (asprintf(&sentence, "its inputs go in a circle: %s",
			    circle != NULL ? circle : "each waits for the other") < 0) {
			sentence = NULL;
			return -ENOMEM;
		}
		put(gen, job, JOB_INVALID, sentence);
		return 0;
	}
	switch (verdict) {
	case INPUT_READY:
		return leave(gen, job, warning);
	case INPUT_WAITS:
		put(gen, job, JOB_WAITING, worst->text);
		return 0;
	case INPUT_MISSING:
		put(gen, job, is_patient(gen, job) ? JOB_WAITING : JOB_INVALID, worst->text);
		return 0;
	default:
		put(gen, job, JOB_INVALID, worst->text);
		return 0;
	}
}

/* Some tools want to be told how large their picture is; an address alone does not say. */
static int fill_size(struct prompt *prompt, struct input *input)
{
	char kilobytes[24];

	snprintf(kilobytes, sizeof(kilobytes), "%" PRId64, (input->size + 1023) / 1024);
	for (size_t i = 0; i < prompt->tool.count; i++) {
		struct tool_item *item = &prompt->tool.items[i];
		if (item->type != TOOL_KILOBYTES || item->values.count > 0 ||
			input->verdict != INPUT_READY)
			continue;
		if (input->size >= 0)
			return strlist_add(&item->values, kilobytes);
		free(input->text);
		input->verdict = INPUT_WRONG;
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

/* The first of those that keep the prompt back most. */
static const struct input *find_worst(const struct inputs *inputs, const struct input *input)
{
	const struct input *worst = &input[0];

	for (size_t i = 1; i < inputs->prompt.ref_count; i++)
		if (input[i].verdict > worst->verdict)
			worst = &input[i];
	return worst;
}

/* All are looked at before one is uploaded: where another is wrong, nothing is sent. */
static int look_at_inputs(struct gen *gen, struct job *job, struct input *input, char **ret_warning)
{
	struct prompt *prompt = &job->inputs->prompt;
	int r = 0;

	for (size_t i = 0; i < prompt->ref_count && r == 0; i++) {
		r = input_look(gen, job, &prompt->refs[i], &input[i]);
		if (r == 0 && i == 0)
			r = fill_size(prompt, &input[i]);
		job->inputs->on[i] = input[i].on;
	}
	if (r == 0)
		r = input_limits_check(prompt, input, ret_warning);
	if (r < 0 || find_worst(job->inputs, input)->verdict >= INPUT_MISSING)
		return r;
	/* all of them, so that uploads start while another input is waited for */
	for (size_t i = 0; i < prompt->ref_count && r == 0; i++) {
		if (input[i].verdict == INPUT_READY)
			r = input_address(gen, job, &prompt->refs[i], &input[i]);
		if (r == 0 && input[i].verdict == INPUT_READY)
			r = prompt_add_input(prompt, &prompt->refs[i], input[i].text);
	}
	return r;
}

static int look_at_job(struct gen *gen, struct job *job)
{
	size_t count = job->inputs->prompt.ref_count;
	struct input input[SETTING_REFS_MAX] = {0};
	CLEANUP_FREE char *warning = NULL;
	int r = jobs_place(gen->store, &job->record);

	prompt_clear_inputs(&job->inputs->prompt);
	if (r == 0)
		r = look_at_inputs(gen, job, input, &warning);
	if (r == 0)
		r = conclude(gen, job, find_worst(job->inputs, input), warning);
	for (size_t i = 0; i < count; i++)
		free(input[i].text);
	return r;
}

static void look_at_all(void *arg)
{
	struct waiting *waiting = arg;
	struct gen *gen = waiting->gen;
	struct list *item, *after;
	int64_t begin = clock_mono_ms();
	int worst = 0;

	list_for_each_safe(item, after, &gen->queue->jobs)
	{
		struct job *job = list_entry(item, struct job, link);
		int r = job->inputs != NULL && !job->unsaved ? look_at_job(gen, job) : 0;
		if (r < 0) {
			log_errno(
				LOG_LEVEL_ERROR, r, "job %" PRId64 ": its inputs", job->record.id);
			worst = r;
		}
	}
	waiting->pause = (clock_mono_ms() - begin) * 10;
	if (waiting->pause < PAUSE_MS)
		waiting->pause = PAUSE_MS;
	if (worst < 0)
		look_within(waiting, DISK_MS);
}

/* Is the request still for the endpoint that is in the ledger? The models may have changed between two mounts. */
static bool is_same_mode(
	const struct model *model, const struct prompt *prompt, const struct job *job)
{
	const char *mode =
		model->tool != NULL ? model->tool->endpoint : api_mode_name(prompt->request.mode);

	return strcmp(mode, job->record.mode) == 0;
}

int waiting_adopt(struct gen *gen, struct job *job)
{
	const struct model *model = model_table_find(gen->models, job->record.model);
	struct prompt_options options = {gen->options.allow_unknown, job->record.dry_run};
	CLEANUP_FREE char *message = NULL;
	struct inputs *inputs = calloc(1, sizeof(*inputs));
	int r = inputs == NULL ? -ENOMEM : model == NULL ? -EINVAL : 0;

	if (r == 0)
		r = prompt_parse(model, &options, job->record.text, job->record.text_length,
			&inputs->prompt, &message);
	if (r == 0 && is_same_mode(model, &inputs->prompt, job)) {
		job->inputs = inputs;
		waiting_recheck(gen);
		return 0;
	}
	if (r == 0) {
		prompt_finish(&inputs->prompt);
		r = message_refuse(&message,
			"what this directory takes has changed since the prompt was written; to "
			"have it looked at anew: echo submit > %s.status",
			job->record.stem);
	}
	free(inputs);
	if (r == -ENOMEM)
		return r;
	end_invalid(gen, job,
		message != NULL ? message
				: "the service no longer has this model; move the prompt "
				  "to another directory");
	return 0;
}
