/* SPDX-License-Identifier: MIT */
#pragma once
/* media: which files the service takes as input media (API reference 3.3, 3.7, 3.9). Pure. */
#include <stddef.h>
#include <stdint.h>

#include "fs/api/request.h"

/* How many: API reference 3.6 and 3.7. Where no limit of image-to-image is known, the service's own client sends one (3.3). */
#define MEDIA_UNKNOWN_IMAGES_MAX 1
#define MEDIA_MULTI_IMAGES_MAX 3
#define MEDIA_ALMIGHTY_IMAGES_MAX 9
#define MEDIA_ALMIGHTY_VIDEOS_MAX 3
#define MEDIA_ALMIGHTY_AUDIOS_MAX 3
#define MEDIA_ALMIGHTY_ALL_MAX 12
/* How long the videos of an almighty request play, and so its sounds: API reference 3.7 */
#define MEDIA_SHORTEST_S 2
#define MEDIA_LONGEST_S 15
#define MEDIA_TOGETHER_S 15

enum api_kind media_kind(const char *type); /* API_KIND_COUNT: none that is known */
const char *media_type(size_t i);	/* "png", one after the other; NULL: there are no more */
const char *media_noun(enum api_kind kind);    /* "picture" */
const char *media_content_type(const char *type); /* "image/png" */
/* May a file of this type (a suffix of fs/media/sniff.h; NULL: none of them), or of so many bytes, be input? 0, or -EINVAL with what follows its name in a
 * sentence, which the caller frees; -ENOMEM. */
int media_check_type(enum api_kind kind, const char *type, char **ret_text);
int media_check_size(enum api_kind kind, int64_t size, char **ret_text);
/* "jpg, png and webp of up to 10 MB" */
void media_describe_limits(enum api_kind kind, char *text, unsigned size);
