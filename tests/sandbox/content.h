/* SPDX-License-Identifier: MIT */
#pragma once
/* content: the bytes behind a result URL, readable at any offset.
 *
 * A content is a row of segments: bytes in memory, or noise that is computed from (seed, offset),
 * so that a file of a gigabyte needs neither memory nor disk.
 *
 * Threads: constant once made. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that several requests share. */
struct blob {
	atomic_uint references;
	size_t size;
	unsigned char *data; /* owned */
};
struct blob *blob_create(unsigned char *data, size_t size); /* takes data, one reference */
struct blob *blob_ref(struct blob *blob);
void blob_unref(struct blob *blob); /* NULL is fine */

#define CONTENT_SEGMENTS_MAX 4

struct content {
	uint64_t size;
	unsigned count;
	struct {
		const unsigned char *data; /* NULL: noise */
		uint64_t size, seed;
	} segment[CONTENT_SEGMENTS_MAX];
	struct blob *blob;      /* holds the memory of segments; NULL: none */
	unsigned char head[64]; /* the same for a few bytes */
};

void content_add_memory(struct content *content, const unsigned char *data, uint64_t size);
void content_add_noise(struct content *content, uint64_t seed, uint64_t size);
/* Exactly `size` bytes that begin as a PNG or an MP4 does. */
void content_fill_image(struct content *content, uint64_t seed, uint64_t size);
void content_fill_video(struct content *content, uint64_t seed, uint64_t size);
/* An MP4 (borrowed reference to its bytes) with `padding` bytes put in front of its moov box. */
void content_fill_moov_last(
	struct content *content, struct blob *video, uint64_t seed, uint64_t padding);

/* The same bytes as a gzip file; up to 64 MiB, larger ones stay as they are. true: done. */
bool content_compress(struct content *content);

/* at + size is within the content. */
void content_read(const struct content *content, uint64_t at, void *buffer, size_t size);
void content_finish(struct content *content);
