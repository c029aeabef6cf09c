/* SPDX-License-Identifier: MIT */
#include "fs/job/job_table.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/map.h"

int job_table_create(struct store *store, struct changes *changes, struct job_table **ret_table)
{
	struct job_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return -ENOMEM;
	table->store = store;
	table->changes = changes;
	list_init(&table->jobs);
	job_lines_init(&table->lines);
	table->by_id = map_create();
	if (table->by_id == NULL) {
		free(table);
		return -ENOMEM;
	}
	*ret_table = table;
	return 0;
}

void job_table_destroy(struct job_table *table)
{
	struct job *job;

	if (table == NULL)
		return;
	while ((job = job_table_first(table)) != NULL)
		job_table_remove(job);
	job_lines_finish(&table->lines);
	map_destroy(table->by_id);
	free(table);
}

int job_table_enter(struct job_table *table, struct job *job)
{
	int r = map_put(table->by_id, (uint64_t)job->record.id, job);

	if (r == 0)
		r = job_lines_enter(&table->lines, job);
	if (r < 0) {
		map_remove(table->by_id, (uint64_t)job->record.id);
		return r;
	}
	list_append(&table->jobs, &job->link);
	job_note_state(job);
	/* from now on it is looked up: job_place() */
	job->record.place = (struct job_place){0};
	return 0;
}

struct job *job_table_find(const struct job_table *table, int64_t id)
{
	return map_get(table->by_id, (uint64_t)id);
}

void job_table_remove(struct job *job)
{
	map_remove(job->table->by_id, (uint64_t)job->record.id);
	job_lines_leave(&job->table->lines, job);
	job_destroy(job);
}

static struct job *job_at(const struct job_table *table, struct list *item)
{
	return item == &table->jobs ? NULL : list_entry(item, struct job, link);
}

struct job *job_table_first(const struct job_table *table)
{
	return job_at(table, table->jobs.next);
}

struct job *job_table_next(const struct job *job)
{
	return job_at(job->table, job->link.next);
}
