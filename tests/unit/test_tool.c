/* SPDX-License-Identifier: MIT */
#include "fs/api/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/source_file.h"

static const char small[] =
	"[{\"key\": \"A\", \"endpoint\": \"a/b-c\", \"makes\": \"video\", \"one_of\": [\"prompt\", "
	"\"text\"],"
	"\"fields\": [{\"name\": \"img_url\", \"key\": \"image\", \"type\": \"image\", "
	"\"required\": true},"
	"{\"name\": \"text\", \"type\": \"text\", \"max\": 3},"
	"{\"name\": \"style\", \"type\": \"word\", \"words\": [\"Soft\", \"hard\"]},"
	"{\"name\": \"seconds\", \"type\": \"integer\", \"values\": [5, 8]},"
	"{\"name\": \"form\", \"type\": \"word\", \"words\": [\"3d_animation\", \"ONLY_MUSIC\"]},"
	"{\"name\": \"prompt\", \"type\": \"prompt\"}]}]";

static int parse(const char *json, struct tool_list *list)
{
	*list = (struct tool_list){0};
	return tool_list_parse(json, strlen(json), list);
}

static void test_tool_catalogue_says_what_it_takes(void **state)
{
	struct tool_list list, copy = {0};

	assert_int_equal(parse(small, &list), 0);
	assert_int_equal(tool_list_copy(&copy, &list), 0);
	tool_list_finish(&list);
	assert_int_equal(copy.count, 1);
	const struct tool_spec *tool = &copy.items[0];
	assert_string_equal(tool->key, "A");
	assert_string_equal(tool->endpoint, "a/b-c");
	assert_int_equal(tool->kind, API_VIDEO);
	assert_true(tool->callback);
	assert_null(tool->answer);
	assert_int_equal(tool->field_count, 6);
	assert_true(tool->fields[0].required);
	assert_string_equal(tool->fields[0].key, "image");
	assert_string_equal(tool->fields[1].key, "text");
	assert_true(strlist_has(&tool->one_of, "text"));
	CLEANUP_FREE char *one_of = tool_spec_one_of(tool);
	assert_string_equal(one_of, "text or a text");
	tool_list_finish(&copy);
}

static void test_tool_built_in_catalogue_is_whole(void **state)
{
	CLEANUP_FREE char *json = read_source("config/tools.json", NULL);
	struct tool_list list;

	assert_int_equal(parse(json, &list), 0);
	/* ten of pictures, eleven of videos (API reference 3.12, 3.13), speech both ways, effect templates, music, podcasts */
	assert_int_equal(list.count, 26);
	for (size_t i = 0; i < list.count; i++)
		assert_true(list.items[i].field_count > 0);
	tool_list_finish(&list);
}

static const struct tool_field *find_field(
	const struct tool_list *list, const char *key, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0;
			strcmp(list->items[i].key, key) == 0 && k < list->items[i].field_count; k++)
			if (strcmp(list->items[i].fields[k].name, name) == 0)
				return &list->items[i].fields[k];
	fail_msg("%s has no %s", key, name);
	return NULL;
}

static void assert_read(const struct tool_field *field, const char *text, const char *want)
{
	CLEANUP_FREE char *value = NULL;

	assert_int_equal(tool_field_read(field, text, &value), want ? 0 : -EINVAL);
	if (want)
		assert_string_equal(value, want);
}

static void test_tool_speech_has_voices_by_name_and_number(void **state)
{
	CLEANUP_FREE char *json = read_source("config/tools.json", NULL);
	struct tool_list list;

	assert_int_equal(parse(json, &list), 0);
	const struct tool_field *voice = find_field(&list, "TEXT_TO_AUDIO", "voice_id");
	assert_int_equal(voice->words.count, 20);
	assert_read(voice, "85", "85");
	assert_read(voice, "captivating female", "85");
	assert_read(voice, "Kind hearted_antie", "79");
	assert_read(voice, "1234", "1234"); /* there may be more than the documents show */
	assert_read(voice, "0", NULL);
	assert_read(voice, "Captivating", NULL);
	const struct tool_field *speed = find_field(&list, "TEXT_TO_AUDIO", "speed");
	assert_read(speed, "1.0", "1.0");
	assert_read(speed, "2", "2");
	assert_read(speed, "1.", NULL);
	assert_read(speed, "-1", NULL);
	assert_read(speed, "fast", NULL);
	assert_int_equal(find_field(&list, "VIDEO_MERGE", "video_urls")->min, 2);
	assert_int_equal(find_field(&list, "VIDEO_MERGE", "video_urls")->max, 30);
	tool_list_finish(&list);
}

