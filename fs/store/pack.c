/* SPDX-License-Identifier: MIT */
#include "fs/store/pack.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fs/base/cleanup.h"

/* The length of the text comes first, as 32 bits, little endian. */
#define HEAD 4
#define TEXT_MAX (16 << 20)
#define LIKE_MAX (32 << 10) /* of `like`, its end: zlib looks no further back */

static const Bytef *last_of(const void *like, size_t *length)
{
	size_t skip = *length > LIKE_MAX ? *length - LIKE_MAX : 0;

	*length -= skip;
	return (const Bytef *)like + skip;
}

static size_t deflate_into(uint8_t *room, size_t size, const void *text, size_t length, const void *like, size_t like_length)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)length, .next_out = room, .avail_out = (uInt)size};

	if (deflateInit(&stream, Z_BEST_COMPRESSION) != Z_OK)
		return 0;
	const Bytef *known = like == NULL ? NULL : last_of(like, &like_length);
	int code = known == NULL ? Z_OK : deflateSetDictionary(&stream, known, (uInt)like_length);
	if (code == Z_OK)
		code = deflate(&stream, Z_FINISH);
	size_t used = code == Z_STREAM_END ? size - stream.avail_out : 0;
	deflateEnd(&stream);
	return used;
}

void *pack(const void *text, size_t length, const void *like, size_t like_length, size_t *ret_length)
{
	uint32_t head = htole32((uint32_t)length);

	if (length <= HEAD || length > TEXT_MAX)
		return NULL;
	uint8_t *packed = malloc(length);
	if (packed == NULL)
		return NULL;
	memcpy(packed, &head, HEAD);
	/* one byte less than it was, or nothing */
	size_t used = deflate_into(packed + HEAD, length - HEAD - 1, text, length, like, like_length);
	if (used == 0) {
		free(packed);
		return NULL;
	}
	*ret_length = HEAD + used;
	return packed;
}

char *unpack(const void *packed, size_t length, const void *like, size_t like_length, size_t *ret_length)
{
	uint32_t head;
	z_stream stream = {0};

	if (length <= HEAD)
		return NULL;
	memcpy(&head, packed, HEAD);
	head = le32toh(head);
	if (head > TEXT_MAX)
		return NULL;
	CLEANUP_FREE char *text = calloc(1, (size_t)head + 1);
	if (text == NULL || inflateInit(&stream) != Z_OK)
		return NULL;
	stream.next_in = (Bytef *)(uintptr_t)packed + HEAD;
	stream.avail_in = (uInt)(length - HEAD);
	stream.next_out = (Bytef *)text;
	stream.avail_out = head;
	int code = inflate(&stream, Z_FINISH);
	if (code == Z_NEED_DICT && like != NULL) {
		const Bytef *known = last_of(like, &like_length);
		code = inflateSetDictionary(&stream, known, (uInt)like_length);
		if (code == Z_OK)
			code = inflate(&stream, Z_FINISH);
	}
	bool is_whole = code == Z_STREAM_END && stream.avail_out == 0;
	inflateEnd(&stream);
	if (!is_whole)
		return NULL;
	*ret_length = head;
	return steal(&text);
}
