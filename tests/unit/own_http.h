/* SPDX-License-Identifier: MIT */
#pragma once
/* own_http: an HTTP of the test's own in place of fs/net, and behind it a service that does what a test tells it to.
 *
 * Left alone it is a good one: a submission is accepted as task T1, T2, …; a task has succeeded when it is asked for and has
 * made one picture; https://cdn.test/ has it; the balance is 100 credits. own_http_next() says what is answered
 * instead, once. Answers come in the loop's next turn. Every start is recorded (own_disk.h) as "POST PATH" or "GET PATH".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct own_answer {
	int status;             /* 0: no HTTP answer, `error` instead */
	const char *body;       /* NULL: empty */
	int error;              /* negative errno: the exchange did not complete */
	bool not_sent;          /* with an error: certainly nothing was sent */
	int refuse;             /* negative errno: http_start() itself fails with it */
	bool hold;              /* no answer at all until own_http_release() */
	int64_t retry_after_ms; /* 0: none is told */
};

void own_http_reset(void);
/* For the next request whose "POST PATH" or "GET PATH" contains `part`. Several are taken in order. */
void own_http_next(const char *part, struct own_answer answer);
/* The same for so many, SIZE_MAX all. */
void own_http_next_many(const char *part, struct own_answer answer, size_t count);
/* Those that were held are answered now, with this. */
void own_http_release(struct own_answer answer);
/* Requests so far, and those without an answer yet, that contain `part`. Of those so far " own" are by a connection of their own. */
size_t own_http_count(const char *part);
size_t own_http_open(const char *part);
/* Body of the last POST to /v1/generation/…; "" none. */
const char *own_http_posted(void);
/* What an untold question for a task is answered: "processing", "succeed", … */
void own_http_state(const char *state);
void own_http_balance(double credits);
/* Length of each picture, and how many a task has made. */
void own_http_pictures(size_t bytes, unsigned count);
/* Milliseconds from the start of a request to its answer, from now on; 0 at first. */
void own_http_latency(int64_t ms);
/* Servers that know no ranges: all of it, from the start. */
void own_http_without_ranges(void);
uint64_t own_http_bytes(void); /* of bodies, so far */
/* The byte of a picture at this place. */
char own_http_byte(int64_t offset);
