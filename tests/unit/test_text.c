/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

static void check(const char *text, bool lines, const char *wanted)
{
	char copy[256];
	size_t length = strlen(text);

	memcpy(copy, text, length);
	copy[text_filter(copy, length, lines)] = '\0';
	assert_string_equal(copy, wanted);
}

static void test_text_what_moves_a_terminal_is_shown_as_a_mark(void **state)
{
	check("plain \xc3\xa4\xe7\x8b\x90\xf0\x9f\xa6\x8a", false, "plain \xc3\xa4\xe7\x8b\x90\xf0\x9f\xa6\x8a");
	check("a\nb\tc", false, "a?b?c");
	check("a\nb\tc\r", true, "a\nb\tc?");
	check("\x1b[31m\x07\x7f", true, "?[31m??");
	check("\xc2\x9b" "31m\xc2\x85", true, "?31m?");		       /* C1 */
	check("a\xe2\x80\xaetxt.exe", true, "a?txt.exe");	       /* U+202E */
	check("\xe2\x80\xa8\xe2\x80\xa9", true, "??");		       /* U+2028, U+2029 */
	check("\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c\xe2\x80\x8f", true, "????"); /* isolates, marks */
	check("\xef\xbb\xbf\xf3\xa0\x81\xa1", true, "??");	       /* U+FEFF, a tag */
	check("\xff\xc3", true, "??");
	/* a family of three is joined by U+200D */
	check("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", false, "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7");
}

static void test_text_our_key_never_passes(void **state)
{
	text_hide("sk-secret");
	check("key sk-secret, sk-secretsk-secret", false, "key ***, ******");
	check("sk-secre", false, "sk-secre");
	log_setup(LOG_LEVEL_ERROR, false, false);
	log_error("answered: sk-secret");
	char *log = log_recent();
	assert_non_null(strstr(log, "answered: ***"));
	free(log);
	text_hide("x"); /* too short to be one */
	check("sk-secret x", false, "sk-secret x");
	text_hide(NULL);
}

static void test_text_our_key_passes_in_no_other_writing(void **state)
{
	text_hide("sk-0123456789/abc+def~ghi");
	check("a sk%2D0123456789%2Fabc%2bdef~ghi b", false, "a *** b");
	check("sk-0123456789/abc+def~gh", false, "***");	      /* cut */
	check("sk-0123456789/...", false, "***...");
	check("sk-01234567", false, "sk-01234567");		      /* of which too little is left */
	check("736B2d303132333435363738392f6162632b6465667e676869", false, "***"); /* hexadecimal digits */
	/* Base64 of it, of "a:" and it, of "Bearer " and it and ":" */
	check("c2stMDEyMzQ1Njc4OS9hYmMrZGVmfmdoaQ==", false, "***Q==");
	check("YTpzay0wMTIzNDU2Nzg5L2FiYytkZWZ-Z2hp", false, "YTp***");
	check("QmVhcmVyIHNrLTAxMjM0NTY3ODkvYWJjK2RlZn5naGk6", false, "QmVhcmVyIH***k6");
	text_hide(NULL);
	check("sk-0123456789/abc+def~ghi", false, "sk-0123456789/abc+def~ghi");
}

/* Every name, given to a shell, is that name again. */
static void test_text_a_shell_reads_the_name_that_was_meant(void **state)
{
	static const char *const names[] = {"fox.status", "a b.status", "it's.status", "$(id).status",
		"`id`.status", "a;id.status", "a\nb.status", "-x", "~root", "a'\n\\'b", "*", "\x1b[31m.status",
		"\xff.status", ("\xe2\x80\xae" "fdp.status"), "", "\"", "!x", "a\\b"};

	for (size_t i = 0; i < array_length(names); i++) {
		CLEANUP_FREE char *quoted = text_shell(names[i]);
		char command[512], back[128];
		assert_non_null(quoted);
		assert_true(text_is_clean(quoted, strlen(quoted)));
		snprintf(command, sizeof(command), "exec bash -c 'eval \"printf %%s $0\"' \"$QUOTED\"");
		setenv("QUOTED", quoted, 1);
		FILE *shell = popen(command, "r");
		assert_non_null(shell);
		back[fread(back, 1, sizeof(back) - 1, shell)] = '\0';
		pclose(shell);
		if (names[i][0] != '-')
			assert_string_equal(back, names[i]);
	}
	CLEANUP_FREE char *plain = text_shell("fox.status");
	assert_string_equal(plain, "fox.status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_what_moves_a_terminal_is_shown_as_a_mark),
		cmocka_unit_test(test_text_our_key_never_passes),
		cmocka_unit_test(test_text_our_key_passes_in_no_other_writing),
		cmocka_unit_test(test_text_a_shell_reads_the_name_that_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
