/* SPDX-License-Identifier: MIT */
#pragma once
/* shape: how an answer differs from what this program reads (API reference 2, 3.10, 3.11), in sentences for people. For
 * `weryaifs --check --online`, since nobody has seen all answers of the service. Pure. */
#include <stddef.h>

#include "fs/api/request.h"

typedef void shape_tell(void *arg, const char *sentence);

/* Tells nothing where all is as expected. The answers must be HTTP 200. -EBADMSG: no JSON object at all, which is told; -ENOMEM. */
int shape_balance(const char *body, size_t length, shape_tell *tell, void *arg);
/* Of the registry of this kind. *ret_models: rows in all its lists. */
int shape_models(enum api_kind kind, const char *body, size_t length, shape_tell *tell, void *arg,
	size_t *ret_models);
