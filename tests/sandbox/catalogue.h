/* SPDX-License-Identifier: MIT */
#pragma once
/* catalogue: the models that the sandbox offers, and the two registry answers made of them.
 *
 * The file is an array of models as config/models.json has it: lists are keyed by mode, an absent
 * list means that nothing is known, an empty one that the field must not be sent.
 *
 * Threads: immutable after creation; all that is handed out is borrowed and read-only. */
#include <jansson.h>
#include <stdbool.h>

struct catalogue;
/* file NULL: the built-in catalogue. 0, or -EINVAL after a message on standard error. */
int catalogue_create(const char *file, struct catalogue **ret);
void catalogue_destroy(struct catalogue *catalogue);

/* NULL: no such model. */
const json_t *catalogue_find(const struct catalogue *catalogue, const char *key);
bool catalogue_has_mode(const json_t *model, const char *mode);
/* name is one of aspect_ratios, resolutions, durations, negative_prompt, upload_image_limit.
 * NULL: not known. */
const json_t *catalogue_get(const json_t *model, const char *name, const char *mode);

/* The `data` of a registry answer, of "image" or "video"; a new reference. */
json_t *catalogue_registry(const struct catalogue *catalogue, const char *kind);
