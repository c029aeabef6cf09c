/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/callback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sandbox/api.h"

#define PATIENCE_SECONDS 5

struct due {
	struct due *next;
	const struct task *task; /* borrowed: the state keeps it */
	double when;             /* monotonic */
};

struct callbacks {
	struct sandbox *sandbox; /* borrowed */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct due *first; /* owned, by time */
	int fd;            /* of the call under way; -1 none */
	bool ending;
};

struct target {
	struct sockaddr_in address;
	char host[64];    /* with its port */
	const char *path; /* within the URL, up to its fragment */
	int path_length;
};

/* false: it is not on this machine, or not http. */
static bool find_target(const char *url, struct target *ret)
{
	struct target target = {.address.sin_family = AF_INET};
	unsigned port = 80;
	char *colon;
	size_t size;

	if (strncmp(url, "http://", 7) != 0)
		return false;
	url += 7;
	size = strcspn(url, "/?#");
	if (size >= sizeof(target.host))
		return false;
	memcpy(target.host, url, size);
	target.path = url + size;
	target.path_length = (int)strcspn(target.path, "#");
	*ret = target;
	colon = strchr(target.host, ':');
	if (colon && (sscanf(colon, ":%5u", &port) != 1 || port == 0 || port > 65535))
		return false;
	if (colon)
		*colon = '\0';
	if (inet_pton(AF_INET, strcmp(target.host, "localhost") == 0 ? "127.0.0.1" : target.host,
		    &ret->address.sin_addr) != 1)
		return false;
	ret->address.sin_port = htons((uint16_t)port);
	return ntohl(ret->address.sin_addr.s_addr) >> 24 == 127;
}

static bool send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* The HTTP status of the answer; 0: there was none. */
static int exchange(int fd, const struct target *target, const struct answer *body)
{
	char *head =
		xformat("POST %s%.*s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
			"Content-Length: %zu\r\nConnection: close\r\n\r\n",
			*target->path == '/' ? "" : "/", target->path_length, target->path,
			target->host, body->size);
	bool sent = connect(fd, (const struct sockaddr *)&target->address,
			    sizeof(target->address)) == 0 &&
		    send_all(fd, head, strlen(head)) && send_all(fd, body->body, body->size);
	char line[64] = "";
	size_t got = 0;
	int http = 0;

	free(head);
	while (sent && got < sizeof(line) - 1 && !strchr(line, '\n')) {
		ssize_t n = recv(fd, line + got, sizeof(line) - 1 - got, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return sscanf(line, "HTTP/1.%*1d %3d", &http) == 1 ? http : 0;
}

/* As a question about the task would be answered now. */
static void format_body(struct sandbox *sandbox, const struct task *task, struct answer *ret)
{
	struct wire_task view = {.task = task, .phase = state_phase(task)};
	json_t *data = api_task(sandbox, &view);

	*ret = (struct answer){0};
	wire_success(&sandbox->wire,
		wire_shows_array(&sandbox->wire, view.reads) ? json_pack("[o]", data) : data, ret);
}

static void call(struct callbacks *callbacks, const struct task *task)
{
	const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
	struct sandbox *sandbox = callbacks->sandbox;
	struct target target;
	struct answer body;
	int http = 0, fd;

	if (!find_target(task->generation->webhook, &target))
		return;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	format_body(sandbox, task, &body);
	pthread_mutex_lock(&callbacks->lock);
	callbacks->fd = fd;
	pthread_mutex_unlock(&callbacks->lock);
	http = exchange(fd, &target, &body);
	pthread_mutex_lock(&callbacks->lock);
	callbacks->fd = -1;
	pthread_mutex_unlock(&callbacks->lock);
	close(fd);
	answer_finish(&body);
	state_count(sandbox->state, "callbacks");
	json_t *entry = json_pack("{s:f, s:s, s:s%, s:i, s:[s]}", "time", util_wall(), "method",
		"CALLBACK", "path", target.path, strcspn(target.path, "?#"), "http", http, "task",
		task->id);
	log_write(sandbox->log, entry);
	json_decref(entry);
}

static void wait_locked(struct callbacks *callbacks)
{
	double when = callbacks->first ? callbacks->first->when : util_monotonic() + 3600;
	struct timespec until = {.tv_sec = (time_t)when};

	until.tv_nsec = (long)((when - (double)until.tv_sec) * 1e9);
	pthread_cond_timedwait(&callbacks->changed, &callbacks->lock, &until);
}

static void *work(void *arg)
{
	struct callbacks *callbacks = arg;

	pthread_mutex_lock(&callbacks->lock);
	while (!callbacks->ending) {
		struct due *due = callbacks->first;

		if (!due || due->when > util_monotonic()) {
			wait_locked(callbacks);
			continue;
		}
		callbacks->first = due->next;
		pthread_mutex_unlock(&callbacks->lock);
		call(callbacks, due->task);
		free(due);
		pthread_mutex_lock(&callbacks->lock);
	}
	pthread_mutex_unlock(&callbacks->lock);
	return NULL;
}

struct callbacks *callbacks_create(struct sandbox *sandbox)
{
	struct callbacks *callbacks = xcalloc(1, sizeof(*callbacks));
	pthread_condattr_t attributes;

	callbacks->sandbox = sandbox;
	callbacks->fd = -1;
	pthread_mutex_init(&callbacks->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&callbacks->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&callbacks->thread, NULL, work, callbacks) != 0)
		abort();
	return callbacks;
}

void callbacks_destroy(struct callbacks *callbacks)
{
	struct due *next;

	if (!callbacks)
		return;
	pthread_mutex_lock(&callbacks->lock);
	callbacks->ending = true;
	if (callbacks->fd >= 0)
		shutdown(callbacks->fd, SHUT_RDWR);
	pthread_cond_signal(&callbacks->changed);
	pthread_mutex_unlock(&callbacks->lock);
	pthread_join(callbacks->thread, NULL);
	for (struct due *due = callbacks->first; due; due = next) {
		next = due->next;
		free(due);
	}
	pthread_cond_destroy(&callbacks->changed);
	pthread_mutex_destroy(&callbacks->lock);
	free(callbacks);
}

static void add(struct callbacks *callbacks, const struct task *task, double when)
{
	struct due *due = xcalloc(1, sizeof(*due)), **at;

	due->task = task;
	due->when = when;
	pthread_mutex_lock(&callbacks->lock);
	for (at = &callbacks->first; *at && (*at)->when <= when; at = &(*at)->next)
		;
	due->next = *at;
	*at = due;
	pthread_cond_signal(&callbacks->changed);
	pthread_mutex_unlock(&callbacks->lock);
}

void callbacks_add(struct callbacks *callbacks, const struct task *task)
{
	const struct fault_set *set = &task->generation->faults;
	double end = task->created + task->seconds;

	if (!task->generation->webhook || faults_has(set, FAULT_WEBHOOK_LOST, NULL))
		return;
	if (faults_has(set, FAULT_WEBHOOK_EARLY, NULL))
		add(callbacks, task, task->created);
	if (faults_has(set, FAULT_WEBHOOK_TWICE, NULL))
		add(callbacks, task, end);
	add(callbacks, task, end);
}
