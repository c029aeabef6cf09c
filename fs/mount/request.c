/* SPDX-License-Identifier: MIT */
#include "fs/mount/request.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/kept/carried.h"
#include "fs/kept/kept.h"
#include "fs/mount/mount_private.h"

enum { TRIES = 3 }; /* for a request at whose handling daemons die: then it is answered with an error */

uint64_t request_unique(const struct session *session)
{
	return session->current != NULL ? session->current->unique : 0;
}

pid_t request_thread(const struct session *session)
{
	return session->current != NULL ? (pid_t)session->current->pid : 0;
}

bool request_comes_again(const struct session *session)
{
	return session->again;
}

bool request_was_done(const struct session *session)
{
	return session->again && session->done != 0 && session->done == request_unique(session);
}

/* The part of a request behind its header; NULL where it is too short for that. */
static const void *arguments(const struct session *session, size_t size)
{
	const struct fuse_in_header *header = session->current;

	return header != NULL && header->len >= sizeof(*header) + size ? header + 1 : NULL;
}

uint64_t request_poller(const struct session *session)
{
	const struct fuse_poll_in *poll = arguments(session, sizeof(*poll));

	return poll != NULL && session->current->opcode == FUSE_POLL ? poll->kh : 0;
}

int request_park(struct session *session, uint32_t *ret_place)
{
	*ret_place = CARRIED_NOWHERE;
	if (session->carried == NULL)
		return 0;
	return carried_park(
		session->carried, session->current, session->current->len, ret_place);
}

/* Requests that are not to be dealt with twice by mistake. Others say the same as often as they are asked. */
static bool changes(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_CREATE:
	case FUSE_MKNOD:
	case FUSE_MKDIR:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
	case FUSE_RENAME:
	case FUSE_RENAME2:
	case FUSE_WRITE: /* to a status */
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
		return true;
	default:
		return false;
	}
}

/* What the kernel and libfuse have agreed upon is what the next daemon has to tell its own libfuse. */
static void keep_greeting(struct session *session, const struct fuse_in_header *header)
{
	struct carried_head *head = carried_head(session->carried);

	if (header->len > CARRIED_INIT_MAX)
		return;
	memcpy(head->init, header, header->len);
	atomic_thread_fence(memory_order_seq_cst);
	head->init_length = header->len;
}

static void deal_with(struct session *session, struct fuse_buf *request)
{
	const struct fuse_in_header *header = request->mem;

	session->current = header;
	if (session->carried != NULL && changes(header->opcode))
		account_serves(session->account, (int64_t)header->unique);
	if (session->carried != NULL && header->opcode == FUSE_INIT)
		keep_greeting(session, header);
	fuse_session_process_buf(session->fuse, request);
	account_serves(session->account, 0);
	session->current = NULL;
}

int request_serve(struct session *session)
{
	int r = fuse_session_receive_buf(session->fuse, &session->request);

	if (r == -EAGAIN || r == -EINTR)
		return r == -EINTR ? 1 : 0;
	if (r <= 0)
		return r == 0 ? -ENODEV : r;
	const struct fuse_in_header *header = session->request.mem;
	uint64_t unique = header->unique;
	deal_with(session, &session->request);
	if (session->carried != NULL)
		carried_head(session->carried)->served = unique;
	kept_answered(session->kept);
	/* else the INIT was not to libfuse's liking */
	return fuse_session_exited(session->fuse) ? -EPROTO : 1;
}

/* --- what the last daemon has left --- */

/* The kernel takes no answer to this one any more, which libfuse does not mind. */
static int greet_again(struct session *session)
{
	struct carried_head *head = carried_head(session->carried);
	struct fuse_buf greeting = {.mem = head->init, .size = head->init_length};

	if (head->init_length == 0)
		return 0; /* it has not been sent yet, or is in the buffer */
	if (head->init_length < sizeof(struct fuse_in_header))
		return -EPROTO;
	session->current = greeting.mem;
	fuse_session_process_buf(session->fuse, &greeting);
	session->current = NULL;
	return fuse_session_exited(session->fuse) ? -EPROTO : 0;
}

static void refuse(struct session *session, uint64_t unique)
{
	struct fuse_out_header answer = {
		.len = sizeof(answer), .error = -EIO, .unique = unique};

	log_error("mount: a request has ended several daemons: it is answered with an error");
	if (write(fuse_session_fd(session->fuse), &answer, sizeof(answer)) < 0)
		log_errno(LOG_LEVEL_DEBUG, -errno, "mount: an answer came too late");
}

/* Whatever kills us while we are at it is tried a few times only. */
static void deal_with_again(struct session *session, struct fuse_buf *request)
{
	struct carried_head *head = carried_head(session->carried);
	uint64_t unique = ((const struct fuse_in_header *)request->mem)->unique;

	head->tries = head->trying == unique ? head->tries + 1 : 1;
	head->trying = unique;
	if (head->tries > TRIES)
		refuse(session, unique);
	else
		deal_with(session, request);
	head->trying = 0;
	kept_answered(session->kept);
}

static void serve_one_parked(struct session *session, uint32_t place)
{
	const struct carried_parked *parked = carried_parked(session->carried, place);
	char copy[CARRIED_REQUEST_MAX] __attribute__((aligned(8)));
	struct fuse_buf request = {.mem = copy, .size = parked->length};

	memcpy(copy, parked->request, parked->length);
	deal_with_again(session, &request);
	carried_unpark(session->carried, place);
}

static bool is_request(const struct carried_parked *parked)
{
	return parked->unique != 0 && parked->length <= CARRIED_REQUEST_MAX &&
	       parked->length >= sizeof(struct fuse_in_header);
}

/* Those that are parked again get places anew, also before those that are still to come: hence the list. */
static int serve_parked(struct session *session, uint64_t in_buffer, bool *ret_found)
{
	uint32_t count = carried_head(session->carried)->parked, found = 0;
	CLEANUP_FREE uint32_t *places = malloc((size_t)(count + 1) * sizeof(*places));

	*ret_found = false;
	if (places == NULL)
		return -ENOMEM;
	for (uint32_t place = 0; place < count; place++) {
		const struct carried_parked *parked = carried_parked(session->carried, place);
		if (!is_request(parked))
			continue;
		places[found++] = place;
		*ret_found = *ret_found || parked->unique == in_buffer;
	}
	for (uint32_t i = 0; i < found; i++)
		serve_one_parked(session, places[i]);
	return 0;
}

static bool can_come_again(uint32_t opcode)
{
	/* a count that is too high does no harm, one that is too low does; the greeting was dealt with */
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INIT;
}

int request_serve_left(struct session *session)
{
	struct carried_head *head = carried_head(session->carried);
	const struct fuse_in_header *header = session->request.mem;
	struct fuse_buf request = {.mem = session->request.mem, .size = header->len};
	bool greeting = header->opcode == FUSE_INIT && head->init_length == 0;
	uint64_t in_buffer = header->unique;
	bool left = in_buffer != head->served && header->len >= sizeof(*header) &&
		    header->len <= CARRIED_BUFFER_MAX;
	bool is_parked = false;
	int r = greet_again(session);

	if (r < 0)
		return r;
	session->again = true;
	r = serve_parked(session, in_buffer, &is_parked);
	if (r == 0 && left && !is_parked && (greeting || can_come_again(header->opcode)))
		deal_with_again(session, &request);
	if (r == 0)
		head->served = in_buffer;
	session->again = false;
	return r;
}
