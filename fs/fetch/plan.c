/* SPDX-License-Identifier: MIT */
#include "fs/fetch/plan.h"

#include <stdbool.h>
#include <stddef.h>

#define PIECE_MIN (INT64_C(64) * 1024)
#define PIECE_MS 1000
#define PIECE_TRIPS 8                /* round trips, where they are long */
#define AHEAD_TIMES 8                /* what was read */
#define NEARLY (INT64_C(256) * 1024) /* at most what somebody else gets of the beginning's time */
#define TWO_MIN (INT64_C(64) * 1024) /* what is shorter is one flight */
#define CROWD 16                     /* half of the connections that a host gets */
#define HELP_TIMES 3                 /* faster than without, at least */
#define HELP_MS 1000                 /* what ends sooner needs no help */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* One stream fills the link: the rest of the file is one range, after the beginning. */
static bool is_alone(const struct plan *plan)
{
	return route_streams(plan->route) == 1;
}

static unsigned most_streams(const struct plan *plan)
{
	return is_alone(plan) ? PLAN_STREAMS : route_streams(plan->route);
}

static int64_t coming(const struct plan *plan)
{
	int64_t bytes = 0;

	for (unsigned i = 0; i < plan->count; i++)
		bytes += plan->ranges[i].end - plan->ranges[i].position;
	return bytes;
}

/* So much was asked for, or is here, from where the reader began. */
static int64_t asked_for(const struct plan *plan)
{
	return plan->run + plan->hole - plan->at;
}

/* The most that the next round trip brings: a connection that grows doubles, and the last part of the last one is not over. */
static int64_t next_trip(const struct plan *plan)
{
	return 3 * route_last_trip(plan->route);
}

/* What may be on its way over the connection that is there: enough for the round trip that a request takes, and as much again,
 * so that its server never has nothing to send. One that has takes it for what the link can carry (BBR). */
static int64_t shared_most(const struct plan *plan)
{
	int64_t trip = greatest(2 * route_product(plan->route), next_trip(plan));

	return least(2 * PLAN_PIECE + 2 * trip, PLAN_AHEAD / 2);
}

/* All comes by the connection that is there. */
static bool is_shared(const struct plan *plan)
{
	return plan->route->multiplexed && is_alone(plan);
}

/* What a stream brings that is as fast as its share, and the fastest there is. */
static int64_t fast_rate(const struct plan *plan)
{
	int64_t rate = route_rate(plan->route) / most_streams(plan);

	/* of one connection the newer ones have less, and that is right */
	if (is_shared(plan))
		return route_rate(plan->route) / greatest(plan->count, 1);
	for (unsigned i = 0; i < plan->count; i++)
		rate = greatest(rate, plan->ranges[i].rate);
	return rate;
}

static int64_t time_left(const struct plan_range *range)
{
	return (range->end - range->position) * 1000 / range->rate;
}

/* Another request for its second half would be through before half of the time is over that it needs alone. */
static bool is_slow(const struct plan *plan, const struct plan_range *range)
{
	int64_t left = range->end - range->position, rate = fast_rate(plan);

	if (range->rate <= 0 || rate <= 0 || left < 2 * PIECE_MIN)
		return false;
	/* one of many by one connection stands behind the others, and is no slower than they are */
	if (range->shared && is_shared(plan) &&
		route_last_trip(plan->route) * HELP_TIMES > route_product(plan->route))
		return false;
	int64_t helped = 3 * route_rtt_ms(plan->route) + left / 2 * 1000 / rate, now = range->rate;
	/* what the one that is to bring the rest has brought so far says little while it grows */
	if (is_alone(plan) && left > PLAN_FIRST)
		now = greatest(now, route_rate_now(plan->route));
	return left * 1000 / now > greatest(HELP_TIMES * helped, HELP_MS);
}

static const struct plan_range *find_first(const struct plan *plan)
{
	const struct plan_range *first = NULL;

	for (unsigned i = 0; i < plan->count; i++)
		if (plan->ranges[i].end > plan->at &&
			(first == NULL || plan->ranges[i].position < first->position))
			first = &plan->ranges[i];
	return first;
}

static const struct plan_range *find_last_to_end(const struct plan *plan)
{
	const struct plan_range *last = NULL;

	for (unsigned i = 0; i < plan->count; i++) {
		const struct plan_range *range = &plan->ranges[i];
		if (range->rate > 0 && range->end > plan->at &&
			(last == NULL || time_left(range) > time_left(last)))
			last = range;
	}
	return last;
}

static int64_t help(const struct plan_range *range, int64_t *ret_from)
{
	*ret_from = range->position + (range->end - range->position) / 2;
	return range->end - *ret_from;
}

/* Most who read a file from its beginning read it to its end; others jump, and jump again. */
static bool is_from_start(const struct plan *plan)
{
	return plan->at == plan->run && plan_is_bulk(plan->run, plan->length);
}

static int64_t equal_part(const struct plan *plan)
{
	return greatest(PLAN_FIRST / most_streams(plan), PIECE_MIN);
}

