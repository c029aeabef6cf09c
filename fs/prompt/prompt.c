/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fs/base/cleanup.h"
#include "fs/net/hook.h"
#include "fs/prompt/prompt_reading.h"
#include "fs/prompt/prompt_tool.h"

/* Prompt line > [model] > [defaults] > the model's own. */
static int choose_setting(struct prompt_reading *reading, enum setting setting, bool allow_unknown,
	struct api_request *request)
{
	const struct model *model = reading->model;
	CLEANUP_FREE char *message = NULL;
	int r = -EINVAL;

	if (reading->lines[setting]) {
		if (!setting_is_set(&reading->given, setting))
			return 0; /* the value was complained about when it was read */
		r = setting_apply(model->spec, request->mode, setting, &reading->given,
			allow_unknown, request, &message);
		if (r != -EINVAL)
			return r;
		return prompt_reading_error(reading, reading->lines[setting], "%s%s", message,
			reading->wordy[setting] ? "; correct it, or " PROMPT_ESCAPE_HINT : "");
	}
	if (setting_is_set(&model->defaults, setting))
		r = setting_apply(model->spec, request->mode, setting, &model->defaults, false,
			request, &message);
	if (r != -EINVAL)
		return r;
	free(steal(&message));
	r = setting_apply_default(model->spec, request->mode, setting, request, &message);
	return r == -EINVAL ? prompt_reading_error(reading, 0, "%s", message) : r;
}

static int fill_request(struct prompt_reading *reading, bool allow_unknown, struct prompt *prompt)
{
	struct api_request *request = &prompt->request;
	const struct model_spec *spec = reading->model->spec;
	const char *text = reading->text.data;
	size_t length = reading->text.length;

	str_trim(&text, &length);
	/* A line with a slip in it may have been meant as the text. */
	if (length == 0 && reading->error_count == 0) {
		int r = prompt_reading_error(
			reading, 0, "no prompt text, only settings: write what to make");
		if (r < 0)
			return r;
	}
	size_t count = str_utf8_count(text, length);
	if (spec->prompt_limit > 0 && count > (size_t)spec->prompt_limit) {
		int r = prompt_reading_error(reading, 0,
			"the prompt has %zu characters; %s takes at most %d", count, spec->key,
			spec->prompt_limit);
		if (r < 0)
			return r;
	}
	request->model = strdup(spec->key);
	request->prompt = strndup(text, length);
	if (!request->model || !request->prompt)
		return -ENOMEM;
	size_t earlier = reading->error_count;
	int r = prompt_choose_mode(reading, allow_unknown, &request->mode, &prompt->warning);
	/* Without a mode there is nothing to hold the settings against. */
	if (r < 0 || reading->error_count > earlier)
		return r;
	for (unsigned setting = 0; r == 0 && setting < SETTING_COUNT; setting++)
		r = choose_setting(reading, setting, allow_unknown, request);
	return r;
}

/* The complaints in the order of their lines. */
static char *format_errors(struct prompt_reading *reading)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	for (size_t i = 1; i < reading->error_count; i++) {
		struct prompt_error error = reading->errors[i];
		size_t j = i;
		for (; j > 0 && reading->errors[j - 1].line > error.line; j--)
			reading->errors[j] = reading->errors[j - 1];
		reading->errors[j] = error;
	}
	for (size_t i = 0; i < reading->error_count; i++) {
		if (i > 0)
			buf_adds(&text, "\n");
		if (reading->errors[i].line > 0)
			buf_addf(&text, "line %d: ", reading->errors[i].line);
		buf_adds(&text, reading->errors[i].text);
	}
	return buf_steal(&text);
}

static bool is_blank(const struct prompt_reading *reading)
{
	const char *text = reading->text.data;
	size_t length = reading->text.length;

	str_trim(&text, &length);
	if (length > 0 || reading->error_count > 0 || reading->ref_count > 0 ||
		reading->dry_run_line || reading->take_line || reading->fallback_line)
		return false;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (reading->lines[i])
			return false;
	return true;
}

