/* SPDX-License-Identifier: MIT */
#include "tests/unit/own_link.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/fetch/plan.h"

#define STEP_MS 0.5
#define LAG_MAX 512    /* steps of half a round trip */
#define CONNECTIONS 96 /* that are ever made */
#define ANSWERS 64     /* under way on one */
#define SEGMENT 1460.0
#define RECEIVE_MAX 8e6 /* of one connection under way: what its reader has room for */
#define QUEUE_MS 200    /* so much time of the link fits into its queue */
#define READ 262144 /* the kernel reads ahead by so much, and answers a reader with nothing less */
#define FOREVER_MS 300000

struct span { /* of the file: asked for once, here or on its way */
	double from, end;
};

struct answer {
	double from, end;    /* of the file */
	unsigned span;
	double start, asked; /* of the connection; asked: bytes that the server was told */
	double came;
	double ready_ms,
		began_ms; /* when the server begins to send, when the first byte was here */
	bool cut;
};

/* Its answers come one after the other. The first connection over TLS takes many requests at once. */
struct connection {
	double window, threshold, lost_ms, since_loss; /* TCP's */
	double sent, acked, came, asked;               /* bytes of all answers */
	double arriving[LAG_MAX], acks[LAG_MAX];
	double made_ms; /* from then on it can be used */
	double budget;  /* of the limit */
	bool made, over;
	struct answer answers[ANSWERS];
	unsigned first, count; /* of those that are not over, a ring */
};

struct parcel { /* in the queue */
	struct connection *owner;
	double bytes;
};

struct world {
	struct own_link link;
	double rate; /* bytes a millisecond */
	double now, size, asked_end;
	struct span *spans; /* SPANS, in the order of requests; those in front of `spent` are all here */
	unsigned asked, spent;
	struct connection all[CONNECTIONS];
	struct parcel *queue; /* a ring of PARCELS */
	unsigned first, last;
	double queued;
	struct route *route;
	bool planned;
	uint64_t random;
	struct own_link_result result;
	bool here[1 << 16]; /* blocks of 16 KiB */
	double present;     /* all of the file up to there */
};

#define PARCELS (1U << 20)
#define SPANS 65536U
#define BLOCK 16384.0

static double chance(struct world *world)
{
	world->random = world->random * 6364136223846793005U + 1442695040888963407U;
	return (double)(world->random >> 11) / (double)(UINT64_C(1) << 53);
}

static struct answer *answer_at(struct connection *connection, unsigned number)
{
	return &connection->answers[(connection->first + number) % ANSWERS];
}

static bool is_shared(const struct world *world, const struct connection *connection)
{
	return world->link.tls && connection == &world->all[0];
}

static unsigned count_busy(const struct world *world)
{
	unsigned count = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		count += world->all[i].count;
	return count;
}

static struct connection *find_free(struct world *world, bool shared)
{
	if (shared && world->link.tls)
		return &world->all[0];
	for (int made = 1; made >= 0; made--)
		for (int i = 0; i < CONNECTIONS; i++) {
			struct connection *connection = &world->all[i];
			if (connection->count == 0 && !connection->over &&
				!is_shared(world, connection) && connection->made == made)
				return connection;
		}
	abort();
}

static void cut(struct world *world, double from)
{
	for (int i = 0; i < CONNECTIONS; i++)
		for (unsigned j = 0; j < world->all[i].count; j++) {
			struct answer *other = answer_at(&world->all[i], j);
			if (from <= other->from + other->came || from >= other->end)
				continue;
			/* this one helps it, and it ends here: what it was to bring behind that is a hole again */
			other->end = world->spans[other->span].end = from;
			other->cut = true;
		}
}

/* The first byte from `at` on that nobody was asked for; *ret_end: where something begins that somebody was. */
static double find_hole(struct world *world, double at, double *ret_end)
{
	while (world->spent < world->asked && world->spans[world->spent].end <= at)
		world->spent++;
	for (unsigned i = world->spent; i < world->asked; i++)
		if (world->spans[i].from <= at && at < world->spans[i].end) {
			at = world->spans[i].end;
			i = world->spent - 1;
		}
	*ret_end = world->size;
	for (unsigned i = world->spent; i < world->asked; i++)
		if (world->spans[i].from > at && world->spans[i].from < *ret_end)
			*ret_end = world->spans[i].from;
	return at;
}

static void request(struct world *world, double from, double length, bool shared)
{
	cut(world, from);
	struct connection *connection = find_free(world, shared);
	if (!connection->made)
		connection->made_ms = world->now + (world->link.tls ? 2 : 1) * world->link.rtt_ms;
	connection->made = true;
	assert(connection->count < ANSWERS);
	double begin = connection->made_ms > world->now ? connection->made_ms : world->now;
	assert(world->asked < SPANS);
	world->spans[world->asked] = (struct span){from, from + length};
	*answer_at(connection, connection->count++) = (struct answer){.from = from,
		.end = from + length,
		.span = world->asked++,
		.start = connection->asked,
		.asked = length,
		.ready_ms = begin + world->link.rtt_ms / 2};
	connection->asked += length;
	world->result.requests++;
	world->result.sent += length;
	if (from + length > world->asked_end)
		world->asked_end = from + length;
}

