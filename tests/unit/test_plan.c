/* SPDX-License-Identifier: MIT */
/* The planner on links of all kinds, most of which nobody has here: no link is worse than with one connection by more than the
 * little that is said here, and those that one connection does not fill are much better. All in virtual time. */
#include "fs/fetch/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/own_link.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define SECONDS 3 /* of the link: a whole file */

static const double trips[] = {10, 25, 40, 100, 200}, rates[] = {20, 50, 100, 300, 1000};

static int64_t whole(const struct own_link *link)
{
	return (int64_t)(link->mbit * 125000 * SECONDS);
}

/* PLAN_TABLE=1: prints it, for who changes the rules. */
static void show(const struct own_link *link, const struct own_link_result *one,
	const struct own_link_result *ours)
{
	if (getenv("PLAN_TABLE") == NULL)
		return;
	printf("%3.0f ms %4.0f Mbit/s%s loss %.1f %% limit %.0f MB/s: whole %6.0f ms, one stream "
	       "%6.0f (%.2fx); "
	       "MiB %4.0f, %4.0f (%.2fx); %u requests, %u at once, idle %.0f ms\n",
		link->rtt_ms, link->mbit, link->tls ? " TLS" : "    ", link->loss * 100,
		link->cap_mbps, ours->ms, one->ms, one->ms / ours->ms, ours->mib_ms, one->mib_ms,
		ours->mib_ms / one->mib_ms, ours->requests, ours->streams, ours->idle_ms);
}

/* The least `whole` that is allowed, to one stream; the most of the first MiB. */
static void check(struct own_link link, double least_whole, double most_mib)
{
	struct route route = {.multiplexed = link.tls};
	struct own_link_result one = own_link_alone(link, whole(&link)),
			       ours = own_link_planned(link, whole(&link), 0, &route);

	show(&link, &one, &ours);
	if (getenv("PLAN_TABLE") == NULL &&
		(one.ms / ours.ms < least_whole || ours.mib_ms > most_mib * one.mib_ms))
		fail_msg("%.0f ms %.0f Mbit/s loss %g limit %g: whole %.3fx of one stream, first "
			 "MiB %.3fx",
			link.rtt_ms, link.mbit, link.loss, link.cap_mbps, one.ms / ours.ms,
			ours.mib_ms / one.mib_ms);
}

static void test_plan_is_as_good_as_one_stream_where_that_is_enough(void **state)
{
	for (size_t i = 0; i < array_length(trips); i++)
		for (size_t j = 0; j < array_length(rates); j++)
			for (int tls = 0; tls < 2; tls++)
				check((struct own_link){.rtt_ms = trips[i],
					      .mbit = rates[j],
					      .tls = tls != 0},
					0.94, 1.15);
}

/* Over TLS a new connection takes three round trips: the one that is there brings more of the beginning. */
static void test_plan_begins_by_the_connection_that_is_there(void **state)
{
	for (size_t i = 0; i < array_length(trips); i++)
		for (size_t j = 0; j < array_length(rates); j++)
			for (int tls = 0; tls < 2; tls++) {
				struct own_link link = {.rtt_ms = trips[i],
					.mbit = rates[j],
					.tls = tls != 0,
					.warm = true};
				struct route route = {.known = true,
					.multiplexed = link.tls,
					.rtt_ms = (int64_t)trips[i],
					.rtt_next = -1};
				struct own_link_result one = own_link_alone(link, whole(&link)),
						       ours = own_link_planned(
							       link, whole(&link), 0, &route);
				show(&link, &one, &ours);
				assert_true(ours.mib_ms <= 1.1 * one.mib_ms);
				/* a server that has nothing to send takes that for what the link can carry (BBR) */
				assert_true(!link.tls || ours.idle_ms == 0);
				assert_true(ours.ms <= 1.15 * one.ms);
			}
}

static void test_plan_takes_more_connections_where_each_is_limited(void **state)
{
	/* far away the beginning is too short to show it, and it is seen after some seconds, at the end of a short file */
	for (size_t i = 0; i < array_length(trips); i++)
		for (size_t j = 1; j < array_length(rates); j++)
			check(
				(struct own_link){
					.rtt_ms = trips[i], .mbit = rates[j], .cap_mbps = 2},
				rates[j] < 100 && trips[i] > 40 ? 1.1 : 1.4, 1);
}