int prompt_parse(const struct model *model, const struct prompt_options *options, const char *text,
	size_t length, struct prompt *ret_prompt, char **ret_message)
{
	if (model->tool)
		return prompt_tool_parse(model, options, text, length, ret_prompt, ret_message);
	CLEANUP(prompt_reading_finish) struct prompt_reading reading;
	CLEANUP(prompt_finish) struct prompt prompt = {0};

	prompt_reading_init(&reading, model);
	api_request_init(&prompt.request);
	int r = prompt_reading_read(&reading, text, length);
	if (r < 0)
		return r;
	if (is_blank(&reading))
		return -ENODATA;
	if (!reading.unreadable)
		r = fill_request(&reading, options->allow_unknown, &prompt);
	if (r < 0)
		return r;
	if (reading.error_count > 0) {
		char *message = format_errors(&reading);
		if (!message)
			return -ENOMEM;
		*ret_message = message;
		return -EINVAL;
	}
	memcpy(prompt.refs, reading.refs, sizeof(prompt.refs));
	prompt.ref_count = reading.ref_count;
	reading.ref_count = 0;
	prompt.given = reading.given;
	setting_values_init(&reading.given);
	prompt.take = steal(&reading.take);
	prompt.fallback = reading.fallback;
	/* Either may ask for it; a prompt cannot talk its way out of a dry mount. */
	prompt.dry_run = options->dry_run || reading.dry_run;
	*ret_prompt = prompt;
	prompt = (struct prompt){0};
	return 0;
}

void prompt_finish(struct prompt *prompt)
{
	api_request_finish(&prompt->request);
	tool_request_finish(&prompt->tool);
	for (size_t i = 0; i < prompt->ref_count; i++)
		free(prompt->refs[i].value);
	setting_values_finish(&prompt->given);
	free(prompt->take);
	free(prompt->warning);
	*prompt = (struct prompt){0};
}

static struct strlist *list_for(struct prompt *prompt, const struct prompt_ref *ref)
{
	if (prompt->tool.count > 0)
		return &prompt->tool.items[ref->item].values;
	return ref->role == REF_VIDEO   ? &prompt->request.videos
	       : ref->role == REF_AUDIO ? &prompt->request.audios
					: &prompt->request.images;
}

void prompt_clear_inputs(struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->ref_count; i++)
		strlist_finish(list_for(prompt, &prompt->refs[i]));
}

int prompt_add_input(struct prompt *prompt, const struct prompt_ref *ref, const char *url)
{
	return strlist_add(list_for(prompt, ref), url);
}

/* Where the request keeps it. NULL: it takes none. A tool's field is made where it is not there yet. */
static int find_webhook(struct prompt *prompt, const char *url, char ***ret_webhook)
{
	struct tool_request *tool = &prompt->tool;

	*ret_webhook = tool->count == 0 ? &prompt->request.webhook_url : NULL;
	for (size_t i = 0; i < tool->count; i++)
		if (strcmp(tool->items[i].name, "webhook_url") == 0)
			*ret_webhook = tool->items[i].values.items;
	if (*ret_webhook || !tool->webhook || !url || tool->count == array_length(tool->items))
		return 0;
	struct tool_item *item = &tool->items[tool->count];
	*item = (struct tool_item){.name = strdup("webhook_url"), .type = TOOL_TEXT};
	if (!item->name)
		return -ENOMEM;
	tool->count++;
	int r = strlist_add(&item->values, url);
	*ret_webhook = item->values.items;
	return r;
}

int prompt_sign_webhook(struct prompt *prompt, const char *url)
{
	char **webhook, *signed_url;
	uint64_t token;
	int r = find_webhook(prompt, url, &webhook);

	if (r < 0 || !webhook || (!*webhook && !url))
		return r;
	if (*webhook)
		url = *webhook;
	if (getrandom(&token, sizeof(token), 0) != sizeof(token))
		return -errno;
	size_t end = strcspn(url, "#");
	if (asprintf(&signed_url, "%.*s%c" HOOK_WORD "=%016" PRIx64 "%s", (int)end, url,
		    memchr(url, '?', end) ? '&' : '?', token, url + end) < 0)
		return -ENOMEM;
	free(*webhook);
	*webhook = signed_url;
	return 0;
}

int prompt_encode(const struct prompt *prompt, char **ret_body)
{
	return prompt->tool.count > 0 ? tool_request_encode(&prompt->tool, ret_body)
				      : api_request_encode(&prompt->request, ret_body);
}
