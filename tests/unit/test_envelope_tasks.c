/* SPDX-License-Identifier: MIT */
/* Answers about tasks, the balance and uploads. */
#include "fs/api/envelope.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "tests/unit/source_file.h"

static struct api_tasks tasks_of(const char *body)
{
	struct api_tasks tasks = {0};
	struct api_error error;

	if (envelope_tasks(200, body, strlen(body), &tasks, &error) != 0)
		fail_msg("%s: %s", body, error.text);
	return tasks;
}

static void test_envelope_reads_a_batch(void **state)
{
	size_t length;
	char *body = read_source("tests/data/api/tasks_batch.json", &length);
	struct api_tasks tasks = tasks_of(body);

	assert_int_equal(tasks.count, 4);
	assert_string_equal(tasks.items[0].id, "a");
	assert_int_equal(tasks.items[0].state, TASK_SUCCEEDED);
	assert_string_equal(tasks.items[0].raw_state, "succeed");
	assert_int_equal(tasks.items[0].urls.count, 2);
	assert_string_equal(tasks.items[0].urls.items[1], "https://cdn.weryai.com/result/2.png");
	assert_string_equal(tasks.items[0].message, "");
	assert_string_equal(tasks.items[1].id, "b");
	assert_int_equal(tasks.items[1].state, TASK_PROCESSING);
	assert_int_equal(tasks.items[2].state, TASK_FAILED);
	assert_string_equal(tasks.items[2].message, "content moderation");
	assert_int_equal(tasks.items[3].urls.count, 2);
	assert_string_equal(tasks.items[3].urls.items[0], "https://cdn/v.mp4");
	assert_string_equal(tasks.items[3].urls.items[1], "https://cdn/w.mp4");
	api_tasks_finish(&tasks);
	free(body);
}

static void test_envelope_finds_urls_everywhere(void **state)
{
	static const char *const places[] = {"\"images\":[\"https://h/u\"]",
		"\"image_url\":\"https://h/u\"", "\"image_url\":{\"url\":\"https://h/u\"}",
		"\"videos\":[{\"video_url\":\"https://h/u\"}]",
		"\"videos\":{\"src\":\"https://h/u\"}", "\"video\":\" https://h/u\\n\"",
		"\"video_urls\":[null,\"\",\"https://h/u\"]",
		"\"audios\":[{\"audio_url\":\"https://h/u\"}]",
		"\"output\":{\"images\":[{\"image_url\":\"https://h/u\"}]}",
		"\"task_result\":{\"images\":[\"https://h/u\"],\"videos\":[\"https://h/u\"]}",
		"\"task_result\":{\"image_url\":\"https://h/u\"},\"images\":[]"};

	for (size_t i = 0; i < array_length(places); i++) {
		char body[256];

		snprintf(body, sizeof(body), "{\"data\":{\"task_status\":\"succeed\",%s}}",
			places[i]);
		struct api_tasks tasks = tasks_of(body);

		if (tasks.items[0].urls.count != 1)
			fail_msg("%s", body);
		assert_string_equal(tasks.items[0].urls.items[0], "https://h/u");
		assert_null(tasks.items[0].id);
		api_tasks_finish(&tasks);
	}
}

