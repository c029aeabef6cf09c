/* SPDX-License-Identifier: MIT */
/* When a request goes on: its limits of time, and its share of the loop. */
#include "fs/net/http_private.h"

#include "fs/base/clock.h"

/* Of all bodies, before other watches are looked at again. */
enum { TURN_BYTES = 512 * 1024, TURN_BYTES_MIN = 128 * 1024 };

void request_watch_time(struct http_request *request)
{
	int64_t due = request->deadline_ms;
	/* the clock of the server starts when it may have the request, and stands while we pause */
	if (request->sent && !request->paused && request->stall_ms > 0 &&
		request->progress_ms + request->stall_ms < due)
		due = request->progress_ms + request->stall_ms;
	if (request->min_rate > 0 && request->head_done && !request->paused &&
		request->window_ms + request->stall_ms < due)
		due = request->window_ms + request->stall_ms;
	if (request->connect_ms != 0 &&
		request->connect_ms + request->http->connect_timeout_ms < due)
		due = request->connect_ms + request->http->connect_timeout_ms;
	if (due == INT64_MAX)
		loop_timer_disarm(request->timer);
	else
		loop_timer_arm(request->timer, due - clock_mono_ms());
}

static int64_t moved_bytes(const struct http_request *request)
{
	return request->body_bytes + request->uploaded;
}

void request_open_window(struct http_request *request)
{
	request->window_ms = clock_mono_ms();
	request->window_bytes = moved_bytes(request);
}

bool request_is_too_slow(struct http_request *request)
{
	if (request->min_rate <= 0 || !request->head_done || request->paused ||
		clock_mono_ms() - request->window_ms < request->stall_ms)
		return false;
	int64_t moved = moved_bytes(request) - request->window_bytes;
	request_open_window(request);
	return moved < request->min_rate * request->stall_ms / 1000;
}

void request_want(struct http_request *request, unsigned want)
{
	request->wants |= want;
	list_remove(&request->later);
	list_append(&request->http->later, &request->later);
}

void request_rest(struct http_request *request)
{
	struct http *http = request->http;
	list_remove(&request->rest);
	list_append(&http->resting, &request->rest);
	if (!loop_timer_armed(http->turn_timer))
		loop_timer_arm(http->turn_timer, 0);
}

/* libcurl 7.88 reads up to a hundred buffers at once while there is something to read (lib/transfer.c, readwrite_data).
 * A request that has had its share of one call of libcurl rests until the loop has seen to the others. */
bool request_turn_is_over(struct http_request *request, size_t length)
{
	if (request->turn != request->http->turn) {
		request->turn = request->http->turn;
		request->turn_bytes = 0;
	}
	request->turn_bytes += length;
	unsigned active = request->http->active;
	size_t share = active > 0 ? TURN_BYTES / active : TURN_BYTES;
	return request->turn_bytes >= (share > TURN_BYTES_MIN ? share : TURN_BYTES_MIN);
}
