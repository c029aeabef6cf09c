/* SPDX-License-Identifier: MIT */
#include "fs/fetch/route.h"

#include <string.h>

#define RTT_AGE_MS 60000
#define EPOCH_MIN_MS 60 /* shorter ones measure how the loop's turns fall */
#define TRIP_MIN_MS 12   /* for the same reason */
#define QUEUE_MS 3      /* so much longer than ever, and a quarter of that: there is a queue */
#define TRIAL_EPOCHS 4  /* new connections are made, and have grown */
#define SHORT_EPOCHS 3 /* and so long: one that had its share of the link takes its time to take all of it (BBR) */
#define SHORT_MS 600
#define STEADY_MS 3000
#define CREEP_EPOCHS 4
#define FULL_EPOCHS 2 /* it does not grow any more */
#define FULL_MIN 8    /* so many are always asked for: what they bring has to tell whether others would bring more */
#define PRODUCT_MAX (4 * 1024 * 1024) /* with more it is memory that sets the limit (PLAN_AHEAD) */
#define PATIENCE 16                   /* epochs after the first trial that failed */
#define PATIENCE_MAX 1024

static int64_t epoch_length(const struct route *route)
{
	int64_t length = 2 * route_rtt_ms(route);

	return length < EPOCH_MIN_MS ? EPOCH_MIN_MS : length;
}

struct route *route_find(struct routes *routes, const char *url)
{
	const char *host = strstr(url, "://");
	size_t length = host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");

	if (length >= sizeof(routes->all[0].host))
		length = sizeof(routes->all[0].host) - 1;
	for (unsigned i = 0; i < ROUTE_HOSTS; i++) {
		struct route *route = &routes->all[i];
		if (strncmp(route->host, url, length) == 0 && route->host[length] == '\0')
			return route;
	}
	struct route *route = &routes->all[routes->next++ % ROUTE_HOSTS];
	*route = (struct route){0};
	memcpy(route->host, url, length);
	route->multiplexed = strncmp(url, "https:", 6) == 0;
	return route;
}

void route_answered(struct route *route, int64_t now_ms, int64_t wait_ms)
{
	if (!route->known) {
		route->known = true;
		route->rtt_ms = wait_ms;
		route->rtt_since = now_ms;
		route->rtt_next = -1;
		return;
	}
	route->queued = wait_ms > route->rtt_ms + route->rtt_ms / 4 + QUEUE_MS;
	if (route->rtt_next < 0 || wait_ms <= route->rtt_next ||
		now_ms - route->rtt_next_since > RTT_AGE_MS) {
		route->rtt_next = wait_ms;
		route->rtt_next_since = now_ms;
	}
	if (wait_ms <= route->rtt_ms || now_ms - route->rtt_since > RTT_AGE_MS) {
		route->rtt_ms = route->rtt_next;
		route->rtt_since = route->rtt_next_since;
		route->rtt_next = -1;
	}
}

static unsigned more_than(unsigned streams)
{
	unsigned more = streams == 1 ? ROUTE_STREAMS : streams + streams / 2;

	return more < ROUTE_STREAMS_MAX ? more : ROUTE_STREAMS_MAX;
}

static void try_more(struct route *route, int64_t rate)
{
	unsigned streams = route_streams(route);

	if (streams >= ROUTE_STREAMS_MAX)
		return;
	route->before = streams;
	route->streams = more_than(streams);
	route->tried_rate = rate;
	route->trial = 0;
}

/* One stream alone has brought what it can; that more would bring no more was seen before, the longer it takes. */
static int64_t steady_ms(const struct route *route)
{
	return STEADY_MS + STEADY_MS * route->patience / PATIENCE;
}

static bool is_one_small(const struct route *route)
{
	return route->streams <= 1 && route_product(route) < PRODUCT_MAX;
}

/* It brings more and more, but not twice as much in each round trip, as one does that begins: it has lost its beginning, and will
 * take long to fill the link. One that fills it brings no more. */
static bool creeps(struct route *route, int64_t rate)
{
	if (route->steady == 0) {
		route->peak = route->peak_before = 0;
		return false;
	}
	if (route->steady % CREEP_EPOCHS == 1) {
		route->peak_before = route->peak;
		route->peak = 0;
	}
	if (rate > route->peak)
		route->peak = rate;
	return route->steady % CREEP_EPOCHS == 0 && route->peak_before > 0 &&
	       route->peak > route->peak_before + route->peak_before / 8;
}

/* Less than others have brought together before, and not more and more: one alone does not fill the link. Where it was never
 * seen beside others nobody knows. */
static bool falls_short(struct route *route, int64_t rate)
{
	bool grows = rate > route->last_rate + route->last_rate / 8;

	route->last_rate = rate;
	route->steady = rate > route->best + route->best / 2 ? 0 : route->steady + 1;
	if (rate > route->best)
		route->best = rate;
	if (creeps(route, rate) && is_one_small(route))
		return true;
	if (grows)
		route->short_of = 0;
	else if (is_one_small(route) &&
		 route->steady * epoch_length(route) >= steady_ms(route))
		return true;
	else if (route->streams > 1)
		return !route->queued;
	else if (rate * 3 < route_rate(route) * 2)
		route->short_of++;
	return route->short_of >= SHORT_EPOCHS && route->short_of * epoch_length(route) >= SHORT_MS;
}

