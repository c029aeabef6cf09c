/* SPDX-License-Identifier: MIT */
/* What is known of a task: its state, the addresses of what it has made, and why it failed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/api/envelope_private.h"
#include "fs/api/wire.h"
#include "fs/base/buf.h"

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

static int add_cover(struct api_task *task, const json_t *container)
{
	static const char *const keys[] = {"cover_url", "cover_image_url", NULL};
	const json_t *value = wire_get(container, keys);
	int r = json_is_string(value) ? envelope_add_url(&task->covers, json_string_value(value)) : 0;

	return r < 0 ? r : 0;
}

/* One or an array of them. */
static int add_elements(struct api_task *task, const json_t *value, bool sound)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const json_t *element = json_is_array(value) ? json_array_get(value, i) : value;

		r = envelope_add_result(&task->urls, element);
		if (r == 0 && sound)
			r = add_cover(task, element);
	}
	return r;
}

/* The cover of a video is its own first frame: those of sounds alone are taken. */
static int read_urls(struct api_task *task, const json_t *container, bool *sounds)
{
	static const char *const keys[] = {"images", "image_urls", "image_url", "image", "videos",
		"video_urls", "video_url", "video", "urls", "url"};
	static const char *const sound_keys[] = {"audios", "audio_urls", "audio_url", "audio"};
	size_t before;
	int r = json_is_array(container) ? add_elements(task, container, false) : 0;

	for (size_t i = 0; i < array_length(keys) && r == 0; i++)
		r = add_elements(task, json_object_get(container, keys[i]), false);
	before = task->urls.count;
	for (size_t i = 0; i < array_length(sound_keys) && r == 0; i++)
		r = add_elements(task, json_object_get(container, sound_keys[i]), true);
	*sounds = *sounds || task->urls.count > before;
	return r;
}

static int read_lyrics(struct api_task *task, const json_t *container)
{
	const char *text = wire_text(container, "lyrics");

	/* what was said in a recording may be nothing at all */
	if (!text)
		text = json_string_value(json_object_get(container, "speech_text"));
	if (!text || task->lyrics)
		return 0;
	task->lyrics = envelope_copy_text(text);
	return task->lyrics ? 0 : -ENOMEM;
}

/* One line of a podcast's script: who, and what. */
static void add_line(struct buf *text, const json_t *line)
{
	const char *who = wire_text(line, "speaker_name"), *what = wire_text(line, "content");

	if (!who)
		who = wire_text(line, "speaker_id");
	if (what)
		buf_addf(text, "%s%s%s\n", who ? who : "", who ? ": " : "", what);
}

static int read_script(struct api_task *task, const json_t *container)
{
	static const char *const keys[] = {"scripts", "script", NULL};
	const json_t *script = wire_get(container, keys);
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, ENVELOPE_MAX_BYTES);
	if (!script || task->lyrics)
		return 0;
	if (json_is_string(script))
		buf_adds(&text, json_string_value(script));
	for (size_t i = 0; i < json_array_size(script); i++)
		add_line(&text, json_array_get(script, i));
	if (!buf_ok(&text))
		return -ENOMEM;
	if (text.length == 0)
		return 0;
	task->lyrics = envelope_copy_text(text.data);
	return task->lyrics ? 0 : -ENOMEM;
}

/* A podcast has two halves, and says in a word of its own how far they are; its task_status alone is not reliable (API
 * reference 3.20). */
static void read_halves(struct api_task *task, const json_t *data, const json_t *output)
{
	static const char *const keys[] = {"content_status", "contentStatus", NULL};
	const char *word = json_string_value(wire_get(data, keys));

	if (!word)
		word = json_string_value(wire_get(output, keys));
	if (!word || !*word)
		return;
	wire_printable(word, task->raw_state, sizeof(task->raw_state));
	if (strcasecmp(word, "audio-success") == 0)
		task->state = TASK_SUCCEEDED;
	else if (strcasecmp(word, "text-fail") == 0 || strcasecmp(word, "audio-fail") == 0)
		task->state = TASK_FAILED;
	else if (task->state != TASK_FAILED)
		task->state = TASK_PROCESSING;
	task->half_done = strcasecmp(word, "text-success") == 0 && task->state != TASK_FAILED;
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
	static const char *const state_keys[] = {"task_status", "taskStatus", "status", "state", NULL};
	static const char *const result_keys[] = {"task_result", "taskResult", "result", "results", NULL};
	const json_t *output = json_object_get(data, "output");
	const json_t *result = wire_get(data, result_keys);
	const json_t *places[] = {data, output, result};
	const char *word = json_string_value(wire_get(data, state_keys));
	char room[ENVELOPE_ID_ROOM];
	const char *id = envelope_read_id(wire_get(data, id_keys), room);
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
		if (r == 0)
			r = read_script(task, places[i]);
		if (r < 0)
			return r;
	}
	read_halves(task, data, output);
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
