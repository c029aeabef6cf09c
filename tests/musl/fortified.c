/* SPDX-License-Identifier: MIT */
/* What Debian's libjansson.a calls instead of the functions of the standard: glibc's, with the size of the target in addition. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list arguments);
char *__strncpy_chk(char *to, const char *from, size_t size, size_t room);

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list arguments)
{
	(void)flag, (void)room;
	return vsnprintf(to, size, format, arguments);
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = __vsnprintf_chk(to, size, flag, room, format, arguments);
	va_end(arguments);
	return length;
}

char *__strncpy_chk(char *to, const char *from, size_t size, size_t room)
{
	(void)room;
	return strncpy(to, from, size);
}
