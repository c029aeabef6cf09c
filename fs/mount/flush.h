/* SPDX-License-Identifier: MIT */
#pragma once
/* flush: was the program that closes a prompt killed by a signal? Half a sentence that ^C has cut short is not to be sent.
 *
 * The kernel sends FLUSH at each close(2) of a descriptor, and while a process that ends closes what it has left open: only then can it be
 * seen, since the process waits for the answer. (RELEASE, which comes later, is nobody's any more.) So a FLUSH of a prompt that was changed
 * is parked, a thread of our own looks at the process in /proc, and the FLUSH is answered, always with 0.
 *
 * The look is not the loop's: who closes may be in the middle of execve(2), which closes what is close-on-exec, and some files of its directory in
 * /proc cannot be read until that is over, which waits for our answer. The thread reads nothing of that kind of a process that still has
 * its memory, as one has that executes, and whatever happens the FLUSH is answered after FLUSH_MS. What is not known by then counts as "not killed".
 *
 * Who wrote is a process, that of the thread which the kernel names. The thread that closes is the last one of a killed process, and a process of
 * several threads was killed where the first one was as well: in one that ends by exit(3) all threads but the one that says so are killed. Where that is
 * not the first one, its text is taken for cut short: nothing is spent, and the status says what to do.
 * Not seen: what was written by mmap(2) or from another pid namespace (the kernel names nobody); where /proc shows nothing (hidepid); and anything on
 * a mount that was made by a daemon without this, which has told the kernel that it wants no FLUSH.
 *
 * Interrupts are ignored: the answer is near, and a process that dies is interrupted often.
 * Loop thread only. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/mount/mount_private.h"

struct flushes;

/* Owns a thread. */
int flushes_create(struct session *session, struct flushes **ret_flushes);
/* Those that wait have been answered. A thread that does not come back is left behind. NULL is fine. */
void flushes_destroy(struct flushes *flushes);
/* The mount ends: what is being looked at is waited for, a second at most, since nobody sees it later. */
void flushes_end(struct flushes *flushes);
/* Answers, at once or soon; a text that was cut short is in the ledger by then. The handler's last act. */
void flush_answer(fuse_req_t req, uint64_t ino, pid_t writer);

/* Of /proc; the thread's own. closer is a thread, writer a process; < 0: whoever it was. */
bool flush_was_killed(pid_t closer, pid_t writer);
