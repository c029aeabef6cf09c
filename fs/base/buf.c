/* SPDX-License-Identifier: MIT */
#include "fs/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 64 };

/* What an empty buf points at; never written to, since capacity 0 means that there is no room. */
static char buf_nothing[1];

void buf_init(struct buf *buf, size_t ceiling)
{
	*buf = (struct buf){.data = buf_nothing, .ceiling = ceiling};
}

void buf_finish(struct buf *buf)
{
	if (buf->capacity > 0)
		free(buf->data);
	buf_init(buf, buf->ceiling);
}

void buf_clear(struct buf *buf)
{
	buf->failed = 0;
	buf->length = 0;
	if (buf->capacity > 0)
		buf->data[0] = '\0';
}

static int buf_fail(struct buf *buf, int error)
{
	if (buf->failed == 0)
		buf->failed = error;
	return error;
}

/* Room for `length` more bytes and the NUL. */
static int buf_reserve(struct buf *buf, size_t length)
{
	if (length > buf->ceiling || buf->length > buf->ceiling - length)
		return buf_fail(buf, -EFBIG);
	size_t needed = buf->length + length;
	if (needed > SIZE_MAX / 2 - BUF_FIRST)
		return buf_fail(buf, -EFBIG);
	if (needed < buf->capacity)
		return 0;

	size_t capacity = needed + needed / 2 + BUF_FIRST;
	if (capacity > buf->ceiling)
		capacity = buf->ceiling + 1;
	char *data = realloc(buf->capacity > 0 ? buf->data : NULL, capacity);
	if (data == NULL)
		return buf_fail(buf, -ENOMEM);
	buf->data = data;
	buf->capacity = capacity;
	buf->data[buf->length] = '\0';
	return 0;
}

int buf_add(struct buf *buf, const void *data, size_t length)
{
	int r = buf_reserve(buf, length);
	if (r < 0)
		return r;
	if (length > 0)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
	return 0;
}

int buf_adds(struct buf *buf, const char *string)
{
	return buf_add(buf, string, strlen(string));
}

int buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return buf_fail(buf, errno == ENOMEM ? -ENOMEM : -EFBIG);
	int r = buf_reserve(buf, (size_t)length);
	if (r < 0)
		return r;

	va_start(args, format);
	int written = vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
	va_end(args);
	if (written != length) {
		buf->data[buf->length] = '\0';
		return buf_fail(buf, -ENOMEM);
	}
	buf->length += (size_t)length;
	return 0;
}

char *buf_steal(struct buf *buf)
{
	int failed = buf->failed;
	if (failed == 0)
		failed = buf_reserve(buf, 0);
	char *data = NULL;
	if (failed == 0) {
		data = buf->data;
		buf->capacity = 0;
	}
	buf_finish(buf);
	buf->failed = failed;
	return data;
}
