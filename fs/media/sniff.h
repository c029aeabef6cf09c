/* SPDX-License-Identifier: MIT */
#pragma once
/* sniff: what kind of file begins with these bytes. Pure. The URL's suffix and the server's Content-Type lie (API
 * reference 6), so the bytes decide. */
#include <stddef.h>

#define SNIFF_BYTES 512 /* as many as help */

/* A suffix: png jpg webp gif avif heic svg mp4 webm mov mp3 m4a wav; NULL: none of them. "html": an error page. */
const char *sniff_type(const void *data, size_t length);
