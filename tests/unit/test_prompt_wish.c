/* SPDX-License-Identifier: MIT */
/* Which texts ask for the same, and which do not (design 1.3b). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_wish.h"
#include "tests/unit/gen_catalogue.h"

static struct model_table *table;

static struct model_table *create(const struct model_param *params, size_t count)
{
	struct model_list list = {0};
	struct model_table *made = NULL;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list), 0);
	assert_int_equal(model_table_create(&list, params, count, &made, &message), 0);
	model_list_finish(&list);
	return made;
}

static int load(void **state)
{
	static const struct model_param tool[] = {{"POSTER", "endpoint", "poster", "c:1"},
		{"POSTER", "fields", "image:image prompt:prompt bg_color:colour", "c:2"}};

	table = create(tool, array_length(tool));
	return 0;
}

static int unload(void **state)
{
	model_table_destroy(table);
	return 0;
}

/* Each input's origin is "at" and its value, unless the caller has others. */
static char *wish_with(const struct model_table *from, const char *dir, const char *text,
	const char *const *origins)
{
	CLEANUP(prompt_finish) struct prompt prompt = {0};
	char *message = NULL, *wish = NULL;
	char *own[SETTING_REFS_MAX];
	int r = prompt_parse(model_table_find(from, dir), &(struct prompt_options){0}, text,
		strlen(text), &prompt, &message);

	if (message)
		print_error("%s\n", message);
	assert_int_equal(r, 0);
	for (size_t i = 0; i < prompt.ref_count; i++)
		assert_true(asprintf(&own[i], "at %s", prompt.refs[i].value) > 0);
	r = prompt_wish(dir, &prompt, origins ? origins : (const char *const *)own, &wish);
	assert_int_equal(r, 0);
	for (size_t i = 0; i < prompt.ref_count; i++)
		free(own[i]);
	return wish;
}

static char *wish_of(const char *dir, const char *text)
{
	return wish_with(table, dir, text, NULL);
}

static void assert_same(const char *dir, const char *a, const char *b)
{
	CLEANUP_FREE char *first = wish_of(dir, a);
	CLEANUP_FREE char *second = wish_of(dir, b);

	assert_string_equal(first, second);
}

static void assert_other(const char *dir, const char *a, const char *b)
{
	CLEANUP_FREE char *first = wish_of(dir, a);
	CLEANUP_FREE char *second = wish_of(dir, b);

	if (strcmp(first, second) == 0)
		print_error("the same: %s | %s\n", a, b);
	assert_string_not_equal(first, second);
}

/* The form is kept in ledgers: whoever changes it raises PROMPT_WISH_VERSION. */
static void test_wish_form(void **state)
{
	CLEANUP_FREE char *model =
		wish_of("SEEDANCE", "a fox\n in snow\nratio: 1:1\nlast frame: b\nimage: a\n"
				    "take: two\nnegative: Blur\nduration: 6\naudio: no\n");
	CLEANUP_FREE char *tool = wish_of("POSTER", "bg color: #FF8800\nimage: a.png\nof a Fox\n");

	assert_string_equal(model, "wish 1\ndirectory 8:SEEDANCE\nwords 14:a fox\n in snow\n"
				   "ratio 3:1:1\nnegative 4:Blur\nduration 1:6\naudio 1:0\n"
				   "image 4:at a\nlast frame 4:at b\ntake 3:two\n");
	assert_string_equal(tool, "wish 1\ndirectory 6:POSTER\nfield bg_color 7:#ff8800\n"
				  "field image 8:at a.png\nfield prompt 8:of a Fox\n");
}

static void test_wish_is_the_same_in_other_bytes(void **state)
{
	static const char text[] = "same words\nof a Fox\nratio: 9:16\nn: 2\n";
	static const char *const same[] = {
		"same words\nof a Fox\nratio: 9:16\nn: 2",
		"same words\r\nof a Fox\r\nratio: 9:16\r\nn: 2\r\n",
		"\xef\xbb\xbfsame words\nof a Fox\nratio: 9:16\nn: 2\n",
		"\n\n  same words  \nof a Fox \t\nratio: 9:16 \nn: 2\n\n\n",
		"\xc2\xa0same words\xe3\x80\x80\nof a Fox\xe2\x80\x8b\nratio: 9:16\nn: 2\n",
		"n: 2\nratio: 9:16\nsame words\nof a Fox\n",
		"same words\nn: 2\nof a Fox\nratio: 9:16\n",
		"Aspect-Ratio: 9:16\nnumber : 2\nsame words\nof a Fox\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\nwebhook: https://h/\ncaller: 7\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\ndry run\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\nfallback: no\n",
	};

	for (size_t i = 0; i < array_length(same); i++)
		assert_same("FLUX", text, same[i]);
	/* lines that were taken out leave gaps of any size */
	assert_same("FLUX", "a fox\n\nin snow\nn: 2", "a fox\n\nn: 2\n \n\nin snow");
}

