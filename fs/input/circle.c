/* SPDX-License-Identifier: MIT */
/* Prompts that wait for each other in a circle, which would wait for ever. */
#include <errno.h>
#include <stdlib.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/input/inputs_private.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"

#define CIRCLE_MAX 1000 /* prompts that are looked at for one circle */

struct circle {
	struct inputs *inputs;
	int64_t target;
	int64_t seen[CIRCLE_MAX], from[CIRCLE_MAX]; /* from: index of the one that led here */
	size_t count;
};

static const struct job_inputs *inputs_of(struct inputs *inputs, int64_t prompt)
{
	struct node node;

	if (nodes_get(inputs->needs.store, prompt, &node) < 0 || node.job == 0 ||
		node.draft != DRAFT_NONE)
		return NULL;
	struct job *job = job_table_find(inputs->needs.jobs, node.job);
	return job != NULL ? job_inputs_of(job) : NULL;
}

static void add_to_circle(struct circle *circle, int64_t prompt, int64_t from)
{
	for (size_t i = 0; i < circle->count; i++)
		if (circle->seen[i] == prompt)
			return;
	if (circle->count == CIRCLE_MAX)
		return;
	circle->seen[circle->count] = prompt;
	circle->from[circle->count++] = from;
}

/* "/FLUX/a.txt <- /FLUX/b.txt <- /FLUX/a.txt", from the end of the chain back to its start. */
static char *describe_circle(const struct circle *circle, size_t last)
{
	struct buf text;

	buf_init(&text, 8192);
	for (int64_t i = (int64_t)last;; i = circle->from[i]) {
		CLEANUP_FREE char *path = NULL;
		struct node node;
		if (nodes_get(circle->inputs->needs.store, i < 0 ? circle->target : circle->seen[i],
			    &node) < 0 ||
			place_path(circle->inputs->needs.store, &node, &path) < 0)
			break;
		buf_addf(&text, "%s%s", text.length > 0 ? " <- " : "", path);
		if (i < 0)
			break;
	}
	return buf_steal(&text);
}

bool circle_find(struct inputs *inputs, const struct job *job, char **ret_text)
{
	struct circle *circle = calloc(1, sizeof(*circle));
	const struct job_inputs *own = job_inputs_of(job);
	struct job_place place;
	bool found = false;

	if (circle == NULL)
		return false;
	job_place(job, &place);
	circle->inputs = inputs;
	circle->target = place.ino;
	for (size_t i = 0; i < own->prompt.ref_count; i++)
		if (own->on[i] != 0)
			add_to_circle(circle, own->on[i], -1);
	for (size_t at = 0; at < circle->count && !found; at++) {
		const struct job_inputs *other = inputs_of(inputs, circle->seen[at]);
		for (size_t i = 0; other != NULL && i < other->prompt.ref_count; i++) {
			if (other->on[i] == circle->target) {
				*ret_text = describe_circle(circle, at);
				found = true;
				break;
			}
			if (other->on[i] != 0)
				add_to_circle(circle, other->on[i], (int64_t)at);
		}
	}
	free(circle);
	return found;
}
