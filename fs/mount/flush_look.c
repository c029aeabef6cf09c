/* SPDX-License-Identifier: MIT */
/* What /proc tells of the process that closes a file: on a thread of flush.c. */
#include <stdio.h>
#include <string.h>

#include "fs/mount/client.h"
#include "fs/mount/flush.h"

/* The kernel's words for tasks (include/linux/sched.h), in field 9 of /proc/PID/stat. */
enum { PF_EXITING = 0x4, PF_SIGNALED = 0x400 };

/* It ends: its memory is given back before its files are closed. Else it may be in execve(2), and has its new memory: to read its `stat`
 * would wait for the end of that; of `status` nothing does (tried, Linux 6.18). */
static bool is_ending(pid_t thread)
{
	char text[4096];

	return client_read(thread, "status", text, sizeof(text)) && strstr(text, "\nVmSize:") == NULL;
}

static bool was_signaled(pid_t thread)
{
	const unsigned both = PF_EXITING | PF_SIGNALED;
	char text[1024];
	unsigned flags;

	if (!client_read(thread, "stat", text, sizeof(text)))
		return false;
	/* a name may have blanks and parentheses in it */
	const char *rest = strrchr(text, ')');
	return rest != NULL && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && (flags & both) == both;
}

bool flush_was_killed(pid_t closer, pid_t writer)
{
	pid_t process = is_ending(closer) ? client_process(closer) : 0;

	return process != 0 && (writer < 0 || writer == process) && was_signaled(closer) &&
	       (process == closer || was_signaled(process));
}
