/* SPDX-License-Identifier: MIT */
#include "config/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/table.h"
#include "fs/base/cleanup.h"

#define WORDS_MAX 16

struct parsed {
	struct options options;
	char *message;
	int result;
};

static void parsed_finish(struct parsed *parsed)
{
	options_finish(&parsed->options);
	free(parsed->message);
}
#define CLEANUP_PARSED CLEANUP(parsed_finish)

/* getopt(3) reorders argv, so that it gets a copy. */
static struct parsed parse(const char *first, ...)
{
	struct parsed parsed = {0};
	char *words[WORDS_MAX + 1] = {strdup("weryaifs")}, *argv[WORDS_MAX + 1];
	int count = 1;
	va_list rest;

	va_start(rest, first);
	for (const char *word = first; word; word = va_arg(rest, const char *)) {
		assert_true(count < WORDS_MAX);
		words[count++] = strdup(word);
	}
	va_end(rest);
	memcpy(argv, words, sizeof(argv));
	parsed.result = options_parse(&parsed.options, count, argv, &parsed.message);
	while (count > 0)
		free(words[--count]);
	return parsed;
}

static void assert_refused(struct parsed parsed, const char *message)
{
	assert_int_equal(parsed.result, -EINVAL);
	assert_non_null(parsed.message);
	assert_string_equal(parsed.message, message);
	assert_null(parsed.options.mountpoint);
	parsed_finish(&parsed);
}

static void test_options_mountpoint_alone(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse("/mnt", NULL);

	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.mountpoint, "/mnt");
	assert_null(parsed.options.source);
	assert_null(parsed.options.config_path);
	assert_null(parsed.options.account);
	assert_null(parsed.options.mount_options);
	assert_int_equal(parsed.options.item_count, 0);
	assert_false(parsed.options.foreground || parsed.options.debug || parsed.options.sandbox ||
		     parsed.options.check || parsed.options.help || parsed.options.version);
}

static void test_options_switches_stand_anywhere(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse(
		"-f", "/mnt", "--sandbox", "--config", "/c", "--account=work", "--check", NULL);

	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.mountpoint, "/mnt");
	assert_string_equal(parsed.options.config_path, "/c");
	assert_string_equal(parsed.options.account, "work");
	assert_true(parsed.options.foreground && parsed.options.sandbox && parsed.options.check);
	assert_false(parsed.options.debug);
}

static void test_options_debug_stays_in_the_foreground(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse("-d", "/mnt", NULL);

	assert_true(parsed.options.debug && parsed.options.foreground);
}

static void test_options_mount_8_gives_source_and_mountpoint(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse("weryaifs", "/mnt", "-o",
		"rw,noauto,nofail,_netdev,user=joe,x-systemd.automount,comment=a=b,defaults,"
		"relatime,allow_other,nosuid,nodev",
		NULL);

	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.source, "weryaifs");
	assert_string_equal(parsed.options.mountpoint, "/mnt");
	assert_int_equal(parsed.options.item_count, 1);
	assert_string_equal(parsed.options.items[0], "allow_other");
	assert_string_equal(parsed.options.mount_options, "nosuid,nodev");
}

static void test_options_items_keep_their_order(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse("-osettle=1,,dry_run,", "-o", "settle=2", "-o",
		"ro,negative=a\\,b\\\\\\c,unheard_of", "/mnt", NULL);

	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.options.item_count, 5);
	assert_string_equal(parsed.options.items[0], "settle=1");
	assert_string_equal(parsed.options.items[1], "dry_run");
	assert_string_equal(parsed.options.items[2], "settle=2");
	assert_string_equal(parsed.options.items[3], "negative=a,b\\\\c");
	assert_string_equal(parsed.options.items[4], "unheard_of");
	assert_string_equal(parsed.options.mount_options, "ro");
}

static void test_options_words_of_libfuse(void **state)
{
	CLEANUP_PARSED struct parsed parsed =
		parse("-o", "default_permissions,subtype=x,fsname=a\\,b,auto_unmount,noexec,sync",
			"/mnt", NULL);

	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.options.item_count, 0);
	assert_string_equal(parsed.options.mount_options, "fsname=a\\,b,auto_unmount,noexec,sync");
}