/* What one connection for all requests (HTTP/2) brings is compared with what several bring, in time. */
static void test_plan_does_not_stay_on_one_connection_that_is_limited(void **state)
{
	const struct own_link slow = {.rtt_ms = 40, .mbit = 300, .tls = true, .cap_mbps = 2},
			      lossy = {.rtt_ms = 40, .mbit = 100, .tls = true, .loss = 0.005};

	check(slow, 2, 1.01);
	check(lossy, 1.3, 1.01);
}

static void test_plan_takes_more_connections_where_segments_get_lost(void **state)
{
	check((struct own_link){.rtt_ms = 25, .mbit = 100, .loss = 0.005}, 1.6, 1.15);
	check((struct own_link){.rtt_ms = 40, .mbit = 50, .loss = 0.005}, 1.6, 1.15);
	check((struct own_link){.rtt_ms = 100, .mbit = 20, .loss = 0.005}, 1.6, 1.15);
	check((struct own_link){.rtt_ms = 40, .mbit = 20, .loss = 0.02}, 1.6, 1.15);
}

/* What was learned is there for the next file of that host. */
static void test_plan_remembers_a_limit(void **state)
{
	struct own_link link = {.rtt_ms = 40, .mbit = 300, .cap_mbps = 2};
	struct route route = {0};
	double first = own_link_planned(link, whole(&link), 0, &route).ms,
	       second = own_link_planned(link, whole(&link), 0, &route).ms;

	assert_true(second < first);
	assert_int_equal(route_streams(&route), ROUTE_STREAMS_MAX);
}

static void test_plan_asks_for_little_more_than_is_read(void **state)
{
	for (size_t i = 0; i < array_length(trips); i++) {
		struct own_link link = {.rtt_ms = trips[i], .mbit = 50};
		struct route route = {0};
		int64_t size = 500 * MIB;
		struct own_link_result ours = own_link_planned(link, size, 1 * MIB, &route);
		/* the rest of the file may have been asked for, but it pauses: see PLAN_LONG */
		assert_true(ours.streams <= PLAN_STREAMS);
		assert_in_range(ours.requests, 1, 8);
	}
}

static void test_plan_a_look_is_a_look(void **state)
{
	struct route route = {0};
	struct plan plan = {.route = &route,
		.size = 500 * MIB,
		.length = 16 * KIB,
		.hole = 16 * KIB,
		.hole_end = 500 * MIB};
	int64_t from;
	bool shared;

	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	/* it goes on: a little more than was read */
	plan.at = plan.run = 16 * KIB;
	plan.hole = 32 * KIB;
	assert_in_range(plan_next(&plan, &from, &shared), 16 * KIB, 128 * KIB);
	assert_int_equal(from, 32 * KIB);
}

static unsigned ask_all(struct plan *plan, struct plan_range *ranges)
{
	int64_t from, length;
	bool shared;

	while ((length = plan_next(plan, &from, &shared)) > 0) {
		assert_int_equal(from, plan->hole);
		ranges[plan->count++] = (struct plan_range){.position = from, .end = from + length};
		plan->hole = from + length;
	}
	return plan->count;
}

static void test_plan_the_beginning_has_the_link_for_itself(void **state)
{
	struct route route = {0};
	struct plan_range ranges[8];
	struct plan plan = {.route = &route,
		.size = 500 * MIB,
		.at = 200 * MIB,
		.hole = 200 * MIB,
		.length = 128 * KIB,
		.hole_end = 500 * MIB,
		.ranges = ranges};
	int64_t from;
	bool shared;

	assert_int_equal(ask_all(&plan, ranges), PLAN_STREAMS);
	assert_int_equal(plan.hole, plan.at + PLAN_FIRST);
	/* that the kernel asks for what is behind it changes nothing; that a reader waits in front of it does */
	plan.waits = true;
	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	plan.at = plan.hole = 100 * MIB;
	assert_true(plan_next(&plan, &from, &shared) > 0);
	assert_int_equal(from, 100 * MIB);
}

/* A server that has nothing to send for a round trip lets its connection stay as small as it is. */
static void test_plan_the_last_part_of_the_beginning_brings_the_rest(void **state)
{
	struct route route = {0};
	struct plan_range ranges[8];
	struct plan plan = {.route = &route,
		.size = 500 * MIB,
		.length = 128 * KIB,
		.hole_end = 500 * MIB,
		.ranges = ranges};

	assert_int_equal(ask_all(&plan, ranges), PLAN_STREAMS);
	assert_int_equal(plan.hole, 500 * MIB);
	assert_int_equal(ranges[PLAN_STREAMS - 1].position, PLAN_FIRST - PLAN_FIRST / PLAN_STREAMS);
}

