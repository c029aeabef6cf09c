/* SPDX-License-Identifier: MIT */
/* Any bytes as the head of a callback: no crash, one of four answers, and a token that has the form of ours or none. */
#include <string.h>

#include "fs/net/hook_head.h"
#include "tests/fuzz/holds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char token[HOOK_TOKEN + 1];
	int status = hook_head_read((const char *)data, size, token);

	HOLDS(status == 200 || status == 400 || status == 404 || status == 405);
	if (status != 200)
		return 0;
	HOLDS(strlen(token) == HOOK_TOKEN && strspn(token, "0123456789abcdef") == HOOK_TOKEN);
	HOLDS(size > 5 && memcmp(data, "POST ", 5) == 0);
	HOLDS(memmem(data, size, token, HOOK_TOKEN) != NULL);
	return 0;
}
