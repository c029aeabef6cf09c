/* SPDX-License-Identifier: MIT */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/command.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"

struct fixture {
	char directory[32], path[64], other[64], xdg[64], user_key[128];
	struct config config;
	struct secret secret;
	char *message;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char folder[96];

	assert_non_null(fixture);
	strcpy(fixture->directory, "/tmp/weryaifs-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->path, sizeof(fixture->path), "%s/weryai_api_key", fixture->directory);
	snprintf(fixture->other, sizeof(fixture->other), "%s/other", fixture->directory);
	snprintf(fixture->xdg, sizeof(fixture->xdg), "%s/xdg", fixture->directory);
	snprintf(folder, sizeof(folder), "%s/weryaifs", fixture->xdg);
	snprintf(fixture->user_key, sizeof(fixture->user_key), "%s/key", folder);
	assert_int_equal(mkdir(fixture->xdg, 0700), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	setenv("XDG_CONFIG_HOME", fixture->xdg, 1);
	unsetenv("WERYAI_API_KEY");
	unsetenv("WERYAI_API_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	unlink(fixture->other);
	unlink(fixture->user_key);
	*strrchr(fixture->user_key, '/') = '\0';
	rmdir(fixture->user_key);
	rmdir(fixture->xdg);
	rmdir(fixture->directory);
	secret_finish(&fixture->secret);
	free(fixture->message);
	free(fixture);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	/* Anew, since what an earlier call left may be read-only. */
	unlink(path);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int load(struct fixture *fixture)
{
	secret_finish(&fixture->secret);
	free(steal(&fixture->message));
	return secret_load(&fixture->config, &fixture->secret, &fixture->message);
}

static void assert_refused(struct fixture *fixture, int error, const char *part)
{
	assert_int_equal(load(fixture), error);
	assert_non_null(fixture->message);
	if (!strstr(fixture->message, part))
		fail_msg("\"%s\" is not in: %s", part, fixture->message);
	assert_null(strstr(fixture->message, "sk-"));
	assert_string_equal(fixture->secret.key, "");
	assert_null(fixture->secret.file);
}

static void assert_key(struct fixture *fixture, const char *key)
{
	if (load(fixture) != 0)
		fail_msg("refused: %s", fixture->message);
	assert_string_equal(fixture->secret.key, key);
}

static void test_secret_environment_is_wiped(void **state)
{
	static char variable[] = "WERYAI_API_KEY= sk-abc\n";
	struct fixture *fixture = *state;

	assert_int_equal(putenv(variable), 0);
	assert_key(fixture, "sk-abc");
	assert_null(fixture->secret.file);
	assert_null(getenv("WERYAI_API_KEY"));
	for (size_t i = strlen("WERYAI_API_KEY="); i < sizeof(variable); i++)
		assert_int_equal(variable[i], '\0');
}

static void test_secret_environment_is_wiped_also_where_it_is_refused(void **state)
{
	static char variable[] = "WERYAI_API_KEY=sk-abc def";
	struct fixture *fixture = *state;

	assert_int_equal(putenv(variable), 0);
	assert_refused(fixture, -EINVAL, "$WERYAI_API_KEY has blanks");
	assert_null(getenv("WERYAI_API_KEY"));
	assert_int_equal(variable[strlen("WERYAI_API_KEY=")], '\0');
}

static void test_secret_sources_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	char command[] = "echo sk-command";

	write_file(fixture->user_key, "sk-user\n", 0600);
	assert_key(fixture, "sk-user");
	assert_string_equal(fixture->secret.file, fixture->user_key);
	write_file(fixture->path, "sk-credential", 0400);
	setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
	assert_key(fixture, "sk-credential");
	fixture->config.key_command = command;
	assert_key(fixture, "sk-command");
	assert_null(fixture->secret.file);
	write_file(fixture->other, "sk-file\r\n", 0600);
	fixture->config.key_file = fixture->other;
	assert_key(fixture, "sk-file");
	setenv("WERYAI_API_KEY_FILE", fixture->path, 1);
	assert_key(fixture, "sk-credential");
	setenv("WERYAI_API_KEY", "sk-environment", 1);
	assert_key(fixture, "sk-environment");
}

static void test_secret_none_says_how_to_store_one_and_the_sandbox(void **state)
{
	struct fixture *fixture = *state;

	setenv("WERYAI_API_KEY", "", 1);
	setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
	assert_refused(fixture, -ENOKEY, fixture->user_key);
	assert_refused(fixture, -ENOKEY, "--set-key");
	assert_refused(fixture, -ENOKEY, "--sandbox");
}

static void test_secret_file_others_can_use_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0777};
	struct fixture *fixture = *state;

	fixture->config.key_file = fixture->path;
	for (size_t i = 0; i < array_length(modes); i++) {
		write_file(fixture->path, "sk-abc", modes[i]);
		assert_refused(fixture, -EACCES, "chmod 600");
	}
	write_file(fixture->path, "sk-abc", 0400);
	assert_key(fixture, "sk-abc");
}

static void test_secret_file_of_another_user_is_refused(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid() != 0)
		skip();
	write_file(fixture->path, "sk-abc", 0600);
	assert_int_equal(chown(fixture->path, 12345, 0), 0);
	fixture->config.key_file = fixture->path;
	assert_refused(fixture, -EACCES, "belongs to another user");
}

static void test_secret_credential_may_show_the_mask_of_its_acl(void **state)
{
	struct fixture *fixture = *state;

	setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
	write_file(fixture->path, "sk-abc", 0440);
	assert_key(fixture, "sk-abc");
	write_file(fixture->path, "sk-abc", 0444);
	assert_refused(fixture, -EACCES, "can be used by others");
}

