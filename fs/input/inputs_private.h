/* SPDX-License-Identifier: MIT */
#pragma once
/* inputs_private: what the files of this room share. */
#include "fs/input/inputs.h"
#include "fs/job/changes.h"
#include "fs/prompt/prompt.h"

struct liveness;
struct loop_timer;
struct uploads;

struct inputs {
	struct inputs_needs needs;
	struct uploads *uploads;   /* owned, like the next two */
	struct liveness *liveness;
	struct loop_timer *timer;
	struct changes_listener listener;
	int64_t due;   /* of the timer, when it is armed */
	int64_t pause; /* ms until the next look: a tenth of the time at most is spent looking */
};

/* What one job waits for. */
struct job_inputs {
	struct job_work work;
	struct prompt prompt;
	int64_t on[SETTING_REFS_MAX]; /* prompts, 0 none, by ref */
	int64_t missing_since;	      /* monotonic ms; 0: nothing is */
	int64_t copy_since;	      /* monotonic ms: it waits as a copy; 0: it does not */
};

/* inputs.c. Ends the job for good: there is nothing whose change could help. */
void inputs_end_invalid(struct inputs *inputs, struct job *job, const char *text);

/* job_inputs.c. Freed by its work's cancel. NULL: out of memory. */
struct job_inputs *job_inputs_create(void);
/* NULL: it does not wait for inputs. */
struct job_inputs *job_inputs_of(const struct job *job);

/* circle.c. Does what this job waits for wait for this job? The caller frees *ret_text: the way round, or NULL without memory. */
bool circle_find(struct inputs *inputs, const struct job *job, char **ret_text);
