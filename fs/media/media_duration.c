/* SPDX-License-Identifier: MIT */
#include "fs/media/media_duration.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "fs/base/cleanup.h"

#define ITEMS_MAX 64       /* boxes or chunks that are passed by before we give up */
#define WINDOW (16 * 1024) /* in which the first frame of an MP3 has to be */
#define LONGEST_S INT64_C(1000000000)

static uint32_t be32(const unsigned char *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static uint64_t be64(const unsigned char *data)
{
	return (uint64_t)be32(data) << 32 | be32(data + 4);
}

static uint32_t le32(const unsigned char *data)
{
	return (uint32_t)data[3] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[1] << 8 | data[0];
}

/* All of it, or -EBADMSG. */
static int read_whole(const struct media_source *source, int64_t offset, void *data, size_t length)
{
	if (offset < 0 || offset > source->size - (int64_t)length)
		return -EBADMSG;
	ssize_t n = source->read(source->arg, offset, data, length);
	if (n < 0)
		return (int)n;
	return (size_t)n == length ? 0 : -EBADMSG;
}

static int put_ms(uint64_t units, uint64_t per_second, int64_t *ret_ms)
{
	if (per_second == 0 || units / per_second > LONGEST_S)
		return -EBADMSG;
	*ret_ms = (int64_t)(units / per_second * 1000 + units % per_second * 1000 / per_second);
	return 0;
}

/* --- MP4, QuickTime: boxes within boxes --- */

struct box {
	int64_t begin, end; /* of what is in it */
};

/* The first box of this name from `at` on, before `end`. */
static int find_box(const struct media_source *source, int64_t at, int64_t end, const char *name,
	struct box *ret_box)
{
	for (int i = 0; i < ITEMS_MAX && at <= end - 8; i++) {
		unsigned char head[16];
		int r = read_whole(source, at, head, 8);
		uint64_t size = r == 0 ? be32(head) : 0;
		int64_t head_size = 8;
		if (r == 0 && size == 1) {
			r = read_whole(source, at + 8, head + 8, 8);
			size = be64(head + 8);
			head_size = 16;
		} else if (r == 0 && size == 0) {
			size = (uint64_t)(end - at);
		}
		if (r < 0)
			return r;
		if (size < (uint64_t)head_size || size > (uint64_t)(end - at))
			return -EBADMSG;
		if (memcmp(head + 4, name, 4) == 0) {
			*ret_box = (struct box){at + head_size, at + (int64_t)size};
			return 0;
		}
		at += (int64_t)size;
	}
	return -EBADMSG;
}

/* A number of 32 bits or, by the version in front of all, 64, each behind so many bytes. */
static uint64_t read_number(const unsigned char *data, size_t narrow, size_t wide)
{
	return data[0] == 1 ? be64(data + wide) : be32(data + narrow);
}

/* The begin of a box as long as its version makes it. */
static int read_versioned(const struct media_source *source, const struct box *box, size_t narrow,
	size_t wide, unsigned char *data)
{
	int r = read_whole(source, box->begin, data, narrow);

	if (r == 0 && data[0] == 1)
		r = read_whole(source, box->begin, data, wide);
	if (r == 0 && (data[0] > 1 || box->end - box->begin < (int64_t)(data[0] ? wide : narrow)))
		r = -EBADMSG;
	return r;
}

/* mvhd: version and flags, two times, the ticks of a second, the duration. That is all ones where it is not known, and 0
 * in a file of fragments, of which mehd in mvex may tell. */
static int read_movie(const struct media_source *source, int64_t *ret_ms)
{
	unsigned char head[32];
	struct box movie, box;
	int r = find_box(source, 0, source->size, "moov", &movie);

	if (r == 0)
		r = find_box(source, movie.begin, movie.end, "mvhd", &box);
	if (r == 0)
		r = read_versioned(source, &box, 20, 32, head);
	if (r < 0)
		return r;
	uint32_t ticks = be32(head + (head[0] == 1 ? 20 : 12));
	uint64_t duration = read_number(head, 16, 24);
	if (duration == (head[0] == 1 ? UINT64_MAX : UINT32_MAX))
		return -EBADMSG;
	if (duration == 0) {
		r = find_box(source, movie.begin, movie.end, "mvex", &movie);
		if (r == 0)
			r = find_box(source, movie.begin, movie.end, "mehd", &box);
		if (r == 0)
			r = read_versioned(source, &box, 8, 12, head);
		if (r < 0)
			return r;
		duration = read_number(head, 4, 4);
	}
	return duration == 0 ? -EBADMSG : put_ms(duration, ticks, ret_ms);
}

/* --- WAV: a row of chunks --- */

/* The bytes of `data` by those of a second; where the sound is packed, the samples that `fact` counts. Programs that
 * write to a pipe leave the length of `data` open. */
static int read_wave(const struct media_source *source, int64_t *ret_ms)
{
	unsigned char head[8], format[12] = {0}, fact[4] = {0};
	int64_t at = 12;

	for (int i = 0; i < ITEMS_MAX; i++) {
		int r = read_whole(source, at, head, sizeof(head));
		int64_t length = r == 0 ? le32(head + 4) : 0, rest = source->size - at - 8;
		if (r == 0 && memcmp(head, "fmt ", 4) == 0)
			r = read_whole(source, at + 8, format, sizeof(format));
		if (r == 0 && memcmp(head, "fact", 4) == 0)
			r = read_whole(source, at + 8, fact, sizeof(fact));
		if (r < 0)
			return r;
		if (memcmp(head, "data", 4) == 0) {
			bool packed = !(format[0] == 1 || format[0] == 3 || format[0] == 0xfe);
			if (packed && le32(fact) > 0)
				return put_ms(le32(fact), le32(format + 4), ret_ms);
			return put_ms((uint64_t)(length == 0 || length > rest ? rest : length),
				le32(format + 8), ret_ms);
		}
		at += 8 + length + (length & 1);
	}
	return -EBADMSG;
}

/* --- MP3: frames --- */

struct frame {
	uint32_t bits_per_second, samples, samples_per_second;
	size_t length, side; /* bytes; side: from its begin to where Xing's header would be */
};

/* Layer III of MPEG 1, 2 and 2.5, with a bit rate. */
static bool read_frame(const unsigned char *head, struct frame *ret_frame)
{
	static const unsigned short kilobits[2][15] = {
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}};
	static const unsigned rates[3] = {44100, 48000, 32000};
	unsigned version = head[1] >> 3 & 3, rate = head[2] >> 2 & 3, bits = head[2] >> 4;

	if (head[0] != 0xff || (head[1] & 0xe6) != 0xe2 || version == 1 || rate == 3 || bits == 0 ||
		bits == 15)
		return false;
	bool low = version != 3, mono = head[3] >> 6 == 3;
	ret_frame->bits_per_second = kilobits[low][bits] * 1000U;
	ret_frame->samples_per_second = rates[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
	ret_frame->samples = low ? 576 : 1152;
	ret_frame->length = ret_frame->samples / 8 * ret_frame->bits_per_second /
				    ret_frame->samples_per_second +
			    (head[2] >> 1 & 1);
	ret_frame->side = 4 + (low ? (mono ? 9 : 17) : (mono ? 17 : 32));
	return true;
}

/* Where the sound begins: tags (ID3v2) may be in front, with megabytes of pictures in them. */
static int skip_tags(const struct media_source *source, int64_t *ret_at)
{
	int64_t at = 0;

	for (int i = 0; i < ITEMS_MAX; i++) {
		unsigned char head[10];
		int r = read_whole(source, at, head, sizeof(head));
		if (r < 0)
			return r;
		*ret_at = at;
		if (memcmp(head, "ID3", 3) != 0)
			return 0;
		at += 10 + (head[5] & 0x10 ? 10 : 0) +
		      ((head[6] & 0x7f) << 21 | (head[7] & 0x7f) << 14 | (head[8] & 0x7f) << 7 |
			      (head[9] & 0x7f));
	}
	return -EBADMSG;
}

/* The first byte from which a frame, and behind it another, begins. */
static bool find_frame(const unsigned char *data, size_t length, size_t *ret_at, struct frame *ret)
{
	struct frame next;

	for (size_t at = 0; at + 4 <= length; at++) {
		if (!read_frame(data + at, ret))
			continue;
		size_t after = at + ret->length;
		if (after + 4 > length || read_frame(data + after, &next)) {
			*ret_at = at;
			return true;
		}
	}
	return false;
}

/* The number of frames that the first one tells of, which then is none itself; 0: it is like the others. */
static uint32_t count_frames(const unsigned char *data, size_t length, const struct frame *frame)
{
	if (length >= frame->side + 12 &&
		(memcmp(data + frame->side, "Xing", 4) == 0 ||
			memcmp(data + frame->side, "Info", 4) == 0) &&
		data[frame->side + 7] & 1)
		return be32(data + frame->side + 8);
	if (length >= 36 + 18 && memcmp(data + 36, "VBRI", 4) == 0)
		return be32(data + 36 + 14);
	return 0;
}

/* With a rate that changes, and no header that tells of it, all frames would have to be counted. */
static bool is_steady(const unsigned char *data, size_t length, const struct frame *first)
{
	struct frame frame;

	for (size_t at = 0; at + 4 <= length && read_frame(data + at, &frame); at += frame.length)
		if (frame.bits_per_second != first->bits_per_second)
			return false;
	return true;
}

static int read_mp3(const struct media_source *source, int64_t *ret_ms)
{
	static unsigned char window[WINDOW];
	struct frame frame;
	size_t at;
	int64_t begin = 0;
	int r = skip_tags(source, &begin);

	if (r < 0)
		return r;
	size_t length = source->size - begin < WINDOW ? (size_t)(source->size - begin) : WINDOW;
	r = read_whole(source, begin, window, length);
	if (r < 0)
		return r;
	if (!find_frame(window, length, &at, &frame))
		return -EBADMSG;
	uint32_t frames = count_frames(window + at, length - at, &frame);
	if (frames > 0)
		return put_ms((uint64_t)frames * frame.samples, frame.samples_per_second, ret_ms);
	if (!is_steady(window + at, length - at, &frame))
		return -EBADMSG;
	return put_ms(
		(uint64_t)(source->size - begin - (int64_t)at) * 8, frame.bits_per_second, ret_ms);
}

int media_duration(const char *type, const struct media_source *source, int64_t *ret_ms)
{
	static const struct {
		const char *type;
		int (*read)(const struct media_source *source, int64_t *ret_ms);
	} readers[] = {
		{"mp4", read_movie}, {"mov", read_movie}, {"wav", read_wave}, {"mp3", read_mp3}};

	for (size_t i = 0; type != NULL && i < array_length(readers); i++)
		if (strcmp(readers[i].type, type) == 0)
			return readers[i].read(source, ret_ms);
	return -EBADMSG;
}
