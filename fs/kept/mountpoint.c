/* SPDX-License-Identifier: MIT */
#include "fs/kept/mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"
#include "fs/base/log.h"
#include "fs/base/message.h"

/* Dead mounts may lie on top of each other. */
enum { CLEAN_TRIES = 8 };
/* Larger costs less, but on a thin link a reader waits for its last byte. */
enum { READ_AHEAD_KIB = 256 };

/* message_refuse() says -EINVAL; the caller knows better. */
static int refused(int said, int error)
{
	return said == -ENOMEM ? said : error;
}

struct mounted {
	unsigned major, minor;
	char type[64];
};

/* Blanks, tabs, line ends and backslashes are written as three octal digits (proc(5)). */
static void unescape(char *text)
{
	char *to = text;

	while (*text != '\0') {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
			text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* One line of mountinfo: "ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG...] - TYPE SOURCE OPTIONS". */
static bool parse_line(char *line, const char *path, struct mounted *ret_mounted)
{
	enum { DEVICE = 2, PLACE = 4, FIELDS };
	char *field[FIELDS], *rest = line;
	struct mounted mounted;

	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&rest, " ");
		if (field[i] == NULL)
			return false;
	}
	unescape(field[PLACE]);
	char *type = rest != NULL ? strstr(rest, " - ") : NULL;
	if (type == NULL || strcmp(field[PLACE], path) != 0 ||
		sscanf(field[DEVICE], "%u:%u", &mounted.major, &mounted.minor) != 2 ||
		sscanf(type, " - %63s", mounted.type) != 1)
		return false;
	*ret_mounted = mounted;
	return true;
}

/* What is mounted there last. */
static bool find_mounted(const char *path, struct mounted *ret_mounted)
{
	CLEANUP_FREE char *line = NULL;
	bool found = false;
	size_t size = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	if (mounts == NULL)
		return false;
	while (getline(&line, &size, mounts) > 0) {
		if (parse_line(line, path, ret_mounted))
			found = true;
	}
	fclose(mounts);
	return found;
}

dev_t mountpoint_device(const char *path)
{
	struct mounted mounted;

	return find_mounted(path, &mounted) ? makedev(mounted.major, mounted.minor) : 0;
}

void mountpoint_read_ahead(dev_t device)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", major(device),
		minor(device));
	int length = snprintf(text, sizeof(text), "%d", READ_AHEAD_KIB), fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)length) != length)
		log_debug("mount: the kernel reads ahead as it does by itself");
	if (fd >= 0)
		close(fd);
}

static bool is_ours(const char *path)
{
	struct mounted mounted;

	return find_mounted(path, &mounted) && strcmp(mounted.type, "fuse." MOUNTPOINT_TYPE) == 0;
}

/* realpath(3) of the directory above: the place itself cannot be looked at while a dead mount is on it. */
static char *resolve_above(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);
	CLEANUP_FREE char *above = NULL;
	char *whole = NULL;

	if (copy == NULL)
		return NULL;
	for (size_t length = strlen(copy); length > 1 && copy[length - 1] == '/'; length--)
		copy[length - 1] = '\0';
	char *slash = strrchr(copy, '/');
	const char *name = slash == NULL ? copy : slash + 1;
	if (slash != NULL)
		*slash = '\0';
	above = realpath(slash == NULL ? "." : (slash == copy ? "/" : copy), NULL);
	if (above == NULL)
		return NULL;
	if (asprintf(&whole, "%s/%s", strcmp(above, "/") == 0 ? "" : above, name) < 0)
		return NULL;
	return whole;
}