static void test_wish_is_another_one(void **state)
{
	static const char text[] = "same words\nof a Fox\nratio: 9:16\nn: 2\n";
	static const char *const other[] = {
		"same words\nof a fox\nratio: 9:16\nn: 2\n",
		"same words of a Fox\nratio: 9:16\nn: 2\n",
		"same words\n of a Fox\nratio: 9:16\nn: 2\n",
		"same words\n\nof a Fox\nratio: 9:16\nn: 2\n",
		"of a Fox\nsame words\nratio: 9:16\nn: 2\n",
		"same  words\nof a Fox\nratio: 9:16\nn: 2\n",
		"same words\nof a Fox\nratio: 1:1\nn: 2\n",
		"same words\nof a Fox\nn: 2\n",
		"same words\nof a Fox\nratio: 9:16\nn: 3\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\nnegative: blur\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\ntake: 2\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\nfallback: yes\n",
		"same words\nof a Fox\nratio: 9:16\nn: 2\nimage: a\n",
		"same words\nof a Fox\n\\ratio: 9:16\nn: 2\n",
	};

	for (size_t i = 0; i < array_length(other); i++)
		assert_other("FLUX", text, other[i]);
	assert_other("FLUX", "a\ntake: 2", "a\ntake: 3");
	assert_other("FLUX", "a\nnegative: b\n", "a\nnegative: B\n");
	assert_other("SEEDANCE", "a", "a\nduration: 5");
	assert_other("SEEDANCE", "a\naudio: no", "a");
	assert_other("SEEDANCE", "a\nresolution: 480p", "a");
}

static void test_wish_values_have_one_spelling(void **state)
{
	assert_same("GPT_IMAGE_2", "a\nratio: 16:9(4K)\nquality: LOW",
		"a\nquality: low\nratio: 16:9(4k)");
	assert_same("SEEDANCE", "a\nduration: 5s\naudio: off", "a\nduration: 5\naudio: false");
	assert_same("POSTER", "a\nimage: x\nbg color: #ABCDEF", "bg_color: #abcdef\nimage: x\na");
}

static void test_wish_inputs(void **state)
{
	static const char *const first[] = {"task 17.0", "bytes ab"};
	static const char *const second[] = {"task 17.0", "bytes cd"};
	static const char *const turned[] = {"bytes ab", "task 17.0"};
	const char *text = "a\nimage: x.png\nimage: y.png\n";

	/* "first frame" is another word for "image"; the order of several says what each is for */
	assert_same("SEEDANCE", "a\nfirst frame: x", "image: x\na");
	assert_same("SEEDANCE", "a\nlast frame: y\nfirst frame: x", "a\nimage: x\nlast frame: y");
	assert_same("SEEDANCE", "a\nvideo: v\nimage: i", "a\nimage: i\nvideo: v");
	assert_other("SEEDANCE", "a\nimage: x\nimage: y", "a\nimage: y\nimage: x");
	assert_other("SEEDANCE", "a\nimage: x\nimage: y", "a\nimage: x\nlast frame: y");
	assert_other("SEEDANCE", "a\nimage: x", "a\nvideo: x");
	/* what counts is where the bytes come from, not what the line says */
	CLEANUP_FREE char *one = wish_with(table, "SEEDANCE", text, first);
	CLEANUP_FREE char *same =
		wish_with(table, "SEEDANCE", "a\nimage: /FLUX/x.png\nimage: ../y.png\n", first);
	CLEANUP_FREE char *edited = wish_with(table, "SEEDANCE", text, second);
	CLEANUP_FREE char *swapped = wish_with(table, "SEEDANCE", text, turned);
	assert_string_equal(one, same);
	assert_string_not_equal(one, edited);
	assert_string_not_equal(one, swapped);
}

static void test_wish_does_not_ask_the_catalogue_or_the_configuration(void **state)
{
	const struct model_param params[] = {{NULL, "ratio", "16:9", "f:1"},
		{NULL, "webhook", "https://h/", "f:2"}, {"FLUX", "numbers", "2", "f:3"},
		{"FLUX", "ratios", "16:9, 4:3", "f:4"}};
	struct model_table *configured = create(params, array_length(params));
	CLEANUP_FREE char *plain = wish_of("FLUX", "a fox");
	CLEANUP_FREE char *filled = wish_with(configured, "FLUX", "a fox", NULL);

	assert_string_equal(plain, filled);
	model_table_destroy(configured);
	/* but which directory it is in does say something */
	CLEANUP_FREE char *elsewhere = wish_of("GEMINI", "a fox");
	CLEANUP_FREE char *picture = wish_of("WAN_2_5", "a fox");
	CLEANUP_FREE char *film = wish_of("WAN_2_5.video", "a fox");
	assert_string_not_equal(plain, elsewhere);
	assert_string_not_equal(picture, film);
}

/* A value that contains what looks like the next field cannot stand for two fields. */
static void test_wish_values_cannot_pose_as_fields(void **state)
{
	assert_other("FLUX", "a\ntake: x", "a\n\\take 1:x");
	assert_other("FLUX", "a\nnegative: b", "a\n\\negative 1:b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wish_form),
		cmocka_unit_test(test_wish_is_the_same_in_other_bytes),
		cmocka_unit_test(test_wish_is_another_one),
		cmocka_unit_test(test_wish_values_have_one_spelling),
		cmocka_unit_test(test_wish_inputs),
		cmocka_unit_test(test_wish_does_not_ask_the_catalogue_or_the_configuration),
		cmocka_unit_test(test_wish_values_cannot_pose_as_fields),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
