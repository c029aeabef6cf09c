/* SPDX-License-Identifier: MIT */
#pragma once
/* merge: the built-in catalogue brought up to date by the live registry (API reference 3.11). Pure.
 *
 * The registry decides which models there are and what they take. What it cannot say (almighty-reference-to-video,
 * qualities, web search, tools) stays as the catalogue has it. */
#include "fs/api/registry.h"

/* images, videos: the answers. keep(arg, key): a model that the registry lacks stays, since it was configured.
 * The result owns its strings. -ENOMEM. */
int merge_models(const struct model_list *builtin, const struct model_list *images,
	const struct model_list *videos, bool (*keep)(void *arg, const char *key), void *arg,
	struct model_list *ret_list);
