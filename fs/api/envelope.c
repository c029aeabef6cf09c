/* SPDX-License-Identifier: MIT */
#include "fs/api/envelope.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

static void json_unrefp(json_t **json)
{
	json_decref(*json);
}
#define CLEANUP_JSON CLEANUP(json_unrefp)

enum task_state envelope_task_state(const char *word)
{
	static const struct {
		const char *word;
		enum task_state state;
	} words[] = {
		{"waiting", TASK_WAITING},
		{"pending", TASK_WAITING},
		{"processing", TASK_PROCESSING},
		{"running", TASK_PROCESSING},
		{"succeed", TASK_SUCCEEDED},
		{"success", TASK_SUCCEEDED},
		{"succeeded", TASK_SUCCEEDED},
		{"completed", TASK_SUCCEEDED},
		{"complete", TASK_SUCCEEDED},
		{"failed", TASK_FAILED},
		{"fail", TASK_FAILED},
		{"error", TASK_FAILED},
		{"canceled", TASK_FAILED},
		{"cancelled", TASK_FAILED},
	};
	size_t length = word ? strlen(word) : 0;

	str_trim(&word, &length);
	for (size_t i = 0; i < array_length(words); i++)
		if (strlen(words[i].word) == length &&
			strncasecmp(words[i].word, word, length) == 0)
			return words[i].state;
	return TASK_UNKNOWN;
}

/* An opaque id that is safe in a path once percent-encoded, which "." and ".." are not; U+FFFD stands for what could not
 * be kept. */
static bool id_is_good(const char *id)
{
	size_t length = strlen(id);

	if (length == 0 || length > ENVELOPE_MAX_TASK_ID || strcmp(id, ".") == 0 ||
		strcmp(id, "..") == 0 || strstr(id, "\xef\xbf\xbd"))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7f)
			return false;
	return true;
}

