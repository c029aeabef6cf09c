/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "fs/media/media_duration.h"
#include "fs/media/sniff.h"
#include "tests/unit/source_file.h"

/* A file in memory, and what was asked of it. */
struct file {
	unsigned char *data;
	int64_t size, present; /* bytes from `present` on are not to be had */
	size_t read, reads;
};

static ssize_t read_file(void *arg, int64_t offset, void *data, size_t length)
{
	struct file *file = arg;

	assert_true(offset >= 0 && offset + (int64_t)length <= file->size);
	if (offset + (int64_t)length > file->present)
		return -ENODATA;
	file->read += length;
	file->reads++;
	memcpy(data, file->data + offset, length);
	return (ssize_t)length;
}

static struct file load(const char *name)
{
	struct file file = {0};
	char path[256];
	size_t length;

	snprintf(path, sizeof(path), "tests/data/media/%s", name);
	file.data = (unsigned char *)read_source(path, &length);
	file.size = file.present = (int64_t)length;
	return file;
}

static int measure(struct file *file, int64_t *ret_ms)
{
	struct media_source source = {file->size, read_file, file};

	*ret_ms = -1;
	return media_duration(
		sniff_type(file->data, file->size < SNIFF_BYTES ? (size_t)file->size : SNIFF_BYTES),
		&source, ret_ms);
}

static void test_media_duration_is_that_of_ffprobe(void **state)
{
	static const struct {
		const char *name;
		int64_t ms; /* as ffprobe(1) has it, rounded down */
	} files[] = {
		{"moov-last-3s.mp4", 3000},
		{"moov-first-7s5.mp4", 7500},
		{"moov-last-5s.mov", 5000},
		{"sound-2s5.mp4", 2500},
		{"pcm-2s.wav", 2000},
		{"pipe-2s25.wav", 2250},
		{"adpcm-3s.wav", 3061},
		{"rf64-2s.wav", 2000},
		{"cbr-4s.mp3", 4104},
		{"info-4s.mp3", 4104},
		{"tagged-4s.mp3", 4104},
		{"vbr-xing-6s.mp3", 6192},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct file file = load(files[i].name);
		int64_t ms;
		print_message("%s\n", files[i].name);
		assert_int_equal(measure(&file, &ms), 0);
		assert_int_equal(ms, files[i].ms);
		assert_true(file.reads < 20 && file.read < 20000);
		free(file.data);
	}
}

static void test_media_duration_says_when_it_does_not_know(void **state)
{
	static const char *const names[] = {"fragments-4s.mp4", "vbr-bare-3s.mp3"};
	int64_t ms;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct file file = load(names[i]);
		print_message("%s\n", names[i]);
		assert_int_equal(measure(&file, &ms), -EBADMSG);
		free(file.data);
	}
	struct file text = {(unsigned char *)"a text", 6, 6, 0, 0};
	assert_int_equal(measure(&text, &ms), -EBADMSG);
	assert_int_equal(ms, -1);
}

/* Only the header has to be here. */
static void test_media_duration_of_a_part(void **state)
{
	struct file first = load("moov-first-7s5.mp4"), last = load("moov-last-3s.mp4");
	struct file wave = load("pcm-2s.wav");
	int64_t ms;

	first.present = 200;
	assert_int_equal(measure(&first, &ms), 0);
	assert_int_equal(ms, 7500);
	last.present = last.size - 1000;
	assert_int_equal(measure(&last, &ms), -ENODATA);
	wave.present = 64;
	assert_int_equal(measure(&wave, &ms), 0);
	assert_int_equal(ms, 2000);
	free(first.data);
	free(last.data);
	free(wave.data);
}

/* Cut anywhere, and with any byte wrong: an answer or none, and never a read outside of the file. */
static void test_media_duration_of_broken_files(void **state)
{
	static const char *const names[] = {"moov-last-3s.mp4", "moov-first-7s5.mp4",
		"moov-last-5s.mov", "fragments-4s.mp4", "pcm-2s.wav", "adpcm-3s.wav", "rf64-2s.wav",
		"info-4s.mp3", "cbr-4s.mp3", "tagged-4s.mp3"};
	static const unsigned char wrong[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	int64_t ms;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct file file = load(names[i]);
		int64_t whole = file.size;
		for (file.size = 0; file.size < whole; file.size++) {
			/* of the exact size, so that a sanitizer sees a read behind the end */
			file.present = file.size;
			int r = measure(&file, &ms);
			assert_true(r == -EBADMSG || (r == 0 && ms >= 0));
		}
		file.present = file.size = whole;
		for (int64_t at = 0; at < (whole < 2500 ? whole : 2500); at++) {
			unsigned char right = file.data[at];
			for (size_t w = 0; w < sizeof(wrong); w++) {
				file.data[at] = wrong[w];
				int r = measure(&file, &ms);
				assert_true(r == -EBADMSG || (r == 0 && ms >= 0));
			}
			file.data[at] = right;
		}
		free(file.data);
	}
}

