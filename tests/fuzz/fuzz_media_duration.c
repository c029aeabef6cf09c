/* SPDX-License-Identifier: MIT */
/* Any bytes as the head of a file, and as a video or a sound of each type: no crash, no read outside of the file, few reads; a type that
 * names can have, an answer within reason. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/media/media_duration.h"
#include "fs/media/sniff.h"
#include "tests/fuzz/holds.h"

struct file {
	const uint8_t *data;
	size_t size, reads;
};

static ssize_t read_file(void *arg, int64_t offset, void *data, size_t length)
{
	struct file *file = arg;

	HOLDS(offset >= 0 && (uint64_t)offset + length <= file->size);
	HOLDS(++file->reads < 500 && length <= 16384);
	memcpy(data, file->data + offset, length);
	return (ssize_t)length;
}

static void check_type(const uint8_t *data, size_t size)
{
	const char *type = sniff_type(data, size);

	HOLDS(!type || (strlen(type) >= 2 && strlen(type) <= 5));
	HOLDS(!type || strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"mp4", "mov", "wav", "mp3", "png", NULL};

	check_type(data, size);
	for (size_t i = 0; i < array_length(types); i++) {
		struct file file = {data, size, 0};
		struct media_source source = {(int64_t)size, read_file, &file};
		int64_t ms = -1;
		int r = media_duration(types[i], &source, &ms);
		HOLDS(r == -EBADMSG ? ms == -1 : r == 0 && ms >= 0 && ms <= INT64_C(1000000001000));
	}
	return 0;
}
