/* SPDX-License-Identifier: MIT */
/* Was who closes a file killed? What /proc says of processes of the test's own, and how long a close waits for that: libfuse, the look and the
 * tree are replaced. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/mount/flush.h"
#include "fs/mount/pending.h"

/* --- the look --- */

bool __real_flush_was_killed(pid_t closer, pid_t writer);

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_exit(0);
	}
	return pid;
}

/* It has ended, and is still there: as one is that closes its files at its end. */
static bool killed(pid_t pid, pid_t writer)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	bool answer = __real_flush_was_killed(pid, writer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return answer;
}

static void sleep_on(void)
{
	pause();
}

static void exit_at_once(void)
{
}

static void *pause_thread(void *arg)
{
	pause();
	return arg;
}

static void exit_with_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, pause_thread, NULL);
}

static void test_flush_tells_a_killed_process(void **state)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid_t pid = start(sleep_on);
		assert_false(__real_flush_was_killed(pid, pid));
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_true(killed(pid, i % 2 == 0 ? pid : -1));
	}
}

static void test_flush_tells_one_that_ended_by_itself(void **state)
{
	pid_t pid = start(exit_at_once);

	assert_false(killed(pid, pid));
	pid = start(exit_with_threads);
	assert_false(killed(pid, pid));
}

static void test_flush_tells_who_wrote(void **state)
{
	pid_t other = start(sleep_on), pid = start(sleep_on);

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_false(killed(pid, other));
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_true(killed(other, other));
	/* it is gone */
	assert_false(__real_flush_was_killed(pid, pid));
	assert_false(__real_flush_was_killed(pid, -1));
}

/* --- the wait --- */

struct fuse_req {
	struct fuse_ctx ctx;
	int answers, error;
};

static struct session session;
static sem_t go;
static pid_t cut; /* by whom */
static int cuts;

bool __wrap_flush_was_killed(pid_t closer, pid_t writer);
bool __wrap_flush_was_killed(pid_t closer, pid_t writer)
{
	while (sem_wait(&go) < 0)
		;
	return closer == writer;
}

void __wrap_tree_cut_short(struct tree *tree, uint64_t ino, pid_t writer);
void __wrap_tree_cut_short(struct tree *tree, uint64_t ino, pid_t writer)
{
	cut = writer;
	cuts++;
}

void *__wrap_fuse_req_userdata(fuse_req_t req);
void *__wrap_fuse_req_userdata(fuse_req_t req)
{
	return &session;
}

const struct fuse_ctx *__wrap_fuse_req_ctx(fuse_req_t req);
const struct fuse_ctx *__wrap_fuse_req_ctx(fuse_req_t req)
{
	return &req->ctx;
}

int __wrap_fuse_req_interrupted(fuse_req_t req);
int __wrap_fuse_req_interrupted(fuse_req_t req)
{
	return 1; /* as those of a process that dies are */
}

int __wrap_fuse_reply_err(fuse_req_t req, int err);
int __wrap_fuse_reply_err(fuse_req_t req, int err)
{
	/* what is cut short is in the ledger before */
	assert_int_equal(cuts, cut != 0);
	req->answers++;
	req->error = err;
	return 0;
}

static int setup(void **state)
{
	session = (struct session){0};
	list_init(&session.parked);
	cut = 0;
	cuts = 0;
	sem_init(&go, 0, 0);
	int r = loop_create(&session.loop);
	return r < 0 ? r : flushes_create(&session, &session.flushes);
}

static int teardown(void **state)
{
	for (int i = 0; i < 300; i++)
		sem_post(&go);
	pending_end_all(&session);
	flushes_destroy(session.flushes);
	loop_destroy(session.loop);
	sem_destroy(&go);
	return 0;
}

static void stop(void *arg)
{
	loop_stop(session.loop, 0);
}

static void run_for(int64_t ms)
{
	struct loop_timer *timer;

	assert_int_equal(loop_timer_create(session.loop, stop, NULL, &timer), 0);
	loop_timer_arm(timer, ms);
	assert_int_equal(loop_run(session.loop), 0);
	loop_timer_destroy(timer);
}

