/* SPDX-License-Identifier: MIT */
#pragma once
/* media_duration: how long a video or a sound plays, by the headers of its file: the movie header of MP4 and QuickTime
 * (ISO/IEC 14496-12), the chunks of WAV, the frame and Xing, Info or VBRI headers of MP3. Pure.
 *
 * Hostile files are fine: a few dozen reads of at most 16 KiB, whatever the file says of itself. */
#include <stdint.h>
#include <sys/types.h>

struct media_source {
	int64_t size;
	/* As pread(2), but a negative errno: -ENODATA where these bytes are not to be had. */
	ssize_t (*read)(void *arg, int64_t offset, void *data, size_t length);
	void *arg;
};

/* `type` is a suffix of sniff.h. -EBADMSG: the file does not say, or not in a way that is known here; and what read()
 * says. */
int media_duration(const char *type, const struct media_source *source, int64_t *ret_ms);