static void test_tool_sends_what_the_official_tools_send(void **state)
{
	struct tool_request request = {.count = 2};
	CLEANUP_FREE char *json = NULL;

	request.items[0] = (struct tool_item){
		.name = strdup("style"), .type = TOOL_WORD, .standard = strdup("anime")};
	request.items[1] = (struct tool_item){
		.name = strdup("duration"), .type = TOOL_INTEGER, .standard = strdup("5")};
	strlist_add(&request.items[1].values, "8");
	assert_int_equal(tool_request_encode(&request, &json), 0);
	assert_string_equal(json, "{\"style\":\"anime\",\"duration\":8}");
	tool_request_finish(&request);
}

static void test_tool_catalogue_with_a_mistake_is_refused(void **state)
{
	static const char *const wrong[] = {"", "{}", "[1]", "[{}]",
		"[{\"key\": \"A\", \"endpoint\": \"../x\", \"makes\": \"image\", \"fields\": []}]",
		"[{\"key\": \"A\", \"endpoint\": \"a\", \"makes\": \"cake\", \"fields\": []}]",
		"[{\"key\": \"A\", \"endpoint\": \"a\", \"makes\": \"image\", \"fields\": "
		"[{\"name\": "
		"\"x\"}]}]",
		"[{\"key\": \"A\", \"endpoint\": \"a\", \"makes\": \"image\", \"fields\": "
		"[{\"name\": "
		"\"X!\", \"type\": \"text\"}]}]",
		"[{\"key\": \"A\", \"endpoint\": \"a\", \"makes\": \"image\", \"fields\": "
		"[{\"name\": "
		"\"x\", \"type\": \"word\"}]}]"};

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct tool_list list;
		assert_int_equal(parse(wrong[i], &list), -EBADMSG);
	}
}

static void check_value(enum tool_type type, const char *text, const char *want)
{
	struct tool_field field = {.type = type, .max = 3};
	char *value = NULL;

	assert_int_equal(tool_field_read(&field, text, &value), want ? 0 : -EINVAL);
	if (want)
		assert_string_equal(value, want);
	free(value);
}

static void test_tool_values_are_held_against_their_type(void **state)
{
	check_value(TOOL_TEXT, "äöü", "äöü");
	check_value(TOOL_TEXT, "äöüß", NULL);
	check_value(TOOL_INTEGER, "-9223372036854775808", "-9223372036854775808");
	check_value(TOOL_INTEGER, "9223372036854775808", NULL);
	check_value(TOOL_INTEGER, "5s", NULL);
	check_value(TOOL_KILOBYTES, "0", NULL);
	check_value(TOOL_BOOLEAN, "On", "yes");
	check_value(TOOL_BOOLEAN, "maybe", NULL);
	check_value(TOOL_COLOUR, "#ff8800", "#ff8800");
	check_value(TOOL_COLOUR, "#ff880", NULL);
	check_value(TOOL_COLOUR, "#ff88000", NULL);
	check_value(TOOL_COLOUR, "red", NULL);
	check_value(TOOL_COLOUR, "#0x12ab", NULL);
	check_value(TOOL_COLOUR, "# 12345", NULL);
	check_value(TOOL_SIZE, "-10x20", NULL);
	check_value(TOOL_SIZE, "10x+20", NULL);
	check_value(TOOL_SIZE, "100000x1", NULL);
	check_value(TOOL_SIZE, "x20", NULL);
	check_value(TOOL_POINT, "0,", NULL);
	check_value(TOOL_POINT, " 0,1", NULL);
	check_value(TOOL_LINES, "", "");
	check_value(TOOL_LINES, "abcd", NULL);
	check_value(TOOL_SIZE, "10x20", "10x20");
	check_value(TOOL_SIZE, "10x20x30", NULL);
	check_value(TOOL_SIZE, "10 x 20", NULL);
	check_value(TOOL_POINT, "0,128", "0,128");
	check_value(TOOL_POINT, "0;128", NULL);
	check_value(TOOL_OBJECT, "{\"a\": [1]}", "{\"a\": [1]}");
	check_value(TOOL_OBJECT, "[1]", NULL);
	check_value(TOOL_OBJECT, "{\"a\":", NULL);
	check_value(TOOL_RECTANGLES, "0 .5,1 1.0", "0 .5,1 1.0");
	check_value(TOOL_RECTANGLES, "0 0 1", NULL);
	check_value(TOOL_RECTANGLES, "0.5 0 0.4 1", NULL);
	check_value(TOOL_RECTANGLES, "0 0 1 1.1", NULL);
	check_value(TOOL_RECTANGLES, "nan 0 1 1", NULL);
}

