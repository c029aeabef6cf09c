/* SPDX-License-Identifier: MIT */
#pragma once
/* confine: what this process can still reach of the machine, by Landlock (landlock(7)), which needs no privilege. What is
 * not allowed is refused by the kernel, for ever, to this thread, to those that it starts and to their programs: with EACCES
 * for files and TCP, with EPERM for mounts. So it is applied while there is one thread. No program can be executed at all.
 *
 * Rules belong to directories themselves, not to their paths: one that is removed and made again is another one. A descriptor
 * that is open already stays as it was. Looking (stat, readlink), sockets that are files and signals are not covered.
 * Errors: negative errno; -ENOSYS, -EOPNOTSUPP: the kernel has no Landlock. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum confine_right {
	CONFINE_READ,  /* files and lists of directories, at any depth */
	CONFINE_WRITE, /* the same, and to files that are there */
	CONFINE_ALL,   /* the same, and to make, rename and remove files and directories */
};

struct confine {
	int ruleset;
	uint64_t files, ports; /* what the kernel can refuse */
};

/* The version of the kernel's Landlock: 1 and above for files, 4 and above for TCP ports. */
int confine_version(void);
bool confine_has_ports(void); /* can it refuse ports? */
/* `ports`: TCP is refused as well, where the kernel can. To be ended by confine_finish(). */
int confine_begin(struct confine *confine, bool ports);
/* What is not there needs no right: 0. */
int confine_allow(struct confine *confine, const char *path, enum confine_right right);
/* The directory of a file, and of what it may be a link to: files are replaced. */
int confine_allow_beside(struct confine *confine, const char *path, enum confine_right right);
int confine_allow_fd(struct confine *confine, int fd, enum confine_right right);
/* To connect to a port of any machine, or to listen at one of ours. */
int confine_allow_port(struct confine *confine, uint16_t port, bool listens);
/* From here on. With no_new_privs, so that no program of this process has more rights than it. */
int confine_apply(struct confine *confine);
void confine_finish(struct confine *confine);