/* It has brought little so far, as they all do that begin. */
static void test_plan_helps_none_that_grows(void **state)
{
	struct route route = {.known = true, .rtt_ms = 100, .rtt_next = -1, .epoch = 3,
		.rates = {400000, 1700000, 4000000}};
	struct plan_range range = {.position = MIB, .end = 36 * MIB, .rate = 270000};
	struct plan plan = {.route = &route,
		.size = 36 * MIB,
		.at = MIB,
		.run = MIB,
		.length = 128 * KIB,
		.hole = 36 * MIB,
		.hole_end = 36 * MIB,
		.ranges = &range,
		.count = 1};
	int64_t from;
	bool shared;

	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	/* it has stayed what it was */
	route.epoch = 5;
	route.rates[3] = route.rates[4] = 270000;
	assert_true(plan_next(&plan, &from, &shared) > 0);
}

static void test_plan_a_connection_that_is_there_brings_all_of_a_file(void **state)
{
	struct route route = {.known = true, .rtt_ms = 40, .rtt_next = -1};
	struct plan_range range = {.end = 500 * MIB, .shared = true};
	struct plan plan = {.route = &route,
		.size = 500 * MIB,
		.length = 128 * KIB,
		.hole_end = 500 * MIB,
		.ranges = &range};
	int64_t from;
	bool shared;

	assert_int_equal(plan_next(&plan, &from, &shared), 500 * MIB);
	assert_true(shared);
	plan.hole = 500 * MIB;
	plan.count = 1;
	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	/* who begins in its middle may jump again */
	plan.at = plan.hole = 200 * MIB;
	plan.count = 0;
	assert_in_range(plan_next(&plan, &from, &shared), 64 * KIB, PLAN_FIRST);
	/* where none is there several new ones grow side by side */
	route = (struct route){0};
	plan.at = plan.hole = 0;
	assert_int_equal(plan_next(&plan, &from, &shared), PLAN_FIRST / PLAN_STREAMS);
}

static void test_plan_a_small_file_comes_by_two_where_nobody_waits_for_that(void **state)
{
	struct route route = {.known = true, .rtt_ms = 40, .rtt_next = -1};

	assert_true(plan_by_two(&route, 100 * KIB, 8, 0));
	assert_true(plan_by_two(&route, 100 * KIB, 8, 14));
	assert_false(plan_by_two(&route, 16 * KIB, 8, 0)); /* a look */
	assert_false(plan_by_two(&route, 100 * KIB, 1, 0)); /* alone */
	assert_false(plan_by_two(&route, 100 * KIB, 32, 0)); /* they have opened their files, and will read */
	assert_false(plan_by_two(&route, 100 * KIB, 8, 16));
	/* an answer has stood behind others */
	route_answered(&route, 1000, 90);
	assert_false(plan_by_two(&route, 100 * KIB, 8, 0));
	route_answered(&route, 2000, 41);
	assert_true(plan_by_two(&route, 100 * KIB, 8, 0));
}

static void test_route_is_full_when_what_comes_fills_it_twice(void **state)
{
	/* 10 MB a second, 100 ms: 1 MB is under way */
	struct route route = {.known = true, .multiplexed = true, .rtt_ms = 100, .rtt_next = -1, .epoch = 4,
		.rates = {10000000, 10000000, 10000000, 10000000}, .steady = 3};

	for (int i = 0; i < 20; i++) {
		assert_false(route_is_full(&route));
		route_began(&route, false, 100000);
	}
	assert_true(route_is_full(&route));
	route_ended(&route, false, 100000);
	assert_false(route_is_full(&route));
	route_began(&route, false, 100000);
	/* it grows */
	route.steady = 0;
	assert_false(route_is_full(&route));
	route.steady = 3;
	/* others beside it were seen to bring more, or are tried */
	route.streams = 4;
	assert_false(route_is_full(&route));
	route.streams = 0;
	/* each has a connection of its own in any case */
	route.multiplexed = false;
	assert_false(route_is_full(&route));
}

