/* SPDX-License-Identifier: MIT */
#pragma once
/* library_log: what libfuse, and the fusermount3 that it runs, have to say. It goes to our log at debug level; while
 * a mount is being tried it is kept, so that the reason gets into the one sentence that the user sees.
 *
 * libfuse's log function is one for the process and knows no session, so this is the one module with global state.
 * Between start and stop nothing else may write to standard error: fusermount3's words are caught there. */
#include <stdbool.h>
#include <stddef.h>

/* trace: everything straight to standard error instead (the debug option). */
void library_log_setup(bool trace);
void library_log_start(void);
/* The last line that was said since start, without the line end; "" when there was none. */
void library_log_stop(char *line, size_t size);
