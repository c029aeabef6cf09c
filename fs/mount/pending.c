/* SPDX-License-Identifier: MIT */
#include "fs/mount/pending.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "fs/base/worker.h"
#include "fs/kept/carried.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"

void pending_init(struct pending *pending, fuse_req_t req, int end_error,
	void (*give_up)(struct pending *pending))
{
	*pending = (struct pending){.request = req,
		.place = CARRIED_NOWHERE,
		.end_error = end_error,
		.give_up = give_up};
	list_init(&pending->link);
}

/* The one place where a request leaves its pending. Its copy stays until the answer was written: see forget(). */
static fuse_req_t take(struct pending *pending)
{
	fuse_req_t req = pending->request;

	assert(req != NULL);
	pending->request = NULL;
	list_remove(&pending->link);
	return req;
}

static void forget(struct session *session, uint32_t place)
{
	carried_unpark(session->carried, place);
}

static void answer_error(struct pending *pending, int error)
{
	struct session *session = session_of(pending->request);

	reply_error(take(pending), error);
	forget(session, pending->place);
}

static void give_up(struct pending *pending, int error)
{
	answer_error(pending, error);
	pending->give_up(pending);
}

/* libfuse holds the request for as long as this runs, so it may be answered here. */
static void interrupted(fuse_req_t req, void *arg)
{
	struct pending *pending = arg;

	assert(pending->request == req);
	give_up(pending, -EINTR);
}

void pending_park(struct pending *pending)
{
	struct session *session = session_of(pending->request);

	if (session->ending) {
		give_up(pending, pending->end_error);
		return;
	}
	/* An interrupt that came before the request itself: registering would call back at once, and libfuse
	 * 3.14 unlocks the request after that call, which must therefore not answer (and free) it. Later ones
	 * cannot come before this returns: they are requests, read by this same thread. */
	if (!pending->stays && fuse_req_interrupted(pending->request)) {
		give_up(pending, -EINTR);
		return;
	}
	int r = request_park(session, &pending->place);
	if (r < 0) {
		give_up(pending, pending->stays ? pending->end_error : r);
		return;
	}
	list_append(&session->parked, &pending->link);
	if (!pending->stays)
		fuse_req_interrupt_func(pending->request, interrupted, pending);
}

bool pending_answered(const struct pending *pending)
{
	return pending->request == NULL;
}

void pending_error(struct pending *pending, int error)
{
	assert(error < 0);
	answer_error(pending, error);
}

void pending_done(struct pending *pending)
{
	answer_error(pending, 0);
}

void pending_data(struct pending *pending, const char *data, size_t length)
{
	struct session *session = session_of(pending->request);

	reply_data(take(pending), data, length);
	forget(session, pending->place);
}

/* The request is the worker's alone: nothing of it is left on the loop's side. */
struct sending {
	struct worker_job job;
	fuse_req_t request;
	const char *data;
	size_t length;
	void (*sent)(void *arg);
	void *arg;
	struct session *session;
	uint32_t place;
};

static void send_data(struct worker_job *job)
{
	struct sending *sending = list_entry(job, struct sending, job);

	/* an answer that comes too late is nobody's any more, see reply.c */
	fuse_reply_buf(sending->request, sending->data, sending->length);
}

static void data_sent(struct worker_job *job)
{
	struct sending *sending = list_entry(job, struct sending, job);

	forget(sending->session, sending->place);
	sending->sent(sending->arg);
	free(sending);
}

int pending_send(struct pending *pending, const char *data, size_t length, void (*sent)(void *arg),
	void *arg)
{
	struct session *session = session_of(pending->request);
	/* one that was not parked stands in the receive buffer alone, which the next request takes before the worker is through */
	int r = pending->place == CARRIED_NOWHERE ? request_park(session, &pending->place) : 0;
	struct sending *sending = r == 0 ? malloc(sizeof(*sending)) : NULL;

	if (sending == NULL)
		return r < 0 ? r : -ENOMEM;
	*sending = (struct sending){.job = {.run = send_data, .done = data_sent},
		.data = data,
		.length = length,
		.sent = sent,
		.arg = arg,
		.session = session,
		.place = pending->place};
	struct worker *worker = session->worker;
	sending->request = take(pending);
	/* an interrupt may come while the worker has the request: it finds nothing to give up */
	fuse_req_interrupt_func(sending->request, NULL, NULL);
	worker_submit(worker, &sending->job);
	return 0;
}

void pending_slice(
	struct pending *pending, const char *text, size_t length, size_t size, off_t offset)
{
	struct session *session = session_of(pending->request);

	reply_slice(take(pending), text, length, size, offset);
	forget(session, pending->place);
}

void pending_end_all(struct session *session)
{
	session->ending = true;
	while (!list_empty(&session->parked)) {
		struct pending *pending = list_entry(session->parked.next, struct pending, link);
		give_up(pending, pending->end_error);
	}
}
