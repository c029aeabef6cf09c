/* SPDX-License-Identifier: MIT */
#include "fs/base/clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int64_t (*clock_fake_mono)(void);
static int64_t (*clock_fake_wall)(void);

#define NS_PER_S INT64_C(1000000000)

static struct timespec clock_read(clockid_t id)
{
	struct timespec now;
	int r = clock_gettime(id, &now);
	assert(r == 0);
	return now;
}

static int64_t clock_ms(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return clock_fake_mono != NULL ? clock_fake_mono() : clock_ms(clock_read(CLOCK_BOOTTIME));
}

int64_t clock_wall_ms(void)
{
	return clock_fake_wall != NULL ? clock_fake_wall() : clock_ms(clock_read(CLOCK_REALTIME));
}

struct timespec clock_wall(void)
{
	return clock_fake_wall == NULL ? clock_read(CLOCK_REALTIME) : clock_from_ns(clock_fake_wall() * 1000000);
}

int64_t clock_wall_ns(void)
{
	struct timespec now = clock_wall();

	return clock_to_ns(&now);
}

int64_t clock_to_ns(const struct timespec *time)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)time->tv_sec, NS_PER_S, &ns) ||
		__builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns))
		return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

struct timespec clock_from_ns(int64_t ns)
{
	int64_t rest = ns % NS_PER_S; /* has the sign of ns, and tv_nsec has none */
	bool is_before = rest < 0;

	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S - is_before),
		.tv_nsec = (long)(is_before ? rest + NS_PER_S : rest)};
}

void clock_format(int64_t wall_ms, char *text)
{
	time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0));
	struct tm tm;
	if (gmtime_r(&seconds, &tm) == NULL ||
		strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, CLOCK_TEXT, "-");
}

void clock_day(int64_t wall_ms, char text[CLOCK_DAY])
{
	char whole[CLOCK_TEXT];

	clock_format(wall_ms, whole);
	snprintf(text, CLOCK_DAY, "%.10s", whole);
}

int64_t clock_ms_to_midnight(int64_t wall_ms)
{
	return CLOCK_DAY_MS - wall_ms % CLOCK_DAY_MS;
}

void clock_replace(int64_t (*mono_ms)(void), int64_t (*wall_ms)(void))
{
	clock_fake_mono = mono_ms;
	clock_fake_wall = wall_ms;
}
