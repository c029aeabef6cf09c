/* SPDX-License-Identifier: MIT */
/* A disk that does not answer: an open of a pipe that nobody else has open. */
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/store/disk.h"

static char path[] = "/tmp/weryaifs-disk.XXXXXX";
static int dir;
static struct disk *disk;

static int setup(void **state)
{
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_DIRECTORY);
	assert_true(dir >= 0);
	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
	assert_int_equal(disk_create(&disk), 0);
	return 0;
}

static int teardown(void **state)
{
	disk_destroy(disk);
	unlinkat(dir, "pipe", 0);
	unlinkat(dir, "file", 0);
	close(dir);
	return rmdir(path);
}

static void hang(void)
{
	struct stat st;

	assert_int_equal(disk_open(disk, dir, "pipe", O_RDONLY, &st), -ETIMEDOUT);
	assert_true(disk_hangs(disk));
}

static void wake(void)
{
	int fd = openat(dir, "pipe", O_WRONLY);
	struct timespec pause = {.tv_nsec = 1000000};

	assert_true(fd >= 0);
	while (disk_hangs(disk))
		nanosleep(&pause, NULL);
	close(fd);
}

static void test_disk_does_what_it_is_told(void **state)
{
	char data[8] = "";
	struct stat st;
	int fd = disk_open(disk, dir, "file", O_RDWR | O_CREAT, &st);

	assert_true(fd >= 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(disk_write(disk, fd, 3, "abc", 3), 0);
	assert_int_equal(disk_stat(disk, fd, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(disk_read(disk, fd, 3, data, 3), 0);
	assert_string_equal(data, "abc");
	assert_int_equal(disk_read(disk, fd, 4, data, 3), -EIO);
	assert_int_equal(disk_sync(disk, fd), 0);
	assert_int_equal(disk_truncate(disk, fd), 0);
	disk_close(disk, fd);
	disk_close(disk, -1);
	/* one that is not there keeps nothing of the others */
	assert_int_equal(disk_unlink(disk, dir, "other\0file", 11), 0);
	assert_int_equal(disk_open(disk, dir, "file", O_RDONLY, &st), -ENOENT);
	assert_int_equal(disk_open(disk, dir, "none", O_RDONLY, &st), -ENOENT);
}

static void test_disk_that_hangs_is_left_alone(void **state)
{
	struct stat st;
	char data[3];
	int fd = disk_open(disk, dir, "file", O_RDWR | O_CREAT, &st);

	assert_int_equal(disk_write(disk, fd, 0, "abc", 3), 0);
	hang();
	/* at once, and nothing is done */
	assert_int_equal(disk_write(disk, fd, 0, "xyz", 3), -ETIMEDOUT);
	assert_int_equal(disk_read(disk, fd, 0, data, 3), -ETIMEDOUT);
	assert_int_equal(disk_unlink(disk, dir, "file", 5), -ETIMEDOUT);
	assert_int_equal(disk_open(disk, dir, "file", O_RDONLY, &st), -ETIMEDOUT);
	wake();
	assert_int_equal(disk_read(disk, fd, 0, data, 3), 0);
	assert_memory_equal(data, "abc", 3);
	disk_close(disk, fd);
}

/* The thread is left behind, and what it hangs in ends with the process. */
static void test_disk_that_hangs_can_be_left_behind(void **state)
{
	int fd;

	hang();
	disk_close(disk, dup(dir));
	disk_destroy(disk);
	disk = NULL;
	fd = openat(dir, "pipe", O_WRONLY);
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_disk_does_what_it_is_told),
		T(test_disk_that_hangs_is_left_alone),
		T(test_disk_that_hangs_can_be_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
