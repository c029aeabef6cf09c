/* SPDX-License-Identifier: MIT */
#include "fs/net/hook.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/descriptors.h"
#include "fs/base/list.h"
#include "fs/base/str.h"
#include "fs/net/hook_head.h"

/* A job has a few callbacks, one soon after the other. */
enum { RECENT = 64, AGAIN_MS = 2000, TOKEN_LOOKS = 4, PAUSE_MS = 500 };
enum { HEAD_MAX = 8192, BODY_MAX = 1 << 20, PATIENCE_MS = 10000, LINGER_MS = 2000, PRIORITY = 20 };

struct hook {
	struct loop *loop; /* borrowed */
	int fd;
	struct loop_watch *watch;
	struct list calls; /* hook_call.link, owned */
	unsigned count;
	bool (*called)(void *arg, const char *token);
	void *arg;
	struct loop_timer *pause; /* armed: no descriptors are left */
	struct {
		char token[HOOK_TOKEN + 1];
		int64_t ms; /* monotonic, 0 never */
		int status; /* that it was answered with */
		unsigned looks; /* since then */
	} recent[RECENT];
	unsigned next_recent;
	int64_t looks_ms, looks; /* what is left of the burst, in thousandths, as of then */
};

/* One connection, one request. */
struct hook_call {
	struct hook *hook;
	struct list link;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	char head[HEAD_MAX];
	size_t length;
	bool answered;  /* what comes now is dropped: */
	size_t dropped; /* so much so far */
};

static void call_end(struct hook_call *call)
{
	loop_watch_remove(call->watch);
	loop_timer_destroy(call->timer);
	list_remove(&call->link);
	call->hook->count--;
	close(call->fd);
	free(call);
}

static void on_patience(void *arg)
{
	call_end(arg);
}

/* Shorter than any socket's buffer: it goes out at once or not at all. The body is not waited for, but taken until the other
 * side closes: a socket that is closed with bytes in it resets the connection, and the answer may be lost with it. */
static void answer(struct hook_call *call, int status)
{
	const char *reason = status == 200   ? "OK"
			     : status == 404 ? "Not Found"
			     : status == 405 ? "Method Not Allowed"
			     : status == 429 ? "Too Many Requests"
					     : "Bad Request";
	char text[128];
	int length = snprintf(text, sizeof(text),
		"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, reason);

	call->answered = true;
	if (send(call->fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length ||
		shutdown(call->fd, SHUT_WR) < 0) {
		call_end(call);
		return;
	}
	loop_timer_arm(call->timer, LINGER_MS);
}

/* A token that is replayed costs no requests: its job was looked at a moment ago. 0: it is to be looked at. */
static int find_recent(struct hook *hook, const char *token)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < RECENT; i++)
		if (hook->recent[i].ms != 0 && now - hook->recent[i].ms < AGAIN_MS &&
			strcmp(hook->recent[i].token, token) == 0 && hook->recent[i].looks++ >= TOKEN_LOOKS)
			return hook->recent[i].status;
	return 0;
}

static void remember(struct hook *hook, const char *token, int status)
{
	unsigned i = hook->next_recent;

	/* one that is looked at again within its time keeps its place */
	for (unsigned k = 0; k < RECENT; k++)
		if (hook->recent[k].ms != 0 && clock_mono_ms() - hook->recent[k].ms < AGAIN_MS &&
			strcmp(hook->recent[k].token, token) == 0) {
			hook->recent[k].status = status;
			return;
		}
	hook->next_recent = (i + 1) % RECENT;
	hook->recent[i].looks = 1;
	snprintf(hook->recent[i].token, HOOK_TOKEN + 1, "%s", token);
	hook->recent[i].ms = clock_mono_ms();
	hook->recent[i].status = status;
}

static bool may_look(struct hook *hook)
{
	int64_t now = clock_mono_ms();

	hook->looks += (now - hook->looks_ms) * HOOK_RATE;
	if (hook->looks > HOOK_BURST * 1000)
		hook->looks = HOOK_BURST * 1000;
	hook->looks_ms = now;
	if (hook->looks < 1000)
		return false;
	hook->looks -= 1000;
	return true;
}

/* The HTTP status for a good request with this token. */
static int look(struct hook *hook, const char *token)
{
	int status = find_recent(hook, token);

	if (status != 0)
		return status;
	if (!may_look(hook))
		return 429;
	status = hook->called(hook->arg, token) ? 200 : 404;
	remember(hook, token, status);
	return status;
}

static void take_head(struct hook_call *call, size_t length)
{
	char token[HOOK_TOKEN + 1];
	int status = hook_head_read(call->head, length, token);

	answer(call, status == 200 ? look(call->hook, token) : status);
}

