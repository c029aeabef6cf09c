/* SPDX-License-Identifier: MIT */
#include "fs/tree/shadow_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "fs/base/clock.h"
#include "fs/tree/copiers.h"

static int64_t now = 1000000;

static int64_t read_clock(void)
{
	return now;
}

static enum shadow_text status(const char *text)
{
	return shadow_text_of(false, text, strlen(text));
}

static enum shadow_text wait_text(const char *text)
{
	return shadow_text_of(true, text, strlen(text));
}

static void words(void **state)
{
	assert_int_equal(status("submit"), SHADOW_SUBMIT);
	assert_int_equal(status(" submit\r\n"), SHADOW_SUBMIT);
	assert_int_equal(status("retry\n"), SHADOW_RETRY);
	assert_int_equal(status("\n"), SHADOW_BLANK);
	assert_int_equal(status(""), SHADOW_BLANK);
	assert_int_equal(status("submit it"), SHADOW_OTHER);
	assert_int_equal(status("Submit"), SHADOW_OTHER);
	assert_int_equal(status("submit\nsubmit\n"), SHADOW_OTHER);
	assert_int_equal(wait_text("submit"), SHADOW_OTHER);
}

static void copies_of_a_status(void **state)
{
	assert_int_equal(status("state: SUCCESS\nmodel: FLUX\nleft out: x\n  and y\n"), SHADOW_COPY);
	/* as the first bytes of a write of its own */
	assert_int_equal(status("state"), SHADOW_COPY);
	assert_int_equal(status("state: SUC"), SHADOW_COPY);
	assert_int_equal(status("state: SUCCESS\nmod"), SHADOW_COPY);
	/* a person typed it into the status */
	assert_int_equal(status("state: SUCCESS\nsubmit\n"), SHADOW_OTHER);
	assert_int_equal(status("my own text\n"), SHADOW_OTHER);
	assert_int_equal(status("statement\n"), SHADOW_OTHER);
}

static void copies_of_a_wait(void **state)
{
	assert_int_equal(wait_text("fox.png\n"), SHADOW_COPY);
	assert_int_equal(wait_text("fox-1.png\nd/fox 2.mp4\n"), SHADOW_COPY);
	assert_int_equal(wait_text("fox\n"), SHADOW_OTHER);
	assert_int_equal(wait_text("a text. Of mine\n"), SHADOW_OTHER);
	assert_int_equal(wait_text("fox.png"), SHADOW_OTHER);
}

#define DIR 2000
#define ME 17
#define OTHER 18

static bool hidden(struct copiers *copiers, pid_t pid)
{
	return copiers_hide(copiers, DIR, "fox.status", pid);
}

static void who_made_the_directory_copies(void **state)
{
	struct copiers *copiers;

	clock_replace(read_clock, NULL);
	assert_int_equal(copiers_create(&copiers), 0);
	copiers_made(copiers, DIR, "fox.txt", ME);
	assert_false(hidden(copiers, ME));
	copiers_made_dir(copiers, DIR, ME);
	assert_true(hidden(copiers, ME));
	assert_false(hidden(copiers, OTHER));
	assert_false(copiers_hide(copiers, DIR, "hare.status", ME));
	assert_false(copiers_hide(copiers, DIR + 1, "fox.status", ME));
	copiers_brought(copiers, DIR, "fox.status", ME);
	assert_false(hidden(copiers, ME));
	/* for a few seconds */
	copiers_made(copiers, DIR, "fox.txt", ME);
	assert_true(hidden(copiers, ME));
	now += 6000;
	assert_false(hidden(copiers, ME));
	/* no program that copies lists what it makes */
	copiers_made_dir(copiers, DIR, ME);
	copiers_made(copiers, DIR, "fox.txt", ME);
	copiers_listed(copiers, DIR, ME);
	assert_false(hidden(copiers, ME));
	copiers_destroy(copiers);
	clock_replace(NULL, NULL);
}

static void old_times_and_second_removals_tell(void **state)
{
	const struct timespec old = {.tv_sec = 1}, young = clock_wall();
	struct copiers *copiers;

	clock_replace(read_clock, NULL);
	assert_int_equal(copiers_create(&copiers), 0);
	copiers_made(copiers, DIR, "fox.txt", ME);
	copiers_dated(copiers, ME, &young);
	assert_false(hidden(copiers, ME));
	copiers_dated(copiers, ME, &old);
	assert_true(hidden(copiers, ME));
	now += 6000;
	copiers_removed(copiers, DIR, "fox.status", ME);
	assert_false(hidden(copiers, ME));
	copiers_removed(copiers, DIR, "fox.status", ME);
	assert_true(hidden(copiers, ME));
	copiers_destroy(copiers);
	clock_replace(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(copies_of_a_status),
		cmocka_unit_test(copies_of_a_wait),
		cmocka_unit_test(who_made_the_directory_copies),
		cmocka_unit_test(old_times_and_second_removals_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