static int64_t piece_length(const struct plan *plan)
{
	int64_t streams = most_streams(plan), rate = route_rate(plan->route),
		trip = route_product(plan->route), asked = asked_for(plan);
	int64_t piece = greatest(rate * PIECE_MS / 1000, PIECE_TRIPS * trip) / streams;

	if (is_shared(plan))
		return PLAN_PIECE;
	/* a connection that is there begins with all that it has grown to; who has none gets the beginning by several new ones, of which
	 * the last one brings the rest */
	if (is_alone(plan) && is_from_start(plan)) {
		int64_t part = equal_part(plan);
		return !plan->route->known && asked + part < PLAN_FIRST ? part : plan->size;
	}
	if (asked < PLAN_FIRST)
		return equal_part(plan);
	if (is_alone(plan) && plan->size - plan->hole >= PLAN_LONG)
		return plan->size;
	/* what is left comes to its end on all at the same time, but not in pieces that are not worth a round trip */
	piece = least(piece, (coming(plan) + plan->size - plan->hole) / streams);
	piece = greatest(piece, trip / streams);
	piece = least(piece, asked / 3);
	piece = least(piece, PLAN_AHEAD / 2 / streams);
	return greatest(piece, equal_part(plan));
}

/* The beginning is on its way and has the link for itself: what is behind it may come when it is nearly here. That the
 * kernel asks for that already says nothing: it reads ahead. */
static bool begins(const struct plan *plan)
{
	int64_t start = plan->at - plan->run, end = start + PLAN_FIRST, left = 0;

	for (unsigned i = 0; i < plan->count; i++)
		left += greatest(0, least(plan->ranges[i].end, end) -
					    greatest(plan->ranges[i].position, start));
	int64_t nearly = 2 * route_product(plan->route);

	/* over one connection what is sent by the time that a request arrives there is no rival any more, nor what waits in a queue on its
	 * way; what the link could carry before a loss says nothing of that */
	if (is_shared(plan))
		nearly = greatest(next_trip(plan), least(NEARLY, 2 * next_trip(plan)));
	return plan->hole >= end && left > nearly;
}

bool plan_is_bulk(int64_t run, int64_t length)
{
	return run + length >= PLAN_BULK;
}

int64_t plan_ahead(const struct plan *plan)
{
	int64_t first = plan_is_bulk(plan->run, plan->length) ? PLAN_FIRST : 0;

	return least(greatest(AHEAD_TIMES * plan->run, first), PLAN_AHEAD);
}

int64_t plan_pace(int64_t run)
{
	return least(greatest(AHEAD_TIMES * run, PLAN_FIRST), PLAN_LONG);
}

/* All that comes by the connection that is there is one. */
static unsigned count_streams(const struct plan *plan)
{
	unsigned own = 0;

	for (unsigned i = 0; i < plan->count; i++)
		own += !plan->ranges[i].shared;
	return own + (own < plan->count ? 1 : 0);
}

/* As many are on their way as there may be, for who does not wait. */
static bool is_full(const struct plan *plan)
{
	/* another request would make a connection before it is known whether the first one can be shared */
	if (is_shared(plan))
		return plan->route->known ? coming(plan) >= shared_most(plan) : plan->count > 0;
	return count_streams(plan) >= most_streams(plan);
}

bool plan_by_two(const struct route *route, int64_t length, size_t open, unsigned active)
{
	return length > TWO_MIN && !route->queued && open > 1 && open < CROWD && active < CROWD;
}

int64_t plan_next(const struct plan *plan, int64_t *ret_from, bool *ret_shared)
{
	const struct plan_range *first = find_first(plan), *last;
	bool bulk = plan_is_bulk(plan->run, plan->length), shared = is_shared(plan);
	int64_t hole_end = least(plan->hole_end, plan->size),
		left = plan->at + plan_ahead(plan) - plan->hole;

	*ret_from = plan->hole;
	*ret_shared = false;
	if (begins(plan) || (!plan->waits && is_full(plan)))
		return 0;
	if (!plan->waits && first != NULL && is_slow(plan, first))
		return help(first, ret_from);
	if (plan->hole < hole_end && (plan->waits || left > 0)) {
		int64_t piece = piece_length(plan), rest = hole_end - plan->hole;
		if (!bulk)
			piece = least(piece, greatest(left, PIECE_MIN));
		*ret_shared = shared || !bulk || asked_for(plan) == 0;
		if (shared)
			return least(piece, rest);
		/* no crumb at the end */
		return rest < piece + piece / 4 ? rest : piece;
	}
	last = find_last_to_end(plan);
	int64_t rest = last == NULL ? 0 : last->end - last->position;
	if (!is_alone(plan) && (rest > PLAN_LONG || (rest > PLAN_FIRST && plan->count == 1))) {
		/* one that was to bring all of it alone */
		int64_t part = least(rest, PLAN_AHEAD / 4) / route_streams(plan->route);
		*ret_from = last->position + part;
		return part;
	}
	return last != NULL && is_slow(plan, last) ? help(last, ret_from) : 0;
}
