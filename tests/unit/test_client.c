/* SPDX-License-Identifier: MIT */
/* The http of this test is its own: it records what was started and answers by hand. */
#include "fs/api/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

struct http_request {
	struct http_events events;
	void *arg;
	char url[512], post[256], bearer[64];
	struct http_spec spec;
	struct strlist headers;
	struct http_upload upload;
	bool live;
};

static struct http_request requests[8];
static size_t started, cancelled;
static int start_error;

int http_start(struct http *http, const struct http_spec *spec, const struct http_events *events,
	void *arg, struct http_request **ret_request)
{
	struct http_request *request = &requests[started];

	if (start_error)
		return start_error;
	assert_true(started < array_length(requests));
	started++;
	*request =
		(struct http_request){.events = *events, .arg = arg, .spec = *spec, .live = true};
	snprintf(request->url, sizeof(request->url), "%s", spec->url);
	snprintf(request->post, sizeof(request->post), "%s", spec->post ? spec->post : "");
	snprintf(request->bearer, sizeof(request->bearer), "%s", spec->bearer ? spec->bearer : "");
	if (spec->upload)
		request->upload = *spec->upload;
	assert_int_equal(strlist_copy(&request->headers, spec->headers), 0);
	*ret_request = request;
	return 0;
}

void http_cancel(struct http_request *request)
{
	assert_true(!request || request->live);
	if (request)
		request->live = false;
	cancelled++;
}

int http_check_url(const char *url)
{
	return strncmp(url, "http", 4) == 0 ? 0 : -EINVAL;
}

/* Enough for this test; http's own is tested with http. */
char *http_escape(const char *segment)
{
	char *text = strdup(segment);

	for (char *c = text; c && *c; c++)
		if (*c == '/')
			*c = '_';
	return text;
}

static void answer_with(size_t index, const struct http_end *end, const char *body)
{
	struct http_request *request = &requests[index];

	assert_true(index < started && request->live);
	request->live = false;
	for (size_t i = 0, length = strlen(body); i < length; i += 7)
		assert_int_equal(request->events.body(
					 request->arg, body + i, length - i < 7 ? length - i : 7),
			0);
	request->events.done(request->arg, end);
}

static void answer(size_t index, int status, const char *body)
{
	struct http_end end = {
		.maybe_sent = true, .head.status = status, .head.retry_after_ms = -1};

	answer_with(index, &end, body);
}

struct seen {
	int calls;
	struct api_submit_answer submit;
	char first_id[64];
	struct api_tasks_answer tasks;
	struct api_balance_answer balance;
	size_t models;
	struct api_error error;
	int result;
	struct api_client *destroy;
	struct api_call *cancel;
};

static void act(struct seen *seen)
{
	seen->calls++;
	api_cancel(seen->cancel);
	api_destroy(seen->destroy);
}

static void on_submit(void *arg, struct api_submit_answer *answer)
{
	struct seen *seen = arg;

	seen->submit = *answer;
	if (answer->submitted.task_ids.count)
		snprintf(seen->first_id, sizeof(seen->first_id), "%s",
			answer->submitted.task_ids.items[0]);
	act(seen);
}

static void on_tasks(void *arg, struct api_tasks_answer *answer)
{
	struct seen *seen = arg;

	seen->tasks = *answer;
	if (answer->tasks.count)
		snprintf(seen->first_id, sizeof(seen->first_id), "%s", answer->tasks.items[0].id);
	act(seen);
}

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct seen *seen = arg;

	seen->balance = *answer;
	act(seen);
}

static void on_upload(void *arg, struct api_upload_answer *answer)
{
	struct seen *seen = arg;

	assert_int_equal(answer->result < 0, answer->url == NULL);
	snprintf(seen->first_id, sizeof(seen->first_id), "%s", answer->url ? answer->url : "");
	seen->result = answer->result;
	seen->error = answer->error;
	act(seen);
}

static void on_models(void *arg, struct api_models_answer *answer)
{
	struct seen *seen = arg;

	seen->models = answer->models.count;
	seen->result = answer->result;
	seen->error = answer->error;
	act(seen);
}

static struct api_client *create(void)
{
	static const struct api_options options = {.base_url = "https://api.example/",
		.models_base_url = "https://models.example",
		.request_timeout_ms = 30000};
	struct api_client *client;

	for (size_t i = 0; i < started; i++)
		strlist_finish(&requests[i].headers);
	started = cancelled = 0;
	start_error = 0;
	assert_int_equal(api_create(NULL, &options, &client), 0);
	assert_int_equal(api_set_key(client, "sk-secret"), 0);
	return client;
}