static void test_secret_file_is_a_regular_one_with_a_key_alone(void **state)
{
	struct fixture *fixture = *state;
	char text[SECRET_MAX + 2];

	fixture->config.key_file = fixture->path;
	assert_refused(fixture, -ENOKEY, fixture->path);
	write_file(fixture->path, "", 0600);
	assert_refused(fixture, -EINVAL, "is empty");
	write_file(fixture->path, " \n\n", 0600);
	assert_refused(fixture, -EINVAL, "is empty");
	write_file(fixture->path, "sk-abc\nsk-def\n", 0600);
	assert_refused(fixture, -EINVAL, "several lines");
	write_file(fixture->path, "sk-\xc3\xa4", 0600);
	assert_refused(fixture, -EINVAL, "not ASCII");
	memset(text, 'k', sizeof(text));
	text[SECRET_MAX - 1] = '\0';
	write_file(fixture->path, text, 0600);
	assert_key(fixture, text);
	text[SECRET_MAX - 1] = 'k';
	text[SECRET_MAX] = '\0';
	write_file(fixture->path, text, 0600);
	assert_refused(fixture, -EINVAL, "longer than 511 bytes");
	text[SECRET_MAX] = 'k';
	text[SECRET_MAX + 1] = '\0';
	write_file(fixture->path, text, 0600);
	assert_refused(fixture, -EINVAL, "larger than 512 bytes");
	unlink(fixture->path);
	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	assert_refused(fixture, -EINVAL, "not a regular file");
	fixture->config.key_file = fixture->directory;
	assert_refused(fixture, -EINVAL, "not a regular file");
}

static void test_secret_file_may_be_a_link_and_its_change_is_seen(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->other, "sk-one", 0600);
	assert_int_equal(symlink(fixture->other, fixture->path), 0);
	fixture->config.key_file = fixture->path;
	assert_key(fixture, "sk-one");
	assert_string_equal(fixture->secret.file, fixture->path);
	assert_false(secret_changed(&fixture->secret));
	write_file(fixture->user_key, "sk-two", 0600);
	assert_int_equal(utimensat(AT_FDCWD, fixture->user_key,
				 (const struct timespec[]){
					 fixture->secret.file_mtime, fixture->secret.file_mtime},
				 0),
		0);
	assert_int_equal(rename(fixture->user_key, fixture->other), 0);
	assert_true(secret_changed(&fixture->secret));
	assert_key(fixture, "sk-two");
	assert_false(secret_changed(&fixture->secret));
	assert_int_equal(truncate(fixture->other, 0), 0);
	assert_true(secret_changed(&fixture->secret));
	unlink(fixture->other);
	assert_false(secret_changed(&fixture->secret));
}

static void test_secret_without_a_file_never_changes(void **state)
{
	struct fixture *fixture = *state;

	setenv("WERYAI_API_KEY", "sk-abc", 1);
	assert_key(fixture, "sk-abc");
	assert_false(secret_changed(&fixture->secret));
}

static void test_secret_command_must_succeed(void **state)
{
	static const struct {
		const char *command, *message;
		int error;
	} cases[] = {
		{"echo sk-abc; exit 3", "exit status 3", -EAGAIN},
		{"/nonexistent-command 2>/dev/null", "exit status 127", -EAGAIN},
		{"kill -TERM $$", "signal 15", -EAGAIN},
		{"true", "key_command is empty", -EINVAL},
		{"echo sk-abc; echo sk-def", "several lines", -EINVAL},
		{"head -c 100000 /dev/zero", "far more than an API key", -EFBIG},
		{"head -c 560 /dev/zero | tr '\\0' k", "longer than 511 bytes", -EINVAL},
	};
	struct fixture *fixture = *state;
	char command[128];

	fixture->config.key_command = command;
	for (size_t i = 0; i < array_length(cases); i++) {
		snprintf(command, sizeof(command), "%s", cases[i].command);
		assert_refused(fixture, cases[i].error, cases[i].message);
	}
	strcpy(command, "printf '  sk-%s\\n\\n' abc");
	assert_key(fixture, "sk-abc");
}

static void test_secret_command_is_not_waited_for_without_end(void **state)
{
	static const char *const commands[] = {"exec sleep 600", "exec >&-; exec sleep 600"};
	struct fixture *fixture = *state;
	char data[16];
	size_t length;

	for (size_t i = 0; i < array_length(commands); i++) {
		int64_t start = clock_mono_ms();
		free(steal(&fixture->message));
		assert_int_equal(command_run(commands[i], 100, data, sizeof(data), &length,
					 &fixture->message),
			-ETIMEDOUT);
		assert_string_equal(fixture->message, "key_command did not end within 0.1 seconds");
		assert_true(clock_mono_ms() - start < 60000);
	}
}

static void test_secret_finish_wipes(void **state)
{
	struct fixture *fixture = *state;
	static const struct secret zeroes;

	write_file(fixture->user_key, "sk-abc", 0600);
	assert_key(fixture, "sk-abc");
	secret_finish(&fixture->secret);
	assert_memory_equal(&fixture->secret, &zeroes, sizeof(zeroes));
	secret_finish(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_secret_##name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(environment_is_wiped),
		TEST(environment_is_wiped_also_where_it_is_refused),
		TEST(sources_in_their_order),
		TEST(none_says_how_to_store_one_and_the_sandbox),
		TEST(file_others_can_use_is_refused),
		TEST(file_of_another_user_is_refused),
		TEST(credential_may_show_the_mask_of_its_acl),
		TEST(file_is_a_regular_one_with_a_key_alone),
		TEST(file_may_be_a_link_and_its_change_is_seen),
		TEST(without_a_file_never_changes),
		TEST(command_must_succeed),
		TEST(command_is_not_waited_for_without_end),
		TEST(finish_wipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
