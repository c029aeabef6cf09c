/* SPDX-License-Identifier: MIT */
#include "fs/api/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/api/envelope.h"
#include "fs/api/json_mend.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

/* each byte that is no UTF-8 becomes an escape of six */
#define MENDED_MAX (6 * ENVELOPE_MAX_BYTES)

static unsigned long failed_allocations;

static void *counting_malloc(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		failed_allocations++;
	return memory;
}

unsigned long wire_memory_mark(void)
{
	json_set_alloc_funcs(counting_malloc, free);
	return failed_allocations;
}

bool wire_memory_failed(unsigned long mark)
{
	return failed_allocations != mark;
}

/* An upper bound: brackets and commas inside strings count as well. */
static bool few_nodes(const char *text, size_t length)
{
	size_t nodes = 0;

	for (size_t i = 0; i < length; i++)
		nodes += text[i] == '{' || text[i] == '[' || text[i] == ',';
	return nodes <= WIRE_MAX_NODES;
}

static int load(const char *text, size_t length, json_t **ret_root)
{
	unsigned long mark = wire_memory_mark();
	json_t *root = json_loadb(text, length, 0, NULL);

	if (wire_memory_failed(mark)) {
		json_decref(root);
		return -ENOMEM;
	}
	if (!root)
		return -EBADMSG;
	*ret_root = root;
	return 0;
}

int wire_parse(const char *text, size_t length, json_t **ret_root)
{
	CLEANUP(buf_finish) struct buf mended;
	int r;

	buf_init(&mended, MENDED_MAX);
	if (length == 0 || length > ENVELOPE_MAX_BYTES || !few_nodes(text, length))
		return -EBADMSG;
	r = load(text, length, ret_root);
	if (r != -EBADMSG)
		return r;
	if (json_mend(text, length, &mended) < 0)
		return -ENOMEM;
	/* nothing was mended */
	if (mended.length == length && memcmp(mended.data, text, length) == 0)
		return -EBADMSG;
	return load(mended.data, mended.length, ret_root);
}

json_t *wire_get(const json_t *object, const char *const *keys)
{
	for (; *keys; keys++) {
		json_t *value = json_object_get(object, *keys);

		if (value && !json_is_null(value))
			return value;
	}
	return NULL;
}

const char *wire_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

bool wire_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret_value)
{
	if (json_is_string(value))
		return str_to_int(json_string_value(value), min, max, ret_value) == 0;
	double real = json_real_value(value); /* 0.0: it is none */
	/* 200.0: as some libraries write a whole number; beyond 2^53 it would be another one */
	if (json_is_real(value) && real >= -0x1p53 && real <= 0x1p53 && (double)(int64_t)real == real)
		*ret_value = (int64_t)real;
	else if (json_is_integer(value))
		*ret_value = json_integer_value(value);
	else
		return false;
	return *ret_value >= min && *ret_value <= max;
}

void wire_printable(const char *from, char *to, size_t size)
{
	to[text_copy(to, size - 1, from, strlen(from))] = '\0';
}

/* Both tables of codes are known by their words as well, so the texts that differ are all kept for
 * errclass to look at: "the rate is exceeded; REQUEST_RATE_LIMIT_EXCEEDED". */
void wire_message(const json_t *object, char *text, size_t size)
{
	static const char *const keys[] = {
		"msg", "message", "desc", "error_message", "errorMessage", "error_msg", "reason", "detail"};
	const char *seen[array_length(keys)];
	size_t count = 0, used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < array_length(keys); i++) {
		const char *part = wire_text(object, keys[i]);
		bool doubled = !part;

		for (size_t k = 0; k < count && !doubled; k++)
			doubled = strcasecmp(seen[k], part) == 0;
		if (doubled || size - used < 32)
			continue;
		seen[count++] = part;
		if (used) {
			memcpy(text + used, "; ", 3);
			used += 2;
		}
		wire_printable(part, text + used, size - used);
		used += strlen(text + used);
	}
}

/* The code of an answer: `status`; where there is none and nothing was given, what others call it. */
static const json_t *get_code(const json_t *root)
{
	static const char *const keys[] = {"status", "code", "error_code", "errorCode", NULL};
	const json_t *data = json_object_get(root, "data"), *status = json_object_get(root, "status");
	bool given = json_object_size(data) > 0 || json_array_size(data) > 0;

	return given && !status ? NULL : wire_get(root, keys);
}

static void read_refusal(const json_t *root, struct api_error *error)
{
	static const char *const field_keys[] = {"field", "error_field", "errorField", NULL};
	const json_t *data = json_object_get(root, "data");
	const json_t *field = wire_get(root, field_keys);
	const json_t *nested = json_object_get(root, "error");
	int64_t code;

	if (wire_integer(get_code(root), INT64_MIN, INT64_MAX, &code) ||
		wire_integer(get_code(nested), INT64_MIN, INT64_MAX, &code))
		error->code = code;
	wire_message(root, error->text, sizeof(error->text));
	if (!error->text[0])
		wire_message(data, error->text, sizeof(error->text));
	if (!error->text[0])
		wire_message(nested, error->text, sizeof(error->text));
	if (!error->text[0] && json_is_string(nested))
		wire_printable(json_string_value(nested), error->text, sizeof(error->text));
	if (!field)
		field = wire_get(data, field_keys);
	if (json_is_string(field))
		wire_printable(json_string_value(field), error->field, sizeof(error->field));
}

