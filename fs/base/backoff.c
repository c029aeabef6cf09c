/* SPDX-License-Identifier: MIT */
#include "fs/base/backoff.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

int64_t backoff_wait_ms(
	const struct backoff *backoff, unsigned attempt, int64_t retry_after_ms, uint32_t random)
{
	const int64_t hour_ms = 3600 * 1000;
	int64_t wait = backoff->first_ms;
	for (unsigned i = 1; i < attempt && wait < backoff->max_ms; i++)
		wait = wait > backoff->max_ms / 2 ? backoff->max_ms : wait * 2;
	if (wait > backoff->max_ms)
		wait = backoff->max_ms;

	unsigned jitter = backoff->jitter_percent < 100 ? backoff->jitter_percent : 100;
	if (jitter > 0 && wait > 0) {
		/* random / 2^32 of twice the jitter, above the lowest wait */
		double spread = (double)wait * jitter / 100.0;
		double point = (double)random / 4294967296.0;
		wait = (int64_t)((double)wait - spread + 2.0 * spread * point);
	}

	if (retry_after_ms > 24 * hour_ms)
		return wait;
	int64_t least = retry_after_ms < hour_ms ? retry_after_ms : hour_ms;
	return wait > least ? wait : least;
}

uint32_t backoff_random(void)
{
	uint32_t value;
	while (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value)) {
		if (errno != EINTR) {
			/* no such syscall; jitter needs no better luck than the clock's */
			struct timespec now;
			clock_gettime(CLOCK_MONOTONIC, &now);
			return (uint32_t)now.tv_nsec * 2654435761U;
		}
	}
	return value;
}
