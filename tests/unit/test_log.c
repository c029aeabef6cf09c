/* SPDX-License-Identifier: MIT */
#include "fs/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/clock.h"

static int64_t wall_now;

static int64_t fake_wall(void)
{
	return wall_now;
}

static int setup(void **state)
{
	wall_now = 1795255200123; /* 2026-11-21T10:00:00Z */
	clock_replace(NULL, fake_wall);
	log_setup(LOG_LEVEL_INFO, false, false);
	return 0;
}

static int teardown(void **state)
{
	clock_replace(NULL, NULL);
	return 0;
}

static void assert_last_line(const char *wanted)
{
	char *text = log_recent();
	assert_non_null(text);
	size_t length = strlen(text);
	assert_true(length > 0 && text[length - 1] == '\n');
	text[length - 1] = '\0';
	const char *line = strrchr(text, '\n');
	assert_string_equal(line == NULL ? text : line + 1, wanted);
	free(text);
}

static void test_log_lines_have_time_and_level(void **state)
{
	log_warning("job: %s, %d", "\"a cat\"", 7);
	assert_last_line("2026-11-21T10:00:00Z warning job: \"a cat\", 7");
	log_debug("dropped");
	assert_last_line("2026-11-21T10:00:00Z warning job: \"a cat\", 7");
	log_setup(LOG_LEVEL_DEBUG, false, false);
	log_debug("kept");
	assert_last_line("2026-11-21T10:00:00Z debug kept");
}

static void test_log_errno_returns_its_error(void **state)
{
	errno = EBUSY;
	assert_int_equal(log_errno(LOG_LEVEL_ERROR, -ENOSPC, "cache: %s", "write"), -ENOSPC);
	assert_int_equal(errno, EBUSY);
	assert_last_line("2026-11-21T10:00:00Z error cache: write: No space left on device");
	assert_int_equal(log_errno(LOG_LEVEL_DEBUG, -EIO, "dropped"), -EIO);

	char long_text[3000];
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	log_errno(LOG_LEVEL_ERROR, -EIO, "%s", long_text);
	char *text = log_recent();
	assert_non_null(strstr(text, "x: I")); /* "Input/output error", or "I/O error" with musl */
	free(text);
}

static void test_log_control_bytes_are_replaced(void **state)
{
	log_error("evil\n2026 error forged \x1b[2J\x7f");
	assert_last_line("2026-11-21T10:00:00Z error evil?2026 error forged ?[2J?");
}

static void test_log_ring_keeps_whole_last_lines(void **state)
{
	for (int i = 0; i < 5000; i++)
		log_info("line %d", i);
	assert_last_line("2026-11-21T10:00:00Z info line 4999");
	char *text = log_recent();
	assert_true(strlen(text) < LOG_RING_BYTES);
	assert_true(strlen(text) > LOG_RING_BYTES - 100);
	int number, expected = -1;
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		assert_int_equal(sscanf(line, "2026-11-21T10:00:00Z info line %d\n", &number), 1);
		assert_true(expected == -1 || number == expected);
		expected = number + 1;
	}
	assert_int_equal(expected, 5000);
	free(text);
}

static void test_log_writes_to_stderr_when_told(void **state)
{
	int fds[2], saved = dup(STDERR_FILENO);
	char text[256] = "";
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	log_info("silent");
	log_setup(LOG_LEVEL_INFO, true, false);
	log_info("spoken");
	dup2(saved, STDERR_FILENO);
	ssize_t n = read(fds[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	assert_string_equal(text, "2026-11-21T10:00:00Z info spoken\n");
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

static void test_clock_formats(void **state)
{
	char text[CLOCK_TEXT];
	clock_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	clock_format(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
	clock_format(INT64_MAX, text);
	assert_true(strlen(text) < CLOCK_TEXT);
	wall_now = -1;
	struct timespec time = clock_wall();
	assert_int_equal(time.tv_sec, -1);
	assert_int_equal(time.tv_nsec, 999000000);
	clock_replace(NULL, NULL);
	int64_t before = clock_mono_ms();
	assert_true(before > 0 && clock_mono_ms() >= before);
	assert_true(clock_wall_ms() / 1000 - clock_wall().tv_sec <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_log_lines_have_time_and_level, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_errno_returns_its_error, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_log_control_bytes_are_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_log_ring_keeps_whole_last_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_log_writes_to_stderr_when_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_formats, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
