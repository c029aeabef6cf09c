/* SPDX-License-Identifier: MIT */
/* The answer to a submission: it names the tasks that were made, refuses, or does neither. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/api/envelope_private.h"
#include "fs/api/wire.h"

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

const char *envelope_read_id(const json_t *value, char room[static ENVELOPE_ID_ROOM])
{
	if (json_is_integer(value) && json_integer_value(value) > 0) {
		snprintf(room, ENVELOPE_ID_ROOM, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return room;
	}
	return json_is_string(value) && id_is_good(json_string_value(value))
		       ? json_string_value(value)
		       : NULL;
}

static int add_id(struct strlist *ids, const json_t *value)
{
	static const char *const keys[] = {"task_id", "taskId", "id", NULL};
	char room[ENVELOPE_ID_ROOM];
	const char *id = envelope_read_id(json_is_object(value) ? wire_get(value, keys) : value, room);

	if (!id || ids->count >= ENVELOPE_MAX_TASKS || strlist_has(ids, id))
		return 0;
	return strlist_add(ids, id);
}

/* API reference 3.8: `task_ids` with `batch_id`, or `task_id`. */
static int read_submitted(const json_t *data, struct api_submitted *submitted)
{
	static const char *const list_keys[] = {"task_ids", "taskIds", "tasks", NULL};
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

void api_submitted_finish(struct api_submitted *submitted)
{
	strlist_finish(&submitted->task_ids);
	*submitted = (struct api_submitted){0};
}
