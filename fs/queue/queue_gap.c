/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_gap.h"

#include <math.h>
#include <stdio.h>

#define FIRST 5.0     /* times the least gap: where it begins */
#define CEILING 120.0   /* times the least gap: the ceiling */
#define FASTER 0.9    /* each submission, while nothing was ever refused */
#define ABOVE 1.02    /* of what is known to be too fast: where it stays */
#define BACK 0.25     /* of the way there, each submission after a refusal */
#define SLOWER 1.1    /* where it was refused before it had settled */
#define TRY_AFTER 200 /* submissions, then a little faster; twice as many after each try that was refused */
#define TRY_AFTER_MOST 3200
#define TRY 0.96
#define SETTLED 1.05 /* times where it stays: it has come there */
#define SEEN 5 /* submissions between two refusals that tell what the service takes */

static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

static int64_t round_up(double ms)
{
	return (int64_t)ms + ((double)(int64_t)ms < ms);
}

void queue_gap_init(struct queue_gap *gap, int64_t fixed_ms, int64_t least_ms)
{
	*gap = (struct queue_gap){.fixed_ms = fixed_ms, .least_ms = (double)(least_ms > 0 ? least_ms : 1), .try_after = TRY_AFTER};
	gap->gap_ms = fixed_ms >= 0 ? (double)fixed_ms : gap->least_ms * FIRST;
}

static double limit(const struct queue_gap *gap, double ms)
{
	return least(most(ms, gap->least_ms), gap->least_ms * CEILING);
}

void queue_gap_recall(struct queue_gap *gap, const char *text)
{
	double ms, known;

	if (gap->fixed_ms >= 0 || sscanf(text, "%lf %lf", &ms, &known) != 2 || !isfinite(ms) || !isfinite(known))
		return;
	gap->gap_ms = limit(gap, ms);
	gap->known_ms = known > 0 ? limit(gap, known) : 0;
}

void queue_gap_text(const struct queue_gap *gap, char text[QUEUE_GAP_TEXT])
{
	snprintf(text, QUEUE_GAP_TEXT, "%.3f %.3f", gap->gap_ms, gap->known_ms);
}

int64_t queue_gap_ms(const struct queue_gap *gap)
{
	return round_up(gap->gap_ms);
}

int64_t queue_gap_next_ms(const struct queue_gap *gap)
{
	return round_up(gap->next_ms);
}

static void learn_pace(struct queue_gap *gap, int64_t now)
{
	gap->interval_ms = gap->pressed && gap->sent_ms != 0 ? now - gap->sent_ms : 0;
	if (gap->interval_ms > 0)
		gap->every_ms += ((double)gap->interval_ms - gap->every_ms) / (gap->every_ms > 0 ? 8 : 1);
}

void queue_gap_sent(struct queue_gap *gap, int64_t now, bool others_wait)
{
	learn_pace(gap, now);
	gap->sent_ms = now;
	gap->pressed = others_wait;
	if (gap->fixed_ms >= 0)
		return;
	/* the loop's clock has whole milliseconds: what was lost by that is made up for */
	double late = (double)now - gap->next_ms;
	gap->next_ms = (double)now - (late < 1 ? most(late, 0) : 0) + gap->gap_ms;
}

void queue_gap_answered(struct queue_gap *gap, int64_t now)
{
	if (gap->fixed_ms >= 0)
		gap->next_ms = (double)(now + gap->fixed_ms);
}

void queue_gap_accepted(struct queue_gap *gap)
{
	double target = most(gap->known_ms * ABOVE, gap->least_ms);

	if (gap->fixed_ms >= 0 || gap->interval_ms == 0)
		return;
	/* one that places were waited for says nothing of the gap */
	if ((double)gap->interval_ms > 2 * gap->gap_ms + 1)
		return;
	if (gap->gap_ms < target * SETTLED) {
		gap->spent_ms += (double)gap->interval_ms;
		gap->accepted++;
	}
	if (gap->known_ms == 0)
		gap->gap_ms = most(gap->gap_ms * FASTER, target);
	else
		gap->gap_ms += (target - gap->gap_ms) * BACK;
	if (gap->known_ms == 0 || ++gap->steady < gap->try_after)
		return;
	if (gap->tries)
		gap->try_after = TRY_AFTER;
	gap->steady = 0;
	gap->tries = true;
	gap->known_ms *= TRY;
}

void queue_gap_refused(struct queue_gap *gap)
{
	double kept_up = gap->accepted >= SEEN ? gap->spent_ms / gap->accepted / ABOVE : gap->known_ms * SLOWER;

	if (gap->fixed_ms >= 0)
		return;
	/* a burst that is allowed at first hides it: never slower than twice what was just tried */
	gap->known_ms = limit(gap, least(most(gap->gap_ms, kept_up), gap->gap_ms * 2));
	gap->gap_ms = limit(gap, gap->gap_ms * 2);
	gap->next_ms = most(gap->next_ms, (double)gap->sent_ms + gap->gap_ms);
	if (gap->tries && gap->try_after < TRY_AFTER_MOST)
		gap->try_after *= 2;
	gap->tries = false;
	gap->spent_ms = 0;
	gap->accepted = gap->steady = 0;
}

void queue_gap_interrupted(struct queue_gap *gap)
{
	gap->pressed = false;
}

int64_t queue_gap_every_ms(const struct queue_gap *gap)
{
	return round_up(most(gap->every_ms, gap->gap_ms));
}
