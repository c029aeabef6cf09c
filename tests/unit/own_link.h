/* SPDX-License-Identifier: MIT */
#pragma once
/* own_link: a model of a link of the test's own, and of the TCP connections over it, in virtual time: what a reader in
 * sequence gets of a file that is fetched as the planner says, and what one connection would have brought.
 *
 * A connection is made in one round trip (two with TLS), begins with ten segments, doubles what it has under way in each round
 * trip until it loses something, then adds a little in each (RFC 5681). All share one queue in front of the link; what does not
 * fit into it is a loss. Half of a round trip lies between the queue and the reader, the other half on the way back. */
#include <stdbool.h>
#include <stdint.h>

struct own_link {
	double rtt_ms, mbit;
	bool tls;
	double loss;     /* the share of segments that get lost besides */
	double cap_mbps; /* megabytes a second of each connection; 0: no limit */
	bool warm;       /* one connection is there */
};

struct own_link_result {
	double ms, first_ms,
		mib_ms; /* all of the file, its first 128 KiB and its first MiB are here */
	unsigned requests, streams; /* streams: the most at once */
	double sent;                /* bytes asked for, to the file's */
	double idle_ms; /* the link was empty, a connection could have sent, and not all was asked for */
};

/* By one request over one connection. */
struct own_link_result own_link_alone(struct own_link link, int64_t size);
struct route;
/* By the planner, which knows what `route` does; it learns. The reader stops at `stop`, or reads all: 0. */
struct own_link_result own_link_planned(
	struct own_link link, int64_t size, int64_t stop, struct route *route);
