/* SPDX-License-Identifier: MIT */
/* A process that confines itself tries what it must not be able to do, and what it goes on to need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/confine.h"

static char place[] = "/tmp/confine.XXXXXX";
static char own[64], other[64], beside[64], link_to[64];
static int listeners[2]; /* one may be connected to, one may not */
static uint16_t ports[2];

static void write_file(const char *directory, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static int make_places(void **state)
{
	assert_non_null(mkdtemp(place));
	snprintf(own, sizeof(own), "%s/own", place);
	snprintf(other, sizeof(other), "%s/other", place);
	snprintf(beside, sizeof(beside), "%s/beside", place);
	snprintf(link_to, sizeof(link_to), "%s/own/link", place);
	assert_int_equal(mkdir(own, 0700), 0);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(mkdir(beside, 0700), 0);
	write_file(own, "file");
	write_file(other, "file");
	write_file(beside, "key");
	assert_int_equal(symlink("../beside/key", link_to), 0);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t length = sizeof(address);
		listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(listeners[i], (struct sockaddr *)&address, length), 0);
		assert_int_equal(listen(listeners[i], 1), 0);
		assert_int_equal(getsockname(listeners[i], (struct sockaddr *)&address, &length), 0);
		ports[i] = ntohs(address.sin_port);
	}
	return 0;
}

static int remove_places(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place);
	return system(command) == 0 ? 0 : -1;
}

/* 0, or what open(2) says; closed again. */
static int try_open(const char *directory, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	CLEANUP_CLOSE int fd = open(path, flags | O_CLOEXEC, 0600);
	return fd < 0 ? errno : 0;
}

static int try_connect(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static int try_listen(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static int try_execute(void)
{
	char *const words[] = {(char *)"true", NULL};

	execv("/bin/true", words);
	return errno;
}

static void *try_in_thread(void *arg)
{
	*(int *)arg = try_open(other, "file", O_RDONLY);
	return NULL;
}

/* In a process of its own, whose exit code says which line has failed: 0 none. */
#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			return __LINE__ % 251 + 1;                                                 \
	} while (0)

static int behind_it(int version, int open_before)
{
	pthread_t thread;
	int in_thread = 0;

	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	EXPECT(try_open(own, "file", O_RDWR) == 0);
	EXPECT(try_open(own, "new", O_RDWR | O_CREAT | O_TRUNC) == 0);
	EXPECT(try_open("/usr", "bin", O_RDONLY | O_DIRECTORY) == 0);
	EXPECT(try_open("/usr", "new", O_WRONLY | O_CREAT) == EACCES);
	EXPECT(try_open(other, "file", O_RDONLY) == EACCES);
	EXPECT(try_open(other, "file", O_WRONLY) == EACCES);
	EXPECT(try_open(other, "new", O_WRONLY | O_CREAT) == EACCES);
	EXPECT(try_open(own, "link", O_RDONLY) == 0);
	EXPECT(try_open(beside, "key", O_WRONLY) == EACCES);
	EXPECT(mkdir("/tmp/confine-new", 0700) < 0 && errno == EACCES);
	EXPECT(rename(link_to, "/tmp/confine-new") < 0 && errno == EACCES);
	EXPECT(try_execute() == EACCES);
	EXPECT(mount("none", other, "tmpfs", 0, NULL) < 0 && errno == EPERM);
	/* what was opened before stays */
	EXPECT(pwrite(open_before, "y", 1, 0) == 1);
	EXPECT(pthread_create(&thread, NULL, try_in_thread, &in_thread) == 0);
	EXPECT(pthread_join(thread, NULL) == 0 && in_thread == EACCES);
	EXPECT(try_connect(ports[0]) == 0);
	EXPECT(version < 4 || try_connect(ports[1]) == EACCES);
	EXPECT(version < 4 || try_listen(0) == EACCES);
	return 0;
}

static int confine_and_try(int version)
{
	struct confine confine;
	int before = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int directory = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	EXPECT(confine_begin(&confine, true) == 0);
	EXPECT(confine_allow_fd(&confine, directory, CONFINE_ALL) == 0);
	EXPECT(confine_allow(&confine, "/usr", CONFINE_READ) == 0);
	EXPECT(confine_allow(&confine, "/there/is/none", CONFINE_READ) == 0);
	EXPECT(confine_allow_beside(&confine, link_to, CONFINE_READ) == 0);
	EXPECT(confine_allow_port(&confine, ports[0], false) == 0);
	EXPECT(confine_apply(&confine) == 0);
	confine_finish(&confine);
	return behind_it(version, before);
}

static void nothing_else_can_be_reached(void **state)
{
	int version = confine_version(), status = -1;

	if (version < 0) {
		print_message("this kernel has no Landlock: %s\n", strerror(-version));
		skip();
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(confine_and_try(version));
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* and it was the confinement that refused */
	assert_int_equal(try_open(other, "file", O_WRONLY), 0);
	assert_int_equal(try_connect(ports[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_else_can_be_reached)};

	return cmocka_run_group_tests(tests, make_places, remove_places);
}