static double ask_planner(struct world *world, double at, int64_t *from, bool *shared)
{
	struct plan_range ranges[CONNECTIONS + ANSWERS];
	double hole_end, hole = find_hole(world, at, &hole_end);
	struct plan plan = {.route = world->route,
		.size = (int64_t)world->size,
		.at = (int64_t)at,
		.run = (int64_t)at,
		.length = READ,
		.hole = (int64_t)hole,
		.hole_end = (int64_t)hole_end,
		.ranges = ranges};

	for (int i = 0; i < CONNECTIONS; i++)
		for (unsigned j = 0; j < world->all[i].count; j++) {
			const struct answer *answer = answer_at(&world->all[i], j);
			double passed = world->now - answer->began_ms;
			bool tells = answer->came > 0 && passed >= 2 * world->link.rtt_ms;
			ranges[plan.count++] = (struct plan_range){
				.position = (int64_t)(answer->from + answer->came),
				.end = (int64_t)answer->end,
				.rate = tells ? (int64_t)(answer->came * 1000 / passed) : 0,
				.shared = is_shared(world, &world->all[i])};
		}
	return (double)plan_next(&plan, from, shared);
}

static void ask(struct world *world, double at)
{
	for (;;) {
		int64_t from = 0;
		bool shared = true;
		double length = world->planned ? ask_planner(world, at, &from, &shared)
				: world->result.requests == 0 ? world->size
							      : 0;
		unsigned busy = count_busy(world);
		if (busy > world->result.streams)
			world->result.streams = busy;
		if (length <= 0)
			return;
		request(world, (double)from, length, shared);
	}
}

static void lose(struct world *world, struct connection *connection)
{
	double trip = world->link.rtt_ms + world->queued / world->rate;

	if (world->now - connection->lost_ms <= trip)
		return;
	connection->lost_ms = world->now;
	connection->window *= 0.7;
	if (connection->window < 2 * SEGMENT)
		connection->window = 2 * SEGMENT;
	connection->threshold = connection->window;
}

static void acknowledge(struct connection *connection, double bytes)
{
	connection->acked += bytes;
	if (connection->window < connection->threshold)
		connection->window += bytes;
	else
		connection->window += 1.5 * SEGMENT * bytes / connection->window;
	if (connection->window > RECEIVE_MAX)
		connection->window = RECEIVE_MAX;
}

/* So many bytes of one answer. */
static void arrive_for(struct world *world, struct answer *answer, double bytes)
{
	if (answer->came == 0) {
		answer->began_ms = world->now;
		route_answered(world->route, (int64_t)world->now + 1,
			(int64_t)(world->now - answer->ready_ms + world->link.rtt_ms / 2));
	}
	double before = answer->from + answer->came;
	answer->came += bytes;
	double after = answer->from + answer->came;
	if (after >= answer->end - 0.5)
		after = answer->end;
	/* a block is here with its last byte; what two ranges share is counted with the later one */
	for (double block = (double)(int64_t)(before / BLOCK); (block + 1) * BLOCK <= after + 0.5;
		block++)
		world->here[(size_t)block] = true;
	if (after >= world->size - 0.5)
		world->here[(size_t)((world->size - 1) / BLOCK)] = true;
}

static void arrive(struct world *world, struct connection *connection, double bytes)
{
	double left = bytes;

	while (left > 1e-9 && connection->count > 0) {
		struct answer *answer = answer_at(connection, 0);
		double rest = answer->asked - answer->came, part = left < rest ? left : rest;
		arrive_for(world, answer, part);
		left -= part;
		if (answer->from + answer->came < answer->end - 0.5)
			break;
		/* the rest of one that was cut comes all the same, or its connection ends */
		connection->over = answer->cut && !is_shared(world, connection);
		if (answer->cut && answer->came < answer->asked - 0.5 && !connection->over)
			break;
		connection->first++;
		connection->count--;
	}
	connection->since_loss += bytes;
	if (world->link.loss > 0 &&
		connection->since_loss > SEGMENT / world->link.loss * (0.5 + chance(world))) {
		connection->since_loss = 0;
		lose(world, connection);
	}
}

static double deliver(struct world *world, size_t slot)
{
	double came = 0;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &world->all[i];
		double acked = connection->acks[slot], bytes = connection->arriving[slot];
		connection->acks[slot] = connection->arriving[slot] = 0;
		if (acked > 0)
			acknowledge(connection, acked);
		if (bytes <= 0)
			continue;
		connection->acks[slot] = bytes;
		came += connection->count > 0 ? bytes : 0;
		arrive(world, connection, bytes);
	}
	return came;
}

