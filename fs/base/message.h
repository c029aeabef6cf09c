/* SPDX-License-Identifier: MIT */
#pragma once
/* message: sentences for a person, made of our words and of words from outside.
 * Words from outside go through message_quote() before they are printed into one. */
#include <stdarg.h>
#include <stddef.h>

/* Formats into *ret_message (caller frees) and returns -EINVAL, or -ENOMEM with *ret_message untouched. */
int message_refuse(char **ret_message, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A short printable copy; caller frees. NULL: out of memory. */
char *message_quote(const char *word);
char *message_quoten(const char *data, size_t length);