static void test_options_fstab_can_say_what_long_options_do(void **state)
{
	CLEANUP_PARSED struct parsed parsed =
		parse("x", "/mnt", "-o", "config=/c,sandbox,debug,account=work", NULL);

	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.config_path, "/c");
	assert_true(parsed.options.sandbox && parsed.options.debug);
	assert_false(parsed.options.foreground);
	assert_int_equal(parsed.options.item_count, 1);
	assert_string_equal(parsed.options.items[0], "account=work");
}

static void test_options_some_need_no_mountpoint(void **state)
{
	static const char *const words[] = {"-h", "--help", "-V", "--version", "--check"};

	for (size_t i = 0; i < array_length(words); i++) {
		CLEANUP_PARSED struct parsed parsed = parse(words[i], NULL);
		assert_int_equal(parsed.result, 0);
		assert_int_equal(parsed.options.help, i < 2);
		assert_int_equal(parsed.options.version, i == 2 || i == 3);
		assert_int_equal(parsed.options.check, i == 4);
		assert_null(parsed.options.mountpoint);
	}
}

static void test_options_usage_errors_are_one_sentence(void **state)
{
	assert_refused(parse(NULL), "where to mount? Try 'weryaifs --help'.");
	assert_refused(parse("", NULL), "the mount point's name is empty. Try 'weryaifs --help'.");
	assert_refused(parse("a", "b", "c", NULL),
		"one mount point is enough, 'c' is too much. Try 'weryaifs --help'.");
	assert_refused(parse("-x", "/mnt", NULL), "unknown option -x. Try 'weryaifs --help'.");
	assert_refused(parse("/mnt", "-fx", NULL), "unknown option -x. Try 'weryaifs --help'.");
	assert_refused(parse("--check", "-xf", NULL), "unknown option -x. Try 'weryaifs --help'.");
	assert_refused(parse("-fxd", "/mnt", NULL), "unknown option -x. Try 'weryaifs --help'.");
	assert_refused(parse("/mnt", "--sandbx", NULL),
		"unknown option --sandbx; did you mean --sandbox? Try 'weryaifs --help'.");
	assert_refused(parse("--umount=now", "/mnt", NULL),
		"unknown option --umount. Try 'weryaifs --help'.");
	assert_refused(parse("/mnt", "--sandbox=1", NULL),
		"--sandbox takes no value. Try 'weryaifs --help'.");
	assert_refused(
		parse("/mnt", "--config", NULL), "--config needs a value. Try 'weryaifs --help'.");
	assert_refused(parse("/mnt", "-o", NULL), "-o needs a value. Try 'weryaifs --help'.");
	assert_refused(parse("/mnt", "-fo", NULL), "-o needs a value. Try 'weryaifs --help'.");
}

static void test_options_double_dash_ends_options(void **state)
{
	CLEANUP_PARSED struct parsed parsed = parse("-f", "--", "-x", NULL);

	assert_int_equal(parsed.result, 0);
	assert_string_equal(parsed.options.mountpoint, "-x");
}

static void test_options_help_has_every_key_and_fits_a_terminal(void **state)
{
	CLEANUP_FREE char *help = options_help();
	char part[128];
	size_t count;
	const struct config_entry *entries = config_table(&count);

	assert_non_null(help);
	for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 100);
	for (size_t i = 0; i < count; i++) {
		snprintf(part, sizeof(part), "\n  %s=%s ", entries[i].key,
			entries[i].type->placeholder);
		if (!strstr(help, part))
			fail_msg("--help lacks %s", entries[i].key);
		snprintf(part, sizeof(part), "[%s]",
			entries[i].initial ? entries[i].initial : "api");
		assert_non_null(strstr(help, part));
	}
	assert_non_null(strstr(help, "--sandbox"));
	assert_non_null(strstr(help, "\n[model KEY]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test(test_options_##name)
	const struct CMUnitTest tests[] = {
		TEST(mountpoint_alone),
		TEST(switches_stand_anywhere),
		TEST(debug_stays_in_the_foreground),
		TEST(mount_8_gives_source_and_mountpoint),
		TEST(items_keep_their_order),
		TEST(words_of_libfuse),
		TEST(fstab_can_say_what_long_options_do),
		TEST(some_need_no_mountpoint),
		TEST(usage_errors_are_one_sentence),
		TEST(double_dash_ends_options),
		TEST(help_has_every_key_and_fits_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
