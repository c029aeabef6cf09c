/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_wish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_text.h"

#define WISH_MAX (4U << 20) /* bytes; a prompt file has at most 256 KiB */

/* "name LENGTH:value" in a line: no value can look like another field. */
static void add(struct buf *wish, const char *name, const char *value, size_t length)
{
	buf_addf(wish, "%s %zu:", name, length);
	buf_add(wish, value, length);
	buf_adds(wish, "\n");
}

static void add_text(struct buf *wish, const char *name, const char *value)
{
	if (value)
		add(wish, name, value, strlen(value));
}

/* A word that is taken in any case. */
static void add_word(struct buf *wish, const char *name, const char *value)
{
	if (!value)
		return;
	size_t start = wish->length, length = strlen(value);
	add(wish, name, value, length);
	for (size_t i = start; i < wish->length; i++)
		if (wish->data[i] >= 'A' && wish->data[i] <= 'Z')
			wish->data[i] = (char)(wish->data[i] - 'A' + 'a');
}

static void add_number(struct buf *wish, const char *name, int value)
{
	char digits[16];

	if (value == API_UNSET)
		return;
	snprintf(digits, sizeof(digits), "%d", value);
	add_text(wish, name, digits);
}

/* Text without what an editor changes by itself: blanks at the ends of lines, and blank lines where a directive or a
 * comment was taken out. */
static void add_words(struct buf *wish, const char *name, const char *text)
{
	CLEANUP(buf_finish) struct buf words = {0};
	size_t length = text ? strlen(text) : 0;
	bool gap = false;

	if (!text)
		return;
	buf_init(&words, WISH_MAX);
	prompt_trim(&text, &length);
	const char *end = text + length;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *line = text;
		length = (size_t)((stop ? stop : end) - line);
		text = stop ? stop + 1 : end;
		size_t kept = length;
		const char *trimmed = line;
		prompt_trim(&trimmed, &kept);
		if (kept == 0) {
			gap = true;
			continue;
		}
		if (words.length > 0)
			buf_adds(&words, gap ? "\n\n" : "\n");
		/* the blanks that it begins with are how it was written */
		buf_add(&words, line, (size_t)(trimmed - line) + kept);
		gap = false;
	}
	if (words.failed)
		wish->failed = words.failed;
	add(wish, name, words.data, words.length);
}

static const char *role_name(enum prompt_ref_role role)
{
	switch (role) {
	case REF_LAST_FRAME:
		return "last frame";
	case REF_VIDEO:
		return "video";
	case REF_AUDIO:
		return "audio ref";
	default:
		return "image"; /* "first frame" is another word for it */
	}
}

static void add_model(struct buf *wish, const struct prompt *prompt, const char *const *origins)
{
	const struct model_defaults *given = &prompt->given;

	add_words(wish, "words", prompt->request.prompt);
	add_word(wish, "ratio", given->ratio);
	add_words(wish, "negative", given->negative);
	add_number(wish, "number", given->number);
	add_word(wish, "resolution", given->resolution);
	add_word(wish, "quality", given->quality);
	add_number(wish, "duration", given->duration);
	add_number(wish, "audio", given->audio);
	add_number(wish, "web search", given->web_search);
	for (size_t i = 0; i < prompt->ref_count; i++)
		add_text(wish, role_name(prompt->refs[i].role), origins[i]);
}

/* The field whose name comes next after `last` in the alphabet: an order that no catalogue decides. */
static int next_field(const struct tool_request *tool, const char *last)
{
	int best = -1;

	for (size_t i = 0; i < tool->count; i++) {
		const char *name = tool->items[i].name;
		if ((!last || strcmp(name, last) > 0) &&
			(best < 0 || strcmp(name, tool->items[best].name) < 0))
			best = (int)i;
	}
	return best;
}

static void add_field(
	struct buf *wish, const struct prompt *prompt, int index, const char *const *origins)
{
	const struct tool_item *item = &prompt->tool.items[index];
	CLEANUP_FREE char *name = NULL;

	if (asprintf(&name, "field %s", item->name) < 0) {
		name = NULL;
		wish->failed = -ENOMEM;
		return;
	}
	if (tool_type_is_input(item->type)) {
		for (size_t i = 0; i < prompt->ref_count; i++)
			if (prompt->refs[i].item == index)
				add_text(wish, name, origins[i]);
		return;
	}
	for (size_t i = 0; i < item->values.count; i++) {
		const char *value = item->values.items[i];
		if (item->type == TOOL_PROMPT || item->type == TOOL_LINES)
			add_words(wish, name, value);
		else if (item->type == TOOL_TEXT || item->type == TOOL_OBJECT)
			add_text(wish, name, value);
		else
			add_word(wish, name, value);
	}
}

static void add_tool(struct buf *wish, const struct prompt *prompt, const char *const *origins)
{
	const struct tool_request *tool = &prompt->tool;

	for (int i = next_field(tool, NULL); i >= 0; i = next_field(tool, tool->items[i].name)) {
		const char *name = tool->items[i].name;
		if (strcmp(name, "webhook_url") != 0 && strcmp(name, "caller_id") != 0)
			add_field(wish, prompt, i, origins);
	}
}

int prompt_wish(const char *directory, const struct prompt *prompt, const char *const *origins,
	char **ret_wish)
{
	CLEANUP(buf_finish) struct buf wish;

	buf_init(&wish, WISH_MAX);
	buf_addf(&wish, "wish %d\n", PROMPT_WISH_VERSION);
	add_text(&wish, "directory", directory);
	if (prompt->tool.count > 0)
		add_tool(&wish, prompt, origins);
	else
		add_model(&wish, prompt, origins);
	add_text(&wish, "take", prompt->take);
	if (prompt->fallback)
		add_text(&wish, "fallback", "yes");
	if (!buf_ok(&wish))
		return -ENOMEM;
	*ret_wish = buf_steal(&wish);
	return 0;
}
