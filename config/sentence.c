/* SPDX-License-Identifier: MIT */
#include "config/sentence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/str.h"

int sentence_fail(char **ret_message, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(ret_message, format, arguments) < 0)
		*ret_message = NULL;
	va_end(arguments);
	return error;
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->word);
	size_t allowed = length < 4 ? 1 : length < 9 ? 2 : 3;
	size_t distance = str_distance(nearest->word, candidate);

	if (distance > allowed || (nearest->best && distance >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}
