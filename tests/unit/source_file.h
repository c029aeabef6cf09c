/* SPDX-License-Identifier: MIT */
#pragma once
/* source_file: files of the source tree, for tests that read what is installed or recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SOURCE_FILE_MAX (1 << 20)

/* The text of the file `below` the root of the source tree, ended by '\0'; ret_length NULL: not asked for. Caller frees. */
static inline char *read_source(const char *below, size_t *ret_length)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];
	char *text = malloc(SOURCE_FILE_MAX);
	FILE *file;
	size_t length;

	if (!root)
		fail_msg("set SOURCE_ROOT to the root of the source tree, as meson test does");
	snprintf(path, sizeof(path), "%s/%s", root, below);
	file = fopen(path, "re");
	if (!file || !text)
		fail_msg("cannot read %s", path);
	length = fread(text, 1, SOURCE_FILE_MAX - 1, file);
	assert_true(feof(file));
	fclose(file);
	text[length] = '\0';
	if (ret_length)
		*ret_length = length;
	return text;
}
