/* SPDX-License-Identifier: MIT */
#include "fs/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* The kernel's own words: its headers may be older than the kernel (Debian 12 knows Landlock up to its second version). */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum {
	LANDLOCK_VERSION = 1, /* a flag */
	RULE_BENEATH = 1,
	RULE_PORT = 2,
	PORT_LISTEN = 1 << 0,
	PORT_CONNECT = 1 << 1,
	FIRST_WITH_PORTS = 4,
};

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_FIRST = (1 << 13) - 1, /* all that the first version knows */
	FS_REFER = 1 << 13,	  /* second version: between directories */
	FS_TRUNCATE = 1 << 14,	  /* third */
	FS_IOCTL_DEV = 1 << 15,	  /* fifth */
	OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

struct ruleset_attr {
	uint64_t files, ports;
};

struct beneath_attr {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_attr {
	uint64_t allowed, port;
};

static const uint64_t rights[] = {
	[CONFINE_READ] = FS_READ_FILE | FS_READ_DIR,
	[CONFINE_WRITE] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE,
	[CONFINE_ALL] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_DIR |
			FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER,
};

int confine_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION);

	return version < 0 ? -errno : (int)version;
}

bool confine_has_ports(void)
{
	return confine_version() >= FIRST_WITH_PORTS;
}

static uint64_t known_to(int version)
{
	uint64_t known = FS_FIRST;

	if (version >= 2)
		known |= FS_REFER;
	if (version >= 3)
		known |= FS_TRUNCATE;
	if (version >= 5)
		known |= FS_IOCTL_DEV;
	return known;
}

int confine_begin(struct confine *confine, bool ports)
{
	int version = confine_version();

	*confine = (struct confine){.ruleset = -1};
	if (version < 0)
		return version;
	confine->files = known_to(version);
	confine->ports = ports && version >= FIRST_WITH_PORTS ? PORT_LISTEN | PORT_CONNECT : 0;
	const struct ruleset_attr attr = {.files = confine->files, .ports = confine->ports};
	/* an older kernel takes what it does not know where it is zero */
	confine->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	return confine->ruleset < 0 ? -errno : 0;
}

int confine_allow_fd(struct confine *confine, int fd, enum confine_right right)
{
	struct beneath_attr rule = {.allowed = rights[right] & confine->files, .fd = fd};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	return syscall(SYS_landlock_add_rule, confine->ruleset, RULE_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int confine_allow(struct confine *confine, const char *path, enum confine_right right)
{
	CLEANUP_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ? 0 : -errno;
	return confine_allow_fd(confine, fd, right);
}

int confine_allow_beside(struct confine *confine, const char *path, enum confine_right right)
{
	CLEANUP_FREE char *copy = strdup(path), *real = realpath(path, NULL);

	if (copy == NULL)
		return -ENOMEM;
	int r = confine_allow(confine, dirname(copy), right);
	return r == 0 && real != NULL ? confine_allow(confine, dirname(real), right) : r;
}

int confine_allow_port(struct confine *confine, uint16_t port, bool listens)
{
	const struct port_attr rule = {.allowed = listens ? PORT_LISTEN : PORT_CONNECT, .port = port};

	if (confine->ports == 0)
		return 0;
	return syscall(SYS_landlock_add_rule, confine->ruleset, RULE_PORT, &rule, 0) < 0 ? -errno : 0;
}

int confine_apply(struct confine *confine)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_landlock_restrict_self, confine->ruleset, 0) < 0)
		return -errno;
	return 0;
}

void confine_finish(struct confine *confine)
{
	cleanup_closep(&confine->ruleset);
}
