/* SPDX-License-Identifier: MIT */
#include "fs/api/json_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "fs/api/wire.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"

int json_text_add(struct buf *out, const char *text)
{
	unsigned long mark = wire_memory_mark();
	json_t *string = json_string(text);

	if (string == NULL)
		return wire_memory_failed(mark) ? -ENOMEM : -EINVAL;
	CLEANUP_FREE char *dumped = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	if (dumped == NULL || wire_memory_failed(mark))
		return -ENOMEM;
	return buf_adds(out, dumped);
}
