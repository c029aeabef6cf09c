/* SPDX-License-Identifier: MIT */
#pragma once
/* wishes: what each job of the ledger was asked for, by whom, and whether its prompt still asks for it, as rows (design
 * 1.3b). Knows no policy: which wishes are the same, and what follows, is said in fs/job/bought.h.
 *
 * A job has one place. `gone` is when the prompt of that place stopped to ask for this job: it was removed, moved away,
 * or says something else. A row is as old as its job and goes with it (jobs_remove); those of jobs that were sent stay
 * for as long as the account exists. Changes run inside the caller's transaction. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/base/sha256.h"
#include "fs/store/jobs.h"

enum wish_hold { /* why a job is HELD; values are on disk */
	HOLD_NONE = 0,
	HOLD_GUARD = 1,	   /* the day's limit */
	HOLD_RESTORED = 2, /* the account was put back from a backup */
	HOLD_DRY_RUN = 3,
	HOLD_CAPTION = 4,  /* it may be the caption of a picture */
	HOLD_MANUAL = 5,   /* the mount is `-o manual` */
	HOLD_MANY = 6,	   /* one rename asked for many */
};

struct wish_record {
	int64_t job, place;
	char name[256];		   /* the last part of the place's path */
	char hash[SHA256_TEXT];	   /* of the wish without its inputs; "" not known */
	char request[SHA256_TEXT]; /* of what was or would be sent; "" not known yet */
	char *inputs;		   /* owned; where each input comes from, one a line, "?" unknown; NULL: none is known */
	int64_t owner;		   /* user id */
	int64_t gone;		   /* wall-clock ms; 0: it is asked for */
	bool asked;		   /* by `submit`: sent whatever was bought before */
	enum wish_hold hold;
	char *note;		   /* owned; a sentence for the status; NULL none */
	enum job_state state;	   /* of its job; read only, like the next two */
	bool has_task;
	int64_t submitted;
};

void wish_record_finish(struct wish_record *record); /* zeroed memory is fine */

int wishes_add(struct store *store, const struct wish_record *record);
int wishes_get(struct store *store, int64_t job, struct wish_record *ret_record); /* -ENOENT */
/* What a status says of it alone: why it is held, and its sentence (the caller's; NULL none). -ENOENT. */
int wishes_get_note(struct store *store, int64_t job, enum wish_hold *ret_hold, char **ret_note);
int wishes_remove(struct store *store, int64_t job);
/* hash, inputs, request */
int wishes_set_content(struct store *store, const struct wish_record *record);
int wishes_set_hold(struct store *store, int64_t job, enum wish_hold hold);
int wishes_set_asked(struct store *store, int64_t job);
int wishes_set_note(struct store *store, int64_t job, const char *note);
int wishes_set_gone(struct store *store, int64_t job, int64_t gone);
/* The prompt has left the place: all that it asked for is gone since `now`. */
int wishes_leave(struct store *store, int64_t place, int64_t now);
/* The place has another name. */
int wishes_rename(struct store *store, int64_t place, const char *name);
/* The job belongs to another place. */
int wishes_take(struct store *store, int64_t job, int64_t place, const char *name);
/* Is it what its place asked for last? So is a job without a row. */
int wishes_is_last(struct store *store, int64_t job, bool *ret_last);
/* The place has its prompt back: what it asked for last is not gone any more. */
int wishes_return(struct store *store, int64_t place);
/* The place whose job this is asked for it last. */
int wishes_sent(struct store *store, int64_t job);

/* visit() returns 0 to go on, > 0 to stop (which is returned); it may not list or change wishes. */
typedef int wishes_visit(void *arg, const struct wish_record *record);
/* Of one place, the latest job first. */
int wishes_list_place(struct store *store, int64_t place, wishes_visit *visit, void *arg);
/* With this hash or this request ("": with none), whose prompt is gone: those whose place had this path when it was
 * displaced, then those with this name, then all, each from the oldest on. */
int wishes_list_gone(struct store *store, const char *hash, const char *request, const char *path, const char *name,
	wishes_visit *visit, void *arg);
/* With this hash or request, still asked for. */
int wishes_list_there(
	struct store *store, const char *hash, const char *request, wishes_visit *visit, void *arg);
/* Jobs without a hash, by number, of an account from an older version; none once wishes_all_known() was called. */
int wishes_list_unknown(struct store *store, int (*visit)(void *arg, int64_t job), void *arg);
int wishes_all_known(struct store *store);
