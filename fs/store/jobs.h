/* SPDX-License-Identifier: MIT */
#pragma once
/* jobs: the ledger: generations, their tasks, their results' addresses, and the day's count of submissions, as rows.
 * Knows no policy: the rooms above decide which change is legal; a change runs inside the caller's store_begin()/store_end().
 * Times are wall-clock milliseconds, 0 none. Strings of a record are owned by it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum job_state { /* values are on disk */
	JOB_INVALID = 1,
	JOB_WAITING = 2,
	JOB_QUEUED = 3,
	JOB_HELD = 4,
	JOB_SUBMITTING = 5,
	JOB_PENDING = 6,
	JOB_PROCESSING = 7,
	JOB_SUCCESS = 8,
	JOB_FAILED = 9,
	JOB_UNKNOWN = 10,
	JOB_FETCHING = 11, /* made; its results are not in the tree yet */
	JOB_BLOCKED = 12,  /* an input is missing or has failed: it goes on by itself when that changes */
	JOB_STATE_COUNT
};

/* Where a job belongs at this moment. */
struct job_place {
	int64_t ino;	/* its prompt; 0: removed or moved away */
	int64_t dir;	/* where the prompt is, or was, and its name without ".txt" */
	char stem[256];
};

struct job_record {
	int64_t id;
	struct job_place place; /* as it was when the row was written or read: users move files (jobs_place()) */
	char *model, *mode; /* the model's directory name; "text-to-image", … ("" when INVALID) */
	enum job_state state;
	char *text; /* the prompt file as it was examined; NUL-terminated, may hold NULs */
	size_t text_length;
	char *body;	  /* the exact request; NULL when INVALID */
	int64_t batch;	  /* 0 none */
	int64_t created, submitted, finished;
	int64_t attempts; /* rejections so far that may be repeated */
	int64_t next_attempt;
	int64_t step_asked; /* the second request, which its tool has (`then`), was sent, or may have been; 0: not */
	bool dry_run;	  /* HELD for being a dry run */
	bool unmade;	  /* in `body` addresses are missing, which its inputs get when it is sent: of a dry run */
	char *left_out; /* what the text says and the request has not, for people; NULL nothing */
	char *settings; /* what the request has, and who said so, for people; NULL nothing */
	/* Sentences, NULL none. What is worth knowing; what keeps it from going on, or, of a SUCCESS, what is missing; why it
	 * has ended or cannot go on. */
	char *warning, *trouble, *error;
	double balance_before, balance_after; /* credits around the submission; NAN unknown */
	int64_t balance_at;		      /* when balance_before was read */
};

struct task_record {
	char *id;
	int state; /* enum task_state of fs/api/envelope.h */
	char *message;
};

enum result_kind { /* values are on disk */
	RESULT_FILE = 0,    /* at `url` */
	RESULT_TEXT = 1,    /* `text` is the bytes; url "" */
	RESULT_COVER = 2,   /* the picture of a sound: not waited for as what was paid for is */
	RESULT_REFUSED = 3, /* `url` is none that is fetched: it is kept for people to see */
};

struct result_record {
	int64_t job, seq;
	enum result_kind kind;
	char *task, *url;
	char *text; /* RESULT_TEXT; else NULL */
	int64_t ino;  /* its file once published; 0 before, or after that was removed */
	int64_t size; /* -1 unknown */
	int64_t extra; /* the file that users see has so many bytes more (grafts.h) */
	char *etag, *type; /* NULL unknown; type is a suffix: "png" */
	char *content;     /* by what its bytes are known again (fs/media/content.h), also when its file is gone; NULL unknown */
};

void job_record_finish(struct job_record *record); /* zeroed memory is fine */
void task_records_finish(struct task_record *tasks, size_t count);
void result_record_finish(struct result_record *record);
void result_records_finish(struct result_record *results, size_t count);

int jobs_add(struct store *store, struct job_record *record); /* writes the id back */
/* Everything but id, text, model, mode, created, left_out and settings, which never change, and the place (jobs_move). The time
 * of its prompt's status is now. */