/* `success`: 1 yes, 0 no, -1 it does not say. */
static int read_success(const json_t *root)
{
	const json_t *success = json_object_get(root, "success");
	const char *word = json_string_value(success);

	if (json_is_boolean(success))
		return json_is_true(success);
	if (word && strcasecmp(word, "true") == 0)
		return 1;
	return word && strcasecmp(word, "false") == 0 ? 0 : -1;
}

/* API reference 2: `success` wins; else 0, 200, their spellings, null or nothing are a success. */
static bool tells_success(const json_t *root)
{
	const json_t *status = get_code(root);
	int64_t code;

	if (read_success(root) >= 0)
		return read_success(root) == 1;
	if (!status)
		return true;
	if (wire_integer(status, 0, 200, &code))
		return code == 0 || code == 200;
	return json_is_string(status) && (strcasecmp(json_string_value(status), "success") == 0 ||
						 strcasecmp(json_string_value(status), "ok") == 0);
}

/* Nothing says that it was refused: a submission may have been accepted all the same. */
static bool is_readable(const json_t *root)
{
	const json_t *status = get_code(root);
	int64_t code;

	return read_success(root) >= 0 || json_is_string(status) ||
	       wire_integer(status, INT64_MIN, INT64_MAX, &code);
}

static void error_init(struct api_error *error, int http_status)
{
	*error = (struct api_error){.http_status = http_status, .retry_after_ms = -1};
}

int wire_not_understood(struct api_error *error, int http_status, const char *text)
{
	error_init(error, http_status);
	error->class = ERRCLASS_PROTOCOL;
	wire_printable(text, error->text, sizeof(error->text));
	return -EBADMSG;
}

int wire_no_memory(struct api_error *error, int http_status)
{
	wire_not_understood(error, http_status, "no memory left to read the answer");
	return -ENOMEM;
}

static int not_json(struct api_error *error, int http_status, const char *body, size_t length)
{
	char *start CLEANUP_FREE = str_printable(body, length < 256 ? length : 256, 120);
	char text[256];

	if (length == 0)
		snprintf(text, sizeof(text), "the answer is empty");
	else if (length > ENVELOPE_MAX_BYTES)
		snprintf(text, sizeof(text), "the answer is too large");
	else
		snprintf(text, sizeof(text),
			"the answer is not the JSON object that was expected: %s",
			start ? start : "");
	return wire_not_understood(error, http_status, text);
}

/* An answer that is not HTTP 2xx; `root` may be anything. */
static int http_refusal(struct api_error *error, int http_status, const json_t *root,
	const char *body, size_t length)
{
	struct api_error plain;

	error_init(error, http_status);
	if (json_is_object(root))
		read_refusal(root, error);
	errclass_classify(error);
	if (!error->text[0] && !json_is_object(root)) {
		/* After classification: a gateway's page must not be taken for the service's words. */
		not_json(&plain, http_status, body, length);
		memcpy(error->text, plain.text, sizeof(error->text));
	}
	return error->class == ERRCLASS_PROTOCOL ? -EBADMSG : -EREMOTEIO;
}

static int open_answer(int http_status, const char *body, size_t length, bool data_counts,
	json_t **ret_root, struct api_error *error)
{
	json_t *root = NULL;
	bool http_ok = http_status >= 200 && http_status <= 299;
	int r = wire_parse(body, length, &root);

	*ret_root = NULL;
	if (r == -ENOMEM)
		return wire_no_memory(error, http_status);
	if (!http_ok) {
		r = http_refusal(error, http_status, root, body, length);
	} else if (!json_is_object(root)) {
		r = not_json(error, http_status, body, length);
	} else if (tells_success(root) ||
		   (data_counts && json_object_size(json_object_get(root, "data")) > 0)) {
		error_init(error, http_status);
		*ret_root = root;
		return 0;
	} else if (!is_readable(root)) {
		r = wire_not_understood(error, http_status, "the status of the answer is neither a number nor a word");
	} else {
		error_init(error, http_status);
		read_refusal(root, error);
		errclass_classify(error);
		/* success:false beside a good status, or a status that is a word */
		if (error->class == ERRCLASS_NONE)
			error->class = ERRCLASS_REFUSED;
		r = error->class == ERRCLASS_PROTOCOL ? -EBADMSG : -EREMOTEIO;
	}
	json_decref(root);
	return r;
}

int wire_open(int http_status, const char *body, size_t length, json_t **ret_root,
	struct api_error *error)
{
	return open_answer(http_status, body, length, false, ret_root, error);
}

int wire_open_data(int http_status, const char *body, size_t length, json_t **ret_root,
	struct api_error *error)
{
	return open_answer(http_status, body, length, true, ret_root, error);
}
