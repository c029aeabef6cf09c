/* SPDX-License-Identifier: MIT */
#include "fs/net/hook_head.h"

#include <stdbool.h>
#include <string.h>

/* "/in?a=1&weryaifs=0123456789abcdef" */
static bool find_token(const char *target, size_t length, char token[HOOK_TOKEN + 1])
{
	const char *end = target + length;
	const char *at = memchr(target, '?', length);
	const size_t word = strlen(HOOK_WORD "=");

	while (at != NULL && ++at < end) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		size_t part = (size_t)((next != NULL ? next : end) - at);
		if (part == word + HOOK_TOKEN && memcmp(at, HOOK_WORD "=", word) == 0) {
			memcpy(token, at + word, HOOK_TOKEN);
			token[HOOK_TOKEN] = '\0';
			return strspn(token, "0123456789abcdef") == HOOK_TOKEN;
		}
		at = next;
	}
	return false;
}

int hook_head_read(const char *head, size_t length, char ret_token[HOOK_TOKEN + 1])
{
	static const char version[] = " HTTP/1.";
	const char *end = memchr(head, '\r', length);
	const char *target = memchr(head, ' ', length);
	const char *last = end != NULL ? memrchr(head, ' ', (size_t)(end - head)) : NULL;

	/* METHOD /TARGET HTTP/1.N */
	if (target == NULL || last == NULL || last <= target || target[1] != '/' ||
		(size_t)(end - last) != strlen(version) + 1 ||
		memcmp(last, version, strlen(version)) != 0)
		return 400;
	if ((size_t)(target - head) != strlen("POST") || memcmp(head, "POST", strlen("POST")) != 0)
		return 405;
	target++;
	return find_token(target, (size_t)(last - target), ret_token) ? 200 : 404;
}
