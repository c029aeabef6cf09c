/* SPDX-License-Identifier: MIT */
#pragma once
/* log: levelled lines for the operator, to stderr, to a memory ring (shown as .weryaifs/log) or both.
 *
 * A line is "module: what, which object, result". User strings are quoted by the caller. The API key,
 * query strings of URLs and prompt text never pass (prompt text only at LOG_DEBUG).
 * Errors: none; a line that cannot be written is dropped. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above `level` are dropped. `to_stderr` may be switched off when a daemon lets go of its
 * terminal; with `to_syslog` lines also go to syslog(3). */
void log_setup(enum log_level level, bool to_stderr, bool to_syslog);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Logs "…: strerror(-error)" and returns `error` (a negative errno), so that report and return is
 * one line. */
int log_errno(enum log_level level, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The last lines (RFC 3339 UTC time in front), at most LOG_RING_BYTES, as one NUL-terminated
 * string that the caller frees; NULL when out of memory. */
#define LOG_RING_BYTES (64 * 1024)
char *log_recent(void);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
