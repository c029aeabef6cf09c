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
#include "fs/prompt/prompt_fill.h"
#include "fs/prompt/prompt_tool.h"

int prompt_parse(const struct model *model, const struct prompt_options *options, const char *text,
	size_t length, struct prompt *ret_prompt, char **ret_message)
{
	CLEANUP(prompt_reading_finish) struct prompt_reading reading;
	CLEANUP(prompt_finish) struct prompt prompt = {0};

	api_request_init(&prompt.request);
	setting_values_init(&prompt.given);
	int r = prompt_reading_init(&reading, model, options->models);
	if (r == 0)
		r = prompt_lines_read(&reading, text, length);
	if (r < 0)
		return r;
	if (prompt_reading_is_blank(&reading))
		return -ENODATA;
	if (!reading.unreadable)
		r = model->tool ? prompt_tool_fill(&reading, options, &prompt)
				: prompt_fill(&reading, options, &prompt);
	if (r < 0)
		return r;
	if (reading.error_count > 0) {
		char *message = prompt_reading_errors(&reading);
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
	prompt.left_out = reading.left_out;
	prompt.left_out_more = reading.left_out_more;
	reading.left_out = (struct strlist){0};
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
	strlist_finish(&prompt->left_out);
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