static void test_route_is_never_full_of_a_few(void **state)
{
	struct route route = {.known = true, .multiplexed = true, .rtt_ms = 10, .rtt_next = -1, .epoch = 4,
		.rates = {1000, 1000, 1000, 1000}, .steady = 3};

	for (int i = 0; i < 8; i++) {
		assert_false(route_is_full(&route));
		route_began(&route, false, 100000);
	}
	assert_true(route_is_full(&route));
}

static void test_plan_helps_one_that_is_slow(void **state)
{
	struct route route = {.known = true, .rtt_ms = 40, .streams = 6, .epoch = 1, .rates = {12 * MIB}};
	struct plan_range ranges[] = {{.position = 10 * MIB, .end = 12 * MIB, .rate = 40 * KIB},
		{.position = 13 * MIB, .end = 14 * MIB, .rate = 2 * MIB}};
	struct plan plan = {.route = &route,
		.size = 500 * MIB,
		.at = 10 * MIB,
		.run = 10 * MIB,
		.length = 128 * KIB,
		.hole = 14 * MIB,
		.hole_end = 500 * MIB,
		.ranges = ranges,
		.count = 2};
	bool shared;
	int64_t from, length = plan_next(&plan, &from, &shared);

	assert_int_equal(from, 11 * MIB);
	assert_int_equal(length, 1 * MIB);
	/* as fast as the others: what is next is asked for */
	ranges[0].rate = 2 * MIB;
	assert_true(plan_next(&plan, &from, &shared) > 0);
	assert_int_equal(from, 14 * MIB);
}

/* By one connection pieces come one behind the other: the last one has waited, and nothing is the matter with it. */
static void test_plan_helps_none_that_waits_for_its_turn(void **state)
{
	struct route route = {.known = true,
		.multiplexed = true,
		.rtt_ms = 100,
		.epoch = 1,
		.rates = {12 * MIB},
		.parts = {300 * KIB, 300 * KIB, 300 * KIB, 100 * KIB, 300 * KIB, 300 * KIB, 300 * KIB},
		.part = ROUTE_PARTS - 1};
	struct plan_range ranges[8];
	struct plan plan = {.route = &route,
		.size = 36 * MIB,
		.at = 32 * MIB,
		.run = 32 * MIB,
		.length = 128 * KIB,
		.hole = 36 * MIB,
		.hole_end = 36 * MIB,
		.ranges = ranges,
		.count = 8};
	int64_t from;
	bool shared;

	for (int i = 0; i < 8; i++)
		ranges[i] = (struct plan_range){.position = 32 * MIB + i * 512 * KIB,
			.end = 32 * MIB + (i + 1) * 512 * KIB,
			.rate = i < 2 ? 4 * MIB : 60 * KIB,
			.shared = true};
	ranges[7].position += 16 * KIB;
	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	/* now there is: its connection brings a tenth */
	route.parts[0] = route.parts[1] = route.parts[2] = 0;
	assert_true(plan_next(&plan, &from, &shared) > 0);
	assert_false(shared);
}

/* What the connection brought before a loss says nothing about when the beginning is nearly here. */
static void test_plan_the_beginning_has_no_rival_after_a_loss(void **state)
{
	struct route route = {.known = true,
		.multiplexed = true,
		.rtt_ms = 24,
		.epoch = 2,
		.rates = {6 * MIB, 6 * MIB},
		.part = 2 * ROUTE_PARTS - 1};
	struct plan_range range = {
		.position = MIB - 200 * KIB, .end = MIB, .rate = MIB, .shared = true};
	struct plan plan = {.route = &route,
		.size = 36 * MIB,
		.at = 600 * KIB,
		.run = 600 * KIB,
		.length = 128 * KIB,
		.hole = MIB,
		.hole_end = 36 * MIB,
		.ranges = &range,
		.count = 1};
	int64_t from;
	bool shared;

	for (int i = 0; i < ROUTE_PARTS_KEPT; i++)
		route.parts[i] = 6 * KIB;
	assert_int_equal(plan_next(&plan, &from, &shared), 0);
	range.position = MIB - 60 * KIB;
	assert_true(plan_next(&plan, &from, &shared) > 0);
	assert_int_equal(from, MIB);
}

