/* SPDX-License-Identifier: MIT */
/* Every answer of tests/data/answers.tsv: what follows from it, what it hits and what is said. Prints them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/api/envelope.h"
#include "fs/base/cleanup.h"
#include "source_file.h"

enum { CALL, HTTP, BODY, NEXT, HITS, SAYS, COLUMNS };

static const char *const nexts[] = {
	[ERRCLASS_NEXT_NONE] = "accepted",
	[ERRCLASS_NEXT_FAIL] = "failed",
	[ERRCLASS_NEXT_AGAIN] = "again",
	[ERRCLASS_NEXT_CREDITS] = "credits",
	[ERRCLASS_NEXT_TOMORROW] = "tomorrow",
	[ERRCLASS_NEXT_KEY] = "key",
	[ERRCLASS_NEXT_UNKNOWN] = "unknown",
};
static const char *const hits[] = {
	[ERRCLASS_HITS_PROMPT] = "prompt",
	[ERRCLASS_HITS_MODEL] = "model",
	[ERRCLASS_HITS_ACCOUNT] = "account",
	[ERRCLASS_HITS_KEY] = "key",
};

struct outcome {
	const char *next, *hits;
	char says[ERRCLASS_EXPLAIN + 600];
};

/* What is said is the sentence and, in brackets, the service's own words. */
static void say(struct outcome *outcome, const struct api_error *error,
	void (*explain)(const struct api_error *error, char *text, size_t size))
{
	char text[ERRCLASS_EXPLAIN];

	explain(error, text, sizeof(text));
	snprintf(outcome->says, sizeof(outcome->says), "%s (%s)", text, error->text);
}

static void refused(struct outcome *outcome, const struct api_error *error)
{
	enum errclass_next next = errclass_next(error);

	outcome->next = nexts[next];
	outcome->hits = next == ERRCLASS_NEXT_UNKNOWN ? "-" : hits[errclass_hits(error)];
	say(outcome, error, errclass_explain);
	/* money rule 1 */
	if (next == ERRCLASS_NEXT_AGAIN || next == ERRCLASS_NEXT_CREDITS ||
		next == ERRCLASS_NEXT_TOMORROW)
		assert_int_equal(errclass_spent(error), SPENT_NO);
	if (next == ERRCLASS_NEXT_UNKNOWN)
		assert_int_equal(errclass_spent(error), SPENT_UNKNOWN);
}

static void run_submit(int http, const char *body, bool text, struct outcome *outcome)
{
	struct api_submitted submitted = {0};
	struct api_error error = {0};
	char *words = NULL;
	int r = text ? envelope_text(http, body, strlen(body), "prompt", &words, &error)
		     : envelope_submitted(http, body, strlen(body), &submitted, &error);

	if (r == 0)
		outcome->next = text ? "text" : "accepted";
	else
		refused(outcome, &error);
	api_submitted_finish(&submitted);
	free(words);
}

static void run_status(int http, const char *body, struct outcome *outcome)
{
	static const char *const words[] = {
		[TASK_WAITING] = "waiting",
		[TASK_PROCESSING] = "processing",
		[TASK_SUCCEEDED] = "succeeded",
		[TASK_FAILED] = "failed",
		[TASK_UNKNOWN] = "strange",
	};
	struct api_tasks tasks = {0};
	struct api_error error = {0};

	if (envelope_tasks(http, body, strlen(body), &tasks, &error) < 0) {
		outcome->next = "asked";
		say(outcome, &error, errclass_explain_poll);
		return;
	}
	const struct api_task *task = &tasks.items[0];
	outcome->next = words[task->state];
	if (task->state == TASK_SUCCEEDED && task->urls.count == 0 && !task->lyrics)
		outcome->next = "empty";
	snprintf(outcome->says, sizeof(outcome->says), "%s %s", task->raw_state, task->message);
	api_tasks_finish(&tasks);
}

static void run_free(const char *call, int http, const char *body, struct outcome *outcome)
{
	struct api_error error = {0};
	char *url = NULL;
	double credits;
	bool upload = strcmp(call, "upload") == 0;
	int r = upload ? envelope_uploaded(http, body, strlen(body), &url, &error)
		       : envelope_balance(http, body, strlen(body), &credits, &error);

	outcome->next = r < 0 ? "refused" : upload ? "url" : "credits";
	if (r < 0)
		say(outcome, &error, errclass_explain_upload);
	free(url);
}

static void run(char *const *column, struct outcome *outcome)
{
	const char *call = column[CALL], *body = strcmp(column[BODY], "-") ? column[BODY] : "";
	int http = atoi(column[HTTP]);

	outcome->hits = "-";
	if (strcmp(call, "submit") == 0 || strcmp(call, "text") == 0)
		run_submit(http, body, *call == 't', outcome);
	else if (strcmp(call, "status") == 0)
		run_status(http, body, outcome);
	else
		run_free(call, http, body, outcome);
}

static void split(char *line, char *column[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		column[i] = strsep(&line, "\t");
		assert_non_null(column[i]);
	}
	assert_null(line);
}

static void test_answers_lead_where_the_table_says(void **state)
{
	size_t length;
	char *text CLEANUP_FREE = read_source("tests/data/answers.tsv", &length);
	char *rest = text, *line, *column[COLUMNS];
	unsigned rows = 0, wrong = 0;

	text[length - 1] = '\0'; /* the last line feed */
	while ((line = strsep(&rest, "\n"))) {
		struct outcome outcome = {0};
		if (*line == '#')
			continue;
		split(line, column);
		run(column, &outcome);
		bool right = strcmp(outcome.next, column[NEXT]) == 0 &&
			     strcmp(outcome.hits, column[HITS]) == 0 &&
			     (strcmp(column[SAYS], "-") == 0 || strstr(outcome.says, column[SAYS]));
		printf("%s%s HTTP %s %s -> %s, hits %s: %s\n", right ? "" : "WRONG: ", column[CALL],
			column[HTTP], column[BODY], outcome.next, outcome.hits, outcome.says);
		rows++;
		wrong += !right;
	}
	printf("%u answers, %u wrong\n", rows, wrong);
	assert_true(rows >= 150);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_lead_where_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