/* The epoch brought so much with all streams under way. */
static void judge_streams(struct route *route, int64_t rate)
{
	if (route->before == 0) {
		bool tries = falls_short(route, rate);
		if (route->wait > 0)
			route->wait--;
		else if (tries)
			try_more(route, rate);
		return;
	}
	if (++route->trial < TRIAL_EPOCHS)
		return;
	int64_t before = route->before, more = route->streams - before;
	if (before == 1) /* the first step is a large one: it need not bring all of it */
		more = 1;
	bool better = (rate - route->tried_rate) * 2 * before >= route->tried_rate * more;
	route->before = 0;
	route->short_of = route->steady = 0;
	if (better) {
		route->patience = 0;
		try_more(route, rate);
		return;
	}
	route->streams = (unsigned)before;
	route->patience = route->patience == 0 ? PATIENCE : route->patience * 2;
	if (route->patience > PATIENCE_MAX)
		route->patience = PATIENCE_MAX;
	route->wait = route->patience;
}

void route_began(struct route *route, bool own, int64_t bytes)
{
	route->under_way++;
	route->own += own;
	route->coming += own ? 0 : bytes;
}

void route_ended(struct route *route, bool own, int64_t bytes)
{
	if (route->under_way > 0)
		route->under_way--;
	if (own && route->own > 0)
		route->own--;
	if (!own)
		route->coming = route->coming > bytes ? route->coming - bytes : 0;
}

bool route_takes_own(const struct route *route)
{
	return route->multiplexed && route->under_way > route->own && route->own + 1 < route_streams(route);
}

bool route_is_full_of_small(const struct route *route)
{
	unsigned streams = route_streams(route);

	return route->multiplexed && route->under_way >= (streams == 1 ? ROUTE_STREAMS : streams);
}

bool route_is_full(const struct route *route)
{
	return route->multiplexed && route->streams <= 1 && route->steady >= FULL_EPOCHS &&
	       route->under_way >= route->own + FULL_MIN && route->coming >= route_ahead(route);
}

static void count_trip(struct route *route, int64_t now_ms, size_t bytes)
{
	int64_t trip = route_rtt_ms(route), length = (trip < TRIP_MIN_MS ? TRIP_MIN_MS : trip) / ROUTE_PARTS;
	int64_t passed = (now_ms - route->part_ms) / length;

	for (int i = 0; i < ROUTE_PARTS_KEPT && i < passed; i++)
		route->parts[++route->part % ROUTE_PARTS_KEPT] = 0;
	route->part_ms += passed * length;
	route->parts[route->part % ROUTE_PARTS_KEPT] += (int64_t)bytes;
}

void route_delivered(struct route *route, int64_t now_ms, size_t bytes, bool full)
{
	count_trip(route, now_ms, bytes);
	int64_t passed = now_ms - route->epoch_ms, length = epoch_length(route);

	/* nothing came for a while: nobody asked */
	if (route->epoch_ms == 0 || passed > 4 * length) {
		route->epoch_ms = now_ms;
		route->epoch_bytes = 0;
		route->idle = !full;
		return;
	}
	route->epoch_bytes += (int64_t)bytes;
	route->idle = route->idle || !full;
	if (passed < length)
		return;
	int64_t rate = route->epoch_bytes * 1000 / passed;
	route->rates[route->epoch++ % ROUTE_EPOCHS] = rate;
	if (!route->idle)
		judge_streams(route, rate);
	route->epoch_ms = now_ms;
	route->epoch_bytes = 0;
	route->idle = !full;
}

bool route_is_far(const struct route *route)
{
	return route->known ? route->rtt_ms >= ROUTE_FAR_MS : route->late;
}

int64_t route_rtt_ms(const struct route *route)
{
	return route->rtt_ms > 0 ? route->rtt_ms : 1;
}

/* After a loss what has waited behind it comes at once, faster than the link: the next epoch is not as good. */
int64_t route_rate(const struct route *route)
{
	unsigned count = route->epoch < ROUTE_EPOCHS ? route->epoch : ROUTE_EPOCHS;
	int64_t most = 0;

	if (count == 1)
		return route->rates[0];
	for (unsigned i = 1; i < count; i++) {
		int64_t one = route->rates[(route->epoch - i) % ROUTE_EPOCHS],
			before = route->rates[(route->epoch - i - 1) % ROUTE_EPOCHS],
			both = one < before ? one : before;
		if (both > most)
			most = both;
	}
	return most;
}

int64_t route_product(const struct route *route)
{
	return route_rate(route) * route_rtt_ms(route) / 1000;
}

/* Of the round trip that ended with this part; 0: the one under way, else so many before it. */
static int64_t trip_until(const struct route *route, unsigned part)
{
	int64_t bytes = 0;

	for (unsigned i = part; i < part + ROUTE_PARTS; i++)
		bytes += route->parts[(route->part - i) % ROUTE_PARTS_KEPT];
	return bytes;
}

int64_t route_last_trip(const struct route *route)
{
	int64_t last = trip_until(route, 0), doubled = 2 * trip_until(route, ROUTE_PARTS);

	return last < doubled ? last : doubled;
}

int64_t route_ahead(const struct route *route)
{
	int64_t trip = route_product(route), last = route_last_trip(route);

	return 2 * (last > trip ? last : trip);
}

int64_t route_rate_now(const struct route *route)
{
	int64_t trip = route_last_trip(route) * 1000 / route_rtt_ms(route),
		epoch = route->epoch == 0 ? 0 : route->rates[(route->epoch - 1) % ROUTE_EPOCHS];

	return trip > epoch ? trip : epoch;
}

unsigned route_streams(const struct route *route)
{
	return route->streams == 0 ? 1 : route->streams;
}
