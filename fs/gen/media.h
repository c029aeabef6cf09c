/* SPDX-License-Identifier: MIT */
#pragma once
/* media: which files the service takes as input media (API reference 3.3, 3.7, 3.9). Pure. */
#include <stdint.h>

#include "fs/api/request.h"

enum api_kind media_kind(const char *type); /* API_KIND_COUNT: none that is known */
const char *media_formats(enum api_kind kind); /* "jpg, png, webp" */
const char *media_noun(enum api_kind kind);    /* "picture" */
const char *media_content_type(const char *type); /* "image/png" */
/* May a file of this type (a suffix of fs/gen/sniff.h; NULL: none of them), or of so many bytes, be input? 0, or -EINVAL with what follows its name in a
 * sentence, which the caller frees; -ENOMEM. */
int media_check_type(enum api_kind kind, const char *type, char **ret_text);
int media_check_size(enum api_kind kind, int64_t size, char **ret_text);
