/* SPDX-License-Identifier: MIT */
#pragma once
/* clock: monotonic time for waiting, wall time for people. Both can be replaced in tests. */
#include <stdint.h>
#include <time.h>

int64_t clock_mono_ms(void); /* CLOCK_BOOTTIME: goes on over suspend */
int64_t clock_wall_ms(void); /* since the epoch; may jump */
int64_t clock_wall_ns(void);
struct timespec clock_wall(void);
/* Times of files as nanoseconds since the epoch: 1677 to 2262, what is beyond becomes the nearest of these. */
int64_t clock_to_ns(const struct timespec *time);
struct timespec clock_from_ns(int64_t ns);
/* RFC 3339 UTC with seconds, "2026-11-21T10:00:00Z"; text needs CLOCK_TEXT bytes. */
#define CLOCK_TEXT 32
void clock_format(int64_t wall_ms, char *text);
/* The UTC day, "2026-11-21"; text needs CLOCK_DAY bytes. */
#define CLOCK_DAY 11
void clock_day(int64_t wall_ms, char text[CLOCK_DAY]);
#define CLOCK_DAY_MS (INT64_C(24) * 3600 * 1000)
int64_t clock_ms_to_midnight(int64_t wall_ms); /* until the next UTC day begins */
/* Tests: NULL puts the real clocks back. */
void clock_replace(int64_t (*mono_ms)(void), int64_t (*wall_ms)(void));
