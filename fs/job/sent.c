/* SPDX-License-Identifier: MIT */
#include "fs/job/sent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/cleanup.h"

/* The service's names and ours. */
static const struct {
	const char *name, *key;
} names[] = {
	{"aspect_ratio", "ratio"},
	{"negative_prompt", "negative"},
	{"image_number", "number"},
	{"video_number", "number"},
	{"num_images", "number"},
	{"generate_audio", "audio"},
	{"use_web_search", "web_search"},
	{"caller_id", "caller"},
};

static const char *key_of(const char *name)
{
	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].key;
	return name;
}

struct walk {
	int (*visit)(void *arg, const char *key, const char *value);
	void *arg;
};

static int visit_setting(void *arg, const char *name, const char *value)
{
	const struct walk *walk = arg;

	return walk->visit(walk->arg, key_of(name), value);
}

int sent_each(const struct job_record *record, int (*visit)(void *arg, const char *key, const char *value), void *arg)
{
	struct walk walk = {visit, arg};

	return record->body == NULL ? 0 : api_request_settings(record->body, visit_setting, &walk);
}

struct wanted {
	const char *key;
	char *value;
};

static int take(void *arg, const char *key, const char *value)
{
	struct wanted *wanted = arg;

	if (strcmp(key, wanted->key) != 0)
		return 0;
	wanted->value = strdup(value);
	return wanted->value == NULL ? -ENOMEM : 1;
}

int sent_value(const struct job_record *record, const char *key, char **ret_value)
{
	struct wanted wanted = {.key = key};
	int r = sent_each(record, take, &wanted);

	*ret_value = wanted.value;
	return r == 0 ? -ENODATA : r < 0 ? r : 0;
}

int sent_prompt(const struct job_record *record, char **ret_text)
{
	static const char *const words[] = {"prompt", "text", "description"};

	return record->body == NULL ? -ENODATA : api_request_value(record->body, words, array_length(words), ret_text);
}
