/* SPDX-License-Identifier: MIT */
#include "fs/base/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/str.h"

#define QUOTE_MAX 60 /* bytes */

int message_refuse(char **ret_message, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	int r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	*ret_message = text;
	return -EINVAL;
}

char *message_quoten(const char *data, size_t length)
{
	return str_printable(data, length, QUOTE_MAX);
}

char *message_quote(const char *word)
{
	return message_quoten(word, strlen(word));
}
