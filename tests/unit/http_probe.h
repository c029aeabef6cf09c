/* SPDX-License-Identifier: MIT */
#pragma once
/* http_probe: what the tests of fs/net/http share: a loop with a scripted server on it, and probes,
 * which are requests that note what their callbacks are told and can misbehave on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/loop.h"
#include "fs/net/http.h"
#include "http_server.h"

enum { BIG = 24 * 1024 * 1024, MEGA = 1024 * 1024 }; /* bytes of /big and /mega */

extern struct loop *loop;
extern struct http *http;
extern struct server server;
extern unsigned unfinished; /* probes whose done has not run; the loop stops at none */

/* One request and what became of it. */
struct probe {
	struct http_request *request;
	unsigned heads, bodies, dones;
	struct http_head head;
	struct http_end end;
	struct buf text; /* the body's beginning */
	int64_t bytes;
	bool pattern, wrong; /* check the bytes against the pattern */
	int64_t pattern_at;
	/* what the callbacks do */
	int head_result, body_result;
	bool cancel_in_head, cancel_in_body, cancel_in_done;
	struct probe *cancel_other, *start_other;
	const char *other_path;
	unsigned pause_every; /* pauses each nth body and resumes by a deferred call */
	bool pause_for_good;
	bool is_paused;
	size_t bytes_paused; /* that came while it was */
};

int probe_setup(void **state);
int probe_teardown(void **state);
#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, probe_setup, probe_teardown)
/* The tests decide about proxies, not the shell they run in. */
void probe_clear_environment(void);
void open_http(int connections, int64_t connect_timeout_ms); /* in place of the one there is */

struct http_spec spec_get(void);
struct http_spec spec_post_once(void);
int start_url(struct probe *probe, const char *url, struct http_spec spec);
void start_spec(struct probe *probe, const char *path, struct http_spec spec);
void start(struct probe *probe, const char *path);
void finish_one(void);
void wait_all(void); /* until nothing is unfinished; fails after 20 s */
void forget(struct probe *probe);
/* Start, wait, forget; exactly one done. */
void run_spec(struct probe *probe, const char *path, struct http_spec spec);
void run(struct probe *probe, const char *path);
