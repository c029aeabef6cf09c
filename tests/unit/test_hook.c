/* SPDX-License-Identifier: MIT */
#include "fs/net/hook.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/net/hook_head.h"

#define TOKEN "0123456789abcdef"
#define OTHER "POST /in?weryaifs=fedcba9876543210 HTTP/1.1\r\n"
#define GOOD "POST /in?weryaifs=" TOKEN " HTTP/1.1\r\n"

static struct loop *loop;
static struct hook *hook;
static int port;
static unsigned calls, known; /* called() ran; how often it is to say yes */

static bool called(void *arg, const char *token)
{
	assert_ptr_equal(arg, &calls);
	assert_int_equal(strlen(token), HOOK_TOKEN);
	calls++;
	if (known == 0)
		return false;
	known--;
	return true;
}

/* One side of a connection to the hook. */
struct caller {
	int fd;
	struct loop_watch *watch;
	char answer[256];
	size_t length;
	bool ended, reset;
};

static unsigned awaited; /* callers that have not ended; the loop stops at none */

static void on_answer(void *arg, unsigned events)
{
	struct caller *caller = arg;
	ssize_t n = recv(caller->fd, caller->answer + caller->length,
		sizeof(caller->answer) - 1 - caller->length, MSG_DONTWAIT);

	if (n > 0) {
		caller->length += (size_t)n;
		return;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	caller->reset = n < 0;
	caller->ended = true;
	loop_watch_remove(caller->watch);
	caller->watch = NULL;
	if (--awaited == 0)
		loop_stop(loop, 0);
}

static void call(struct caller *caller, const char *text, size_t length)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	*caller = (struct caller){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(caller->fd >= 0);
	assert_int_equal(connect(caller->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(caller->fd, text, length, MSG_NOSIGNAL), length);
	assert_int_equal(
		loop_watch_add(loop, caller->fd, LOOP_READ, 1, on_answer, caller, &caller->watch),
		0);
	awaited++;
}

static void hang_up(struct caller *caller)
{
	if (caller->watch != NULL) {
		loop_watch_remove(caller->watch);
		awaited--;
	}
	close(caller->fd);
}

static void on_timeout(void *arg)
{
	loop_stop(loop, 0);
	*(bool *)arg = true;
}

/* Until nobody is awaited, or for so long; false: somebody still is. */
static bool run(int64_t ms)
{
	struct loop_timer *timer;
	bool late = false;

	assert_int_equal(loop_timer_create(loop, on_timeout, &late, &timer), 0);
	loop_timer_arm(timer, ms);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_destroy(timer);
	return !late;
}

static void assert_answer(const char *text, int status)
{
	struct caller caller;
	char want[32];

	call(&caller, text, strlen(text));
	assert_true(run(5000));
	snprintf(want, sizeof(want), "HTTP/1.1 %d ", status);
	assert_memory_equal(caller.answer, want, strlen(want));
	assert_false(caller.reset);
	hang_up(&caller);
}

static int set_up(void **state)
{
	char listen_on[32];
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* a port that is free now */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	port = ntohs(address.sin_port);
	snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%d", port);
	calls = known = awaited = 0;
	assert_int_equal(loop_create(&loop), 0);
	return hook_create(loop, listen_on, called, &calls, &hook);
}

static int tear_down(void **state)
{
	hook_destroy(hook);
	loop_destroy(loop);
	return 0;
}

static void test_hook_tells_of_a_token(void **state)
{
	known = 1;
	assert_answer(GOOD "Content-Length: 2\r\n\r\n{}", 200);
	assert_answer(OTHER "\r\n", 404);
	assert_int_equal(calls, 2);
	assert_answer("POST / HTTP/1.1\r\n\r\n", 404);
	assert_answer("GET /?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 405);
	assert_answer("nonsense\r\n\r\n", 400);
	assert_int_equal(calls, 2);
}

/* A callback that somebody has seen, sent again and again, and many that somebody has made up. */
static void test_hook_costs_few_requests(void **state)
{
	char head[96];

	known = 1000;
	for (int i = 0; i < 20; i++)
		assert_answer(GOOD "\r\n", 200);
	assert_int_equal(calls, 4);
	for (int i = 0; i < HOOK_BURST - 4; i++) {
		snprintf(head, sizeof(head), "POST /?weryaifs=%016x HTTP/1.1\r\n\r\n", i);
		assert_answer(head, 200);
	}
	unsigned before = (unsigned)calls, late = 0;
	for (int i = 0; i < 40; i++) {
		struct caller caller;
		snprintf(head, sizeof(head), "POST /?weryaifs=%016x HTTP/1.1\r\n\r\n", 1000 + i);
		call(&caller, head, strlen(head));
		assert_true(run(5000));
		late += memcmp(caller.answer, "HTTP/1.1 429 ", 13) == 0;
		hang_up(&caller);
	}
	assert_true(late > 0);
	assert_int_equal((unsigned)calls - before, 40 - late);
}

/* Without descriptors the loop does not run hot, and takes calls again when there are some. */
static void test_hook_waits_for_descriptors(void **state)
{
	struct rlimit old, none;
	struct caller caller;

	known = 1;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	int highest = dup(0);
	close(highest);
	call(&caller, GOOD "\r\n", strlen(GOOD "\r\n"));
	none = (struct rlimit){.rlim_cur = (rlim_t)highest, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	bool answered = run(300);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_false(answered);
	/* of 300 ms */
	assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 < 100);
	assert_true(run(5000));
	assert_memory_equal(caller.answer, "HTTP/1.1 200 ", 13);
	hang_up(&caller);
}

/* A body is not needed, so it is not waited for, however it is announced. */
static void test_hook_waits_for_no_body(void **state)
{
	known = 4;
	assert_answer(GOOD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200);
	assert_answer(GOOD "Transfer-Encoding: chunked\r\n\r\n", 200);
	assert_answer(GOOD "Expect: 100-continue\r\nContent-Length: 999\r\n\r\n", 200);
	assert_answer(GOOD "Content-Length: 99999999999999999999\r\n\r\n", 200);
	assert_int_equal(calls, 4);
}

static void test_hook_answers_before_a_long_body_is_there(void **state)
{
	struct caller caller;
	char *body = calloc(1, 600000);

	known = 1;
	assert_non_null(body);
	call(&caller, GOOD "Content-Length: 600000\r\n\r\n",
		strlen(GOOD "Content-Length: 600000\r\n\r\n"));
	assert_true(run(5000));
	/* taken all the same: the connection is not reset under a client that still sends */
	for (size_t sent = 0; sent < 600000;) {
		ssize_t n =
			send(caller.fd, body + sent, 600000 - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(n > 0 || errno == EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		run(1);
	}
	assert_memory_equal(caller.answer, "HTTP/1.1 200 ", 13);
	hang_up(&caller);
	free(body);
}

static void test_hook_takes_no_endless_body(void **state)
{
	struct caller caller;
	static char part[65536];
	unsigned parts = 0;

	call(&caller, GOOD "\r\n", strlen(GOOD "\r\n"));
	run(5000);
	while (parts++ < 4096) {
		ssize_t n = send(caller.fd, part, sizeof(part), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			break;
		run(1);
	}
	assert_in_range(parts, 1, 4095);
	hang_up(&caller);
}

static void test_hook_takes_heads_up_to_8_kib(void **state)
{
	struct caller caller;
	char *head = malloc(20000);
	size_t length = (size_t)snprintf(head, 20000, GOOD "X: ");

	memset(head + length, 'x', 8192 - 4 - length);
	memcpy(head + 8188, "\r\n\r\n", 5);
	known = 1;
	assert_answer(head, 200);
	memset(head + length, 'x', 20000 - length);
	call(&caller, head, 20000);
	assert_true(run(5000));
	assert_memory_equal(caller.answer, "HTTP/1.1 400 ", 13);
	assert_int_equal(calls, 1);
	hang_up(&caller);
	free(head);
}

static void test_hook_takes_a_head_in_pieces(void **state)
{
	struct caller caller;
	const char text[] = GOOD "Host: x\r\n\r\n";

	known = 1;
	call(&caller, text, 1);
	for (size_t i = 1; i < strlen(text); i++) {
		assert_int_equal(calls, 0);
		assert_int_equal(send(caller.fd, text + i, 1, MSG_NOSIGNAL), 1);
		run(1);
	}
	assert_true(caller.ended || run(5000));
	assert_memory_equal(caller.answer, "HTTP/1.1 200 ", 13);
	hang_up(&caller);
}

/* Those who hold a connection and say nothing keep nobody out. */
static void test_hook_prefers_the_new_to_the_slow(void **state)
{
	struct caller slow[3 * HOOK_CONNECTIONS];
	unsigned ended = 0;

	known = 1;
	for (unsigned i = 0; i < 3 * HOOK_CONNECTIONS; i++) {
		call(&slow[i], "POST /", 6);
		run(1);
	}
	for (int turn = 0; turn < 1000 && ended < 2 * HOOK_CONNECTIONS; turn++) {
		run(5);
		ended = 0;
		for (unsigned i = 0; i < 3 * HOOK_CONNECTIONS; i++)
			ended += slow[i].ended;
	}
	assert_int_equal(ended, 2 * HOOK_CONNECTIONS);
	struct caller good;
	call(&good, GOOD "\r\n", strlen(GOOD "\r\n"));
	for (int i = 0; i < 1000 && !good.ended; i++)
		run(5);
	assert_memory_equal(good.answer, "HTTP/1.1 200 ", 13);
	assert_int_equal(calls, 1);
	for (unsigned i = 0; i < 3 * HOOK_CONNECTIONS; i++)
		hang_up(&slow[i]);
	hang_up(&good);
}

/* Ends with calls in the middle of everything. */
static void test_hook_ends_with_its_calls(void **state)
{
	struct caller callers[3];

	call(&callers[0], "", 0);
	call(&callers[1], "POST /", 6);
	call(&callers[2], GOOD "\r\n", strlen(GOOD "\r\n"));
	run(20);
	hook_destroy(hook);
	hook = NULL;
	if (awaited > 0)
		assert_true(run(5000));
	for (unsigned i = 0; i < 3; i++)
		hang_up(&callers[i]);
}

static void test_hook_addresses(void **state)
{
	static const char *const wrong[] = {"", ":", "127.0.0.1", "127.0.0.1:", ":80",
		"localhost:1", "127.0.0.1:x", "127.0.0.1:70000", "[::1:80", "1.2.3.4.5:1"};
	struct hook *none = NULL;
	char taken[32];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (hook_create(loop, wrong[i], called, NULL, &none) != -EINVAL)
			fail_msg("'%s'", wrong[i]);
		assert_null(none);
	}
	snprintf(taken, sizeof(taken), "127.0.0.1:%d", port);
	assert_int_equal(hook_create(loop, taken, called, NULL, &none), -EADDRINUSE);
	hook_destroy(NULL);
}

#define LIVE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(test_hook_tells_of_a_token),
		LIVE(test_hook_costs_few_requests),
		LIVE(test_hook_waits_for_descriptors),
		LIVE(test_hook_waits_for_no_body),
		LIVE(test_hook_answers_before_a_long_body_is_there),
		LIVE(test_hook_takes_no_endless_body),
		LIVE(test_hook_takes_heads_up_to_8_kib),
		LIVE(test_hook_takes_a_head_in_pieces),
		LIVE(test_hook_prefers_the_new_to_the_slow),
		LIVE(test_hook_ends_with_its_calls),
		LIVE(test_hook_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
