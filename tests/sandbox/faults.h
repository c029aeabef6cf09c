/* SPDX-License-Identifier: MIT */
#pragma once
/* faults: misbehaviour on order, for everything (--fault, /_control) or for one job (a marker such
 * as [[cdn-stall=1000]] in its prompt).
 *
 * A spec is NAME[=VALUE][:RATE[:COUNT]]; a marker is [[NAME]], [[NAME=VALUE]], either with *TIMES
 * at the end: only the first TIMES attempts. README.md has the table.
 *
 * Threads: faults_* may be called from any thread; a fault_set belongs to its job. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum fault_id {
	FAULT_SUBMIT_REJECT_DROP,
	FAULT_SUBMIT_401,
	FAULT_SUBMIT_403,
	FAULT_SUBMIT_429,
	FAULT_SUBMIT_1001,
	FAULT_SUBMIT_1001_PARAM,
	FAULT_SUBMIT_1001_EMPTY,
	FAULT_SUBMIT_1002_AUTH,
	FAULT_SUBMIT_1004,
	FAULT_SUBMIT_1007,
	FAULT_SUBMIT_1011,
	FAULT_SUBMIT_1017,
	FAULT_SUBMIT_6002,
	FAULT_SUBMIT_6010,
	FAULT_SUBMIT_6101,
	FAULT_SUBMIT_MODERATION,
	FAULT_SUBMIT_CODE,
	FAULT_REFUSE_MODEL,
	FAULT_REFUSE_PROMPT,
	FAULT_ANSWER,
	FAULT_STATUS_ANSWER,
	FAULT_SUBMIT_DROP,
	FAULT_SUBMIT_500,
	FAULT_SUBMIT_HTML,
	FAULT_SUBMIT_TRUNCATED,
	FAULT_SUBMIT_NO_ID,
	FAULT_SUBMIT_GARBAGE,
	FAULT_SUBMIT_HUGE,
	FAULT_SUBMIT_DEEP,
	FAULT_SUBMIT_SLOW,
	FAULT_STATUS_DROP,
	FAULT_STATUS_500,
	FAULT_STATUS_HTML,
	FAULT_STATUS_TRUNCATED,
	FAULT_STATUS_1003,
	FAULT_STATUS_NOTEXIST,
	FAULT_STATUS_GARBAGE,
	FAULT_STATUS_SLOW,
	FAULT_STATUS_WEIRD,
	FAULT_STATUS_FLIP,
	FAULT_TASK_FAIL,
	FAULT_TASK_FAIL_MODERATION,
	FAULT_TASK_EMPTY,
	FAULT_TASK_CANCELED,
	FAULT_SOUND_FAIL,
	FAULT_IMAGES,
	FAULT_SPLIT,
	FAULT_LIFETIME,
	FAULT_SECONDS,
	FAULT_BYTES,
	FAULT_MOOV_LAST,
	FAULT_FILE,
	FAULT_BAD_URL,
	FAULT_LONG_URL,
	FAULT_CDN_LYING_SUFFIX,
	FAULT_WEBHOOK_LOST,
	FAULT_WEBHOOK_EARLY,
	FAULT_WEBHOOK_TWICE,
	FAULT_CDN_NORANGE,
	FAULT_CDN_NOLENGTH,
	FAULT_CDN_BADLENGTH,
	FAULT_CDN_SHORTLENGTH,
	FAULT_CDN_RESET,
	FAULT_CDN_RESET_ONCE,
	FAULT_CDN_STALL,
	FAULT_CDN_STALL_ONCE,
	FAULT_CDN_404,
	FAULT_CDN_403,
	FAULT_CDN_404_ONCE,
	FAULT_CDN_500_ONCE,
	FAULT_CDN_REDIRECT,
	FAULT_CDN_REDIRECT_FILE,
	FAULT_CDN_HTML,
	FAULT_CDN_CHANGED,
	FAULT_CDN_EMPTY,
	FAULT_CDN_GZIP,
	FAULT_CDN_SLOW,
	FAULT_COVER_404,
	FAULT_NO_ETAG,
	FAULT_UPLOAD_DROP,
	FAULT_UPLOAD_500,
	FAULT_UPLOAD_1014,
	FAULT_UPLOAD_1015,
	FAULT_UPLOAD_1102,
	FAULT_UPLOAD_2004,
	FAULT_CDN_HTTP,
	FAULT_ANSWER_SUBMIT,
	FAULT_ANSWER_SOUND,
	FAULT_ANSWER_STATUS,
	FAULT_ANSWER_BATCH,
	FAULT_ANSWER_UPLOAD,
	FAULT_ANSWER_MODELS,
	FAULT_ANSWER_BALANCE,
	FAULT_COUNT
};

#define FAULT_SET_MAX 16
#define FAULT_TEXT_MAX 128

struct fault_value {
	double number;             /* 0 where none was given */
	char text[FAULT_TEXT_MAX]; /* empty where none was given */
};

struct fault_set {
	unsigned count;
	struct {
		enum fault_id id;
		uint64_t times; /* 0: always */
		struct fault_value value;
	} marker[FAULT_SET_MAX];
};

struct faults;
struct faults *faults_create(uint64_t seed);
void faults_destroy(struct faults *faults);

/* Adds one for everything. 0, or -EINVAL with the reason in ret_error (a constant). */
int faults_add(struct faults *faults, const char *spec, const char **ret_error);
void faults_clear(struct faults *faults);

/* The markers of a prompt. Text in brackets that is no marker is left alone; a known name with a
 * wrong value, or too many markers, is -EINVAL: a test's slip must not pass as success. */
int faults_parse_markers(const char *prompt, struct fault_set *ret);

/* Faults that shape a task are decided once, when it is made: takes those out of set whose TIMES are over for this
 * subject, and adds those for everything. */
void faults_fix_task(struct faults *faults, struct fault_set *set, const char *subject);

/* Does this fault happen now? Counts one attempt on `subject` (what the TIMES are counted for). */
bool faults_hit(struct faults *faults, const struct fault_set *set, enum fault_id id,
	const char *subject, struct fault_value *ret_value);
/* The same without counting, for faults that were fixed with their task. */
bool faults_has(const struct fault_set *set, enum fault_id id, struct fault_value *ret_value);

/* Is this model or this prompt to be refused (refuse-model=CODE@KEY, refuse-prompt=CODE@WORD)? */
bool faults_refuse(struct faults *faults, const char *model, const char *prompt, int *ret_code);

const char *faults_name(enum fault_id id);
void faults_print_names(FILE *file);