/* The id as text in `room` or in the JSON itself; NULL when it is none. */
static const char *read_id(const json_t *value, char *room, size_t size)
{
	if (json_is_integer(value) && json_integer_value(value) > 0) {
		snprintf(room, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return room;
	}
	return json_is_string(value) && id_is_good(json_string_value(value))
		       ? json_string_value(value)
		       : NULL;
}

static int add_id(struct strlist *ids, const json_t *value)
{
	char room[32];
	const char *id = read_id(value, room, sizeof(room));

	if (!id || ids->count >= ENVELOPE_MAX_TASKS || strlist_has(ids, id))
		return 0;
	return strlist_add(ids, id);
}

/* API reference 3.8: `task_ids` with `batch_id`, or `task_id`. */
static int read_submitted(const json_t *data, struct api_submitted *submitted)
{
	static const char *const list_keys[] = {"task_ids", "taskIds", NULL};
	static const char *const id_keys[] = {"task_id", "taskId", NULL};
	static const char *const batch_keys[] = {"batch_id", "batchId", NULL};
	const json_t *list = wire_get(data, list_keys);
	int64_t batch;
	int r;

	for (size_t i = 0; i < json_array_size(list); i++) {
		r = add_id(&submitted->task_ids, json_array_get(list, i));
		if (r < 0)
			return r;
	}
	if (list && !json_is_array(list)) {
		r = add_id(&submitted->task_ids, list);
		if (r < 0)
			return r;
	}
	if (wire_integer(wire_get(data, batch_keys), 1, INT64_MAX, &batch))
		submitted->batch_id = batch;
	return add_id(&submitted->task_ids, wire_get(data, id_keys));
}

static int read_all_submitted(const json_t *root, struct api_submitted *submitted)
{
	const json_t *data = json_object_get(root, "data");
	int r = 0;

	if (!json_is_array(data))
		return read_submitted(data, submitted);
	for (size_t i = 0; i < json_array_size(data) && r == 0; i++)
		r = read_submitted(json_array_get(data, i), submitted);
	return r;
}

/* A refusal that names a task contradicts itself: the task may exist and cost, so it counts as not understood. */
static int check_refusal(
	int http_status, const char *body, size_t length, int refusal, struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	struct api_submitted submitted = {0};
	char text[sizeof(error->text) + 128] = "";
	int r;

	if (refusal != -EREMOTEIO || http_status < 200 || http_status > 299)
		return refusal;
	r = wire_parse(body, length, &root);
	if (r == 0)
		r = read_all_submitted(root, &submitted);
	if (r == 0 && submitted.task_ids.count > 0)
		snprintf(text, sizeof(text), "it refuses the request, yet names task %.64s: %s",
			submitted.task_ids.items[0], error->text);
	api_submitted_finish(&submitted);
	if (r == -ENOMEM)
		return wire_no_memory(error, http_status);
	return *text ? wire_not_understood(error, http_status, text) : refusal;
}

int envelope_submitted(int http_status, const char *body, size_t length,
	struct api_submitted *ret_submitted, struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	struct api_submitted submitted = {0};
	char text[128] = "the request was accepted, but the answer has no task id";
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return check_refusal(http_status, body, length, r, error);
	r = read_all_submitted(root, &submitted);
	if (r == 0 && submitted.task_ids.count > 0) {
		*ret_submitted = submitted;
		return 0;
	}
	if (submitted.batch_id)
		snprintf(text, sizeof(text),
			"the request was accepted as batch %" PRId64
			", but the answer has no task id",
			submitted.batch_id);
	api_submitted_finish(&submitted);
	return r < 0 ? wire_no_memory(error, http_status)
		     : wire_not_understood(error, http_status, text);
}

static bool url_is_good(const char *url, size_t length)
{
	if (length > ENVELOPE_MAX_URL)
		return false;
	if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
			return false;
	return url[strcspn(url, ":") + 3] != '\0';
}

/* 1: it is none that can be taken. */
static int add_url(struct strlist *urls, const char *url)
{
	size_t length = strlen(url);
	char *copy CLEANUP_FREE = NULL;

	str_trim(&url, &length);
	if (length == 0)
		return 0;
	copy = strndup(url, length);
	if (!copy)
		return -ENOMEM;
	if (strlist_has(urls, copy))
		return 0;
	if (!url_is_good(copy, length) || urls->count >= ENVELOPE_MAX_URLS)
		return 1;
	return strlist_add(urls, copy);
}

static int add_cover(struct api_task *task, const json_t *container)
{
	static const char *const keys[] = {"cover_url", "cover_image_url", NULL};
	const json_t *value = wire_get(container, keys);
	int r = json_is_string(value) ? add_url(&task->covers, json_string_value(value)) : 0;

	return r < 0 ? r : 0;
}

static int add_refused(struct strlist *urls, const char *url)
{
	size_t length = strnlen(url, ENVELOPE_MAX_REFUSED);
	char *text CLEANUP_FREE = NULL;

	if (urls->count >= ENVELOPE_MAX_URLS)
		return 0;
	while (length > 0 && ((unsigned char)url[length] & 0xc0) == 0x80)
		length--;
	if (asprintf(&text, ENVELOPE_REFUSED "%.*s", (int)length, url) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	for (char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			*c = '?';
	return strlist_has(urls, text) ? 0 : strlist_add(urls, text);
}

/* One result: a string, or an object around it (API reference 4.1). */
static int add_element(struct api_task *task, const json_t *element)
{
	static const char *const keys[] = {
		"url", "image_url", "video_url", "audio_url", "src", NULL};

	if (json_is_object(element))
		element = wire_get(element, keys);
	int r = json_is_string(element) ? add_url(&task->urls, json_string_value(element)) : 0;
	return r == 1 ? add_refused(&task->urls, json_string_value(element)) : r;
}

/* One or an array of them. */
static int add_elements(struct api_task *task, const json_t *value, bool sound)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const json_t *element = json_is_array(value) ? json_array_get(value, i) : value;

		r = add_element(task, element);
		if (r == 0 && sound)
			r = add_cover(task, element);
	}
	return r;
}

/* The cover of a video is its own first frame: those of sounds alone are taken. */
static int read_urls(struct api_task *task, const json_t *container, bool *sounds)
{
	static const char *const keys[] = {"images", "image_urls", "image_url", "image", "videos",
		"video_urls", "video_url", "video"};
	static const char *const sound_keys[] = {"audios", "audio_urls", "audio_url", "audio"};
	size_t before;
	int r = 0;

	for (size_t i = 0; i < array_length(keys) && r == 0; i++)
		r = add_elements(task, json_object_get(container, keys[i]), false);
	before = task->urls.count;
	for (size_t i = 0; i < array_length(sound_keys) && r == 0; i++)
		r = add_elements(task, json_object_get(container, sound_keys[i]), true);
	*sounds = *sounds || task->urls.count > before;
	return r;
}

/* Line feeds and tabs stay, other control bytes do not; cut at a code point. Caller frees; NULL: no memory. */
static char *copy_text(const char *text)
{
	size_t length = strlen(text);

	if (length > ENVELOPE_MAX_LYRICS) {
		length = ENVELOPE_MAX_LYRICS;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	char *copy = strndup(text, length);
	for (char *c = copy; c && *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = ' ';
	return copy;
}

static int read_lyrics(struct api_task *task, const json_t *container)
{
	const char *text = wire_text(container, "lyrics");

	/* what was said in a recording may be nothing at all */
	if (!text)
		text = json_string_value(json_object_get(container, "speech_text"));
	if (!text || task->lyrics)
		return 0;
	task->lyrics = copy_text(text);
	return task->lyrics ? 0 : -ENOMEM;
}

/* Why a task failed: its own words, else the envelope's; "Success" is about the question. */
static void read_failure(struct api_task *task, const json_t *root, const json_t *data,
	const json_t *output, const json_t *result)
{
	static const char *const praise[] = {"success", "succeed", "ok"};
	const json_t *places[] = {data, result, output, task->state == TASK_FAILED ? root : NULL};

	for (size_t i = 0; i < array_length(places) && !task->message[0]; i++) {
		wire_message(places[i], task->message, sizeof(task->message));
		for (size_t k = 0; k < array_length(praise); k++)
			if (strcasecmp(task->message, praise[k]) == 0)
				task->message[0] = '\0';
	}
}

static int read_task(const json_t *root, const json_t *data, struct api_task *task)
{
	static const char *const id_keys[] = {"task_id", "taskId", NULL};
	static const char *const state_keys[] = {"task_status", "taskStatus", NULL};
	const json_t *output = json_object_get(data, "output");
	const json_t *result = json_object_get(data, "task_result");
	const json_t *places[] = {data, output, result};
	const char *word = json_string_value(wire_get(data, state_keys));
	char room[32];
	const char *id = read_id(wire_get(data, id_keys), room, sizeof(room));
	bool sounds = false;

	task->state = envelope_task_state(word ? word : "");
	if (word)
		wire_printable(word, task->raw_state, sizeof(task->raw_state));
	if (id) {
		task->id = strdup(id);
		if (!task->id)
			return -ENOMEM;
	}
	for (size_t i = 0; i < array_length(places); i++) {
		int r = read_urls(task, places[i], &sounds);

		if (r == 0)
			r = read_lyrics(task, places[i]);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; sounds && i < array_length(places); i++)
		if (add_cover(task, places[i]) < 0)
			return -ENOMEM;
	if (task->state == TASK_FAILED || task->state == TASK_UNKNOWN ||
		(task->state == TASK_SUCCEEDED && task->urls.count == 0))
		read_failure(task, root, data, output, result);
	return 0;
}

int envelope_tasks(int http_status, const char *body, size_t length, struct api_tasks *ret_tasks,
	struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	struct api_tasks tasks = {0};
	const json_t *data;
	size_t count;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	data = json_object_get(root, "data");
	count = json_is_array(data) ? json_array_size(data) : 1;
	if (count > ENVELOPE_MAX_TASKS)
		count = ENVELOPE_MAX_TASKS;
	tasks.items = calloc(count ? count : 1, sizeof(*tasks.items));
	if (!tasks.items)
		return wire_no_memory(error, http_status);
	for (size_t i = 0; i < count && r == 0; i++) {
		const json_t *item = json_is_array(data) ? json_array_get(data, i) : data;

		if (json_is_object(item))
			r = read_task(root, item, &tasks.items[tasks.count++]);
	}
	if (r == 0 && tasks.count > 0) {
		*ret_tasks = tasks;
		return 0;
	}
	api_tasks_finish(&tasks);
	return r < 0 ? wire_no_memory(error, http_status)
		     : wire_not_understood(error, http_status, "the answer tells of no task");
}

int envelope_balance(int http_status, const char *body, size_t length, double *ret_credits,
	struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	const json_t *data;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	data = json_object_get(root, "data");
	if (json_is_object(data))
		data = json_object_get(data, "balance");
	if (!json_is_number(data) || !isfinite(json_number_value(data)))
		return wire_not_understood(error, http_status, "the answer has no balance");
	*ret_credits = json_number_value(data);
	return 0;
}

int envelope_uploaded(
	int http_status, const char *body, size_t length, char **ret_url, struct api_error *error)
{
	static const char *const keys[] = {"object_url_list", "object_url", "url", "file_url",
		"public_url", "files", "list", NULL};
	json_t *root CLEANUP_JSON = NULL;
	struct api_task found = {0};
	const json_t *value;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	value = json_object_get(root, "data");
	if (json_is_object(value))
		value = wire_get(value, keys);
	r = add_element(&found, json_is_array(value) ? json_array_get(value, 0) : value);
	if (r == 0 && found.urls.count == 1 &&
		strncmp(found.urls.items[0], ENVELOPE_REFUSED, strlen(ENVELOPE_REFUSED)) != 0)
		*ret_url = steal(&found.urls.items[0]);
	else if (r == 0)
		r = wire_not_understood(
			error, http_status, "the answer has no address of the upload");
	else
		r = wire_no_memory(error, http_status);
	strlist_finish(&found.urls);
	return r;
}

int envelope_text(int http_status, const char *body, size_t length, const char *member,
	char **ret_text, struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	const char *text = wire_text(json_object_get(root, "data"), member);
	if (!text)
		return wire_not_understood(error, http_status, "the answer has no text");
	char *copy = copy_text(text);
	if (!copy)
		return wire_no_memory(error, http_status);
	*ret_text = copy;
	return 0;
}

void api_submitted_finish(struct api_submitted *submitted)
{
	strlist_finish(&submitted->task_ids);
	*submitted = (struct api_submitted){0};
}

void api_tasks_finish(struct api_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		free(tasks->items[i].id);
		strlist_finish(&tasks->items[i].urls);
		strlist_finish(&tasks->items[i].covers);
		free(tasks->items[i].lyrics);
	}
	free(tasks->items);
	*tasks = (struct api_tasks){0};
}