static void test_route_takes_the_shortest_of_a_minute(void **state)
{
	struct route route = {0};

	assert_false(route_is_far(&route));
	route.late = true;
	assert_true(route_is_far(&route));
	route_answered(&route, 1000, 90);
	route_answered(&route, 1100, 40);
	route_answered(&route, 30000, 70);
	assert_int_equal(route_rtt_ms(&route), 40);
	/* it has moved: the old one is forgotten after a while */
	route_answered(&route, 50000, 80);
	assert_int_equal(route_rtt_ms(&route), 40);
	route_answered(&route, 62000, 85);
	assert_int_equal(route_rtt_ms(&route), 70);
	route_answered(&route, 63000, 3);
	assert_false(route_is_far(&route));
}

/* One lost segment, and what has come behind it is there at once. */
static void test_route_a_burst_is_no_rate(void **state)
{
	struct route route = {.known = true, .rtt_ms = 100, .rtt_next = -1, .multiplexed = true};
	int64_t now = 1000;

	for (int i = 0; i < 24; i++, now += 100)
		route_delivered(&route, now, i == 6 || i == 7 ? 10000 : i == 8 ? 3400000 : 1200000, true);
	assert_int_equal(route_streams(&route), 1);
	assert_int_equal(route_rate(&route), 12000000);
	/* a connection that loses again and again is one that brings less for good */
	for (int i = 0; i < 20 && route_streams(&route) == 1; i++, now += 100)
		route_delivered(&route, now, 300000, true);
	assert_int_equal(route_streams(&route), ROUTE_STREAMS);
}

/* While a connection grows the rate is behind it: what it brought last counts for what is asked for ahead. */
static void test_route_ahead_grows_with_the_connection(void **state)
{
	struct route route = {.known = true, .rtt_ms = 100, .rtt_next = -1, .multiplexed = true};
	int64_t now = 1000;

	for (int64_t bytes = 10000; bytes <= 160000; bytes *= 2)
		for (int part = 0; part < ROUTE_PARTS; part++, now += 25)
			route_delivered(&route, now, (size_t)bytes, true);
	assert_in_range(route_last_trip(&route), 500000, 640000);
	assert_true(route_product(&route) < route_last_trip(&route) / 2);
	assert_int_equal(route_ahead(&route), 2 * route_last_trip(&route));
	/* the link is full: a pause of its readers makes it no thinner */
	for (int part = 0; part < 16 * ROUTE_PARTS; part++, now += 25)
		route_delivered(&route, now, 160000, true);
	route_delivered(&route, now + 90, 100, true);
	assert_int_equal(route_ahead(&route), 2 * route_product(&route));
	assert_true(route_product(&route) >= 600000);
	/* a segment is lost: what comes behind it waits, and then comes at once */
	for (int part = 0; part < 2 * ROUTE_PARTS; part++, now += 25)
		route_delivered(&route, now, part < ROUTE_PARTS ? 40000 : 400000, true);
	assert_in_range(route_last_trip(&route), 1, 400000);
	assert_int_equal(route_ahead(&route), 2 * route_product(&route));
}

/* One that has lost its beginning creeps up for a long time: others beside it show at once what there is. */
static void test_route_does_not_wait_for_one_that_creeps(void **state)
{
	struct route route = {.known = true, .rtt_ms = 100, .rtt_next = -1};
	int64_t now = 1000, bytes = 50000;

	for (int i = 0; i < 60 && route_streams(&route) == 1; i++, now += 100) {
		bytes += i % 16 == 15 ? bytes / 7 : 0;
		route_delivered(&route, now, (size_t)bytes, true);
	}
	assert_int_equal(route_streams(&route), ROUTE_STREAMS);
}

/* It grows at once, if slowly: that is seen before the seconds are over that one gets which brings always the same. */
static void test_route_sees_soon_that_one_creeps(void **state)
{
	struct route route = {.known = true, .rtt_ms = 100, .rtt_next = -1};
	int64_t now = 1000, bytes = 50000;
	int epochs = 0;

	for (; epochs < 30 && route_streams(&route) == 1; epochs++, now += 200, bytes += bytes / 20)
		route_delivered(&route, now, (size_t)bytes, true);
	assert_in_range(epochs, 8, 12);
	/* nor one that has just filled its link, however fast it has grown before */
	route = (struct route){.known = true, .rtt_ms = 100, .rtt_next = -1};
	for (bytes = 20000, epochs = 0; epochs < 14; epochs++, now += 200) {
		bytes = bytes < 1200000 ? bytes * 3 : 1200000 + (epochs % 3) * 30000;
		route_delivered(&route, now, (size_t)bytes, true);
	}
	assert_int_equal(route_streams(&route), 1);
}

