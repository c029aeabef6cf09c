/* SPDX-License-Identifier: MIT */
#include "fs/kept/library_log.h"

#include <fcntl.h>
#include <fuse_log.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/log.h"

static struct {
	bool trace, keeping;
	int saved_stderr, caught; /* file descriptors, -1 none */
	char text[1024];          /* libfuse says one line in several calls */
	size_t length;
} state = {.saved_stderr = -1, .caught = -1};

static void log_text(const char *text)
{
	size_t length = strcspn(text, "\n");

	if (length > 0)
		log_debug("libfuse: %.*s", (int)length, text);
}

__attribute__((format(printf, 2, 0))) static void hear(
	enum fuse_log_level level, const char *format, va_list args)
{
	if (state.trace) {
		vfprintf(stderr, format, args);
		return;
	}
	if (!state.keeping)
		state.length = 0;
	size_t room = sizeof(state.text) - state.length;
	int n = vsnprintf(state.text + state.length, room, format, args);
	if (n > 0)
		state.length += (size_t)n < room ? (size_t)n : room - 1;
	if (!state.keeping)
		log_text(state.text);
}

void library_log_setup(bool trace)
{
	state.trace = trace;
	fuse_set_log_func(hear);
}

void library_log_start(void)
{
	state.keeping = true;
	state.length = 0;
	state.text[0] = '\0';
	if (state.trace)
		return;
	/* without it fusermount3 speaks to the user directly, which is no harm */
	state.caught = memfd_create("stderr", MFD_CLOEXEC);
	state.saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	if (state.caught >= 0 && state.saved_stderr >= 0)
		dup2(state.caught, STDERR_FILENO);
}

static void restore_stderr(void)
{
	if (state.saved_stderr >= 0) {
		fflush(stderr);
		dup2(state.saved_stderr, STDERR_FILENO);
		close(state.saved_stderr);
	}
	if (state.caught >= 0) {
		size_t room = sizeof(state.text) - 1 - state.length;
		ssize_t n = pread(state.caught, state.text + state.length, room, 0);
		if (n > 0)
			state.length += (size_t)n;
		state.text[state.length] = '\0';
		close(state.caught);
	}
	state.saved_stderr = state.caught = -1;
}

void library_log_stop(char *line, size_t size)
{
	char *rest = state.text;

	restore_stderr();
	state.keeping = false;
	line[0] = '\0';
	for (char *said; (said = strsep(&rest, "\n")) != NULL;) {
		if (said[0] == '\0')
			continue;
		log_text(said);
		snprintf(line, size, "%s", said);
	}
	state.length = 0;
}
