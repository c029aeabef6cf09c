/* SPDX-License-Identifier: MIT */
/* Where one may mount. Mounts nothing itself: /proc is what is mounted everywhere. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/kept/mountpoint.h"

static char directory[] = "/tmp/test_mountpoint-XXXXXX";

static int setup(void **state)
{
	return mkdtemp(directory) == NULL;
}

static int teardown(void **state)
{
	return rmdir(directory);
}

static void place(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", directory, name);
}

static void check_refused(const char *path, int error, const char *words)
{
	char *resolved = NULL, *message = NULL;

	assert_int_equal(mountpoint_prepare(path, &resolved, &message), error);
	assert_null(resolved);
	assert_non_null(message);
	assert_non_null(strstr(message, path));
	assert_non_null(strstr(message, words));
	assert_false(isupper((unsigned char)message[0]));
	free(message);
}

static void test_mountpoint_missing_is_refused(void **state)
{
	char path[256];

	place(path, "missing");
	check_refused(path, -ENOENT, "does not exist");
}

static void test_mountpoint_file_is_refused(void **state)
{
	char path[256], below[512];

	place(path, "file");
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	check_refused(path, -ENOTDIR, "not a directory");
	snprintf(below, sizeof(below), "%s/x", path);
	check_refused(below, -ENOTDIR, "cannot be used");
	unlink(path);
}

static void test_mountpoint_in_use_is_refused(void **state)
{
	check_refused("/proc", -EBUSY, "(proc)");
	check_refused("/", -EBUSY, "mounted");
}

static void test_mountpoint_is_resolved(void **state)
{
	char path[256], link[256], dotted[600], *resolved = NULL, *message = NULL;

	place(path, "real dir");
	place(link, "link");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(symlink(path, link), 0);
	snprintf(dotted, sizeof(dotted), "%s/../link/.", path);
	assert_int_equal(mountpoint_prepare(dotted, &resolved, &message), 0);
	assert_string_equal(resolved, path);
	assert_null(message);
	free(resolved);
	unlink(link);
	rmdir(path);
}

static void test_mountpoint_device_tells_mounts_apart(void **state)
{
	struct stat st;

	assert_int_equal(stat("/proc", &st), 0);
	assert_int_equal(mountpoint_device("/proc"), st.st_dev);
	assert_int_equal(mountpoint_device(directory), 0);
	assert_int_equal(mountpoint_device("/pro"), 0);
}

static void test_mountpoint_clean_leaves_the_living_alone(void **state)
{
	mountpoint_clean("/proc");
	assert_int_equal(access("/proc/self", F_OK), 0);
	mountpoint_clean(directory);
	assert_int_equal(access(directory, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mountpoint_missing_is_refused),
		cmocka_unit_test(test_mountpoint_file_is_refused),
		cmocka_unit_test(test_mountpoint_in_use_is_refused),
		cmocka_unit_test(test_mountpoint_is_resolved),
		cmocka_unit_test(test_mountpoint_device_tells_mounts_apart),
		cmocka_unit_test(test_mountpoint_clean_leaves_the_living_alone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
