/* SPDX-License-Identifier: MIT */
#pragma once
/* queue_gap: the time between two submissions, and what has been seen of the queue's pace. Pure: told the time.
 *
 * The service publishes no rate. While it refuses nothing the gap becomes smaller, a tenth with each submission that was kept waiting
 * by it, down to the least one. A refusal for the rate doubles it, and each one more in a row what is waited for. What the
 * service takes is known from two rows of refusals (taken_every()); the gap goes there quickly, and stays a little above but for a
 * try now and then, each of which may cost one refusal, so that these stay far below one in fifty.
 * Who sends seldom learns nothing. With a fixed gap nothing is learned at all. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_gap {
	int64_t fixed_ms; /* -1: it adapts */
	double least_ms, gap_ms;
	double known_ms;  /* so fast was too fast; 0: nothing was refused yet */
	double next_ms;	  /* monotonic: the next one may go */
	double shortest_ms; /* between two submissions that were accepted; 0: none yet */
	double refused_ms; /* monotonic: the first refusal of the last row of them; 0: there was a pause since */
	double wait_ms;	  /* after the last refusal */
	unsigned in_a_row; /* refusals since something was accepted */
	unsigned accepted; /* since refused_ms */
	unsigned steady, try_after; /* accepted since the last try to be faster; how many are before the next one */
	double step;	  /* of that try */
	bool tries;	  /* the last try was not refused yet */
	bool kept_waiting; /* by the gap, and by nothing else: the one that was sent last */
	int64_t sent_ms;  /* the last one; 0 none */
	int64_t interval_ms; /* between the last two, where the second one was kept waiting; 0 not */
	bool pressed;	  /* others waited when it was sent */
	double every_ms;  /* from one to the next while others wait, as seen lately; 0 not seen */
};

void queue_gap_init(struct queue_gap *gap, int64_t fixed_ms, int64_t least_ms);
/* What an earlier mount has learned, as queue_gap_text() wrote it. Else nothing happens. */
void queue_gap_recall(struct queue_gap *gap, const char *text);
#define QUEUE_GAP_TEXT 96
void queue_gap_text(const struct queue_gap *gap, char text[QUEUE_GAP_TEXT]);

int64_t queue_gap_ms(const struct queue_gap *gap); /* now in force */
int64_t queue_gap_next_ms(const struct queue_gap *gap); /* monotonic: nothing is sent before */
/* One leaves now; others wait behind it. */
void queue_gap_sent(struct queue_gap *gap, int64_t now, bool others_wait);
/* Its answer is here: a fixed gap begins. */
void queue_gap_answered(struct queue_gap *gap, int64_t now);
void queue_gap_accepted(struct queue_gap *gap);
void queue_gap_refused(struct queue_gap *gap); /* for the rate */
/* Nothing is sent for a while, for another reason: that says nothing of the pace. */
void queue_gap_interrupted(struct queue_gap *gap);
/* From one submission to the next while others wait, as far as is known. */
int64_t queue_gap_every_ms(const struct queue_gap *gap);
