/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/gen_catalogue.h"
#include "tests/unit/prompt_probe.h"
#include "tests/unit/source_file.h"

struct model_table *table, *builtin;

struct model_table *create(const struct model_param *params, size_t count)
{
	struct model_list list = {0};
	struct model_table *made = NULL;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list), 0);
	assert_int_equal(model_table_create(&list, params, count, &made, &message), 0);
	model_list_finish(&list);
	return made;
}

static struct model_table *create_builtin(void)
{
	size_t length, tools_length;
	CLEANUP_FREE char *models = read_source("config/models.json", &length);
	CLEANUP_FREE char *tools = read_source("config/tools.json", &tools_length);
	struct model_list list = {0};
	struct model_table *made = NULL;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(models, length, &list), 0);
	assert_int_equal(tool_list_parse(tools, tools_length, &list.tools), 0);
	assert_int_equal(model_table_create(&list, NULL, 0, &made, &message), 0);
	model_list_finish(&list);
	return made;
}

int load(void **state)
{
	static const struct model_param tool[] = {{"POSTER", "endpoint", "poster", "c:1"},
		{"POSTER", "fields", "prompt:prompt", "c:2"}};

	table = create(tool, array_length(tool));
	builtin = create_builtin();
	return 0;
}

int unload(void **state)
{
	model_table_destroy(table);
	model_table_destroy(builtin);
	return 0;
}

struct prompt parse_with(const struct model_table *from, const char *dir,
	const struct prompt_options *options, const char *text)
{
	struct prompt prompt;
	char *message = NULL;
	int r = prompt_parse(
		model_table_find(from, dir), options, text, strlen(text), &prompt, &message);

	if (message)
		print_error("%s: %s\n%s\n", dir, text, message);
	assert_int_equal(r, 0);
	assert_null(message);
	return prompt;
}

struct prompt parse(const char *dir, const char *text)
{
	return parse_with(table, dir, &(struct prompt_options){.models = table}, text);
}

/* The sentences; the caller frees. */
static char *refuse(
	const struct model_table *from, const char *dir, const char *text, size_t length)
{
	struct prompt prompt;
	char *message = NULL;
	int r = prompt_parse(model_table_find(from, dir), &(struct prompt_options){.models = from},
		text, length, &prompt, &message);

	if (r != -EINVAL)
		print_error("%s: not refused: %s\n", dir, text);
	assert_int_equal(r, -EINVAL);
	return message;
}

void assert_refused_bytes(const struct model_table *from, const char *dir, const char *text,
	size_t length, const char *sentences)
{
	CLEANUP_FREE char *message = refuse(from, dir, text, length);

	assert_string_equal(message, sentences);
}

void assert_refused(const char *dir, const char *text, const char *sentences)
{
	assert_refused_bytes(table, dir, text, strlen(text), sentences);
}

void assert_refused_about(
	const struct model_table *from, const char *dir, const char *text, const char *part)
{
	CLEANUP_FREE char *message = refuse(from, dir, text, strlen(text));

	if (!strstr(message, part))
		print_error("%s\n%s\nlacks: %s\n", text, message, part);
	assert_non_null(strstr(message, part));
}

void assert_blank(const char *text)
{
	struct prompt prompt;
	char *message = NULL;

	assert_int_equal(prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				 text, strlen(text), &prompt, &message),
		-ENODATA);
	assert_null(message);
}

void assert_prose(const char *text)
{
	struct prompt prompt = parse("FLUX", text);

	assert_string_equal(prompt.request.prompt, text);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.number, API_UNSET);
	assert_int_equal(prompt.ref_count, 0);
	assert_int_equal(prompt.left_out.count, 0);
	prompt_finish(&prompt);
}