static void send_what_may(struct world *world, struct connection *connection)
{
	double rest = 0, bytes = connection->window - (connection->sent - connection->acked),
	       limit = world->link.cap_mbps * 1000;

	for (unsigned i = 0; i < connection->count && !connection->over; i++) {
		const struct answer *answer = answer_at(connection, i);
		if (world->now >= answer->ready_ms)
			rest = answer->start + answer->asked - connection->sent;
	}
	if (limit > 0) {
		connection->budget += limit * STEP_MS;
		if (connection->budget > limit * 20)
			connection->budget = limit * 20;
		if (bytes > connection->budget)
			bytes = connection->budget;
	}
	if (bytes > rest && connection->sent > 0 && world->queued < 1 && world->asked_end < world->size)
		world->result.idle_ms += STEP_MS;
	if (bytes > rest)
		bytes = rest;
	if (bytes <= 0 || (bytes < rest && bytes < SEGMENT))
		return;
	connection->budget -= bytes;
	connection->sent += bytes;
	world->queued += bytes;
	world->queue[world->last++ % PARCELS] = (struct parcel){connection, bytes};
	assert(world->last - world->first < PARCELS);
	double room = QUEUE_MS * world->rate;
	if (world->queued > (room < 262144 ? 262144 : room))
		lose(world, connection);
}

static void drain(struct world *world, size_t slot)
{
	double bytes = world->rate * STEP_MS;

	while (bytes > 1e-9 && world->first != world->last) {
		struct parcel *parcel = &world->queue[world->first % PARCELS];
		double part = parcel->bytes < bytes ? parcel->bytes : bytes;
		parcel->owner->arriving[slot] += part;
		parcel->bytes -= part;
		world->queued -= part;
		bytes -= part;
		if (parcel->bytes < 1e-9)
			world->first++;
	}
}

/* So far the reader can read. */
static double read_on(struct world *world)
{
	while (world->present < world->size && world->here[(size_t)(world->present / BLOCK)])
		world->present += BLOCK;
	if (world->present > world->size)
		world->present = world->size;
	if (world->result.first_ms == 0 && world->present >= READ)
		world->result.first_ms = world->now;
	if (world->result.mib_ms == 0 && world->present >= 1 << 20)
		world->result.mib_ms = world->now;
	return world->present < world->size ? (double)((int64_t)(world->present / READ) * READ)
					    : world->size;
}

static void run(struct world *world, double stop)
{
	size_t lag = (size_t)(world->link.rtt_ms / 2 / STEP_MS);
	double at = 0;

	assert(lag > 0 && lag <= LAG_MAX && world->size / BLOCK < array_length(world->here));
	for (size_t step = 0; at < stop && world->now < FOREVER_MS; step++) {
		ask(world, at);
		double came = deliver(world, step % lag);
		if (came > 0)
			route_delivered(world->route, (int64_t)world->now + 1, (size_t)came,
				count_busy(world) >= route_streams(world->route));
		for (size_t i = 0; i < CONNECTIONS; i++)
			send_what_may(world, &world->all[(step + i) % CONNECTIONS]);
		drain(world, step % lag);
		at = read_on(world);
		world->now += STEP_MS;
	}
	world->result.ms = world->now;
	world->result.sent /= world->size;
}

static struct own_link_result measure(
	struct own_link link, int64_t size, int64_t stop, struct route *route, bool planned)
{
	struct world *world = calloc(1, sizeof(*world));
	struct own_link_result result;

	assert(world != NULL);
	world->queue = calloc(PARCELS, sizeof(*world->queue));
	world->spans = calloc(SPANS, sizeof(*world->spans));
	assert(world->queue != NULL && world->spans != NULL);
	world->link = link;
	world->rate = link.mbit * 125;
	world->size = (double)size;
	world->route = route;
	world->planned = planned;
	world->random = 1;
	for (int i = 0; i < CONNECTIONS; i++) {
		world->all[i].window = 10 * SEGMENT;
		world->all[i].threshold = 1e18;
		world->all[i].lost_ms = -1e9;
	}
	world->all[0].made = link.warm;
	run(world, stop > 0 ? (double)stop : world->size);
	result = world->result;
	free(world->queue);
	free(world->spans);
	free(world);
	return result;
}

struct own_link_result own_link_alone(struct own_link link, int64_t size)
{
	struct route route = {.multiplexed = link.tls};

	return measure(link, size, 0, &route, false);
}

struct own_link_result own_link_planned(
	struct own_link link, int64_t size, int64_t stop, struct route *route)
{
	return measure(link, size, stop, route, true);
}