static void end(struct api_client *client)
{
	api_destroy(client);
	for (size_t i = 0; i < started; i++)
		strlist_finish(&requests[i].headers);
	started = 0;
}

static void test_client_submits_once_with_the_recorded_bytes(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_call *call;

	assert_int_equal(
		api_submit(client, "text-to-image", NULL, "{\"a\":1}", on_submit, &seen, &call), 0);
	assert_int_equal(seen.calls, 0);
	assert_string_equal(requests[0].url, "https://api.example/v1/generation/text-to-image");
	assert_string_equal(requests[0].post, "{\"a\":1}");
	assert_int_equal(requests[0].spec.post_length, 7);
	assert_string_equal(requests[0].bearer, "sk-secret");
	assert_true(requests[0].spec.once);
	assert_int_equal(requests[0].spec.max_redirects, 0);
	assert_int_equal(requests[0].spec.range_start, -1);
	assert_int_equal(requests[0].spec.max_bytes, ENVELOPE_MAX_BYTES);
	assert_int_equal(requests[0].spec.stall_ms, 30000);
	assert_int_equal(requests[0].spec.total_ms, 30000);
	for (size_t i = 0; i < requests[0].headers.count; i++)
		assert_null(strstr(requests[0].headers.items[i], "sk-"));
	answer(0, 200, "{\"status\":200,\"data\":{\"batch_id\":5,\"task_ids\":[\"x\",\"y\"]}}");
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.submit.outcome, API_ACCEPTED);
	assert_true(seen.submit.submitted.batch_id == 5);
	assert_string_equal(seen.first_id, "x");
	assert_int_equal(started, 1);
	end(client);
}

static void test_client_submit_outcomes(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum api_outcome outcome;
		bool may_repeat;
	} cases[] = {
		{200, "{\"status\":1001,\"msg\":\"rate limit\"}", API_REJECTED, true},
		{200, "{\"status\":1007}", API_REJECTED, true},
		{200, "{\"status\":6002}", API_REJECTED, true},
		{200, "{\"status\":6010}", API_REJECTED, true},
		{429, "", API_REJECTED, true},
		{429, "<html>", API_REJECTED, true},
		{200, "{\"status\":1002}", API_REJECTED, false},
		{200, "{\"status\":1003}", API_REJECTED, false},
		{200, "{\"status\":1006}", API_REJECTED, false},
		{200, "{\"status\":1011}", API_REJECTED, false},
		{200, "{\"status\":1017}", API_REJECTED, false},
		{200, "{\"status\":2003}", API_REJECTED, false},
		{200, "{\"status\":6101}", API_REJECTED, false},
		{400, "", API_REJECTED, false},
		{401, "", API_REJECTED, false},
		{403, "<html>", API_REJECTED, false},
		{404, "", API_REJECTED, false},
		{405, "", API_REJECTED, false},
		{413, "", API_REJECTED, false},
		{415, "", API_REJECTED, false},
		{422, "", API_REJECTED, false},
		{200, "{\"status\":5000}", API_UNCERTAIN, false},
		{200, "{\"status\":6001}", API_UNCERTAIN, false},
		{200, "{\"status\":6003}", API_REJECTED, false},
		{200, "{\"status\":6004}", API_REJECTED, false},
		{200, "{\"status\":7777,\"msg\":\"rate limit\"}", API_REJECTED, false},
		{200, "{\"status\":429}", API_REJECTED, true},
		{200, "{\"status\":503}", API_UNCERTAIN, false},
		{200, "{\"success\":false}", API_REJECTED, false},
		{409, "{\"message\":\"no\"}", API_REJECTED, false},
		{408, "{\"status\":408}", API_UNCERTAIN, false},
		{200, "{\"status\":200}", API_UNCERTAIN, false},
		{200, "", API_UNCERTAIN, false},
		{200, "<html>invalid key</html>", API_UNCERTAIN, false},
		{200, "{\"status\":200,\"data\":{\"task_ids\":[\"x\"", API_UNCERTAIN, false},
		{204, "", API_UNCERTAIN, false},
		{302, "", API_UNCERTAIN, false},
		{408, "{\"status\":1007}", API_REJECTED, true},
		{409, "", API_UNCERTAIN, false},
		{499, "", API_UNCERTAIN, false},
		{500, "", API_UNCERTAIN, false},
		{500, "{\"status\":1002,\"msg\":\"parameter\"}", API_UNCERTAIN, false},
		{503, "{\"status\":1007}", API_UNCERTAIN, false},
		{504, "<html>", API_UNCERTAIN, false},
		{500, "{\"data\":{\"task_id\":\"x\"}}", API_UNCERTAIN, false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct api_client *client = create();
		struct seen seen = {0};

		assert_int_equal(
			api_submit(client, "text-to-video", NULL, "{}", on_submit, &seen, NULL), 0);
		answer(0, cases[i].status, cases[i].body);
		if (seen.submit.outcome != cases[i].outcome ||
			errclass_may_repeat(&seen.submit.error) != cases[i].may_repeat)
			fail_msg("HTTP %d %s: outcome %d, class %s", cases[i].status, cases[i].body,
				(int)seen.submit.outcome, errclass_name(seen.submit.error.class));
		if (cases[i].outcome == API_UNCERTAIN)
			assert_int_equal(errclass_spent(&seen.submit.error), SPENT_UNKNOWN);
		end(client);
	}
}