static void unmount_lazily(const char *path)
{
	const char *const argv[] = {"fusermount3", "-u", "-q", "-z", "--", path, NULL};
	pid_t pid;
	int status;

	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return;
	int r = -posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (r < 0) {
		log_errno(LOG_LEVEL_WARNING, r, "mount: cannot run fusermount3 (fuse3)");
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

static bool is_dead(const char *path)
{
	struct statx st;

	/* what the kernel remembers of a mount outlives its daemon for a moment; an automount would wait for us */
	return statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0 &&
	       errno == ENOTCONN;
}

void mountpoint_clean(const char *path)
{
	if (is_dead(path) && is_ours(path)) {
		log_info("mount: taking away the dead mount on '%s'", path);
		unmount_lazily(path);
	}
}

static int clean_dead(const char *path, char **ret_message)
{
	CLEANUP_FREE char *whole = resolve_above(path);

	if (whole == NULL)
		return -ENOMEM;
	for (int i = 0; i < CLEAN_TRIES && is_dead(whole); i++) {
		if (!is_ours(whole))
			return refused(message_refuse(ret_message,
					       "'%s' holds the dead mount of another program: "
					       "unmount it first (fusermount3 -u '%s')",
					       path, path),
				-EBUSY);
		mountpoint_clean(whole);
	}
	if (is_dead(whole))
		return refused(
			message_refuse(ret_message,
				"'%s' holds a dead mount that cannot be taken away: unmount it as "
				"root (umount -l '%s')",
				path, path),
			-EBUSY);
	return 0;
}

static int check_place(const char *path, char **ret_message)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		int error = -errno;
		if (error == -ENOENT)
			return refused(message_refuse(ret_message,
					       "the mount point '%s' does not exist: make it first "
					       "(mkdir -p '%s')",
					       path, path),
				error);
		return refused(
			message_refuse(ret_message, "the mount point '%s' cannot be used: %s", path,
				strerror(-error)),
			error);
	}
	if (!S_ISDIR(st.st_mode))
		return refused(message_refuse(ret_message,
				       "the mount point '%s' is not a directory", path),
			-ENOTDIR);
	return 0;
}

/* autofs(5), as systemd.automount(5) has it: whoever goes through it waits for the mount, so that we would wait for ourselves. */
static bool is_automount(const char *path)
{
	struct mounted mounted;

	return find_mounted(path, &mounted) && strcmp(mounted.type, "autofs") == 0;
}

static int check_free(const char *path, char **ret_message)
{
	CLEANUP_FREE char *above = NULL;
	struct stat st, st_above;
	struct mounted mounted;

	if (asprintf(&above, "%s/..", path) < 0)
		return -ENOMEM;
	bool found = find_mounted(path, &mounted);
	/* the root of a chroot(2) need not be a mount, but it is above itself */
	bool is_top = stat(path, &st) == 0 && stat(above, &st_above) == 0 &&
		      (st.st_dev != st_above.st_dev || st.st_ino == st_above.st_ino);
	if (!found && !is_top)
		return 0;
	return refused(message_refuse(ret_message,
			       "something is mounted on '%s' already (%s): choose another "
			       "directory, or unmount it first",
			       path, found ? mounted.type : "unknown"),
		-EBUSY);
}

/* Not refused: a file that says "not mounted" is a good habit. */
static void tell_what_is_hidden(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	if (directory == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	closedir(directory);
	if (count > 0)
		log_warning("mount: '%s' is not empty: what is in it (%zu) is hidden until it is "
			    "unmounted",
			path, count);
}

int mountpoint_prepare(const char *path, char **ret_path, char **ret_message)
{
	CLEANUP_FREE char *whole = NULL;
	int r = is_dead(path) ? clean_dead(path, ret_message) : 0;

	if (r == 0)
		r = check_place(path, ret_message);
	if (r < 0)
		return r;
	whole = realpath(path, NULL);
	if (whole == NULL)
		return refused(
			message_refuse(ret_message, "the mount point '%s' cannot be used: %s", path,
				strerror(errno)),
			-errno);
	if (!is_automount(whole)) {
		r = check_free(whole, ret_message);
		if (r < 0)
			return r;
		tell_what_is_hidden(whole);
	}
	*ret_path = steal(&whole);
	return 0;
}

int mountpoint_check_device(char **ret_message)
{
	CLEANUP_CLOSE int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	int error = -errno;
	if (error == -ENOENT || error == -ENODEV || error == -ENXIO)
		return refused(
			message_refuse(ret_message,
				"this machine has no FUSE device (/dev/fuse): load the kernel "
				"module (modprobe fuse), or give the container --device "
				"/dev/fuse"),
			error);
	return refused(message_refuse(ret_message,
			       "you may not use FUSE here: opening /dev/fuse failed (%s)",
			       strerror(-error)),
		error);
}