static void test_envelope_refuses_bad_urls_and_keeps_them(void **state)
{
	static const char *const urls[] = {ENVELOPE_REFUSED "data:image/png;base64,AA",
		ENVELOPE_REFUSED "file:///etc/passwd", ENVELOPE_REFUSED "https://",
		ENVELOPE_REFUSED "https://h/a?b", ENVELOPE_REFUSED "https://h/?", "HTTP://h/ok",
		ENVELOPE_REFUSED "//h/x"};
	struct buf body;
	struct api_tasks tasks = tasks_of(
		"{\"data\":{\"images\":[\"data:image/png;base64,AA\",\"file:///etc/passwd\","
		"\"https://\",\"https://h/a "
		"b\",\"https://h/\\u0001\",\"HTTP://h/ok\",\"//h/x\",7]}}");

	assert_int_equal(tasks.items[0].urls.count, array_length(urls));
	for (size_t i = 0; i < array_length(urls); i++)
		assert_string_equal(tasks.items[0].urls.items[i], urls[i]);
	api_tasks_finish(&tasks);

	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"data\":{\"images\":[\"https://h/");
	for (int i = 0; i < ENVELOPE_MAX_URL - 10; i++)
		buf_adds(&body, "x");
	buf_adds(&body, "\"],\"image_url\":\"https://h/");
	for (int i = 0; i < ENVELOPE_MAX_URL - 9; i++)
		buf_adds(&body, "x");
	buf_adds(&body, "\",\"video\":\"ftp://");
	for (int i = 0; i < ENVELOPE_MAX_REFUSED; i++)
		buf_adds(&body, "\\u00e9");
	buf_adds(&body, "\"}}");
	tasks = tasks_of(body.data);
	assert_int_equal(tasks.items[0].urls.count, 3);
	assert_int_equal(strlen(tasks.items[0].urls.items[0]), ENVELOPE_MAX_URL);
	assert_int_equal(strlen(tasks.items[0].urls.items[1]),
		strlen(ENVELOPE_REFUSED) + ENVELOPE_MAX_URL + 1);
	/* cut, but not within a character */
	assert_int_equal(strlen(tasks.items[0].urls.items[2]),
		strlen(ENVELOPE_REFUSED) + ENVELOPE_MAX_REFUSED);
	api_tasks_finish(&tasks);

	buf_clear(&body);
	buf_adds(&body, "{\"data\":{\"images\":[\"ftp://h\"");
	for (int i = 0; i < ENVELOPE_MAX_URLS + 5; i++)
		buf_addf(&body, ",\"https://h/%d\"", i);
	buf_adds(&body, "]}}");
	tasks = tasks_of(body.data);
	assert_int_equal(tasks.items[0].urls.count, ENVELOPE_MAX_URLS);
	api_tasks_finish(&tasks);
	buf_finish(&body);
}

static void assert_message(const char *body, const char *message)
{
	struct api_tasks tasks = tasks_of(body);

	assert_string_equal(tasks.items[0].message, message);
	api_tasks_finish(&tasks);
}

static void test_envelope_failure_text(void **state)
{
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\",\"msg\":\"a\","
		       "\"task_result\":{\"message\":\"b\"}}}",
		"a");
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\","
		       "\"task_result\":{\"message\":\"b\"}}}",
		"b");
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\"}}", "");
	assert_message("{\"message\":\"c\",\"data\":{\"task_status\":\"fail\",\"msg\":\"\"}}", "c");
	assert_message(
		"{\"message\":\"c\",\"data\":{\"task_status\":\"waiting\",\"msg\":\"w\"}}", "");
	assert_message("{\"data\":{\"task_status\":\"succeed\",\"msg\":\"nothing made\"}}",
		"nothing made");
	assert_message("{\"data\":{\"task_status\":\"failed\",\"msg\":\"a\\tb\\u007f\"}}", "a?b?");
}

static void test_envelope_lyrics(void **state)
{
	struct api_tasks tasks = tasks_of(
		"{\"data\":{\"task_status\":\"SUCCEED\",\"output\":{\"audios\":[\"https://h/a\"],"
		"\"lyrics\":\"one\\ntwo\\u001b\"}}}");
	struct buf body;

	assert_string_equal(tasks.items[0].lyrics, "one\ntwo ");
	assert_int_equal(tasks.items[0].urls.count, 1);
	api_tasks_finish(&tasks);
	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"data\":{\"lyrics\":\"x");
	for (int i = 0; i < ENVELOPE_MAX_LYRICS / 2; i++)
		buf_adds(&body, "é");
	buf_adds(&body, "\"}}");
	tasks = tasks_of(body.data);
	assert_int_equal(strlen(tasks.items[0].lyrics), ENVELOPE_MAX_LYRICS - 1);
	assert_true(str_is_utf8(tasks.items[0].lyrics, ENVELOPE_MAX_LYRICS - 1));
	api_tasks_finish(&tasks);
	buf_finish(&body);
}

