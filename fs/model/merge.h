/* SPDX-License-Identifier: MIT */
#pragma once
/* merge: the built-in catalogue brought up to date by the live registry (API reference 3.11). Pure.
 *
 * The registry adds and changes; what it does not name stays: it does not name all that the service does, and an empty list of a mode is
 * no statement either. What was asked for and not named is marked (mode_spec.unlisted), so that people can be told. */
#include "fs/api/registry.h"

/* images, videos: the answers. The result owns its strings. -ENOMEM. */
int merge_models(const struct model_list *builtin, const struct model_list *images,
	const struct model_list *videos, struct model_list *ret_list);
/* Adds to an answer the models of an earlier one that it lacks, marked. -ENOMEM. */
int merge_keep(struct model_list *list, const struct model_list *earlier);
