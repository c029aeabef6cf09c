/* SPDX-License-Identifier: MIT */
/* A parked request is answered once, whoever comes first. libfuse is replaced: its functions are wrapped. */
#include <errno.h>
#include <linux/fuse.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/base/loop.h"
#include "fs/base/worker.h"
#include "fs/kept/carried.h"
#include "fs/kept/keeper.h"
#include "fs/mount/pending.h"

/* Stands for libfuse's request. */
struct fuse_req {
	int answers, error;
	char data[16];
	size_t length;
	int interrupted;
	fuse_interrupt_func_t interrupt;
	void *interrupt_arg;
};

static struct session session;

void *__wrap_fuse_req_userdata(fuse_req_t req);
void *__wrap_fuse_req_userdata(fuse_req_t req)
{
	return &session;
}

int __wrap_fuse_req_interrupted(fuse_req_t req);
int __wrap_fuse_req_interrupted(fuse_req_t req)
{
	return req->interrupted;
}

void __wrap_fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data);
void __wrap_fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
	assert_int_equal(req->answers, 0);
	req->interrupt = func;
	req->interrupt_arg = data;
}

int __wrap_fuse_reply_err(fuse_req_t req, int err);
int __wrap_fuse_reply_err(fuse_req_t req, int err)
{
	req->answers++;
	req->error = err;
	return 0;
}

int __wrap_fuse_reply_buf(fuse_req_t req, const char *buf, size_t size);
int __wrap_fuse_reply_buf(fuse_req_t req, const char *buf, size_t size)
{
	assert_true(size <= sizeof(req->data));
	req->answers++;
	if (size > 0)
		memcpy(req->data, buf, size);
	req->length = size;
	return 0;
}

struct owner {
	struct pending pending;
	int given_up;
};

static void give_up(struct pending *pending)
{
	struct owner *owner = container_of(pending, struct owner, pending);

	assert_true(pending_answered(pending));
	owner->given_up++;
}

static int setup(void **state)
{
	session = (struct session){0};
	list_init(&session.parked);
	return 0;
}

static void test_pending_answers_with_data(void **state)
{
	struct fuse_req req = {0};
	struct owner owner = {0};

	pending_init(&owner.pending, &req, -EIO, give_up);
	pending_park(&owner.pending);
	assert_int_equal(req.answers, 0);
	assert_non_null(req.interrupt);
	pending_data(&owner.pending, "abc", 3);
	assert_int_equal(req.answers, 1);
	assert_memory_equal(req.data, "abc", 3);
	assert_int_equal(owner.given_up, 0);
	assert_true(list_empty(&session.parked));
}

static void test_pending_answers_before_it_is_parked(void **state)
{
	struct fuse_req req = {0};
	struct owner owner = {0};

	pending_init(&owner.pending, &req, -EIO, give_up);
	assert_false(pending_answered(&owner.pending));
	pending_error(&owner.pending, -ETIMEDOUT);
	assert_true(pending_answered(&owner.pending));
	assert_int_equal(req.answers, 1);
	assert_int_equal(req.error, ETIMEDOUT);
}

static void test_pending_interrupt_answers_and_gives_up(void **state)
{
	struct fuse_req req = {0};
	struct owner owner = {0};

	pending_init(&owner.pending, &req, -EIO, give_up);
	pending_park(&owner.pending);
	req.interrupt(&req, req.interrupt_arg);
	assert_int_equal(req.answers, 1);
	assert_int_equal(req.error, EINTR);
	assert_int_equal(owner.given_up, 1);
	assert_true(list_empty(&session.parked));
}

/* libfuse 3.14 would use the request after the callback that it runs while registering. */
static void test_pending_interrupted_before_is_never_registered(void **state)
{
	struct fuse_req req = {.interrupted = 1};
	struct owner owner = {0};

	pending_init(&owner.pending, &req, -EIO, give_up);
	pending_park(&owner.pending);
	assert_int_equal(req.answers, 1);
	assert_int_equal(req.error, EINTR);
	assert_int_equal(owner.given_up, 1);
	assert_null(req.interrupt);
}

static void test_pending_end_answers_all_and_parks_no_more(void **state)
{
	struct fuse_req reqs[3] = {0};
	struct owner owners[3] = {0};

	for (int i = 0; i < 2; i++) {
		pending_init(&owners[i].pending, &reqs[i], i == 0 ? -EIO : -EINTR, give_up);
		pending_park(&owners[i].pending);
	}
	pending_end_all(&session);
	pending_init(&owners[2].pending, &reqs[2], -EIO, give_up);
	pending_park(&owners[2].pending);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(reqs[i].answers, 1);
		assert_int_equal(reqs[i].error, i == 1 ? EINTR : EIO);
		assert_int_equal(owners[i].given_up, 1);
	}
	assert_null(reqs[2].interrupt);
}

static void check_slice(size_t size, off_t offset, const char *expected)
{
	struct fuse_req req = {0};
	struct owner owner = {0};

	pending_init(&owner.pending, &req, -EIO, give_up);
	pending_slice(&owner.pending, "hello", 5, size, offset);
	assert_int_equal(req.answers, 1);
	assert_int_equal(req.length, strlen(expected));
	assert_memory_equal(req.data, expected, req.length);
}

static void test_pending_slice_stays_inside_the_text(void **state)
{
	check_slice(100, 0, "hello");
	check_slice(2, 1, "el");
	check_slice(100, 4, "o");
	check_slice(100, 5, "");
	check_slice(100, 6, "");
	check_slice(100, INT64_MAX, "");
	check_slice(100, -1, "");
	check_slice(0, 0, "");
}

static void sent(void *arg)
{
	loop_stop(arg, 0);
}

/* It was answered at once, so that it was never parked, and is overwritten by the next one in the buffer. */
static void test_pending_what_the_worker_sends_is_kept_until_it_is_written(void **state)
{
	struct {
		struct fuse_in_header header;
		struct fuse_read_in read;
	} request = {.header = {.len = sizeof(request), .opcode = FUSE_READ, .unique = 7}};
	struct fuse_req req = {0};
	struct owner owner = {0};
	struct loop *loop;
	int memory = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(ftruncate(memory, KEEPER_MEMORY_SIZE), 0);
	assert_int_equal(carried_create(memory, false, &session.carried), 0);
	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(worker_create(loop, &session.worker), 0);
	session.current = &request.header;
	pending_init(&owner.pending, &req, -EIO, give_up);
	assert_int_equal(pending_send(&owner.pending, "abc", 3, sent, loop), 0);
	session.current = NULL;
	assert_true(pending_answered(&owner.pending));
	/* until the loop hears that it was written */
	assert_int_equal(carried_parked(session.carried, 0)->unique, 7);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(req.answers, 1);
	assert_int_equal(carried_parked(session.carried, 0)->unique, 0);
	worker_destroy(session.worker);
	loop_destroy(loop);
	carried_destroy(session.carried);
	close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pending_answers_with_data, setup),
		cmocka_unit_test_setup(test_pending_answers_before_it_is_parked, setup),
		cmocka_unit_test_setup(test_pending_interrupt_answers_and_gives_up, setup),
		cmocka_unit_test_setup(test_pending_interrupted_before_is_never_registered, setup),
		cmocka_unit_test_setup(test_pending_end_answers_all_and_parks_no_more, setup),
		cmocka_unit_test_setup(test_pending_what_the_worker_sends_is_kept_until_it_is_written, setup),
		cmocka_unit_test_setup(test_pending_slice_stays_inside_the_text, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