/* --- by hand --- */

#define MOVIE(...) ((unsigned char[]){__VA_ARGS__})
#define FTYP 0, 0, 0, 8, 'f', 't', 'y', 'p'

static int measure_bytes(const unsigned char *data, size_t size, int64_t *ret_ms)
{
	struct file file = {(unsigned char *)data, (int64_t)size, (int64_t)size, 0, 0};

	return measure(&file, ret_ms);
}

static void test_media_duration_of_long_boxes_and_numbers(void **state)
{
	/* mdat with a length of 64 bits; moov to the end of the file; mvhd of version 1 */
	static const unsigned char good[] = {FTYP, 0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0,
		0, 20, 1, 2, 3, 4, 0, 0, 0, 0, 'm', 'o', 'o', 'v', 0, 0, 0, 40, 'm', 'v', 'h', 'd',
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0,
		0, 0, 0, 1, 44};
	unsigned char bad[sizeof(good)];
	size_t duration = sizeof(good) - 8;
	int64_t ms;

	assert_int_equal(measure_bytes(good, sizeof(good), &ms), 0);
	assert_int_equal(ms, 3000);
	memcpy(bad, good, sizeof(good));
	memset(bad + duration, 0xff, 8); /* not known */
	assert_int_equal(measure_bytes(bad, sizeof(bad), &ms), -EBADMSG);
	bad[duration + 7] = 0xfe; /* more than anybody lives */
	assert_int_equal(measure_bytes(bad, sizeof(bad), &ms), -EBADMSG);
	memcpy(bad, good, sizeof(good));
	memset(bad + duration - 4, 0, 4); /* no ticks in a second */
	assert_int_equal(measure_bytes(bad, sizeof(bad), &ms), -EBADMSG);
	memcpy(bad, good, sizeof(good));
	memset(bad + 16, 0xff, 8); /* a box of 2^64 bytes */
	assert_int_equal(measure_bytes(bad, sizeof(bad), &ms), -EBADMSG);
	memcpy(bad, good, sizeof(good));
	bad[23] = 15; /* shorter than its own head */
	assert_int_equal(measure_bytes(bad, sizeof(bad), &ms), -EBADMSG);
}

static void test_media_duration_of_fragments_with_a_header(void **state)
{
	static const unsigned char bytes[] = {FTYP, 0, 0, 0, 60, 'm', 'o', 'o', 'v', 0, 0, 0, 28,
		'm', 'v', 'h', 'd', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0,
		0, 0, 24, 'm', 'v', 'e', 'x', 0, 0, 0, 16, 'm', 'e', 'h', 'd', 0, 0, 0, 0, 0, 0, 0,
		45};
	int64_t ms;

	assert_int_equal(measure_bytes(bytes, sizeof(bytes), &ms), 0);
	assert_int_equal(ms, 4500);
}

/* Endless rows of boxes and of chunks are left after a while. */
static void test_media_duration_gives_up(void **state)
{
	struct file file = {calloc(1, 65536), 65536, 65536, 0, 0};
	int64_t ms;

	assert_non_null(file.data);
	for (size_t at = 0; at < 65536; at += 8)
		memcpy(file.data + at, MOVIE(FTYP), 8);
	assert_int_equal(measure(&file, &ms), -EBADMSG);
	assert_true(file.reads < 100);
	memset(file.data, 0, 65536);
	memcpy(file.data, "RIFF\0\0\1\0WAVE", 12);
	file.reads = 0;
	assert_int_equal(measure(&file, &ms), -EBADMSG);
	assert_true(file.reads < 100);
	for (size_t at = 0; at + 10 < 65536; at += 10)
		memcpy(file.data + at, "ID3\3\0\0\0\0\0\0", 10);
	file.reads = 0;
	assert_int_equal(measure(&file, &ms), -EBADMSG);
	assert_true(file.reads < 100);
	free(file.data);
}

static void test_media_duration_of_vbri(void **state)
{
	unsigned char bytes[600] = {0xff, 0xfb, 0x90, 0xc0}; /* 128 kbit/s, 44.1 kHz: 417 bytes */
	int64_t ms;

	memcpy(bytes + 36, "VBRI\0\1\0\0\0\0\0\0\x10\0\0\0\0\x64", 18);
	memcpy(bytes + 417, bytes, 4);
	assert_int_equal(measure_bytes(bytes, sizeof(bytes), &ms), 0);
	assert_int_equal(ms, 100 * 1152 * 1000 / 44100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_media_duration_is_that_of_ffprobe),
		cmocka_unit_test(test_media_duration_says_when_it_does_not_know),
		cmocka_unit_test(test_media_duration_of_a_part),
		cmocka_unit_test(test_media_duration_of_broken_files),
		cmocka_unit_test(test_media_duration_of_long_boxes_and_numbers),
		cmocka_unit_test(test_media_duration_of_fragments_with_a_header),
		cmocka_unit_test(test_media_duration_gives_up),
		cmocka_unit_test(test_media_duration_of_vbri),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
