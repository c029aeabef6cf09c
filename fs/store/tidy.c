/* SPDX-License-Identifier: MIT */
#include "fs/store/tidy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/store/db_private.h"
#include "fs/store/jobs.h"
#include "fs/store/pack.h"
#include "fs/store/places.h"
#include "fs/store/store_private.h"
#include "fs/store/wishes.h"

#define FIRST_MS 120000 /* the mount has settled */
#define AGAIN_MS (INT64_C(3600) * 1000)
#define STEP_MS 50
#define SLICE 32	 /* jobs */
#define FREE_LEAST 1024	 /* pages of 4 KiB: fewer are used again soon */
#define FREE_SHARE 8	 /* nor is one in so many worth it */

struct tidy {
	struct store *store; /* borrowed */
	struct loop_timer *timer;
	int64_t after;
};

struct old_job {
	int64_t id, submitted, place, gone;
	enum job_state state;
	bool has_task;
};

struct slice {
	int64_t after, now;
	bool is_last;
};

static int list_old(struct store *store, int64_t after, struct old_job jobs[SLICE], size_t *ret_count)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job.id, job.state, job.submitted, ifnull(wish.place, 0), ifnull(wish.gone, 1),"
		" EXISTS(SELECT 1 FROM task WHERE task.job = job.id)"
		" FROM job INDEXED BY job_whole LEFT JOIN wish ON wish.job = job.id"
		" WHERE job.packed = 0 AND job.ino = 0 AND job.ended = 1 AND job.id > ? ORDER BY job.id LIMIT 32",
		&row, "i", after);
	size_t count = 0;

	for (; r == 1 && count < SLICE; r = db_row_next(store->db, row))
		jobs[count++] = (struct old_job){.id = sqlite3_column_int64(row, 0),
			.state = (enum job_state)sqlite3_column_int(row, 1),
			.submitted = sqlite3_column_int64(row, 2),
			.place = sqlite3_column_int64(row, 3),
			.gone = sqlite3_column_int64(row, 4),
			.has_task = sqlite3_column_int(row, 5) != 0};
	*ret_count = count;
	return r < 0 ? r : 0;
}

static int forget(struct store *store, const struct old_job *job)
{
	/* one that was sent is counted by day and state for ever */
	int r = job->submitted == 0 ? jobs_remove(store, job->id) : wishes_remove(store, job->id);

	if (r == 0 && job->submitted != 0)
		r = db_run(store->db,
			"UPDATE job SET text = x'', body = NULL, left_out = NULL, settings = NULL, warning = NULL, trouble = NULL,"
			" error = NULL, packed = 1 WHERE id = ?",
			"i", job->id);
	return r < 0 || job->place == 0 ? r : places_drop_unused(store, job->place);
}

static int keep_packed(struct store *store, const struct old_job *job)
{
	CLEANUP(job_record_finish) struct job_record record = {0};
	CLEANUP_FREE void *text = NULL, *body = NULL;
	size_t length = 0, body_length = 0;
	int r = jobs_get(store, job->id, &record);

	if (r < 0)
		return r;
	text = pack(record.text, record.text_length, NULL, 0, &length);
	if (record.body != NULL)
		body = pack(record.body, strlen(record.body), record.text, record.text_length, &body_length);
	r = db_run(store->db, "UPDATE job SET packed = ?, text = ifnull(?, text), body = ifnull(?, body) WHERE id = ?", "ibbi",
		(int64_t)(JOB_PACKED | (text != NULL ? JOB_PACKED_TEXT : 0)), text, length, body, body_length, job->id);
	return r;
}

/* As bought_is_paid(), of those that have ended. */
static bool was_paid(const struct old_job *job)
{
	return job->state == JOB_SUCCESS || job->state == JOB_UNKNOWN || job->has_task;
}

static int look_at_jobs(struct store *store, void *arg)
{
	struct slice *slice = arg;
	struct old_job jobs[SLICE];
	size_t count;
	int r = list_old(store, slice->after, jobs, &count);

	slice->is_last = count < SLICE;
	for (size_t i = 0; i < count && r == 0; i++) {
		slice->after = jobs[i].id;
		/* asked for, or gone a moment ago: an editor may bring it back */
		if (jobs[i].gone == 0 || slice->now - jobs[i].gone < CLOCK_DAY_MS)
			continue;
		r = was_paid(&jobs[i]) ? keep_packed(store, &jobs[i]) : forget(store, &jobs[i]);
	}
	return r;
}

static int give_back(struct store *store, bool *ret_more)
{
	int64_t free_pages = 0, pages = 0;
	int r = db_pragma_int(store->db, "PRAGMA freelist_count", &free_pages);

	if (r == 0)
		r = db_pragma_int(store->db, "PRAGMA page_count", &pages);
	*ret_more = r == 0 && free_pages >= FREE_LEAST && free_pages >= pages / FREE_SHARE;
	return *ret_more ? db_exec(store->db, "PRAGMA incremental_vacuum(64)") : r;
}

int tidy_slice(struct store *store, int64_t now_wall_ms, int64_t *after, bool *ret_more)
{
	struct slice slice = {.after = *after, .now = now_wall_ms};
	bool gives_back = false;
	int r = store_run(store, false, look_at_jobs, &slice);

	if (r == 0 && slice.is_last)
		r = give_back(store, &gives_back);
	*after = slice.after;
	*ret_more = r == 0 && (!slice.is_last || gives_back);
	return r;
}

static void step(void *arg)
{
	struct tidy *tidy = arg;
	bool more;
	int r = tidy_slice(tidy->store, clock_wall_ms(), &tidy->after, &more);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "store: what is old could not be made smaller");
	if (!more)
		tidy->after = 0;
	loop_timer_arm(tidy->timer, more ? STEP_MS : AGAIN_MS);
}

int tidy_create(struct loop *loop, struct store *store, struct tidy **ret_tidy)
{
	struct tidy *tidy = calloc(1, sizeof(*tidy));

	if (tidy == NULL)
		return -ENOMEM;
	tidy->store = store;
	int r = loop_timer_create(loop, step, tidy, &tidy->timer);
	if (r < 0) {
		free(tidy);
		return r;
	}
	loop_timer_arm(tidy->timer, FIRST_MS);
	*ret_tidy = tidy;
	return 0;
}

void tidy_destroy(struct tidy *tidy)
{
	if (tidy == NULL)
		return;
	loop_timer_destroy(tidy->timer);
	free(tidy);
}
