/* SPDX-License-Identifier: MIT */
#pragma once
/* media: which files the service takes as input media (API reference 3.3, 3.7, 3.9). Pure. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/api/request.h"

/* `type` is a suffix of fs/gen/sniff.h; NULL: nothing known. */
bool media_fits(enum api_kind kind, const char *type);
enum api_kind media_kind(const char *type); /* API_KIND_COUNT: none that is known */
const char *media_formats(enum api_kind kind); /* "jpg, png, webp" */
const char *media_noun(enum api_kind kind);    /* "picture" */
int64_t media_max_bytes(enum api_kind kind);
const char *media_content_type(const char *type); /* "image/png" */
/* What a file of this type is, for a message: "a video (mp4)", "text or something else". */
void media_describe(const char *type, char *text, unsigned size);
