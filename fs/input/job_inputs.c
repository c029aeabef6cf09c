/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/input/inputs_private.h"

static void cancel(struct job_work *work)
{
	struct job_inputs *wait = container_of(work, struct job_inputs, work);

	prompt_finish(&wait->prompt);
	free(wait);
}

struct job_inputs *job_inputs_create(void)
{
	struct job_inputs *wait = calloc(1, sizeof(*wait));

	if (wait != NULL)
		wait->work.cancel = cancel;
	return wait;
}

struct job_inputs *job_inputs_of(const struct job *job)
{
	return job->work != NULL && job->work->cancel == cancel
		       ? container_of(job->work, struct job_inputs, work)
		       : NULL;
}
