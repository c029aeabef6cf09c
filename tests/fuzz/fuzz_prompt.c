/* SPDX-License-Identifier: MIT */
/* Any bytes as a prompt file, in every directory of a small catalogue: no crash, no leak; a refusal says why in a
 * few printable lines; what is accepted could be sent, and says nothing that the model is known to refuse. */
#include <errno.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt.h"
#include "tests/fuzz/holds.h"
#include "tests/unit/gen_catalogue.h"

static void check_message(const char *message)
{
	size_t lines = 1;

	HOLDS(message && *message && str_is_utf8(message, strlen(message)));
	for (const char *c = message; *c; c++) {
		lines += *c == '\n';
		HOLDS((unsigned char)*c >= ' ' || *c == '\n');
	}
	HOLDS(lines <= 8);
}

static void check_word(const char *word, bool known, const struct strlist *list)
{
	HOLDS(!word || !known || strlist_has(list, word));
}

/* Stands in for the uploads that give every reference input its URL. */
static void resolve(struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->ref_count; i++) {
		struct strlist *list = &prompt->request.images;
		if (prompt->refs[i].role == REF_VIDEO)
			list = &prompt->request.videos;
		else if (prompt->refs[i].role == REF_AUDIO)
			list = &prompt->request.audios;
		HOLDS(strlist_add(list, "https://example.org/x") == 0);
	}
}

static void check_prompt(const struct model *model, bool allow_unknown, struct prompt *prompt)
{
	const struct api_request *request = &prompt->request;
	const struct mode_spec *mode = &model->spec->modes[request->mode];
	char *json CLEANUP_FREE = NULL;

	HOLDS(mode->present && api_mode_kind(request->mode) == model->kind);
	HOLDS(strcmp(request->model, model->spec->key) == 0);
	HOLDS(*request->prompt && !strchr(" \t\r\n", *request->prompt));
	HOLDS(str_utf8_count(request->prompt, strlen(request->prompt)) <=
		(size_t)model->spec->prompt_limit);
	HOLDS(!request->negative_prompt ||
		str_utf8_count(request->negative_prompt, strlen(request->negative_prompt)) <=
			SETTING_NEGATIVE_MAX);
	HOLDS(request->number == API_UNSET || (request->number >= 1 && request->number <= 4));
	HOLDS((request->duration > 0) == (model->kind == API_VIDEO));
	HOLDS(model->kind == API_VIDEO || request->audio == API_UNSET);
	HOLDS(model->kind == API_IMAGE || (!request->quality && request->web_search == API_UNSET));
	HOLDS(!mode->resolutions_known || mode->resolutions.count > 0 || !request->resolution);
	HOLDS(prompt->ref_count <= SETTING_REFS_MAX);
	for (size_t i = 0; i < prompt->ref_count; i++)
		HOLDS(*prompt->refs[i].value && prompt->refs[i].line > 0);
	if (!allow_unknown) {
		check_word(request->aspect_ratio, mode->ratios_known, &mode->ratios);
		check_word(request->resolution, mode->resolutions_known, &mode->resolutions);
	}
	resolve(prompt);
	HOLDS(api_request_encode(request, &json) == 0);
}

static void check(const struct model *model, const char *text, size_t size, bool allow_unknown)
{
	struct prompt_options options = {.allow_unknown = allow_unknown};
	struct prompt prompt;
	char *message CLEANUP_FREE = NULL;
	int r = prompt_parse(model, &options, text, size, &prompt, &message);

	HOLDS(r == 0 || r == -EINVAL || r == -ENODATA);
	HOLDS((r == -EINVAL) == (message != NULL));
	if (r == -EINVAL)
		check_message(message);
	if (r != 0)
		return;
	check_prompt(model, allow_unknown, &prompt);
	prompt_finish(&prompt);
}

static struct model_table *create_table(void)
{
	struct model_list list = {0};
	struct model_table *table = NULL;
	char *message = NULL;

	HOLDS(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list) == 0);
	HOLDS(model_table_create(&list, NULL, 0, &table, &message) == 0);
	model_list_finish(&list);
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model_table *table;

	if (!table)
		table = create_table();
	for (size_t i = 0; i < model_table_count(table); i++) {
		check(model_table_at(table, i), (const char *)data, size, false);
		check(model_table_at(table, i), (const char *)data, size, true);
	}
	return 0;
}
