/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_fill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_text.h"

int prompt_fill_words(struct prompt_reading *reading, const char **ret_text, size_t *ret_length)
{
	*ret_text = reading->text.data;
	*ret_length = reading->text.length;
	if (!buf_ok(&reading->text))
		return -ENOMEM;
	prompt_trim(ret_text, ret_length);
	if (!reading->words_line)
		return 0;
	if (*ret_length > 0)
		return prompt_reading_error(reading, reading->words_line,
			"the words are here and on line %d, too: write all of them without "
			"'prompt:'",
			reading->text_line);
	*ret_text = reading->words ? reading->words : "";
	*ret_length = strlen(*ret_text);
	prompt_trim(ret_text, ret_length);
	return 0;
}

/* What was asked for in the prompt. */
static int apply_asked(struct prompt_reading *reading, enum setting setting, bool allow_unknown,
	struct api_request *request)
{
	CLEANUP_FREE char *message = NULL;

	if (!setting_is_set(&reading->given, setting))
		return 0; /* the value was complained about when it was read */
	int r = setting_apply(reading->model->spec, request->mode, setting, &reading->given,
		allow_unknown ? SETTING_ANYTHING : SETTING_ASKED, request, &message);
	if (r != -EINVAL)
		return r;
	return prompt_reading_error(reading, reading->lines[setting], "%s%s", message,
		reading->wordy[setting] ? "; correct it, or " PROMPT_ESCAPE_HINT : "");
}

/* What is said for many prompts at once is for those that take it. 1: this one does. */
static int apply_common(const struct model *model, enum setting setting,
	const struct model_defaults *values, enum setting_source source,
	struct api_request *request)
{
	CLEANUP_FREE char *message = NULL;

	if (!setting_is_set(values, setting))
		return 0;
	int r = setting_apply(
		model->spec, request->mode, setting, values, source, request, &message);
	return r == -EINVAL ? 0 : r < 0 ? r : 1;
}

static int choose_setting(struct prompt_reading *reading, enum setting setting, bool allow_unknown,
	const struct model_defaults *defaults, struct prompt *prompt)
{
	const struct model *model = reading->model;
	struct api_request *request = &prompt->request;

	if (reading->lines[setting]) {
		prompt->origins[setting] = ORIGIN_PROMPT;
		return apply_asked(reading, setting, allow_unknown, request);
	}
	prompt->origins[setting] = ORIGIN_DEFAULTS;
	int r = apply_common(model, setting, defaults,
		allow_unknown ? SETTING_ANYTHING : SETTING_ASKED, request);
	if (r != 0)
		return r;
	prompt->origins[setting] = ORIGIN_CONFIGURATION;
	r = apply_common(model, setting, &model->defaults, SETTING_CONFIGURED, request);
	if (r != 0)
		return r;
	prompt->origins[setting] = ORIGIN_CATALOGUE;
	return setting_apply_default(model->spec, request->mode, setting, request);
}

static int fill_words(struct prompt_reading *reading, struct api_request *request)
{
	const char *text;
	size_t length;
	int r = prompt_fill_words(reading, &text, &length);

	if (r < 0)
		return r;
	/* A line with a slip in it may have been meant as the text. */
	if (length == 0 && reading->error_count == 0)
		r = prompt_reading_error(
			reading, 0, "no prompt text, only settings: write what to make");
	request->model = strdup(reading->model->spec->key);
	request->prompt = strndup(text, length);
	return !request->model || !request->prompt ? -ENOMEM : r;
}

static int check_length(struct prompt_reading *reading, const struct api_request *request)
{
	size_t count = str_utf8_count(request->prompt, strlen(request->prompt));
	int limit = setting_prompt_limit(reading->model->spec, request->mode);

	if (limit <= 0 || count <= (size_t)limit)
		return 0;
	return prompt_reading_error(reading, 0,
		"the prompt has %zu characters; %s takes at most %d%s", count,
		reading->model->spec->key, limit,
		limit < reading->model->spec->prompt_limit ? " with these inputs" : "");
}

int prompt_fill(
	struct prompt_reading *reading, const struct prompt_options *options, struct prompt *prompt)
{
	CLEANUP(setting_values_finish) struct model_defaults defaults;
	CLEANUP(tool_request_finish) struct tool_request none = {0};
	struct api_request *request = &prompt->request;

	setting_values_init(&defaults);
	int r = fill_words(reading, request);
	if (r == 0)
		r = prompt_defaults_read(reading, options, &defaults, &none);
	size_t earlier = reading->error_count;
	if (r == 0)
		r = prompt_choose_mode(reading, options->allow_unknown, &request->mode);
	/* Without a mode there is nothing to hold the settings against. */
	if (r < 0 || reading->error_count > earlier)
		return r;
	r = check_length(reading, request);
	for (unsigned setting = 0; r >= 0 && setting < SETTING_COUNT; setting++)
		r = choose_setting(reading, setting, options->allow_unknown, &defaults, prompt);
	return r < 0 ? r : 0;
}
