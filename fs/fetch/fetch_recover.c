/* SPDX-License-Identifier: MIT */
/* What the end of a transfer means: it is complete, it goes on where it stopped, its address is renewed, or it has failed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/fetch/fetch_private.h"

#define ATTEMPTS 4 /* that bring next to nothing */

static const struct backoff pace = {.first_ms = 300, .max_ms = 5000, .jitter_percent = 20};

static void on_renewed(void *arg, int error)
{
	struct fetch *fetch = arg;

	fetch->renewal = NULL;
	if (error == 0) {
		struct result_record fresh;
		error = results_find(fetch->fetches->needs.store, fetch->ino, &fresh);
		if (error == 0) {
			char *url = fetch->record.url;
			fetch->record.url = fresh.url;
			fresh.url = url;
			fetch->route =
				route_find(&fetch->fetches->routes, fetch->record.url);
			result_record_finish(&fresh);
		}
	}
	if (error < 0) {
		char why[128];
		snprintf(why, sizeof(why), "its address has expired and could not be renewed (%s)",
			strerror(-error));
		fetch_fail(fetch, -EIO, why);
		return;
	}
	fetch_pump(fetch);
}

static void fail_as(struct fetch *fetch, const struct http_end *end)
{
	char why[sizeof(end->text)];

	if (end->error == 0)
		snprintf(why, sizeof(why), "the server that has it answers HTTP %d",
			end->head.status);
	else
		snprintf(why, sizeof(why), "%s",
			end->text[0] != '\0' ? end->text : strerror(-end->error));
	fetch_fail(fetch, end->error == -ETIMEDOUT ? -ETIMEDOUT : -EIO, why);
}

/* Whoever waits hears of it after one stall limit, however many attempts that is; where bytes are coming, it goes on. */
static bool is_hopeless(struct fetch *fetch)
{
	int64_t now = clock_mono_ms();

	if (fetch->moved >= FETCH_PROGRESS) {
		fetch->attempts = 0;
		fetch->since_ms = now;
	}
	fetch->moved = 0;
	return ++fetch->attempts >= ATTEMPTS ||
	       now - fetch->since_ms >= fetch->fetches->needs.stall_ms;
}

/* A transfer has ended by itself. */
void fetch_ended(struct fetch *fetch, const struct http_end *end, bool complete)
{
	int status = end->head.status, error = end->error;

	if (fetch->users == 0) {
		fetch_left(fetch);
		return;
	}
	if (complete || (error == -ECANCELED && !list_empty(&fetch->transfers))) {
		fetch_pump(fetch);
		return;
	}
	if (fetch->renewal != NULL || loop_timer_armed(fetch->retry))
		return;
	if (error == -ESTALE) {
		fetch_fail(fetch, -EIO, "the file at its address is another one now");
		return;
	}
	if (list_empty(&fetch->reads) && fetch->background == NULL)
		return;
	if (renew_is_due(status) && !fetch->renewed) {
		fetch->renewed = true;
		fetch_stop_all(fetch);
		int r = renew_start(fetch->fetches->needs.store, fetch->fetches->needs.api,
			fetch->record.job, on_renewed, fetch, &fetch->renewal);
		if (r < 0)
			fetch_fail(fetch, -EIO, strerror(-r));
		return;
	}
	/* cut short, stalled, refused for the moment: on from where it stopped */
	if (is_hopeless(fetch)) {
		fail_as(fetch, end);
		return;
	}
	int64_t wait =
		backoff_wait_ms(&pace, fetch->attempts, end->head.retry_after_ms, backoff_random());
	int64_t left = fetch->since_ms + fetch->fetches->needs.stall_ms - clock_mono_ms();
	loop_timer_arm(fetch->retry, wait < left ? wait : left);
}
