/* SPDX-License-Identifier: MIT */
#include "http_server.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PRIORITY = 10, READ_PAUSE = 2 * 1024 * 1024 };

struct server_conn {
	struct server *server;
	struct list link;
	int fd;
	struct loop_watch *watch;
	struct buf in, out;
	size_t sent;
	int64_t pattern_at, pattern_left; /* after out */
	unsigned requests;
	size_t expected; /* length of the request that is arriving, 0 = not known yet */
	bool closing;
	struct loop_timer *read_timer;
	size_t read_bytes; /* since the last pause */
};

struct server *server_of(struct server_conn *conn)
{
	return conn->server;
}

static void conn_free(struct server_conn *conn)
{
	loop_watch_remove(conn->watch);
	loop_timer_destroy(conn->read_timer);
	list_remove(&conn->link);
	if (conn->fd >= 0)
		close(conn->fd);
	buf_finish(&conn->in);
	buf_finish(&conn->out);
	free(conn);
}

void server_text(struct server_conn *conn, const char *text)
{
	assert(conn->pattern_left == 0);
	buf_adds(&conn->out, text);
}

void server_bytes(struct server_conn *conn, const void *data, size_t length)
{
	assert(conn->pattern_left == 0);
	buf_add(&conn->out, data, length);
}

void server_pattern(struct server_conn *conn, int64_t offset, int64_t length)
{
	conn->pattern_at = offset;
	conn->pattern_left = length;
}

void server_close_after(struct server_conn *conn)
{
	conn->closing = true;
}

void server_reset(struct server_conn *conn)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	loop_watch_remove(conn->watch);
	conn->watch = NULL;
	close(conn->fd);
	conn->fd = -1;
}

/* Returns false when the connection is gone. */
static bool conn_send(struct server_conn *conn, const char *data, size_t length, size_t *ret_sent)
{
	ssize_t n = send(conn->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	*ret_sent = n < 0 ? 0 : (size_t)n;
	return n >= 0 || errno == EAGAIN;
}

static bool conn_flush(struct server_conn *conn)
{
	size_t sent;
	if (conn->sent < conn->out.length) {
		if (!conn_send(conn, conn->out.data + conn->sent, conn->out.length - conn->sent,
			    &sent))
			return false;
		conn->sent += sent;
	}
	while (conn->sent == conn->out.length && conn->pattern_left > 0) {
		static char block[256 * 1024];
		size_t length = sizeof(block);
		if ((int64_t)length > conn->pattern_left)
			length = (size_t)conn->pattern_left;
		for (size_t i = 0; i < length; i++)
			block[i] = server_byte(conn->pattern_at + (int64_t)i);
		if (!conn_send(conn, block, length, &sent))
			return false;
		conn->pattern_at += (int64_t)sent;
		conn->pattern_left -= (int64_t)sent;
		if (sent < length)
			break;
	}
	bool more = conn->sent < conn->out.length || conn->pattern_left > 0;
	if (!more) {
		buf_clear(&conn->out);
		conn->sent = 0;
	}
	loop_watch_change(conn->watch, more ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return more || !conn->closing;
}

/* Length of the first complete request in conn->in, or 0. */
static size_t request_length(struct server_conn *conn)
{
	const struct buf *in = &conn->in;
	if (conn->expected == 0) {
		const char *end = strstr(in->data, "\r\n\r\n");
		if (end == NULL)
			return 0;
		const char *field = strcasestr(in->data, "\r\nContent-Length:");
		conn->expected = (size_t)(end - in->data) + 4;
		if (field != NULL && field < end)
			conn->expected += strtoul(field + 17, NULL, 10);
	}
	return in->length >= conn->expected ? conn->expected : 0;
}

static void conn_take_request(struct server_conn *conn, size_t length)
{
	struct server *server = conn->server;
	buf_clear(&server->last);
	buf_add(&server->last, conn->in.data, length);
	struct buf rest;
	buf_init(&rest, conn->in.ceiling);
	buf_add(&rest, conn->in.data + length, conn->in.length - length);
	buf_finish(&conn->in);
	conn->in = rest;

	conn->expected = 0;
	server->requests++;
	conn->requests++;
	char path[1024] = "";
	const char *start = strchr(server->last.data, ' ');
	const char *end = start == NULL ? NULL : strchr(start + 1, ' ');
	if (end != NULL && (size_t)(end - start) < sizeof(path))
		memcpy(path, start + 1, (size_t)(end - start - 1));
	server->answer(conn, path, conn->requests);
}

static void conn_ready(void *arg, unsigned events)
{
	struct server_conn *conn = arg;
	if (events & LOOP_READ) {
		static char data[65536];
		ssize_t n = recv(conn->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			conn_free(conn);
			return;
		}
		if (n > 0)
			conn->read_bytes += (size_t)n;
		if (n > 0)
			buf_add(&conn->in, data, (size_t)n);
		if (conn->in.data[0] == 0x16) { /* TLS */
			buf_clear(&conn->in);
			server_text(conn, "HTTP/1.1 400 Bad Request\r\n\r\n");
			server_close_after(conn);
		}
	}
	for (size_t length = request_length(conn); length > 0 && conn->fd >= 0;
		length = request_length(conn))
		conn_take_request(conn, length);
	if (conn->fd < 0 || !conn_flush(conn)) {
		conn_free(conn);
	} else if (conn->server->read_pause_ms > 0 && conn->read_bytes > READ_PAUSE) {
		conn->read_bytes = 0;
		loop_watch_change(conn->watch, 0);
		loop_timer_arm(conn->read_timer, conn->server->read_pause_ms);
	}
}

static void conn_read_on(void *arg)
{
	struct server_conn *conn = arg;
	loop_watch_change(conn->watch, LOOP_READ);
}

static void server_accept(void *arg, unsigned events)
{
	struct server *server = arg;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	server->connections++;
	struct server_conn *conn = calloc(1, sizeof(*conn));
	assert(conn != NULL);
	*conn = (struct server_conn){.server = server, .fd = fd};
	buf_init(&conn->in, 64 << 20);
	buf_init(&conn->out, 64 << 20);
	list_append(&server->conns, &conn->link);
	if (server->reset_on_accept) {
		server_reset(conn);
		conn_free(conn);
		return;
	}
	int r = loop_watch_add(
		server->loop, fd, LOOP_READ, PRIORITY, conn_ready, conn, &conn->watch);
	assert(r == 0);
	r = loop_timer_create(server->loop, conn_read_on, conn, &conn->read_timer);
	assert(r == 0);
}

int server_open(struct server *server, struct loop *loop)
{
	*server = (struct server){.loop = loop};
	list_init(&server->conns);
	buf_init(&server->last, 64 << 20);
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* small, so that a slow reader is felt by the sender; accepted sockets inherit it */
	int room = 256 * 1024;
	setsockopt(server->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) < 0 ||
		listen(server->fd, 64) < 0 ||
		getsockname(server->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	server->port = ntohs(address.sin_port);
	return loop_watch_add(
		loop, server->fd, LOOP_READ, PRIORITY, server_accept, server, &server->watch);
}

void server_shut(struct server *server)
{
	while (!list_empty(&server->conns))
		conn_free(list_entry(server->conns.next, struct server_conn, link));
	loop_watch_remove(server->watch);
	if (server->fd >= 0)
		close(server->fd);
	buf_finish(&server->last);
}
