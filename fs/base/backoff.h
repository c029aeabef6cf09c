/* SPDX-License-Identifier: MIT */
#pragma once
/* backoff: pure arithmetic: which attempt waits how long. Knows no timers. */
#include <stdint.h>

struct backoff {
	int64_t first_ms, max_ms; /* doubles from first to max */
	unsigned jitter_percent; /* the wait is spread over [100 - jitter, 100 + jitter] per cent */
};

/* `attempt` counts failures so far (1 = after the first). retry_after_ms (-1 none) is a floor that the
 * server set and that max_ms does not cut, but an hour does; more than a day is no answer, and is not counted.
 * `random` is any 32-bit random number. */
int64_t backoff_wait_ms(
	const struct backoff *backoff, unsigned attempt, int64_t retry_after_ms, uint32_t random);
uint32_t backoff_random(void); /* getrandom(2) */