static void test_tool_words_are_sent_as_the_catalogue_spells_them(void **state)
{
	struct tool_list list;
	char *value = NULL;

	assert_int_equal(parse(small, &list), 0);
	assert_int_equal(tool_field_read(&list.items[0].fields[2], "SOFT", &value), 0);
	assert_string_equal(value, "Soft");
	free(value);
	assert_int_equal(tool_field_read(&list.items[0].fields[2], "softer", &value), -EINVAL);
	assert_int_equal(tool_field_read(&list.items[0].fields[2], "sof", &value), -EINVAL);
	assert_int_equal(tool_field_read(&list.items[0].fields[2], "", &value), -EINVAL);
	static const char *const same[][2] = {{"3D animation", "3d_animation"},
		{"3d-animation", "3d_animation"}, {"only music", "ONLY_MUSIC"}};
	for (size_t i = 0; i < array_length(same); i++) {
		assert_int_equal(tool_field_read(&list.items[0].fields[4], same[i][0], &value), 0);
		assert_string_equal(value, same[i][1]);
		free(value);
	}
	assert_int_equal(
		tool_field_read(&list.items[0].fields[4], "3d  animation", &value), -EINVAL);
	assert_int_equal(tool_field_read(&list.items[0].fields[4], "onlymusic", &value), -EINVAL);
	assert_int_equal(tool_field_read(&list.items[0].fields[3], "6", &value), -EINVAL);
	tool_list_finish(&list);
}

static void add(struct tool_request *request, const char *name, enum tool_type type, const char *a,
	const char *b)
{
	struct tool_item *item = &request->items[request->count++];

	*item = (struct tool_item){.name = strdup(name), .type = type};
	assert_non_null(item->name);
	if (a)
		assert_int_equal(strlist_add(&item->values, a), 0);
	if (b)
		assert_int_equal(strlist_add(&item->values, b), 0);
}

static void test_tool_request_has_the_types_of_its_fields(void **state)
{
	struct tool_request request = {0};
	CLEANUP_FREE char *json = NULL;

	add(&request, "one", TOOL_IMAGE, "https://a/1.png", NULL);
	add(&request, "list", TOOL_IMAGES, "https://a/2.png", NULL);
	add(&request, "id", TOOL_INTEGER, "9223372036854775807", NULL);
	add(&request, "yes", TOOL_BOOLEAN, "yes", NULL);
	add(&request, "object", TOOL_OBJECT, "{\"a\": 1}", NULL);
	add(&request, "areas", TOOL_RECTANGLES, "0 0.25 0.5 1", "0.1 0.1 0.2 0.2");
	add(&request, "words", TOOL_LINES, "", "la");
	add(&request, "none", TOOL_TEXT, NULL, NULL);
	assert_int_equal(tool_request_encode(&request, &json), 0);
	assert_string_equal(json,
		"{\"one\":\"https://a/1.png\",\"list\":[\"https://a/2.png\"],"
		"\"id\":9223372036854775807,\"yes\":true,\"object\":{\"a\":1},"
		"\"areas\":[{\"lt_x\":0.0,\"lt_y\":0.25,\"rb_x\":0.5,\"rb_y\":1.0},"
		"{\"lt_x\":0.1,\"lt_y\":0.1,\"rb_x\":0.2,\"rb_y\":0.2}],"
		"\"words\":\"\\nla\"}");
	tool_request_finish(&request);
}

static void test_tool_request_refuses_what_does_not_fit(void **state)
{
	struct tool_request request = {0};
	char *json = NULL;

	add(&request, "id", TOOL_INTEGER, "x", NULL);
	assert_int_equal(tool_request_encode(&request, &json), -EINVAL);
	tool_request_finish(&request);
	add(&request, "text", TOOL_TEXT, "\xff", NULL);
	assert_int_equal(tool_request_encode(&request, &json), -EILSEQ);
	tool_request_finish(&request);
}

static void test_tool_endpoint_stays_where_it_belongs(void **state)
{
	assert_true(tool_endpoint_is_good("music/generate"));
	static const char *const wrong[] = {
		"", "/x", "x/", "a//b", "../balance", "a b", "a?b", "A", "a%2e"};
	for (size_t i = 0; i < array_length(wrong); i++)
		assert_false(tool_endpoint_is_good(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tool_catalogue_says_what_it_takes),
		cmocka_unit_test(test_tool_built_in_catalogue_is_whole),
		cmocka_unit_test(test_tool_speech_has_voices_by_name_and_number),
		cmocka_unit_test(test_tool_sends_what_the_official_tools_send),
		cmocka_unit_test(test_tool_catalogue_with_a_mistake_is_refused),
		cmocka_unit_test(test_tool_values_are_held_against_their_type),
		cmocka_unit_test(test_tool_words_are_sent_as_the_catalogue_spells_them),
		cmocka_unit_test(test_tool_request_has_the_types_of_its_fields),
		cmocka_unit_test(test_tool_request_refuses_what_does_not_fit),
		cmocka_unit_test(test_tool_endpoint_stays_where_it_belongs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
