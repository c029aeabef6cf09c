/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->directory, "/tmp/weryaifs-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->path, sizeof(fixture->path), "%s/conf", fixture->directory);
	setenv("HOME", "/home/someone", 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_int_equal(config_init(&fixture->config, &fixture->message), 0);
	*state = fixture;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	rmdir(fixture->directory);
	config_finish(&fixture->config);
	free(fixture->message);
	free(fixture);
	return 0;
}

void write_file(struct fixture *fixture, const char *data, size_t length)
{
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

int load(struct fixture *fixture, const char *text)
{
	write_file(fixture, text, strlen(text));
	free(steal(&fixture->message));
	return config_load(&fixture->config, fixture->path, &fixture->message);
}

void assert_message(struct fixture *fixture, const char *part)
{
	if (!fixture->message || !strstr(fixture->message, part))
		fail_msg("\"%s\" is not in: %s", part,
			fixture->message ? fixture->message : "(no message)");
}

void assert_loads(struct fixture *fixture, const char *text)
{
	if (load(fixture, text) != 0)
		fail_msg("refused: %s", fixture->message);
	assert_null(fixture->message);
}