static void test_client_tells_not_sent_from_lost(void **state)
{
	static const struct {
		int error;
		bool maybe_sent;
		int status;
		enum api_outcome outcome;
	} cases[] = {
		{-ECONNREFUSED, false, 0, API_NOT_SENT},
		{-ETIMEDOUT, true, 0, API_UNCERTAIN},
		{-ECONNRESET, true, 200, API_UNCERTAIN},
		{-EFBIG, true, 200, API_UNCERTAIN},
		{-ECONNRESET, true, 429, API_UNCERTAIN},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct api_client *client = create();
		struct seen seen = {0};
		struct http_end lost = {.error = cases[i].error,
			.maybe_sent = cases[i].maybe_sent,
			.head.status = cases[i].status,
			.head.retry_after_ms = -1,
			.text = "it broke"};

		assert_int_equal(
			api_submit(client, "text-to-image", NULL, "{}", on_submit, &seen, NULL), 0);
		answer_with(0, &lost, "{\"status\":200,\"data\":{\"task_id\":\"x\"}}");
		assert_int_equal(seen.submit.outcome, cases[i].outcome);
		assert_int_equal(seen.submit.error.class, ERRCLASS_NETWORK);
		assert_string_equal(seen.submit.error.text, "it broke");
		assert_int_equal(seen.submit.submitted.task_ids.count, 0);
		assert_int_equal(errclass_spent(&seen.submit.error),
			cases[i].outcome == API_NOT_SENT ? SPENT_NO : SPENT_UNKNOWN);
		assert_false(errclass_may_repeat(&seen.submit.error));
		end(client);
	}
}

static void test_client_passes_retry_after_on(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};
	struct http_end slow = {
		.maybe_sent = true, .head.status = 429, .head.retry_after_ms = 15000};

	assert_int_equal(
		api_submit(client, "text-to-image", NULL, "{}", on_submit, &seen, NULL), 0);
	assert_int_equal(api_task_status(client, "x", on_tasks, &seen, NULL), 0);
	answer_with(0, &slow, "");
	assert_int_equal(seen.submit.error.retry_after_ms, 15000);
	answer_with(1, &slow, "{}");
	assert_int_equal(seen.tasks.error.retry_after_ms, 15000);
	assert_int_equal(seen.tasks.result, -EREMOTEIO);
	end(client);
}

static void test_client_puts_the_task_that_was_asked_for_first(void **state)
{
	static const char body[] = "{\"data\":[{\"task_id\":\"a\"},{\"task_id\":\"b\"}]}";
	struct api_client *client = create();
	struct seen seen = {0};

	assert_int_equal(api_task_status(client, "b", on_tasks, &seen, NULL), 0);
	assert_string_equal(requests[0].url, "https://api.example/v1/generation/b/status");
	assert_false(requests[0].spec.once);
	assert_null(requests[0].spec.post);
	assert_int_equal(requests[0].spec.max_redirects, 0);
	answer(0, 200, body);
	assert_string_equal(seen.first_id, "b");
	assert_int_equal(seen.tasks.tasks.count, 2);
	assert_int_equal(api_task_status(client, "c", on_tasks, &seen, NULL), 0);
	answer(1, 200, body);
	assert_string_equal(seen.first_id, "a");
	end(client);
}

static void test_client_keeps_ids_out_of_the_path_grammar(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};

	assert_int_equal(api_task_status(client, "", on_tasks, &seen, NULL), -EINVAL);
	assert_int_equal(api_task_status(client, ".", on_tasks, &seen, NULL), -EINVAL);
	assert_int_equal(api_task_status(client, "..", on_tasks, &seen, NULL), -EINVAL);
	assert_int_equal(api_batch_status(client, 0, on_tasks, &seen, NULL), -EINVAL);
	assert_int_equal(api_models(client, API_AUDIO, on_models, &seen, NULL), -EINVAL);
	assert_int_equal(started, 0);
	assert_int_equal(api_task_status(client, "../x", on_tasks, &seen, NULL), 0);
	assert_string_equal(requests[0].url, "https://api.example/v1/generation/.._x/status");
	end(client);
}

