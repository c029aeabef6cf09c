/* SPDX-License-Identifier: MIT */
#pragma once
/* found: files by what they are, in slices: some hundreds of numbers at a time, by an index (fs/report/views.h). visit() gets what to go on
 * behind, and returns 0 to go on, > 0 to stop. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/store/jobs.h"

#define FOUND_SLICE 256
#define FOUND_DAY_NS INT64_C(86400000000000)

typedef int found_visit(void *arg, int64_t ino, int64_t behind);

/* Results of a day, counted since 1970. */
int found_on_day(struct store *store, int64_t day, int64_t after, found_visit *visit, void *arg);
/* Are there any from `first` to `last`? */
int found_between(struct store *store, int64_t first, int64_t last, bool *ret_any);
/* The first day and the last one; -ENOENT: there are no results. */
int found_days(struct store *store, int64_t *ret_first, int64_t *ret_last);
/* Prompts whose job is in this state. */
int found_in_state(struct store *store, enum job_state state, int64_t after, found_visit *visit, void *arg);
/* What a model has made. */
int found_of_model(struct store *store, const char *model, int64_t after, found_visit *visit, void *arg);