static void assert_covers(const char *body, size_t urls, const char *covers)
{
	struct api_tasks tasks = tasks_of(body);
	char *joined = strlist_join(&tasks.items[0].covers, " ");

	assert_int_equal(tasks.items[0].urls.count, urls);
	assert_string_equal(joined ? joined : "", covers);
	free(joined);
	api_tasks_finish(&tasks);
}

static void test_envelope_covers(void **state)
{
	assert_covers("{\"data\":{\"audios\":[\"https://h/a\"],\"cover_url\":\"https://h/c\"}}", 1,
		"https://h/c");
	assert_covers("{\"data\":{\"output\":{\"audios\":[\"https://h/a\"],\"cover_url\":"
		      "\"https://h/c\"},\"cover_image_url\":\"https://h/d\"}}",
		1, "https://h/d https://h/c");
	assert_covers("{\"data\":{\"audios\":[{\"url\":\"https://h/a\",\"cover_image_url\":"
		      "\"https://h/c\"},{\"url\":\"https://h/b\",\"cover_url\":\"https://h/d\"}],"
		      "\"cover_url\":\"https://h/c\"}}",
		2, "https://h/c https://h/d");
	/* one that is no good is no result that is missing */
	assert_covers("{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":\"ftp://h/c\"}}", 1, "");
	assert_covers(
		"{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":[\"https://h/c\"]}}", 1, "");
	assert_covers("{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":\"\"}}", 1, "");
	/* those of videos are not taken, and alone it is nothing */
	assert_covers("{\"data\":{\"videos\":[{\"url\":\"https://h/v\",\"cover_url\":"
		      "\"https://h/c\"}],\"cover_url\":\"https://h/c\"}}",
		1, "");
	assert_covers("{\"data\":{\"cover_url\":\"https://h/c\"}}", 0, "");
}

static void test_envelope_answers_without_a_task(void **state)
{
	static const char *const bodies[] = {"{\"status\":200}", "{\"data\":null}", "{\"data\":[]}",
		"{\"data\":[null,1,\"a\"]}", "{\"data\":\"a\"}", "{}"};

	for (size_t i = 0; i < array_length(bodies); i++) {
		struct api_tasks tasks = {0};
		struct api_error error;

		assert_int_equal(envelope_tasks(200, bodies[i], strlen(bodies[i]), &tasks, &error),
			-EBADMSG);
		assert_int_equal(error.class, ERRCLASS_PROTOCOL);
		assert_null(tasks.items);
	}
}

static void test_envelope_task_states(void **state)
{
	static const struct {
		const char *word;
		enum task_state state;
	} words[] = {
		{"waiting", TASK_WAITING},
		{"PENDING", TASK_WAITING},
		{"Processing", TASK_PROCESSING},
		{"RUNNING", TASK_PROCESSING},
		{"succeed", TASK_SUCCEEDED},
		{"SUCCESS", TASK_SUCCEEDED},
		{" complete\n", TASK_SUCCEEDED},
		{"completed", TASK_SUCCEEDED},
		{"failed", TASK_FAILED},
		{"fail", TASK_FAILED},
		{"canceled", TASK_FAILED},
		{"error", TASK_FAILED},
		{"", TASK_UNKNOWN},
		{"succ", TASK_UNKNOWN},
		{"failed soon", TASK_UNKNOWN},
	};

	for (size_t i = 0; i < array_length(words); i++)
		assert_int_equal(envelope_task_state(words[i].word), words[i].state);
	assert_int_equal(envelope_task_state(NULL), TASK_UNKNOWN);
}

static void test_envelope_speakers(void **state)
{
	static const char *const bodies[] = {"{\"data\":[{\"speaker_id\":\"a\",\"speaker_name\":\"Ada\"},{\"id\":\"b\"}]}",
		"{\"status\":200,\"data\":{\"list\":[{\"speakerId\":\"a\",\"name\":\"Ada\"},{},7,{\"id\":\"b\"}]}}"};
	static const char *const none[] = {"{\"data\":[]}", "{\"data\":{}}", "{\"data\":7}", "{\"data\":[{\"id\":7}]}"};
	struct api_error error;

	for (size_t i = 0; i < array_length(bodies); i++) {
		struct strlist speakers = {0};
		assert_int_equal(
			envelope_speakers(200, bodies[i], strlen(bodies[i]), &speakers, &error), 0);
		assert_int_equal(speakers.count, 2);
		assert_string_equal(speakers.items[0], "a (Ada)");
		assert_string_equal(speakers.items[1], "b");
		strlist_finish(&speakers);
	}
	for (size_t i = 0; i < array_length(none); i++) {
		struct strlist speakers = {0};
		assert_int_equal(
			envelope_speakers(200, none[i], strlen(none[i]), &speakers, &error), -EBADMSG);
	}
}

static void test_envelope_balance_and_upload(void **state)
{
	struct api_error error;
	double credits = -7;
	char *url = NULL;
	static const char *const balances[] = {"{\"data\":12.5}",
		"{\"status\":200,\"data\":{\"balance\":12.5}}", "{\"data\":\"12.5\"}"};
	static const char *const no_balances[] = {
		"{\"data\":\"12 or so\"}", "{\"data\":{}}", "{\"data\":null}", "{\"data\":[1]}"};
	static const char *const uploads[] = {"{\"data\":{\"object_url_list\":[\"https://h/u\"]}}",
		"{\"data\":{\"files\":[{\"url\":\"https://h/u\"}]}}", "{\"data\":\"https://h/u\"}",
		"{\"data\":{\"url\":\"https://h/u\"}}"};
	static const char *const no_uploads[] = {"{\"data\":{\"object_url_list\":[]}}",
		"{\"data\":{\"url\":\"ftp://h/u\"}}", "{\"data\":{}}", "{\"status\":1015}"};

	for (size_t i = 0; i < array_length(balances); i++) {
		assert_int_equal(
			envelope_balance(200, balances[i], strlen(balances[i]), &credits, &error),
			0);
		assert_true(credits > 12.4 && credits < 12.6);
	}
	for (size_t i = 0; i < array_length(no_balances); i++)
		assert_int_equal(envelope_balance(200, no_balances[i], strlen(no_balances[i]),
					 &credits, &error),
			-EBADMSG);
	for (size_t i = 0; i < array_length(uploads); i++) {
		assert_int_equal(
			envelope_uploaded(200, uploads[i], strlen(uploads[i]), &url, &error), 0);
		assert_string_equal(url, "https://h/u");
		free(url);
		url = NULL;
	}
	for (size_t i = 0; i < array_length(no_uploads); i++) {
		assert_true(envelope_uploaded(
				    200, no_uploads[i], strlen(no_uploads[i]), &url, &error) < 0);
		assert_null(url);
	}
	assert_int_equal(error.class, ERRCLASS_DAILY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope_reads_a_batch),
		cmocka_unit_test(test_envelope_finds_urls_everywhere),
		cmocka_unit_test(test_envelope_refuses_bad_urls_and_keeps_them),
		cmocka_unit_test(test_envelope_failure_text),
		cmocka_unit_test(test_envelope_lyrics),
		cmocka_unit_test(test_envelope_covers),
		cmocka_unit_test(test_envelope_answers_without_a_task),
		cmocka_unit_test(test_envelope_task_states),
		cmocka_unit_test(test_envelope_speakers),
		cmocka_unit_test(test_envelope_balance_and_upload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