static void test_client_questions(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};

	assert_int_equal(api_batch_status(client, 9007199254740993, on_tasks, &seen, NULL), 0);
	assert_string_equal(
		requests[0].url, "https://api.example/v1/generation/batch/9007199254740993/status");
	assert_int_equal(api_balance(client, on_balance, &seen, NULL), 0);
	assert_string_equal(requests[1].url, "https://api.example/v1/generation/balance");
	assert_int_equal(api_models(client, API_IMAGE, on_models, &seen, NULL), 0);
	assert_string_equal(requests[2].url, "https://models.example/growthai/v1/image/models");
	assert_int_equal(api_models(client, API_VIDEO, on_models, &seen, NULL), 0);
	assert_string_equal(requests[3].url, "https://models.example/growthai/v1/video/models");
	assert_string_equal(requests[3].bearer, "sk-secret");
	answer(1, 200, "{\"data\":7}");
	assert_true(seen.balance.credits > 6.9 && seen.balance.credits < 7.1);
	answer(2, 200, "{\"data\":{\"text_to_image\":[{\"id\":\"A\"}]}}");
	assert_int_equal(seen.models, 1);
	answer(3, 404, "");
	assert_int_equal(seen.result, -EREMOTEIO);
	assert_int_equal(seen.error.class, ERRCLASS_NOT_FOUND);
	answer(0, 200, "{\"data\":[{\"task_id\":\"a\"}]}");
	assert_int_equal(seen.tasks.result, 0);
	assert_int_equal(seen.calls, 4);
	end(client);
}

static ssize_t read_nothing(void *arg, int64_t offset, char *data, size_t length)
{
	return 0;
}

static void test_client_uploads(void **state)
{
	static const struct {
		int status;
		const char *body, *url;
		int result;
		enum errclass class;
	} answers[] = {
		{200, "{\"status\":200,\"data\":{\"object_url_list\":[\"https://h/u\"]}}",
			"https://h/u", 0, ERRCLASS_NONE},
		{200, "{\"status\":0,\"data\":{\"url\":\"https://h/v\"}}", "https://h/v", 0,
			ERRCLASS_NONE},
		{200, "{\"status\":1014,\"message\":\"too large\"}", "", -EREMOTEIO,
			ERRCLASS_PARAMETER},
		{200, "{\"status\":1015,\"message\":\"daily limit\"}", "", -EREMOTEIO,
			ERRCLASS_DAILY},
		{200, "{\"status\":200,\"data\":{\"object_url_list\":[\"file:///etc/passwd\"]}}",
			"", -EBADMSG, ERRCLASS_PROTOCOL},
		{200, "<html>", "", -EBADMSG, ERRCLASS_PROTOCOL},
		{500, "", "", -EREMOTEIO, ERRCLASS_SERVER},
	};
	struct http_upload file = {.field = "wrong",
		.name = "input.png",
		.type = "image/png",
		.size = 5000000000,
		.read = read_nothing,
		.arg = &file};
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_call *call;

	for (size_t i = 0; i < array_length(answers); i++) {
		assert_int_equal(api_upload(client, &file, on_upload, &seen, &call), 0);
		answer(i, answers[i].status, answers[i].body);
		assert_int_equal(seen.calls, i + 1);
		assert_string_equal(seen.first_id, answers[i].url);
		assert_int_equal(seen.result, answers[i].result);
		if (answers[i].result < 0)
			assert_int_equal(seen.error.class, answers[i].class);
	}
	assert_string_equal(requests[0].url, "https://api.example/v1/generation/upload-file");
	assert_string_equal(requests[0].bearer, "sk-secret");
	assert_null(requests[0].spec.post);
	assert_string_equal(requests[0].upload.field, "file");
	assert_string_equal(requests[0].upload.name, "input.png");
	assert_string_equal(requests[0].upload.type, "image/png");
	assert_true(requests[0].upload.size == 5000000000);
	assert_ptr_equal(requests[0].upload.arg, &file);
	/* it costs nothing, so it may be repeated; and takes as long as it moves */
	assert_false(requests[0].spec.once);
	assert_int_equal(requests[0].spec.total_ms, 0);
	assert_int_equal(requests[0].spec.stall_ms, 30000);
	assert_int_equal(requests[0].spec.max_redirects, 0);
	for (size_t i = 0; i < requests[0].headers.count; i++)
		assert_null(strstr(requests[0].headers.items[i], "Content-Type"));
	assert_string_equal(file.field, "wrong");
	end(client);
}

