/* SPDX-License-Identifier: MIT */
#pragma once
/* sha256: the hash of FIPS 180-4, in pieces, to know files by their content. Pure. */
#include <stddef.h>
#include <stdint.h>

#define SHA256_TEXT 65 /* lower-case hex and its NUL */

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t length);
void sha256_finish(struct sha256 *sha, char text[SHA256_TEXT]);