/* Small files over HTTP/2: one connection has all, until more have been seen to bring more; it is never without one. */
static void test_route_small_files_get_connections_where_more_bring_more(void **state)
{
	struct route route = {.known = true, .rtt_ms = 50, .rtt_next = -1, .multiplexed = true};
	int64_t now = 1000;

	for (int i = 0; i < 3; i++) {
		assert_false(route_takes_own(&route));
		route_began(&route, false, 100 * KIB);
	}
	/* three readers say nothing of what four streams bring */
	for (int i = 0; i < 60; i++, now += 100)
		route_delivered(&route, now, 60000, route_is_full_of_small(&route));
	assert_int_equal(route_streams(&route), 1);
	for (int i = 0; i < 5; i++)
		route_began(&route, false, 100 * KIB);
	for (int i = 0; i < 60 && route_streams(&route) == 1; i++, now += 100)
		route_delivered(&route, now, 60000, route_is_full_of_small(&route));
	assert_int_equal(route_streams(&route), ROUTE_STREAMS);
	for (int i = 1; i < ROUTE_STREAMS; i++) {
		assert_true(route_takes_own(&route));
		route_ended(&route, false, 100 * KIB);
		route_began(&route, true, 100 * KIB);
	}
	assert_false(route_takes_own(&route));
	route_ended(&route, true, 100 * KIB);
	assert_true(route_takes_own(&route));
	/* who reads one after the other has the connection that is there */
	for (int i = 0; i < 5; i++)
		route_ended(&route, false, 100 * KIB);
	assert_false(route_takes_own(&route));
	/* more than began: they were another host's */
	for (int i = 0; i < 5; i++)
		route_ended(&route, true, 100 * KIB);
	assert_int_equal(route.under_way, 0);
	assert_int_equal(route.own, 0);
	/* each has a connection in any case */
	route.multiplexed = false;
	for (int i = 0; i < 8; i++)
		route_began(&route, false, 100 * KIB);
	assert_false(route_takes_own(&route));
	assert_false(route_is_full_of_small(&route));
}

static void test_route_has_one_for_each_host(void **state)
{
	struct routes routes = {0};
	struct route *a = route_find(&routes, "https://cdn.test/a/b.png?x=1");

	assert_ptr_equal(route_find(&routes, "https://cdn.test/other"), a);
	assert_ptr_not_equal(route_find(&routes, "https://cdn.test:8443/other"), a);
	assert_ptr_not_equal(route_find(&routes, "http://cdn.test/other"), a);
	for (int i = 0; i < 1000; i++) {
		char url[64];
		snprintf(url, sizeof(url), "https://h%d.test/", i);
		assert_non_null(route_find(&routes, url));
	}
}

#define TEST(name) cmocka_unit_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plan_is_as_good_as_one_stream_where_that_is_enough),
		TEST(plan_begins_by_the_connection_that_is_there),
		TEST(plan_takes_more_connections_where_each_is_limited),
		TEST(plan_does_not_stay_on_one_connection_that_is_limited),
		TEST(plan_takes_more_connections_where_segments_get_lost),
		TEST(plan_remembers_a_limit),
		TEST(plan_asks_for_little_more_than_is_read),
		TEST(plan_a_look_is_a_look),
		TEST(plan_the_beginning_has_the_link_for_itself),
		TEST(plan_the_last_part_of_the_beginning_brings_the_rest),
		TEST(plan_helps_none_that_grows),
		TEST(plan_a_connection_that_is_there_brings_all_of_a_file),
		TEST(plan_a_small_file_comes_by_two_where_nobody_waits_for_that),
		TEST(route_is_full_when_what_comes_fills_it_twice),
		TEST(route_is_never_full_of_a_few),
		TEST(plan_helps_one_that_is_slow),
		TEST(plan_helps_none_that_waits_for_its_turn),
		TEST(plan_the_beginning_has_no_rival_after_a_loss),
		TEST(route_takes_the_shortest_of_a_minute),
		TEST(route_a_burst_is_no_rate),
		TEST(route_ahead_grows_with_the_connection),
		TEST(route_does_not_wait_for_one_that_creeps),
		TEST(route_sees_soon_that_one_creeps),
		TEST(route_small_files_get_connections_where_more_bring_more),
		TEST(route_has_one_for_each_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