static void on_ready(void *arg, unsigned events)
{
	struct hook_call *call = arg;
	char scrap[4096];
	char *to = call->answered ? scrap : call->head + call->length;
	size_t room = call->answered ? sizeof(scrap) : HEAD_MAX - call->length;
	ssize_t n = recv(call->fd, to, room, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		call_end(call);
		return;
	}
	if (call->answered) {
		call->dropped += (size_t)n;
		if (call->dropped > BODY_MAX)
			call_end(call);
		return;
	}
	call->length += (size_t)n;
	const char *end = memmem(call->head, call->length, "\r\n\r\n", 4);
	if (end != NULL)
		take_head(call, (size_t)(end - call->head) + 4);
	else if (call->length == HEAD_MAX)
		answer(call, 400);
}

static void on_connection(void *arg, unsigned events)
{
	struct hook *hook = arg;
	int fd = accept4(hook->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int r = fd < 0 ? -errno : descriptors_spare(fd);

	if (r < 0) {
		/* or else the loop would come back here at once, and again */
		if ((r == -EMFILE || r == -ENFILE || r == -ENOBUFS || r == -ENOMEM) &&
			loop_watch_change(hook->watch, 0) == 0)
			loop_timer_arm(hook->pause, PAUSE_MS);
		return;
	}
	/* a call takes a moment: the one that has taken longest is the likeliest to be none */
	if (hook->count == HOOK_CONNECTIONS)
		call_end(list_entry(hook->calls.next, struct hook_call, link));
	struct hook_call *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		close(fd);
		return;
	}
	call->hook = hook;
	call->fd = fd;
	list_append(&hook->calls, &call->link);
	hook->count++;
	if (loop_timer_create(hook->loop, on_patience, call, &call->timer) < 0 ||
		loop_watch_add(hook->loop, fd, LOOP_READ, PRIORITY, on_ready, call, &call->watch) <
			0) {
		call_end(call);
		return;
	}
	loop_timer_arm(call->timer, PATIENCE_MS);
}

static void on_pause_over(void *arg)
{
	struct hook *hook = arg;

	if (loop_watch_change(hook->watch, LOOP_READ) < 0)
		loop_timer_arm(hook->pause, PAUSE_MS);
}

/* "127.0.0.1:8080" or "[::1]:8080" */
static int resolve(const char *listen, struct addrinfo **ret_address)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(listen, ':');
	char host[64];
	int64_t port;

	if (colon == NULL || colon == listen || (size_t)(colon - listen) >= sizeof(host))
		return -EINVAL;
	/* getaddrinfo(3) takes a larger number modulo 65536 */
	if (str_to_int(colon + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	bool brackets = listen[0] == '[' && colon[-1] == ']';
	snprintf(host, sizeof(host), "%.*s", (int)(colon - listen) - 2 * brackets,
		listen + brackets);
	return getaddrinfo(host, colon + 1, &hints, ret_address) == 0 ? 0 : -EINVAL;
}

static int open_socket(const char *listen_on)
{
	struct addrinfo *address;
	const int yes = 1;
	int r = resolve(listen_on, &address);

	if (r < 0)
		return r;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		r = -errno;
	if (r == 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (r == 0 && (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 16) < 0))
		r = -errno;
	freeaddrinfo(address);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int hook_create(struct loop *loop, const char *listen, bool (*called)(void *arg, const char *token),
	void *arg, struct hook **ret_hook)
{
	struct hook *hook = calloc(1, sizeof(*hook));

	if (hook == NULL)
		return -ENOMEM;
	hook->loop = loop;
	hook->called = called;
	hook->arg = arg;
	list_init(&hook->calls);
	hook->looks = HOOK_BURST * 1000;
	hook->looks_ms = clock_mono_ms();
	hook->fd = open_socket(listen);
	int r = hook->fd < 0 ? hook->fd : loop_timer_create(loop, on_pause_over, hook, &hook->pause);
	if (r == 0)
		r = loop_watch_add(loop, hook->fd, LOOP_READ, PRIORITY, on_connection,
				       hook, &hook->watch);
	if (r < 0) {
		hook_destroy(hook);
		return r;
	}
	*ret_hook = hook;
	return 0;
}

void hook_destroy(struct hook *hook)
{
	if (hook == NULL)
		return;
	while (!list_empty(&hook->calls))
		call_end(list_entry(hook->calls.next, struct hook_call, link));
	loop_watch_remove(hook->watch);
	loop_timer_destroy(hook->pause);
	if (hook->fd >= 0)
		close(hook->fd);
	free(hook);
}
