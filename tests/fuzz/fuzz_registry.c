/* SPDX-License-Identifier: MIT */
/* Any bytes as a catalogue and as a live answer: no crash, no leak, names that can be directories, and what is
 * written back is read the same. */
#include <stdlib.h>
#include <string.h>

#include "fs/api/registry.h"
#include "fs/base/cleanup.h"
#include "tests/fuzz/holds.h"

/* Consumes the list. */
static void check(struct model_list *list)
{
	struct model_list again = {0};
	struct model_spec copy;
	char *first CLEANUP_FREE = NULL, *second CLEANUP_FREE = NULL;

	HOLDS(list->count <= REGISTRY_MAX_MODELS);
	for (size_t i = 0; i < list->count; i++) {
		const struct model_spec *spec = &list->items[i];

		HOLDS(spec->key && spec->name && spec->key[0] != '.' && !strchr(spec->key, '/'));
		HOLDS(model_spec_has_kind(spec, API_IMAGE) || model_spec_has_kind(spec, API_VIDEO));
		HOLDS(spec->prompt_limit > 0 && spec->number_min <= spec->number_max);
		if (model_spec_copy(&copy, spec) == 0)
			model_spec_finish(&copy);
	}
	HOLDS(registry_format(list, &first) == 0);
	HOLDS(registry_parse_catalogue(first, strlen(first), &again) == 0);
	HOLDS(registry_format(&again, &second) == 0);
	HOLDS(again.count == list->count && strcmp(first, second) == 0);
	model_list_finish(&again);
	model_list_finish(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data;
	struct model_list list = {0};
	struct api_error error;

	if (registry_parse_catalogue(body, size, &list) == 0)
		check(&list);
	if (registry_parse_live(API_IMAGE, 200, body, size, &list, &error) == 0)
		check(&list);
	if (registry_parse_live(API_VIDEO, 200, body, size, &list, &error) == 0)
		check(&list);
	if (registry_parse_live(API_VIDEO, 404, body, size, &list, &error) == 0)
		abort();
	return 0;
}
