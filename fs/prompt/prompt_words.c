/* SPDX-License-Identifier: MIT */
/* What is said to people about a prompt that is right. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt.h"

#define TEXT_MAX (64U << 10)

static const char *const origins[] = {
	[ORIGIN_NONE] = "",
	[ORIGIN_PROMPT] = "prompt",
	[ORIGIN_DEFAULTS] = ".defaults",
	[ORIGIN_CONFIGURATION] = "configuration",
	[ORIGIN_CATALOGUE] = "catalogue",
};

int prompt_format_left_out(const struct prompt *prompt, char **ret_text)
{
	*ret_text = NULL;
	if (prompt->left_out.count == 0)
		return 0;
	CLEANUP_FREE char *list = strlist_join(&prompt->left_out, ", ");
	if (!list)
		return -ENOMEM;
	if (prompt->left_out_more == 0) {
		*ret_text = steal(&list);
		return 0;
	}
	if (asprintf(ret_text, "%s and %zu more", list, prompt->left_out_more) >= 0)
		return 0;
	*ret_text = NULL;
	return -ENOMEM;
}

static void add(struct buf *text, const char *name, const char *value, enum prompt_origin origin)
{
	CLEANUP_FREE char *shown = message_quote(value);

	if (!shown)
		text->failed = -ENOMEM;
	else
		buf_addf(text, "%s%s %s (%s)", text->length ? ", " : "", name, shown,
			origins[origin]);
}

/* NULL: it is not sent. */
static const char *value_of(
	const struct api_request *request, enum setting setting, char number[24])
{
	int value = API_UNSET;

	switch (setting) {
	case SETTING_RATIO:
		return request->aspect_ratio;
	case SETTING_NEGATIVE:
		return request->negative_prompt;
	case SETTING_RESOLUTION:
		return request->resolution;
	case SETTING_QUALITY:
		return request->quality;
	case SETTING_WEBHOOK:
		return request->webhook_url;
	case SETTING_NUMBER:
		value = request->number;
		break;
	case SETTING_DURATION:
		value = request->duration;
		break;
	case SETTING_AUDIO:
		return request->audio == API_UNSET ? NULL : request->audio ? "yes" : "no";
	case SETTING_WEB_SEARCH:
		return request->web_search == API_UNSET ? NULL : request->web_search ? "yes" : "no";
	default:
		snprintf(number, 24, "%lld", (long long)request->caller_id);
		return request->has_caller ? number : NULL;
	}
	snprintf(number, 24, "%d", value);
	return value == API_UNSET ? NULL : number;
}

static void add_tool(struct buf *text, const struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->tool.count; i++) {
		const struct tool_item *item = &prompt->tool.items[i];
		if (item->type == TOOL_PROMPT || tool_type_is_input(item->type))
			continue;
		for (size_t k = 0; k < item->values.count; k++)
			add(text, item->name, item->values.items[k], prompt->field_origins[i]);
		if (item->values.count == 0 && item->standard)
			add(text, item->name, item->standard, ORIGIN_CATALOGUE);
	}
}

int prompt_format_settings(const struct prompt *prompt, char **ret_text)
{
	CLEANUP(buf_finish) struct buf text;
	char number[24];

	buf_init(&text, TEXT_MAX);
	*ret_text = NULL;
	if (prompt->tool.count > 0)
		add_tool(&text, prompt);
	for (unsigned s = 0; prompt->tool.count == 0 && s < SETTING_COUNT; s++) {
		const char *value = value_of(&prompt->request, s, number);
		if (value)
			add(&text, setting_name(s), value, prompt->origins[s]);
	}
	if (prompt->take)
		add(&text, "take", prompt->take, ORIGIN_PROMPT);
	if (prompt->fallback)
		add(&text, "fallback", "yes", ORIGIN_PROMPT);
	if (!buf_ok(&text))
		return -ENOMEM;
	if (text.length == 0)
		return 0;
	*ret_text = buf_steal(&text);
	return *ret_text ? 0 : -ENOMEM;
}
