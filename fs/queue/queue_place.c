/* SPDX-License-Identifier: MIT */
/* Where a job stands in line, for people: how many are sent before it, what it waits for, and when it will probably go, by what has
 * been seen of the pace. */
#include "fs/queue/queue_private.h"

#include <stdio.h>

#include "fs/base/clock.h"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool waits_for_a_person(const struct queue *queue)
{
	return queue->needs.read_only || queue->pause != QUEUE_RUNS;
}

/* Monotonic ms: when the queue may send anything, as far as is known. */
static int64_t opens_ms(const struct queue *queue)
{
	int64_t now = clock_mono_ms();
	int64_t opens = later(later(now, queue->not_before), queue_gap_next_ms(&queue->gap));

	/* a place becomes free about as often as one was filled */
	return queue_active(queue) >= queue->needs.max_active ? later(opens, now + queue_gap_every_ms(&queue->gap)) : opens;
}

static int64_t wall_ms(int64_t mono_ms)
{
	return clock_wall_ms() + mono_ms - clock_mono_ms();
}

static void say_what_for(const struct queue *queue, const struct job *job, struct queue_place *place)
{
	int64_t now = clock_mono_ms();
	const char *what = "its turn";

	if (queue->needs.read_only)
		what = "a mount that is not read-only";
	else if (queue->pause == QUEUE_PAUSED_CREDITS)
		what = "credits";
	else if (queue->pause != QUEUE_RUNS)
		what = "the key";
	else if (queue->not_before > now)
		what = queue->disk_failures > 0 ? "the disk"
		       : queue->wants_place	? "a free place at the service"
						: "the service";
	else if (queue_models_not_before(queue->models, job->record.model) > now)
		what = "its model";
	else if (job->not_before > now)
		what = "the time that the service has told";
	snprintf(place->waits_for, sizeof(place->waits_for), "%s", what);
	if (!waits_for_a_person(queue) && queue->not_before <= now && queue_active(queue) >= queue->needs.max_active)
		snprintf(place->waits_for, sizeof(place->waits_for), "a free place (%d of %d tasks run)",
			queue_active(queue), queue->needs.max_active);
}

bool queue_place(const struct queue *queue, const struct job *job, struct queue_place *ret_place)
{
	const struct job_lines *lines = &queue->needs.jobs->lines;

	if (!job->queued)
		return false;
	size_t ahead = job_lines_ahead(lines, job);
	*ret_place = (struct queue_place){.place = ahead + 1, .of = lines->all.count};
	say_what_for(queue, job, ret_place);
	if (waits_for_a_person(queue))
		return true;
	int64_t at = later(opens_ms(queue), queue_models_not_before(queue->models, job->record.model)) +
		     (int64_t)ahead * queue_gap_every_ms(&queue->gap);
	ret_place->at = wall_ms(later(at, job->not_before));
	return true;
}

int64_t queue_ends(const struct queue *queue)
{
	size_t count = queue->needs.jobs->lines.all.count;

	return count == 0 || waits_for_a_person(queue)
		       ? 0
		       : wall_ms(opens_ms(queue) + (int64_t)(count - 1) * queue_gap_every_ms(&queue->gap));
}

int64_t queue_every_ms(const struct queue *queue)
{
	return queue_gap_every_ms(&queue->gap);
}
