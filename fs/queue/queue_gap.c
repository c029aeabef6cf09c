/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_gap.h"

#include <math.h>
#include <stdio.h>

#define FIRST 5.0     /* times the least gap: where it begins */
#define CEILING 120.0 /* times the least gap: the ceiling */
#define FASTER 0.9    /* each submission, while nothing was ever refused */
#define ABOVE 1.01    /* of what is known: where it stays */
#define BACK 0.5      /* of the way there, each submission after a refusal */
#define CLOSER 0.97   /* times an interval: is clearly less */
#define TRY_AFTER 25  /* submissions, then a little faster; twice as many after each try that was refused */
#define TRY_AFTER_MOST 3200
#define TRY_LEAST 0.03 /* faster; twice as much after each try that was not refused */
#define TRY_MOST 0.16

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
	*gap = (struct queue_gap){.fixed_ms = fixed_ms, .least_ms = (double)(least_ms > 0 ? least_ms : 1), .try_after = TRY_AFTER, .step = TRY_LEAST};
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
	if (gap->fixed_ms < 0) {
		double late = (double)now - gap->next_ms;
		/* one that places were waited for says nothing of the gap; one that was refused may have waited longer by itself */
		gap->kept_waiting = gap->interval_ms > 0 && late <= gap->gap_ms + 1;
		if (!gap->kept_waiting && gap->in_a_row == 0)
			gap->refused_ms = 0;
		/* the loop's clock has whole milliseconds: what was lost by that is made up for */
		gap->next_ms = (double)now - (late < 1 ? most(late, 0) : 0) + gap->gap_ms;
	}
	gap->sent_ms = now;
	gap->pressed = others_wait;
}

void queue_gap_answered(struct queue_gap *gap, int64_t now)
{
	if (gap->fixed_ms >= 0)
		gap->next_ms = (double)(now + gap->fixed_ms);
}

static void try_faster(struct queue_gap *gap)
{
	if (++gap->steady < gap->try_after)
		return;
	if (gap->tries)
		gap->step = least(gap->step * 2, TRY_MOST);
	gap->steady = 0;
	gap->tries = true;
	gap->known_ms *= 1 - gap->step;
}

void queue_gap_accepted(struct queue_gap *gap)
{
	double target = most(gap->known_ms * ABOVE, gap->least_ms);

	gap->in_a_row = 0;
	gap->accepted++;
	if (gap->fixed_ms >= 0 || !gap->kept_waiting)
		return;
	if (gap->shortest_ms == 0 || (double)gap->interval_ms < gap->shortest_ms)
		gap->shortest_ms = (double)gap->interval_ms;
	if (gap->known_ms == 0) {
		gap->gap_ms = most(gap->gap_ms * FASTER, target);
		return;
	}
	gap->gap_ms += (target - gap->gap_ms) * BACK;
	try_faster(gap);
}

/* What the service takes, as far as refusals have shown. One that refuses intervals which are shorter than all that it took has a
 * least interval. Else it has a stock, which was empty at this refusal and at the one before: what it took between them is its rate,
 * whatever the pace was. */
static double taken_every(const struct queue_gap *gap)
{
	double since = (double)gap->sent_ms - gap->refused_ms;

	if (gap->kept_waiting && gap->shortest_ms > 0 && (double)gap->interval_ms < gap->shortest_ms * CLOSER)
		return gap->shortest_ms;
	if (gap->refused_ms > 0 && gap->accepted > 0)
		return since / gap->accepted;
	return gap->gap_ms * 1.25;
}

void queue_gap_refused(struct queue_gap *gap)
{
	if (gap->fixed_ms >= 0)
		return;
	if (gap->in_a_row++ == 0) {
		/* never much slower than what was just tried: there may have been a pause that nothing is known of */
		gap->known_ms = limit(gap, least(most(taken_every(gap), gap->gap_ms), gap->gap_ms * 2));
		gap->gap_ms = limit(gap, gap->gap_ms * 2);
		gap->wait_ms = gap->gap_ms;
		if (gap->tries && gap->try_after < TRY_AFTER_MOST)
			gap->try_after *= 2;
		gap->step = TRY_LEAST;
		gap->tries = false;
		gap->refused_ms = (double)gap->sent_ms;
		gap->accepted = gap->steady = 0;
	} else {
		gap->wait_ms *= 2;
	}
	gap->next_ms = most(gap->next_ms, (double)gap->sent_ms + gap->wait_ms);
}

void queue_gap_interrupted(struct queue_gap *gap)
{
	gap->pressed = false;
}

int64_t queue_gap_every_ms(const struct queue_gap *gap)
{
	return round_up(most(gap->every_ms, gap->gap_ms));
}
