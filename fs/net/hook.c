/* SPDX-License-Identifier: MIT */
#include "fs/net/hook.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/str.h"

enum { HEAD_MAX = 8192, BODY_MAX = 1 << 20, PATIENCE_MS = 10000, PRIORITY = 20 };

struct hook {
	struct loop *loop; /* borrowed */
	int fd;
	struct loop_watch *watch;
	struct list calls; /* hook_call.link, owned */
	unsigned count;
	bool (*called)(void *arg, const char *token);
	void *arg;
};

/* One connection, one request. */
struct hook_call {
	struct hook *hook;
	struct list link;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	char head[HEAD_MAX + 1];
	size_t length;
	int64_t body_left; /* -1: the head is not whole yet */
	int status;        /* of the answer */
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

/* The answer is shorter than any socket's buffer: it goes out at once or not at all. */
static void answer(struct hook_call *call)
{
	const char *reason = call->status == 200   ? "OK"
			     : call->status == 404 ? "Not Found"
			     : call->status == 405 ? "Method Not Allowed"
						   : "Bad Request";
	char text[128];
	int length = snprintf(text, sizeof(text),
		"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", call->status,
		reason);

	if (send(call->fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) == length)
		shutdown(call->fd, SHUT_WR);
	call_end(call);
}

/* "…?a=1&weryaifs=0123456789abcdef HTTP/1.1": the token, or false. */
static bool find_token(const char *target, size_t length, char token[HOOK_TOKEN + 1])
{
	const char *end = target + length;
	const char *at = memchr(target, '?', length);
	const size_t word = strlen(HOOK_WORD "=");

	while (at != NULL && ++at < end) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		size_t part = (size_t)((next != NULL ? next : end) - at);
		if (part == word + HOOK_TOKEN && memcmp(at, HOOK_WORD "=", word) == 0) {
			memcpy(token, at + word, HOOK_TOKEN);
			token[HOOK_TOKEN] = '\0';
			return strspn(token, "0123456789abcdef") == HOOK_TOKEN;
		}
		at = next;
	}
	return false;
}

/* Content-Length of a whole head; 0 without one, -1 where it cannot be taken. */
static int64_t body_length(const char *head)
{
	static const char name[] = "\r\nContent-Length:";
	const char *field = strcasestr(head, name);
	char digits[24];
	int64_t length;

	if (strcasestr(head, "\r\nTransfer-Encoding:") != NULL)
		return -1;
	if (field == NULL)
		return 0;
	const char *value = field + strlen(name);
	value += strspn(value, " \t");
	size_t count = strcspn(value, " \t\r\n");
	if (count >= sizeof(digits))
		return -1;
	memcpy(digits, value, count);
	digits[count] = '\0';
	return str_to_int(digits, 0, BODY_MAX, &length) == 0 ? length : -1;
}

/* The head is whole, up to `end`. */
static void take_head(struct hook_call *call, const char *end)
{
	char token[HOOK_TOKEN + 1];
	size_t line = strcspn(call->head, "\r\n");
	const char *target = call->head + strlen("POST ");
	const char *version = memrchr(call->head, ' ', line);

	size_t head = (size_t)(end - call->head);
	int64_t body = body_length(call->head);
	call->body_left = body < 0 ? 0 : body - (int64_t)(call->length - head);
	if (strncmp(call->head, "POST ", 5) != 0)
		call->status = 405;
	else if (body < 0 || version == NULL || version <= target ||
		 strncmp(version, " HTTP/1.", 8) != 0 || *target != '/')
		call->status = 400;
	else if (!find_token(target, (size_t)(version - target), token) ||
		 !call->hook->called(call->hook->arg, token))
		call->status = 404;
	else
		call->status = 200;
}

static void on_ready(void *arg, unsigned events)
{
	struct hook_call *call = arg;
	char scrap[4096];
	bool in_head = call->body_left < 0;
	char *to = in_head ? call->head + call->length : scrap;
	size_t room = in_head ? HEAD_MAX - call->length : sizeof(scrap);
	ssize_t n = recv(call->fd, to, room, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		call_end(call);
		return;
	}
	if (!in_head) {
		call->body_left -= n;
	} else {
		call->length += (size_t)n;
		call->head[call->length] = '\0';
		char *end = strstr(call->head, "\r\n\r\n");
		if (end != NULL) {
			end[2] = '\0'; /* fields are looked for in the head alone */
			take_head(call, end + 4);
		} else if (call->length == HEAD_MAX || strlen(call->head) < call->length) {
			call->status = 400;
			call->body_left = 0;
		}
	}
	if (call->status != 0 && call->body_left <= 0)
		answer(call);
}

static void on_connection(void *arg, unsigned events)
{
	struct hook *hook = arg;
	int fd = accept4(hook->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	struct hook_call *call = hook->count < HOOK_CONNECTIONS ? calloc(1, sizeof(*call)) : NULL;
	if (call == NULL) {
		close(fd);
		return;
	}
	call->hook = hook;
	call->fd = fd;
	call->body_left = -1;
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

/* "127.0.0.1:8080" or "[::1]:8080" */
static int resolve(const char *listen, struct addrinfo **ret_address)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(listen, ':');
	char host[64];

	if (colon == NULL || colon == listen || (size_t)(colon - listen) >= sizeof(host))
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
	hook->fd = open_socket(listen);
	int r = hook->fd < 0 ? hook->fd
			     : loop_watch_add(loop, hook->fd, LOOP_READ, PRIORITY, on_connection,
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
	if (hook->fd >= 0)
		close(hook->fd);
	free(hook);
}
