/* SPDX-License-Identifier: MIT */
#include "fs/input/liveness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/hash.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/fetch/renew.h"
#include "fs/net/http.h"

#define FRESH_MS (INT64_C(10) * 60 * 1000)
#define ATTEMPTS 3 /* where neither yes nor no is the answer */
#define PROBES_MAX 1024
#define BODY_MAX (INT64_C(16) << 30) /* of a server without ranges; cut after the head */

static const struct backoff pace = {.first_ms = 500, .max_ms = 5000, .jitter_percent = 20};

enum probe_state { PROBE_ASKING, PROBE_ALIVE, PROBE_RENEWING, PROBE_DEAD };

struct probe {
	struct liveness *liveness; /* borrowed */
	uint64_t key;
	char *url; /* owned, like the next three */
	struct http_request *request;
	struct renewal *renewal;
	struct loop_timer *timer;
	enum probe_state state;
	int64_t job, known; /* known: monotonic ms */
	unsigned attempts;
};

struct liveness {
	const struct inputs_needs *needs; /* borrowed */
	void (*changed)(void *arg);
	void *arg;
	struct map *by_key; /* of struct probe, owned */
};

static uint64_t key_of(const char *url)
{
	return hash_add(HASH_START, url, strlen(url));
}

int liveness_create(const struct inputs_needs *needs, void (*changed)(void *arg), void *arg,
	struct liveness **ret_liveness)
{
	struct liveness *liveness = calloc(1, sizeof(*liveness));

	if (liveness == NULL)
		return -ENOMEM;
	liveness->needs = needs;
	liveness->changed = changed;
	liveness->arg = arg;
	liveness->by_key = map_create();
	if (liveness->by_key == NULL) {
		free(liveness);
		return -ENOMEM;
	}
	*ret_liveness = liveness;
	return 0;
}

static void probe_free(struct probe *probe)
{
	if (map_get(probe->liveness->by_key, probe->key) == probe)
		map_remove(probe->liveness->by_key, probe->key);
	http_cancel(probe->request);
	renew_cancel(probe->renewal);
	loop_timer_destroy(probe->timer);
	free(probe->url);
	free(probe);
}

void liveness_destroy(struct liveness *liveness)
{
	struct probe *probe;
	uint64_t key;

	if (liveness == NULL)
		return;
	while ((probe = map_any(liveness->by_key, &key)) != NULL)
		probe_free(probe);
	map_destroy(liveness->by_key);
	free(liveness);
}

static void end(struct probe *probe, enum probe_state state)
{
	probe->state = state;
	probe->known = clock_mono_ms();
	probe->liveness->changed(probe->liveness->arg);
}

static void on_renewed(void *arg, int result)
{
	struct probe *probe = arg;

	/* a new address is asked for as such; where it is the old one, it is dead */
	probe->renewal = NULL;
	end(probe, PROBE_DEAD);
}

static void on_gone(struct probe *probe)
{
	const struct inputs_needs *needs = probe->liveness->needs;

	if (probe->job != 0 && renew_start(needs->store, needs->api, probe->job, on_renewed, probe,
				       &probe->renewal) == 0) {
		probe->state = PROBE_RENEWING;
		return;
	}
	end(probe, PROBE_DEAD);
}

static int on_body(void *arg, const char *data, size_t length)
{
	return -ECANCELED; /* the head has told all */
}

static void on_done(void *arg, const struct http_end *ended)
{
	struct probe *probe = arg;
	int status = ended->head.status;

	probe->request = NULL;
	if (status >= 200 && status < 300) {
		end(probe, PROBE_ALIVE);
	} else if (renew_is_due(status)) {
		log_info("probe: an input's address is dead: HTTP %d", status);
		on_gone(probe);
	} else if (++probe->attempts >= ATTEMPTS) {
		/* the service may reach what we cannot */
		end(probe, PROBE_ALIVE);
	} else {
		loop_timer_arm(probe->timer,
			backoff_wait_ms(&pace, probe->attempts, -1, backoff_random()));
	}
}

static void ask(void *arg)
{
	static const struct http_events events = {.body = on_body, .done = on_done};
	struct probe *probe = arg;
	const struct inputs_needs *needs = probe->liveness->needs;
	struct http_spec spec = {.url = probe->url,
		.range_start = 0,
		.range_end = 0,
		.max_redirects = 5,
		.stall_ms = needs->stall_ms,
		.total_ms = needs->stall_ms,
		.max_bytes = BODY_MAX};

	int r = http_start(needs->http, &spec, &events, probe, &probe->request);
	if (r < 0)
		end(probe, r == -EINVAL ? PROBE_DEAD : PROBE_ALIVE);
}

static bool is_old(const struct probe *probe)
{
	return (probe->state == PROBE_ALIVE || probe->state == PROBE_DEAD) &&
	       clock_mono_ms() - probe->known > FRESH_MS;
}

static void note_old(void *arg, uint64_t key, void *value)
{
	struct probe **old = arg, *probe = value;

	if (*old == NULL && (probe->state == PROBE_ALIVE || probe->state == PROBE_DEAD))
		*old = probe;
}

static int start(struct liveness *liveness, uint64_t key, const char *url, int64_t job)
{
	struct probe *probe = NULL;

	if (map_count(liveness->by_key) >= PROBES_MAX) {
		map_each(liveness->by_key, note_old, &probe);
		if (probe != NULL)
			probe_free(probe);
	}
	probe = calloc(1, sizeof(*probe));
	if (probe == NULL)
		return -ENOMEM;
	probe->liveness = liveness;
	probe->key = key;
	probe->job = job;
	probe->url = strdup(url);
	int r = probe->url == NULL
			? -ENOMEM
			: loop_timer_create(liveness->needs->loop, ask, probe, &probe->timer);
	if (r == 0)
		r = map_put(liveness->by_key, key, probe);
	if (r < 0) {
		probe_free(probe);
		return r;
	}
	loop_timer_arm(probe->timer, 0);
	return 0;
}

int liveness_ask(struct liveness *liveness, const char *url, int64_t job)
{
	uint64_t key = key_of(url);
	struct probe *probe = map_get(liveness->by_key, key);

	if (probe != NULL && (strcmp(probe->url, url) != 0 || is_old(probe))) {
		probe_free(probe);
		probe = NULL;
	}
	if (probe == NULL)
		return start(liveness, key, url, job);
	return probe->state == PROBE_ALIVE ? 1 : probe->state == PROBE_DEAD ? -ESTALE : 0;
}
