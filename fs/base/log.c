/* SPDX-License-Identifier: MIT */
#include "fs/base/log.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/text.h"

/* Longer lines are cut: the texts behind them may come from a server. */
enum { LOG_LINE = 1024 };

static enum log_level log_level_wanted = LOG_LEVEL_WARNING;
static bool log_on_stderr = true;
static bool log_on_syslog;

static char log_ring[LOG_RING_BYTES - 1];
static size_t log_ring_end;  /* where the next byte goes */
static size_t log_ring_used; /* bytes kept, ending at log_ring_end */

void log_setup(enum log_level level, bool to_stderr, bool to_syslog)
{
	log_level_wanted = level;
	log_on_stderr = to_stderr;
	log_on_syslog = to_syslog;
}

static void log_keep(const char *text, size_t length)
{
	size_t first = sizeof(log_ring) - log_ring_end;
	if (first > length)
		first = length;
	memcpy(log_ring + log_ring_end, text, first);
	memcpy(log_ring, text + first, length - first);
	log_ring_end = (log_ring_end + length) % sizeof(log_ring);
	log_ring_used += length;
	if (log_ring_used > sizeof(log_ring))
		log_ring_used = sizeof(log_ring);
}

/* One write(2) for a line, so that lines of several processes do not mix. */
static void log_write(const char *line, size_t length)
{
	while (length > 0) {
		ssize_t n = write(STDERR_FILENO, line, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line += n;
		length -= (size_t)n;
	}
}

static void log_emit(enum log_level level, char *message)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};
	static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

	/* a line break or an escape sequence from outside must not look like a line of ours */
	message[text_filter(message, strlen(message), false)] = '\0';

	char when[CLOCK_TEXT];
	clock_format(clock_wall_ms(), when);
	char line[LOG_LINE + CLOCK_TEXT + 16];
	int n = snprintf(line, sizeof(line), "%s %s %s\n", when, words[level], message);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	log_keep(line, (size_t)n);
	if (log_on_stderr)
		log_write(line, (size_t)n);
	if (log_on_syslog)
		syslog(priorities[level], "%s", message);
}

static void log_format(char *message, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void log_format(char *message, const char *format, va_list args)
{
	int n = vsnprintf(message, LOG_LINE, format, args);
	if (n < 0)
		snprintf(message, LOG_LINE, "(a line that could not be formatted)");
	else if (n >= LOG_LINE)
		memcpy(message + LOG_LINE - 4, "...", 4);
}

void log_line(enum log_level level, const char *format, ...)
{
	if (level > log_level_wanted)
		return;
	int saved_errno = errno;
	char message[LOG_LINE];
	va_list args;
	va_start(args, format);
	log_format(message, format, args);
	va_end(args);
	log_emit(level, message);
	errno = saved_errno;
}

int log_errno(enum log_level level, int error, const char *format, ...)
{
	if (level > log_level_wanted)
		return error;
	int saved_errno = errno;
	char message[LOG_LINE];
	va_list args;
	va_start(args, format);
	log_format(message, format, args);
	va_end(args);

	/* the worker may log as well: safe with threads since glibc 2.32, and in musl */
	const char *text = strerror(error < 0 ? -error : error);
	size_t room = LOG_LINE - 1 - strlen(text);
	if (room < 2)
		room = 2;
	size_t length = strnlen(message, room - 2);
	snprintf(message + length, LOG_LINE - length, ": %s", text);
	log_emit(level, message);
	errno = saved_errno;
	return error;
}

char *log_recent(void)
{
	char *text = malloc(log_ring_used + 1);
	if (text == NULL)
		return NULL;
	size_t start = (log_ring_end + sizeof(log_ring) - log_ring_used) % sizeof(log_ring);
	size_t first = sizeof(log_ring) - start;
	if (first > log_ring_used)
		first = log_ring_used;
	memcpy(text, log_ring + start, first);
	memcpy(text + first, log_ring, log_ring_used - first);
	text[log_ring_used] = '\0';

	/* The oldest line may be half overwritten. */
	if (log_ring_used == sizeof(log_ring)) {
		const char *whole = strchr(text, '\n');
		if (whole != NULL)
			memmove(text, whole + 1, strlen(whole + 1) + 1);
	}
	return text;
}
