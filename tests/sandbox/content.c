/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/content.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/gzip.h"
#include "tests/sandbox/util.h"

struct blob *blob_create(unsigned char *data, size_t size)
{
	struct blob *blob = xcalloc(1, sizeof(*blob));

	atomic_init(&blob->references, 1);
	blob->data = data;
	blob->size = size;
	return blob;
}

struct blob *blob_ref(struct blob *blob)
{
	atomic_fetch_add(&blob->references, 1);
	return blob;
}

void blob_unref(struct blob *blob)
{
	if (!blob || atomic_fetch_sub(&blob->references, 1) != 1)
		return;
	free(blob->data);
	free(blob);
}

static void add(struct content *content, const unsigned char *data, uint64_t seed, uint64_t size)
{
	if (size == 0)
		return;
	content->segment[content->count].data = data;
	content->segment[content->count].seed = seed;
	content->segment[content->count++].size = size;
	content->size += size;
}

void content_add_memory(struct content *content, const unsigned char *data, uint64_t size)
{
	add(content, data, 0, size);
}

void content_add_noise(struct content *content, uint64_t seed, uint64_t size)
{
	add(content, NULL, seed, size);
}

static void add_head(
	struct content *content, const void *head, size_t head_size, uint64_t seed, uint64_t size)
{
	if (head_size > size)
		head_size = (size_t)size;
	memcpy(content->head, head, head_size);
	content_add_memory(content, content->head, head_size);
	content_add_noise(content, seed, size - head_size);
}

void content_fill_image(struct content *content, uint64_t seed, uint64_t size)
{
	/* Signature and header chunk of a PNG of 1024x576 in RGB, its checksum included. */
	static const unsigned char head[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0,
		13, 'I', 'H', 'D', 'R', 0, 0, 4, 0, 0, 0, 2, 0x40, 8, 2, 0, 0, 0, 0x9c, 0xf7, 0x83,
		0x82};

	add_head(content, head, sizeof(head), seed, size);
}

static void put_box(unsigned char *at, uint64_t size, const char *type)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (unsigned char)(size > UINT32_MAX ? (i == 3) : size >> (24 - 8 * i));
	memcpy(at + 4, type, 4);
	for (unsigned i = 0; size > UINT32_MAX && i < 8; i++)
		at[8 + i] = (unsigned char)(size >> (56 - 8 * i));
}

/* Of the header of a box whose contents have this size; sizes above 4 GiB need the long form. */
static size_t box_head(uint64_t contents)
{
	return contents + 8 > UINT32_MAX ? 16 : 8;
}

void content_fill_video(struct content *content, uint64_t seed, uint64_t size)
{
	unsigned char head[48] = {0, 0, 0, 24, 'f', 't', 'y', 'p', 'i', 's', 'o', 'm', 0, 0, 2, 0,
		'i', 's', 'o', 'm', 'm', 'p', '4', '1'};
	uint64_t left = size > 24 ? size - 24 : 0;

	put_box(head + 24, left, "mdat");
	add_head(content, head, 24 + (left > UINT32_MAX ? 16 : 8), seed, size);
}

void content_fill_moov_last(
	struct content *content, struct blob *video, uint64_t seed, uint64_t padding)
{
	uint64_t at = 0, head = box_head(padding);

	while (at + 8 <= video->size && memcmp(video->data + at + 4, "moov", 4) != 0) {
		const unsigned char *box = video->data + at;
		uint64_t size = (uint64_t)box[0] << 24 | (uint64_t)box[1] << 16 |
				(uint64_t)box[2] << 8 | box[3];

		at = size < 8 || size > video->size - at ? video->size : at + size;
	}
	if (at > video->size)
		at = video->size;
	/* Chunk offsets count from the file's start: what comes before moov must not move. */
	content_add_memory(content, video->data, at);
	put_box(content->head, padding + head, "mdat");
	content_add_memory(content, content->head, head);
	content_add_noise(content, seed, padding);
	content_add_memory(content, video->data + at, video->size - at);
	content->blob = blob_ref(video);
}

static uint64_t noise_word(uint64_t seed, uint64_t index)
{
	uint64_t word = (seed + index) * 0x9e3779b97f4a7c15ULL;

	return (word ^ (word >> 29)) * 0xbf58476d1ce4e5b9ULL;
}

static void noise_read(uint64_t seed, uint64_t at, unsigned char *buffer, size_t size)
{
	uint64_t index = at / 8;
	size_t skip = (size_t)(at % 8);

	seed = util_mix(seed);
	while (size && (skip || size < 8)) {
		uint64_t word = noise_word(seed, index++);
		size_t part = 8 - skip < size ? 8 - skip : size;

		memcpy(buffer, (unsigned char *)&word + skip, part);
		buffer += part;
		size -= part;
		skip = 0;
	}
	for (; size >= 8; size -= 8, buffer += 8, index++) {
		uint64_t word = noise_word(seed, index);

		memcpy(buffer, &word, 8);
	}
	if (size) {
		uint64_t word = noise_word(seed, index);

		memcpy(buffer, &word, size);
	}
}

void content_read(const struct content *content, uint64_t at, void *buffer, size_t size)
{
	unsigned char *to = buffer;

	for (unsigned i = 0; i < content->count && size; i++) {
		uint64_t left = content->segment[i].size;
		size_t part;

		if (at >= left) {
			at -= left;
			continue;
		}
		left -= at;
		part = left < size ? (size_t)left : size;
		if (content->segment[i].data)
			memcpy(to, content->segment[i].data + at, part);
		else
			noise_read(content->segment[i].seed, at, to, part);
		to += part;
		size -= part;
		at = 0;
	}
}

bool content_compress(struct content *content)
{
	unsigned char *plain, *packed;
	size_t size;

	if (content->size > (64u << 20))
		return false;
	plain = xcalloc(1, (size_t)content->size + 1);
	content_read(content, 0, plain, (size_t)content->size);
	packed = gzip_store(plain, (size_t)content->size, &size);
	free(plain);
	content_finish(content);
	*content = (struct content){.blob = blob_create(packed, size)};
	content_add_memory(content, packed, size);
	return true;
}

void content_finish(struct content *content)
{
	blob_unref(content->blob);
	*content = (struct content){0};
}
