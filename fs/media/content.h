/* SPDX-License-Identifier: MIT */
#pragma once
/* content: by what the bytes of a file are known again: its length and the hash of its first bytes. Two results that
 * differ at all differ there: each was made, and compressed, by itself. */
#include <stdint.h>

#include "fs/base/sha256.h"

#define CONTENT_FIRST (64 * 1024) /* bytes of a result that are fetched before it is shown */
#define CONTENT_TEXT (SHA256_TEXT + 24)

/* `sha` has the first bytes of a file of this size. Ends it. */
void content_text(struct sha256 *sha, int64_t size, char text[CONTENT_TEXT]);
/* Reads them. A negative errno. */
int content_of_file(int fd, char text[CONTENT_TEXT]);
