/* SPDX-License-Identifier: MIT */
#pragma once
/* request: one HTTP request, from libmicrohttpd to the handlers and into the log.
 *
 * libmicrohttpd runs one thread per connection, so a handler may block: in request_sleep only,
 * which ends at once when the client leaves or the server ends.
 *
 * Threads: a request belongs to the thread of its connection; struct sandbox is shared and
 * constant after start, its members lock themselves. */
#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/answer.h"
#include "tests/sandbox/catalogue.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/log.h"
#include "tests/sandbox/options.h"
#include "tests/sandbox/state.h"
#include "tests/sandbox/util.h"
#include "tests/sandbox/wire.h"

#define REQUEST_BODY_MAX (4u << 20) /* of JSON */

struct sandbox {
	const struct options *options;
	struct wire wire;
	struct catalogue *catalogue;
	struct faults *faults;
	struct state *state;
	struct log *log;
	struct uploads *uploads;
	struct render *render;
	struct callbacks *callbacks;
	struct canned *canned;
	struct podcasts *podcasts;
	struct replay *replay; /* NULL: it answers by itself */
	int stop_fd;     /* becomes readable when the server ends */
	uint64_t secret; /* that URL tokens are made with */
	char base[64];   /* http://127.0.0.1:PORT */
};

struct request {
	struct sandbox *sandbox;
	struct MHD_Connection *connection;
	int fd; /* of the connection */
	const char *method;
	char *path;
	const char *auth; /* "ok", "none" or "bad" */
	struct bytes body;
	bool body_too_big;
	json_t *entry;                 /* what will be logged */
	struct upload_form *form;      /* NULL: no upload */
	struct cdn_transfer *transfer; /* NULL: no download */
};

/* Fills sandbox->base and serves, on 127.0.0.1 alone; port 0: any free one. 0 or negative errno.
 * MHD_stop_daemon ends it, after stop_fd was made readable. */
int request_serve(struct sandbox *sandbox, uint16_t port, struct MHD_Daemon **ret);

/* A header or NULL; of an argument of the query, likewise. */
const char *request_header(const struct request *request, const char *name);
const char *request_argument(const struct request *request, const char *name);

/* false: the client left, or the server ends. */
bool request_sleep(const struct request *request, double seconds);
/* Resets the connection: the client reads what was acknowledged, then ECONNRESET. */
void request_reset(const struct request *request);

/* faults_hit, and the fault's name in the log line. */
bool request_fault(struct request *request, const struct fault_set *set, enum fault_id id,
	const char *subject, struct fault_value *ret_value);
