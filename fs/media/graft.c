/* SPDX-License-Identifier: MIT */
#include "fs/media/graft.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fs/base/cleanup.h"

struct picture {
	const unsigned char *first;
	size_t length;
	int64_t size;
};

static uint32_t big32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little32(const unsigned char *at)
{
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void add_big32(struct buf *buf, uint32_t value)
{
	const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
		(unsigned char)(value >> 8), (unsigned char)value};

	buf_add(buf, bytes, sizeof(bytes));
}

static void add_little(struct buf *buf, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_add(buf, &(unsigned char){(unsigned char)(value >> 8 * i)}, 1);
}

/* PNG specification (third edition), 5.3 to 5.6 and annex D */

#define PNG_BEGIN 33 /* signature and IHDR */
#define PNG_XMP "XML:com.adobe.xmp"

static uint32_t crc_of(const void *data, size_t length)
{
	const unsigned char *at = data;
	uint32_t crc = 0xffffffff;

	while (length-- > 0) {
		crc ^= *at++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Is there one already, as far as can be seen? */
static bool png_has_packet(const struct picture *picture)
{
	size_t at = PNG_BEGIN;

	while (picture->length - at >= 8 + sizeof(PNG_XMP)) {
		size_t length = big32(picture->first + at);
		if (memcmp(picture->first + at + 4, "iTXt", 4) == 0 &&
			memcmp(picture->first + at + 8, PNG_XMP, sizeof(PNG_XMP)) == 0)
			return true;
		if (length > picture->length - at - 8 || picture->length - at - 8 - length < 4)
			return false;
		at += 12 + length;
	}
	return false;
}

static int graft_png(const struct picture *picture, const struct buf *packet, struct graft *graft)
{
	/* keyword, then: not compressed, by no method, in no language, no other keyword */
	static const char text[] = "iTXt" PNG_XMP "\0\0\0\0";
	struct buf *head = &graft->head;

	if (picture->length < PNG_BEGIN || big32(picture->first + 8) != 13 ||
		memcmp(picture->first + 12, "IHDR", 4) != 0 ||
		big32(picture->first + 29) != crc_of(picture->first + 12, 17) || png_has_packet(picture))
		return -EINVAL;
	graft->cut = PNG_BEGIN;
	buf_add(head, picture->first, PNG_BEGIN);
	add_big32(head, (uint32_t)(sizeof(text) - 4 + packet->length));
	buf_add(head, text, sizeof(text));
	buf_add(head, packet->data, packet->length);
	if (buf_ok(head))
		add_big32(head, crc_of(head->data + PNG_BEGIN + 4, sizeof(text) + packet->length));
	return 0;
}

/* ITU-T T.81, annex B; XMP specification part 3, 1.1.3 */

#define JPEG_APP0 0xe0
#define JPEG_APP1 0xe1
#define JPEG_RESTART 0xd0
#define JPEG_END 0xd9
#define JPEG_SCAN 0xda
#define JPEG_XMP "http://ns.adobe.com/xap/1.0/"
#define JPEG_EXIF "Exif\0"

static bool begins(const struct picture *picture, size_t at, size_t length, const char *word, size_t word_length)
{
	return length >= word_length && picture->length - at >= word_length &&
	       memcmp(picture->first + at, word, word_length) == 0;
}

/* Goes through the segments up to the first scan, or as far as they can be seen. */
static int jpeg_place(const struct picture *picture, size_t *ret_cut)
{
	size_t at = 2;
	bool first = true; /* nothing yet but what has to come first */

	*ret_cut = 2;
	while (picture->length - at >= 4) {
		unsigned marker = picture->first[at + 1];
		size_t length = (size_t)picture->first[at + 2] << 8 | picture->first[at + 3];
		if (picture->first[at] != 0xff || marker < 0xc0 || marker == 0xff || length < 2 || (marker >= JPEG_RESTART && marker <= JPEG_END))
			return -EINVAL;
		if (marker == JPEG_SCAN)
			return 0;
		if (marker == JPEG_APP1 && begins(picture, at + 4, length - 2, JPEG_XMP, sizeof(JPEG_XMP)))
			return -EINVAL;
		first = first && (marker == JPEG_APP0 ||
					 (marker == JPEG_APP1 && begins(picture, at + 4, length - 2,
									 JPEG_EXIF, sizeof(JPEG_EXIF))));
		if (length > picture->length - at - 2)
			return (int64_t)(at + 2 + length) < picture->size ? 0 : -EINVAL;
		at += 2 + length;
		if (first && at <= GRAFT_CUT_MAX)
			*ret_cut = at;
	}
	return (int64_t)picture->length < picture->size ? 0 : -EINVAL;
}

static int graft_jpeg(const struct picture *picture, const struct buf *packet, struct graft *graft)
{
	size_t length = 2 + sizeof(JPEG_XMP) + packet->length;
	const unsigned char segment[] = {0xff, JPEG_APP1, (unsigned char)(length >> 8), (unsigned char)length};
	int r = length > 0xffff || picture->length < 4 || memcmp(picture->first, "\xff\xd8", 2) != 0 ? -EINVAL : jpeg_place(picture, &graft->cut);

	if (r < 0)
		return r;
	buf_add(&graft->head, picture->first, graft->cut);
	buf_add(&graft->head, segment, sizeof(segment));
	buf_add(&graft->head, JPEG_XMP, sizeof(JPEG_XMP));
	buf_add(&graft->head, packet->data, packet->length);
	return 0;
}

/* RFC 9649 */

#define WEBP_CHUNKS 12	 /* where they begin */
#define WEBP_EXTENDED 30 /* the end of VP8X */
#define WEBP_ALPHA 0x10
#define WEBP_XMP 0x04
#define VP8L_SIGNATURE 0x2f

struct canvas {
	uint32_t width, height; /* pixels */
	bool alpha;
};

/* What VP8X has to say of a picture that had none. */
static int webp_canvas(const struct picture *picture, struct canvas *canvas)
{
	const unsigned char *data = picture->first + WEBP_CHUNKS + 8;
	int64_t length = little32(picture->first + WEBP_CHUNKS + 4);

	/* nothing but the picture */
	if (WEBP_CHUNKS + 8 + length + length % 2 != picture->size || length < 10)
		return -EINVAL;
	if (memcmp(picture->first + WEBP_CHUNKS, "VP8 ", 4) == 0 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
		canvas->width = little32(data + 6) & 0x3fff;
		canvas->height = little32(data + 6) >> 16 & 0x3fff;
		canvas->alpha = false;
	} else if (memcmp(picture->first + WEBP_CHUNKS, "VP8L", 4) == 0 && data[0] == VP8L_SIGNATURE) {
		uint32_t bits = little32(data + 1);
		canvas->width = (bits & 0x3fff) + 1;
		canvas->height = (bits >> 14 & 0x3fff) + 1;
		canvas->alpha = (bits >> 28 & 1) != 0;
	} else {
		return -EINVAL;
	}
	return canvas->width > 0 && canvas->height > 0 ? 0 : -EINVAL;
}

static int add_extended(const struct picture *picture, struct graft *graft)
{
	const unsigned char *first = picture->first;
	struct canvas canvas;

	if (memcmp(first + WEBP_CHUNKS, "VP8X", 4) == 0) {
		if (little32(first + WEBP_CHUNKS + 4) != 10 || (first[20] & WEBP_XMP) != 0)
			return -EINVAL;
		graft->cut = WEBP_EXTENDED;
		buf_add(&graft->head, first + WEBP_CHUNKS, 8);
		add_little(&graft->head, first[20] | WEBP_XMP, 1);
		buf_add(&graft->head, first + 21, 9);
		return 0;
	}
	int r = webp_canvas(picture, &canvas);
	if (r < 0)
		return r;
	graft->cut = WEBP_CHUNKS;
	buf_adds(&graft->head, "VP8X");
	add_little(&graft->head, 10, 4);
	add_little(&graft->head, WEBP_XMP | (canvas.alpha ? WEBP_ALPHA : 0), 4);
	add_little(&graft->head, canvas.width - 1, 3);
	add_little(&graft->head, canvas.height - 1, 3);
	return 0;
}

static int graft_webp(const struct picture *picture, const struct buf *packet, struct graft *graft)
{
	int r = 0;

	if (picture->length < WEBP_EXTENDED || memcmp(picture->first, "RIFF", 4) != 0 ||
		memcmp(picture->first + 8, "WEBP", 4) != 0 || picture->size % 2 != 0 ||
		INT64_C(8) + little32(picture->first + 4) != picture->size ||
		picture->size > INT64_C(0xffff0000) - GRAFT_TAIL_MAX)
		return -EINVAL;
	buf_adds(&graft->tail, "XMP ");
	add_little(&graft->tail, (uint32_t)packet->length, 4);
	buf_add(&graft->tail, packet->data, packet->length);
	if (packet->length % 2 != 0)
		buf_add(&graft->tail, "", 1);
	buf_adds(&graft->head, "RIFF????WEBP");
	r = add_extended(picture, graft);
	if (r < 0 || !buf_ok(&graft->head) || !buf_ok(&graft->tail))
		return r;
	int64_t size = (int64_t)(graft->head.length + graft->tail.length) + picture->size - (int64_t)graft->cut;
	for (size_t i = 0; i < 4; i++)
		graft->head.data[4 + i] = (char)((size - 8) >> 8 * i);
	return 0;
}

int graft_make(const char *type, const void *first, size_t length, int64_t size, const struct buf *packet,
	struct graft *ret_graft)
{
	static const struct {
		const char *type;
		int (*make)(const struct picture *picture, const struct buf *packet, struct graft *graft);
	} ways[] = {{"png", graft_png}, {"jpg", graft_jpeg}, {"webp", graft_webp}};
	const struct picture picture = {first, length, size};
	struct graft graft = {0};
	int r = -EINVAL;

	buf_init(&graft.head, GRAFT_HEAD_MAX);
	buf_init(&graft.tail, GRAFT_TAIL_MAX);
	for (size_t i = 0; i < array_length(ways) && (int64_t)length <= size; i++)
		if (strcmp(ways[i].type, type) == 0)
			r = ways[i].make(&picture, packet, &graft);
	if (r == 0 && !buf_ok(&graft.head))
		r = graft.head.failed;
	if (r == 0 && !buf_ok(&graft.tail))
		r = graft.tail.failed;
	if (r < 0)
		graft_finish(&graft);
	else
		*ret_graft = graft;
	return r == -EFBIG ? -EINVAL : r;
}

void graft_finish(struct graft *graft)
{
	buf_finish(&graft->head);
	buf_finish(&graft->tail);
}