int jobs_save(struct store *store, const struct job_record *record);
int jobs_remove(struct store *store, int64_t id); /* with tasks and results */
int jobs_get(struct store *store, int64_t id, struct job_record *ret_record); /* -ENOENT */
/* Jobs that have not ended, by id. */
int jobs_list_open(struct store *store, int (*visit)(void *arg, int64_t id), void *arg);
/* The jobs of prompt `ino` are called so now. */
int jobs_move(struct store *store, int64_t ino, int64_t dir, const char *stem);
/* The prompt `ino` is gone from its place: its jobs keep the name and have no prompt. */
int jobs_detach(struct store *store, int64_t ino);
/* The jobs of this place (places.h), or this one job, belong to prompt `ino`, which is called so, from now on. */
int jobs_set_prompt(struct store *store, int64_t place, int64_t ino, int64_t dir, const char *stem);
int jobs_set_place(struct store *store, int64_t id, int64_t ino, int64_t dir, const char *stem);
/* Is a job of prompt `ino` on its way: from SUBMITTING until its results are in the tree? */
int jobs_is_running(struct store *store, int64_t ino, bool *ret_running);
/* The latest job of prompt `ino` that has been, or may have been, sent: -ENOENT none. */
int jobs_find_sent(struct store *store, int64_t ino, int64_t *ret_id);
/* The latest time that any job tells of; 0: there is none. */
int jobs_latest_time(struct store *store, int64_t *ret_wall_ms);
int jobs_place(struct store *store, int64_t id, struct job_place *ret_place); /* -ENOENT */
int jobs_count_states(struct store *store, int64_t counts[JOB_STATE_COUNT]);

/* Whole lists are written at once. *ret are malloc'ed arrays. */
int tasks_set(struct store *store, int64_t job, const struct task_record *tasks, size_t count);
int tasks_get(struct store *store, int64_t job, struct task_record **ret_tasks, size_t *ret_count);
int results_set(struct store *store, int64_t job, const struct result_record *results, size_t count);
int results_get(struct store *store, int64_t job, struct result_record **ret_results, size_t *ret_count);
/* Files in `dir` that other jobs of prompt `ino` have made. */
int results_list_older(struct store *store, int64_t ino, int64_t job, int64_t dir,
	int (*visit)(void *arg, int64_t node), void *arg);
/* The first result that ever had this content (fs/media/content.h), removed ones included: -ENOENT. */
int results_find_content(struct store *store, const char *content, int64_t *ret_job, int64_t *ret_seq);
/* Published results of so many bytes. visit() returns 0 to go on, > 0 to stop. */
int results_list_sized(struct store *store, int64_t size,
	int (*visit)(void *arg, const struct result_record *result), void *arg);
int results_find(struct store *store, int64_t ino, struct result_record *ret_result); /* -ENOENT */
/* The one whose file this was, when it was removed (removed.h): -ENOENT. */
int results_find_removed(struct store *store, int64_t ino, struct result_record *ret_result);
int results_save(struct store *store, const struct result_record *result); /* ino, size, extra, etag, type, content; with another ino it is not kept any more */
/* How many bytes of its own a published result has, without those that users see beside them: -ENOENT. */
int results_size(struct store *store, int64_t ino, int64_t *ret_size);
enum result_kept { /* values are on disk */
	RESULT_UNKEPT = 0,
	RESULT_KEPT = 1,  /* it was whole in the cache once */
	RESULT_TRIED = 2, /* it could not be fetched lately */
};
struct unkept {
	int64_t job, seq;
	int64_t ino, size, made; /* made: wall-clock ms */
};
/* The smallest published result that is unkept, or the one of the oldest job: -ENOENT none. */
int results_next_unkept(struct store *store, bool smallest, struct unkept *ret_unkept);
int results_try_unkept(struct store *store); /* what was tried is unkept again */
int results_set_kept(struct store *store, int64_t job, int64_t seq, enum result_kept kept);
/* Its new address, and nothing else: whoever asked for it has waited, and the rest of the row may be another one by now. */
int results_set_url(struct store *store, int64_t job, int64_t seq, enum result_kind kind,
	const char *url);
int results_forget_ino(struct store *store, int64_t ino); /* its file was removed */

/* Results asked for on a day ("2026-11-21", UTC). */
int spend_add(struct store *store, const char *day, int number);
int spend_take_back(struct store *store, const char *day, int number); /* one that certainly was none */
int spend_get(struct store *store, const char *day, int64_t *ret_count);
