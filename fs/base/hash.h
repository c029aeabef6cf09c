/* SPDX-License-Identifier: MIT */
#pragma once
/* hash: FNV-1a in 64 bits, to tell texts apart that nobody chose to collide (http://www.isthe.com/chongo/tech/comp/fnv/). */
#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* `hash` is HASH_START, or the hash of what comes before. */
static inline uint64_t hash_add(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}
