/* SPDX-License-Identifier: MIT */
/* Taking over a job that waits for inputs: its text is read once more, under the models and the `.defaults` of now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/input/inputs_private.h"
#include "fs/job/defaults.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt.h"

/* Is the request still for the endpoint that is in the ledger? The models may have changed between two mounts. */
static bool is_same_mode(
	const struct model *model, const struct prompt *prompt, const struct job *job)
{
	const char *mode =
		model->tool != NULL ? model->tool->endpoint : api_mode_name(prompt->request.mode);

	return strcmp(mode, job->record.mode) == 0;
}

static int read_defaults(
	const struct inputs *inputs, const struct job *job, struct defaults *ret_defaults)
{
	struct job_place place;
	int r = job_place(job, &place);

	return r < 0 ? r : defaults_read(inputs->needs.store, place.dir, ret_defaults);
}

int inputs_adopt(struct inputs *inputs, struct job *job)
{
	const struct model *model = model_table_find(*inputs->needs.models, job->record.model);
	struct prompt_options options = {.allow_unknown = inputs->needs.allow_unknown,
		.dry_run = job->record.dry_run,
		.models = *inputs->needs.models};
	CLEANUP_FREE char *message = NULL;
	CLEANUP(defaults_finish) struct defaults defaults = {0};
	struct job_inputs *wait = job_inputs_create();
	int r = wait == NULL ? -ENOMEM : model == NULL ? -EINVAL : 0;

	/* without them another request would be made: it waits for a disk that answers */
	if (r == 0 && read_defaults(inputs, job, &defaults) < 0)
		r = -ENOMEM;
	defaults_use(&defaults, &options);
	if (r == 0)
		r = prompt_parse(model, &options, job->record.text, job->record.text_length,
			&wait->prompt, &message);
	if (r == 0 && is_same_mode(model, &wait->prompt, job)) {
		job->work = &wait->work;
		inputs_recheck(inputs);
		return 0;
	}
	if (r == 0) {
		char word[PLACE_WORD];
		job_status_word(job, word);
		prompt_finish(&wait->prompt);
		r = message_refuse(&message,
			"what this directory takes has changed since the prompt was written; to "
			"have it looked at anew: echo submit > %s",
			word);
	}
	free(wait);
	if (r == -ENOMEM)
		return r;
	inputs_end_invalid(inputs, job,
		message != NULL ? message
				: "the service no longer has this model; move the prompt "
				  "to another directory");
	return 0;
}

int inputs_resume(struct inputs *inputs)
{
	struct job *job, *next;
	int r = 0;

	for (job = job_table_first(inputs->needs.jobs); job != NULL && r == 0; job = next) {
		next = job_table_next(job);
		if (job->record.state == JOB_WAITING || job->record.state == JOB_BLOCKED)
			r = inputs_adopt(inputs, job);
	}
	return r;
}
