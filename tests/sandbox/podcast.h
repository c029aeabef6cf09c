/* SPDX-License-Identifier: MIT */
#pragma once
/* podcast: the second half of a talk (API reference 3.20): its script is a task like any other, its sound is asked for
 * separately, with the same task id, and takes as long again.
 *
 * Threads: any; one private lock. */
#include "tests/sandbox/request.h"

struct podcasts;
struct podcasts *podcasts_create(void);
void podcasts_destroy(struct podcasts *podcasts);

/* POST podcast/generate/ID/audio. False: the path is another one. */
bool podcast_handle(struct request *request, const char *path, struct answer *ret);
/* GET podcast/speakers/list: two of them, in every language. Which form their list has is in no document. */
void podcast_speakers(struct request *request, struct answer *ret);
/* The task as far as both halves are: puts content_status and scripts into `data`, and says the phase of its results. */
enum phase podcast_phase(struct sandbox *sandbox, const struct task *task, enum phase script);
void podcast_show(struct sandbox *sandbox, const struct task *task, enum phase script, json_t *data);
