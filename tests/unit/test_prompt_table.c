/* SPDX-License-Identifier: MIT */
/* Tables of prompts: which texts are some, what each row becomes, and what is said of a row that is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_table.h"

static bool is_key(void *arg, const char *key)
{
	return strcasecmp(key, "ratio") == 0 || strcasecmp(key, "negative prompt") == 0 ||
	       strcasecmp(key, "image") == 0;
}

static int parse(const char *name, const char *text, struct prompt_table *table)
{
	return prompt_table_parse(name, text, strlen(text), is_key, NULL, table);
}

/* Checks one row: its text, or a part of its error where it has no name. */
static void assert_row(const struct prompt_table *table, size_t index, size_t line, const char *name, const char *text)
{
	assert_true(index < table->count);
	const struct prompt_table_row *row = &table->rows[index];
	assert_int_equal(row->line, line);
	if (name == NULL) {
		assert_non_null(row->error);
		assert_null(row->name);
		if (strstr(row->error, text) == NULL)
			fail_msg("'%s' does not say '%s'", row->error, text);
		return;
	}
	if (row->error != NULL)
		fail_msg("line %zu: %s", line, row->error);
	assert_string_equal(row->name, name);
	assert_string_equal(row->text, text);
}

static void rows_become_prompts(void **state)
{
	CLEANUP(prompt_table_finish) struct prompt_table table = {0};

	assert_int_equal(parse("sets.csv",
				 "\xef\xbb\xbfname,Ratio,prompt\r\n"
				 "fox,16:9,a fox in the snow\r\n"
				 "\r\n"
				 "owl.txt,,\"an owl, \"\"wise\"\"\r\nand old\"\r\n"
				 ",,\n"
				 "last,1:1,no line end",
				 &table),
		0);
	assert_int_equal(table.count, 3);
	assert_row(&table, 0, 2, "fox", "Ratio: 16:9\na fox in the snow\n");
	assert_row(&table, 1, 4, "owl", "an owl, \"wise\"\nand old\n");
	assert_row(&table, 2, 7, "last", "Ratio: 1:1\nno line end\n");
}

static void tabs_separate_in_tsv(void **state)
{
	CLEANUP(prompt_table_finish) struct prompt_table table = {0};

	assert_int_equal(parse("sets.TSV", "prompt\tname\timage\timage\na, b\tx\t1.png\t2.png\n", &table), 0);
	assert_int_equal(table.count, 1);
	assert_row(&table, 0, 2, "x", "image: 1.png\nimage: 2.png\na, b\n");
}

static void other_texts_are_no_tables(void **state)
{
	static const char *const texts[] = {"", "name\nfox\n", "prompt,ratio\na,1:1\n", "name,prompt,price\na,b,c\n",
		"name,prompt,name\na,b,c\n", "\"name,prompt\na,b\n", "name;prompt\na;b\n", "a fox in the snow\n",
		"name,prompt\xff\na,b\n"};
	struct prompt_table table;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_int_equal(parse("sets.csv", texts[i], &table), -ENOENT);
	assert_int_equal(parse("sets.txt", "name,prompt\na,b\n", &table), -ENOENT);
	assert_int_equal(parse(".sets.csv", "name,prompt\na,b\n", &table), -ENOENT);
	assert_int_equal(parse(".~lock.sets.csv#", "name,prompt\na,b\n", &table), -ENOENT);
}

static void a_faulty_row_is_told_and_the_others_go_on(void **state)
{
	CLEANUP(prompt_table_finish) struct prompt_table table = {0};

	assert_int_equal(parse("s.csv",
				 "name,prompt,ratio\n"
				 ",nothing,\n"
				 "a/b,slash,\n"
				 ".hidden,dot,\n"
				 "fox,one,\n"
				 "fox.txt,two,\n"
				 "many,a,b,c,d\n"
				 "lines,a,\"16\n9\"\n"
				 "quote,a \"b\" c,\n"
				 "good,fine,\n"
				 "open,\"never closed,\nx,y,\n",
				 &table),
		0);
	assert_int_equal(table.count, 10);
	assert_row(&table, 0, 2, NULL, "no name");
	assert_row(&table, 1, 3, NULL, "'/'");
	assert_row(&table, 2, 4, NULL, "begin");
	assert_row(&table, 3, 5, "fox", "one\n");
	assert_row(&table, 4, 6, NULL, "same name");
	assert_row(&table, 5, 7, NULL, "more cells");
	assert_row(&table, 6, 8, NULL, "several lines");
	assert_row(&table, 7, 10, NULL, "quote");
	assert_row(&table, 8, 11, "good", "fine\n");
	assert_row(&table, 9, 12, NULL, "never closed");
}

static void what_is_too_large_is_refused(void **state)
{
	CLEANUP(prompt_table_finish) struct prompt_table table = {0};
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, 64 << 20);
	buf_adds(&text, "name,prompt\n");
	for (int i = 0; i < PROMPT_TABLE_MAX_ROWS; i++)
		buf_addf(&text, "n%d,p\n", i);
	assert_int_equal(parse("s.csv", text.data, &table), 0);
	assert_int_equal(table.count, PROMPT_TABLE_MAX_ROWS);
	buf_adds(&text, "more,p\n");
	struct prompt_table other = {0};
	assert_int_equal(parse("s.csv", text.data, &other), -EFBIG);
	buf_clear(&text);
	buf_adds(&text, "name,prompt\n");
	while (text.length <= PROMPT_TABLE_MAX_BYTES)
		buf_adds(&text, "0123456789012345678901234567890123456789");
	assert_int_equal(parse("s.csv", text.data, &other), -EFBIG);
	/* a row of more cells than any table has */
	buf_clear(&text);
	buf_adds(&text, "name,prompt\nx,p");
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, ",");
	buf_adds(&text, "\ny,p\n");
	assert_int_equal(parse("s.csv", text.data, &other), 0);
	assert_row(&other, 0, 2, NULL, "more cells");
	assert_row(&other, 1, 3, "y", "p\n");
	prompt_table_finish(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_prompts),
		cmocka_unit_test(tabs_separate_in_tsv),
		cmocka_unit_test(other_texts_are_no_tables),
		cmocka_unit_test(a_faulty_row_is_told_and_the_others_go_on),
		cmocka_unit_test(what_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
