/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/input/reference.h"

int reference_say(struct reference *input, const struct prompt_ref *ref,
	enum reference_verdict verdict, const char *format, ...)
{
	CLEANUP_FREE char *shown = message_quote(ref->value);
	CLEANUP_FREE char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	free(steal(&input->text));
	input->verdict = verdict;
	if (shown == NULL || text == NULL ||
		asprintf(&input->text, "line %d: '%s' %s", ref->line, shown, text) < 0) {
		input->text = NULL;
		return -ENOMEM;
	}
	return 0;
}
