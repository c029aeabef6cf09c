/* SPDX-License-Identifier: MIT */
/* The filter for text from outside: what comes out is clean, no longer, without our key, and stays as it is a second time. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/text.h"
#include "tests/fuzz/holds.h"

static void check(const uint8_t *data, size_t size, bool lines)
{
	char *copy = malloc(size + 1);

	if (copy == NULL)
		return;
	memcpy(copy, data, size);
	size_t length = text_filter(copy, size, lines);
	HOLDS(length <= size);
	copy[length] = '\0';
	HOLDS(memmem(copy, length, "sk-key", 6) == NULL);
	if (!lines)
		HOLDS(text_is_clean(copy, length));
	HOLDS(text_filter(copy, length, lines) == length);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char small[16];

	text_hide("sk-key");
	check(data, size, false);
	check(data, size, true);
	HOLDS(text_copy(small, sizeof(small), (const char *)data, size) <= sizeof(small));
	char *word = strndup((const char *)data, size);
	char *quoted = word == NULL ? NULL : text_shell(word);
	HOLDS(quoted == NULL || text_is_clean(quoted, strlen(quoted)));
	free(quoted);
	free(word);
	text_hide(NULL);
	return 0;
}
