/* SPDX-License-Identifier: MIT */
/* Any bytes as an answer, to every decoder and with every sort of HTTP status: no crash, no leak, and what
 * comes out keeps the bounds that envelope.h promises. */
#include <string.h>
#include <strings.h>

#include "fs/api/client.h"
#include "fs/base/cleanup.h"
#include "tests/fuzz/holds.h"

static void check_printable(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	HOLDS(length < size && str_is_utf8(text, length));
	for (size_t i = 0; i < length; i++)
		HOLDS((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void check_error(const struct api_error *error, int http_status)
{
	char text[ERRCLASS_EXPLAIN];

	HOLDS(error->class > ERRCLASS_NONE && error->class < ERRCLASS_COUNT);
	HOLDS(error->http_status == http_status && error->retry_after_ms == -1);
	check_printable(error->text, sizeof(error->text));
	check_printable(error->field, sizeof(error->field));
	if (http_status >= 500)
		HOLDS(errclass_spent(error) == SPENT_UNKNOWN && !errclass_may_repeat(error));
	errclass_explain(error, text, sizeof(text));
	errclass_explain_upload(error, text, sizeof(text));
	errclass_explain_poll(error, text, sizeof(text));
}

static void check_url(const char *url)
{
	HOLDS(strlen(url) <= ENVELOPE_MAX_URL);
	HOLDS(strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0);
	check_printable(url, ENVELOPE_MAX_URL + 1);
}

static void check_task(const struct api_task *task)
{
	HOLDS(task->state <= TASK_UNKNOWN && task->urls.count <= ENVELOPE_MAX_URLS);
	check_printable(task->raw_state, sizeof(task->raw_state));
	check_printable(task->message, sizeof(task->message));
	HOLDS(!task->lyrics || strlen(task->lyrics) <= ENVELOPE_MAX_LYRICS);
	if (task->id)
		check_printable(task->id, ENVELOPE_MAX_TASK_ID + 1);
	for (size_t i = 0; i < task->urls.count; i++) {
		const char *url = task->urls.items[i];
		size_t mark = strlen(ENVELOPE_REFUSED);
		if (strncmp(url, ENVELOPE_REFUSED, mark) != 0)
			check_url(url);
		else
			check_printable(url, ENVELOPE_MAX_REFUSED + mark + 1);
	}
	HOLDS(task->covers.count == 0 || task->urls.count > 0);
	HOLDS(task->covers.count <= ENVELOPE_MAX_URLS);
	for (size_t i = 0; i < task->covers.count; i++)
		check_url(task->covers.items[i]);
}

static void run(int http_status, const char *body, size_t length)
{
	struct api_submitted submitted = {0};
	struct api_tasks tasks = {0};
	struct api_error error;
	double credits;
	char *url CLEANUP_FREE = NULL;

	if (envelope_submitted(http_status, body, length, &submitted, &error) == 0) {
		HOLDS(http_status == 200 && submitted.batch_id >= 0);
		HOLDS(submitted.task_ids.count > 0 &&
			submitted.task_ids.count <= ENVELOPE_MAX_TASKS);
		for (size_t i = 0; i < submitted.task_ids.count; i++)
			check_printable(submitted.task_ids.items[i], ENVELOPE_MAX_TASK_ID + 1);
		api_submitted_finish(&submitted);
	} else {
		check_error(&error, http_status);
	}
	if (envelope_tasks(http_status, body, length, &tasks, &error) == 0) {
		HOLDS(tasks.count > 0 && tasks.count <= ENVELOPE_MAX_TASKS);
		for (size_t i = 0; i < tasks.count; i++)
			check_task(&tasks.items[i]);
		api_tasks_finish(&tasks);
	} else {
		check_error(&error, http_status);
	}
	if (envelope_balance(http_status, body, length, &credits, &error) < 0)
		check_error(&error, http_status);
	if (envelope_uploaded(http_status, body, length, &url, &error) == 0)
		check_url(url);
	else
		check_error(&error, http_status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 302, 400, 401, 403, 404, 429, 500};

	for (size_t i = 0; i < array_length(statuses); i++)
		run(statuses[i], (const char *)data, size);
	return 0;
}