static void test_client_upload_without_an_answer(void **state)
{
	const struct http_end lost = {.error = -ETIMEDOUT, .maybe_sent = true, .text = "stalled"};
	struct http_upload file = {
		.name = "input.png", .type = "image/png", .size = 1, .read = read_nothing};
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_call *call;

	assert_int_equal(api_upload(client, &file, on_upload, &seen, &call), 0);
	answer_with(0, &lost, "");
	assert_int_equal(seen.result, -ETIMEDOUT);
	assert_int_equal(seen.error.class, ERRCLASS_NETWORK);
	assert_string_equal(seen.error.text, "stalled");
	assert_int_equal(api_upload(client, &file, on_upload, &seen, &call), 0);
	api_cancel(call);
	assert_int_equal(api_upload(client, &file, on_upload, &seen, &call), 0);
	assert_int_equal(seen.calls, 1);
	start_error = -ENOMEM;
	assert_int_equal(api_upload(client, &file, on_upload, &seen, &call), -ENOMEM);
	end(client);
	assert_int_equal(seen.calls, 1);
}

static void test_client_cancel_and_destroy_at_any_time(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_call *call;

	api_cancel(NULL);
	assert_int_equal(api_task_status(client, "a", on_tasks, &seen, &call), 0);
	api_cancel(call);
	assert_int_equal(cancelled, 1);
	/* from inside its own callback, where it is over already */
	assert_int_equal(api_task_status(client, "a", on_tasks, &seen, &seen.cancel), 0);
	answer(1, 200, "{\"data\":{\"task_id\":\"a\"}}");
	assert_int_equal(seen.calls, 1);
	assert_int_equal(cancelled, 1);
	seen.cancel = NULL;
	/* two that run, one that ends and destroys the client */
	assert_int_equal(api_balance(client, on_balance, &seen, NULL), 0);
	assert_int_equal(
		api_submit(client, "text-to-image", NULL, "{}", on_submit, &seen, NULL), 0);
	assert_int_equal(api_balance(client, on_balance, &seen, NULL), 0);
	seen.destroy = client;
	answer(3, 200, "{\"data\":{\"task_id\":\"a\"}}");
	assert_int_equal(seen.calls, 2);
	assert_int_equal(cancelled, 3);
	end(NULL);
}

static void test_client_start_errors_come_back_at_once(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_call *call = NULL;

	start_error = -ENOMEM;
	assert_int_equal(
		api_submit(client, "text-to-image", NULL, "{}", on_submit, &seen, &call), -ENOMEM);
	assert_int_equal(api_task_status(client, "a", on_tasks, &seen, &call), -ENOMEM);
	assert_null(call);
	assert_int_equal(seen.calls, 0);
	end(client);
}

static void test_client_keys(void **state)
{
	struct api_client *client = create();
	struct seen seen = {0};
	struct api_options options = {.base_url = "ftp://x", .models_base_url = "https://m"};
	struct api_client *other = NULL;

	assert_int_equal(api_set_key(client, "sk-a\r\nX: y"), -EINVAL);
	assert_int_equal(api_set_key(client, "sk-new"), 0);
	assert_int_equal(api_balance(client, on_balance, &seen, NULL), 0);
	assert_string_equal(requests[0].bearer, "sk-new");
	assert_int_equal(api_set_key(client, NULL), 0);
	assert_int_equal(api_balance(client, on_balance, &seen, NULL), 0);
	assert_string_equal(requests[1].bearer, "");
	assert_int_equal(api_create(NULL, &options, &other), -EINVAL);
	assert_null(other);
	api_destroy(NULL);
	end(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_submits_once_with_the_recorded_bytes),
		cmocka_unit_test(test_client_submit_outcomes),
		cmocka_unit_test(test_client_tells_not_sent_from_lost),
		cmocka_unit_test(test_client_passes_retry_after_on),
		cmocka_unit_test(test_client_puts_the_task_that_was_asked_for_first),
		cmocka_unit_test(test_client_keeps_ids_out_of_the_path_grammar),
		cmocka_unit_test(test_client_questions),
		cmocka_unit_test(test_client_uploads),
		cmocka_unit_test(test_client_upload_without_an_answer),
		cmocka_unit_test(test_client_cancel_and_destroy_at_any_time),
		cmocka_unit_test(test_client_start_errors_come_back_at_once),
		cmocka_unit_test(test_client_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
