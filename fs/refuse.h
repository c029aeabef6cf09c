/* SPDX-License-Identifier: MIT */
#pragma once
/* refuse: an error with the sentence that goes with it, for main and its companions. */
#include <stdarg.h>
#include <stdio.h>

/* Writes the sentence to *ret_message (caller frees; NULL when out of memory) and returns `error`. */
__attribute__((format(printf, 3, 4))) static inline int refuse(
	char **ret_message, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(ret_message, format, arguments) < 0)
		*ret_message = NULL;
	va_end(arguments);
	return error;
}

/* To whoever started us; NULL: out of memory. */
static inline void complain(const char *message)
{
	fprintf(stderr, "weryaifs: %s\n", message ? message : "out of memory");
}