static void assert_answered(const struct fuse_req *req)
{
	assert_int_equal(req->answers, 1);
	assert_int_equal(req->error, 0);
}

static void test_flush_answers_when_it_is_known(void **state)
{
	struct fuse_req req = {.ctx.pid = 7}, other = {.ctx.pid = 8};

	sem_post(&go);
	sem_post(&go);
	flush_answer(&other, 5, 7);
	flush_answer(&req, 5, 7);
	assert_int_equal(req.answers, 0);
	flushes_end(session.flushes);
	assert_answered(&req);
	assert_answered(&other);
	assert_int_equal(cut, 7);
}

/* A look that hangs holds nobody up: neither its own close, nor those behind it. */
static void test_flush_answers_in_time(void **state)
{
	struct fuse_req reqs[3] = {{.ctx.pid = 7}, {.ctx.pid = 7}, {.ctx.pid = 7}};

	for (int i = 0; i < 3; i++)
		flush_answer(&reqs[i], 5, 7);
	int64_t begin = clock_mono_ms();
	while (reqs[2].answers == 0 && clock_mono_ms() - begin < 5000)
		run_for(10);
	assert_true(clock_mono_ms() - begin >= 40);
	for (int i = 0; i < 3; i++)
		assert_answered(&reqs[i]);
	/* what comes too late is nobody's */
	for (int i = 0; i < 3; i++)
		sem_post(&go);
	flushes_end(session.flushes);
	assert_int_equal(cuts, 0);
	for (int i = 0; i < 3; i++)
		assert_answered(&reqs[i]);
}

/* Something that takes its time, and the thread comes to its end meanwhile. */
static void be_busy(void *arg, unsigned events)
{
	struct loop_watch **watch = arg;
	int left;

	sem_post(&go);
	do {
		usleep(20000);
		sem_getvalue(&go, &left);
	} while (left > 0);
	usleep(80000);
	loop_watch_remove(*watch);
}

/* The loop was away for longer: what the thread has found meanwhile counts. */
static void test_flush_of_a_busy_loop_is_looked_at(void **state)
{
	struct fuse_req req = {.ctx.pid = 7};
	struct loop_watch *watch;
	int fd = eventfd(1, EFD_CLOEXEC);

	assert_int_equal(loop_watch_add(session.loop, fd, LOOP_READ, 9, be_busy, &watch, &watch), 0);
	flush_answer(&req, 5, 7);
	run_for(200);
	close(fd);
	assert_answered(&req);
	assert_int_equal(cut, 7);
}

static void test_flush_of_too_many_is_answered_at_once(void **state)
{
	static struct fuse_req reqs[300];
	int at_once = 0;

	for (int i = 0; i < 300; i++) {
		reqs[i] = (struct fuse_req){.ctx.pid = 7};
		flush_answer(&reqs[i], 5, 7);
		at_once += reqs[i].answers;
	}
	assert_in_range(at_once, 1, 299);
	struct fuse_req nobody = {.ctx.pid = 0};
	flush_answer(&nobody, 5, 7);
	assert_answered(&nobody);
	pending_end_all(&session);
	for (int i = 0; i < 300; i++)
		assert_answered(&reqs[i]);
}

/* The mount ends: nobody will ask again. */
static void test_flush_at_the_end_is_waited_for(void **state)
{
	struct fuse_req req = {.ctx.pid = 7};

	pending_end_all(&session);
	sem_post(&go);
	flush_answer(&req, 5, 7);
	assert_answered(&req);
	assert_int_equal(cut, 7);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flush_tells_a_killed_process),
		cmocka_unit_test(test_flush_tells_one_that_ended_by_itself),
		cmocka_unit_test(test_flush_tells_who_wrote),
		T(test_flush_answers_when_it_is_known),
		T(test_flush_answers_in_time),
		T(test_flush_of_a_busy_loop_is_looked_at),
		T(test_flush_of_too_many_is_answered_at_once),
		T(test_flush_at_the_end_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
