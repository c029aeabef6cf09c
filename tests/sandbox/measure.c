/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/measure.h"

#include <libavformat/avformat.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WINDOW 4096

struct reader {
	const struct blob *blob;
	int64_t at;
};

static int read_bytes(void *opaque, uint8_t *data, int size)
{
	struct reader *reader = opaque;
	int64_t rest = (int64_t)reader->blob->size - reader->at;

	if (rest <= 0)
		return AVERROR_EOF;
	if (size > rest)
		size = (int)rest;
	memcpy(data, reader->blob->data + reader->at, (size_t)size);
	reader->at += size;
	return size;
}

static int64_t seek(void *opaque, int64_t offset, int whence)
{
	struct reader *reader = opaque;
	int64_t size = (int64_t)reader->blob->size;

	if (whence & AVSEEK_SIZE)
		return size;
	whence &= ~AVSEEK_FORCE;
	offset += whence == SEEK_CUR ? reader->at : whence == SEEK_END ? size : 0;
	if (offset < 0)
		return AVERROR(EINVAL);
	return reader->at = offset;
}

double measure_seconds(const struct blob *blob)
{
	struct reader reader = {.blob = blob};
	AVFormatContext *format = avformat_alloc_context();
	uint8_t *window = av_malloc(WINDOW);
	AVIOContext *io =
		window ? avio_alloc_context(window, WINDOW, 0, &reader, read_bytes, NULL, seek)
		       : NULL;
	double seconds = NAN;

	av_log_set_level(AV_LOG_FATAL);
	if (format && io) {
		format->pb = io;
		/* it frees the format where it fails */
		if (avformat_open_input(&format, NULL, NULL, NULL) == 0 &&
			avformat_find_stream_info(format, NULL) >= 0 && format->duration > 0)
			seconds = (double)format->duration / AV_TIME_BASE;
	}
	avformat_close_input(&format);
	if (io)
		av_free(io->buffer);
	else
		av_free(window);
	avio_context_free(&io);
	return seconds;
}
