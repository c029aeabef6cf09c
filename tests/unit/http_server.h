/* SPDX-License-Identifier: MIT */
#pragma once
/* http_server: a scripted HTTP/1.1 server on the test's own loop, for test_http.
 *
 * It speaks to 127.0.0.1 only, counts what arrives and leaves every answer, and every fault, to the
 * script. It runs on the loop under test, so nothing has to be waited for by sleeping. */
#include "fs/base/buf.h"
#include "fs/base/list.h"
#include "fs/base/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_conn;

struct server {
	struct loop *loop;
	int fd, port;
	struct loop_watch *watch;
	struct list conns;              /* server_conn.link */
	unsigned connections, requests; /* accepted, arrived completely */
	bool reset_on_accept;
	int read_pause_ms; /* reads 2 MiB, then not for so long */
	struct buf last;   /* the last request, head and body */
	/* Called with each complete request; `nth` counts those of this connection from 1. */
	void (*answer)(struct server_conn *conn, const char *path, unsigned nth);
};

int server_open(struct server *server, struct loop *loop);
void server_shut(struct server *server);

/* For answer(): text is sent as it is, a pattern as `length` bytes of server_byte() from `offset`. */
void server_text(struct server_conn *conn, const char *text);
void server_bytes(struct server_conn *conn, const void *data, size_t length);
void server_pattern(struct server_conn *conn, int64_t offset, int64_t length);
void server_close_after(struct server_conn *conn); /* when all is sent */
void server_reset(struct server_conn *conn);       /* RST, now */
struct server *server_of(struct server_conn *conn);

static inline char server_byte(int64_t offset)
{
	return (char)(offset * 31 + (offset >> 10));
}
