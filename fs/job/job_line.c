/* SPDX-License-Identifier: MIT */
#include "fs/job/job_line.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/job/job.h"

void job_lines_init(struct job_lines *lines)
{
	*lines = (struct job_lines){0};
	list_init(&lines->models);
	list_init(&lines->busy);
	list_init(&lines->waiting);
}

static void line_free(struct job_line *line)
{
	list_remove(&line->link);
	free(line->jobs);
	free(line->model);
	free(line);
}

void job_lines_finish(struct job_lines *lines)
{
	while (!list_empty(&lines->models))
		line_free(list_entry(lines->models.next, struct job_line, link));
	free(lines->all.jobs);
}

struct job *job_line_at(const struct job_line *line, size_t n)
{
	assert(n < line->count);
	return line->jobs[line->first + n];
}

size_t job_line_before(const struct job_line *line, int64_t id)
{
	size_t low = 0, high = line->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (job_line_at(line, middle)->record.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int line_reserve(struct job_line *line)
{
	if (line->members < line->size)
		return 0;
	size_t size = line->size == 0 ? 16 : line->size * 2;
	struct job **jobs = reallocarray(line->jobs, size, sizeof(struct job *));
	if (jobs == NULL)
		return -ENOMEM;
	line->jobs = jobs;
	line->size = size;
	return 0;
}

static void line_add(struct job_line *line, struct job *job)
{
	size_t at = job_line_before(line, job->record.id);

	if (line->first + line->count == line->size) {
		memmove(line->jobs, line->jobs + line->first, line->count * sizeof(struct job *));
		line->first = 0;
	}
	struct job **place = line->jobs + line->first + at;
	memmove(place + 1, place, (line->count - at) * sizeof(struct job *));
	*place = job;
	line->count++;
}

static void line_remove(struct job_line *line, const struct job *job)
{
	size_t at = job_line_before(line, job->record.id);
	struct job **front = line->jobs + line->first;

	assert(at < line->count && front[at] == job);
	line->count--;
	if (at < line->count / 2) {
		memmove(front + 1, front, at * sizeof(struct job *));
		line->first++;
	} else {
		memmove(front + at, front + at + 1, (line->count - at) * sizeof(struct job *));
	}
}

/* The line of this model, a new one where there is none. */
static struct job_line *line_of(struct job_lines *lines, const char *model)
{
	struct list *item;

	list_for_each(item, &lines->models)
	{
		struct job_line *line = list_entry(item, struct job_line, link);
		if (strcmp(line->model, model) == 0)
			return line;
	}
	struct job_line *line = calloc(1, sizeof(*line));
	if (line == NULL)
		return NULL;
	line->model = strdup(model);
	if (line->model == NULL) {
		free(line);
		return NULL;
	}
	list_append(&lines->models, &line->link);
	return line;
}

int job_lines_enter(struct job_lines *lines, struct job *job)
{
	struct job_line *line = line_of(lines, job->record.model);
	int r = line == NULL ? -ENOMEM : line_reserve(line);

	if (r == 0)
		r = line_reserve(&lines->all);
	if (r < 0) {
		if (line != NULL && line->members == 0)
			line_free(line);
		return r;
	}
	line->members++;
	lines->all.members++;
	job->lines = lines;
	job->line = line;
	return 0;
}

static void set_queued(struct job *job, bool queued)
{
	if (job->queued == queued)
		return;
	job->queued = queued;
	if (queued) {
		line_add(job->line, job);
		line_add(&job->lines->all, job);
	} else {
		line_remove(job->line, job);
		line_remove(&job->lines->all, job);
	}
}

void job_lines_leave(struct job_lines *lines, struct job *job)
{
	if (job->line == NULL)
		return;
	set_queued(job, false);
	list_remove(&job->busy);
	list_remove(&job->waiting);
	lines->all.members--;
	if (--job->line->members == 0)
		line_free(job->line);
	job->line = NULL;
}

static void set_among(struct list *list, struct list *item, bool is_in)
{
	if (!is_in)
		list_remove(item);
	else if (list_empty(item))
		list_append(list, item);
}

void job_lines_note(struct job *job, unsigned where)
{
	if (job->line == NULL)
		return;
	set_queued(job, (where & JOB_LINE_QUEUED) != 0);
	set_among(&job->lines->busy, &job->busy, (where & JOB_LINE_BUSY) != 0);
	set_among(&job->lines->waiting, &job->waiting, (where & JOB_LINE_WAITING) != 0);
}

void job_line_sent(struct job_lines *lines, struct job_line *line)
{
	line->turn = ++lines->turns;
}

bool job_line_is_first(const struct job_line *line, const struct job_line *other)
{
	if (line->turn != other->turn)
		return line->turn < other->turn;
	return job_line_at(line, 0)->record.id < job_line_at(other, 0)->record.id;
}

size_t job_lines_ahead(const struct job_lines *lines, const struct job *job)
{
	size_t place = job_line_before(job->line, job->record.id), ahead = place;
	const struct list *item;

	list_for_each(item, &lines->models)
	{
		const struct job_line *line = list_entry(item, struct job_line, link);
		if (line == job->line || line->count == 0)
			continue;
		size_t turns = place + (job_line_is_first(line, job->line) ? 1 : 0);
		ahead += turns < line->count ? turns : line->count;
	}
	return ahead;
}
