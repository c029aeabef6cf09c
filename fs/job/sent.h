/* SPDX-License-Identifier: MIT */
#pragma once
/* sent: what a request had of settings, by the names that prompts have for them where there are such: what a result tells of how it
 * was made. Read from the request itself, so that it is what was sent and not what is set now. */
#include "fs/store/jobs.h"

/* visit() returns 0 to go on. A job that was never sent has none. */
int sent_each(const struct job_record *record, int (*visit)(void *arg, const char *key, const char *value), void *arg);
/* The caller frees. -ENODATA: it had none of this name. */
int sent_value(const struct job_record *record, const char *key, char **ret_value);
/* Its words, as they were sent. -ENODATA. */
int sent_prompt(const struct job_record *record, char **ret_text);
