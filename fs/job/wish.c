/* SPDX-License-Identifier: MIT */
#include "fs/job/wish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_wish.h"

static void add(struct sha256 *sha, const char *text)
{
	if (text != NULL)
		sha256_add(sha, text, strlen(text));
	sha256_add(sha, "\n", 1);
}

int wish_hash(const char *directory, const struct prompt *prompt, char hash[SHA256_TEXT])
{
	const char *origins[SETTING_REFS_MAX];
	CLEANUP_FREE char *wish = NULL;
	struct sha256 sha;

	for (size_t i = 0; i < SETTING_REFS_MAX; i++)
		origins[i] = "";
	int r = prompt_wish(directory, prompt, origins, &wish);
	if (r < 0)
		return r;
	sha256_init(&sha);
	add(&sha, wish);
	sha256_finish(&sha, hash);
	return 0;
}

int wish_request(const char *mode, const char *body, const char *take, char hash[SHA256_TEXT])
{
	CLEANUP_FREE char *core = NULL;
	struct sha256 sha;

	hash[0] = '\0';
	if (body == NULL)
		return 0;
	int r = api_request_core(body, &core);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	sha256_init(&sha);
	add(&sha, mode);
	add(&sha, take);
	add(&sha, core);
	sha256_finish(&sha, hash);
	return 0;
}

const char *wish_hold_text(enum wish_hold hold)
{
	switch (hold) {
	case HOLD_CAPTION:
		return "it lies beside a file of the same name that is no result: is it its "
		       "caption? To "
		       "send it all the same: echo submit into this file";
	case HOLD_MANUAL:
		return "this mount sends nothing by itself (-o manual); to send it: echo submit "
		       "into this "
		       "file";
	case HOLD_MANY:
		return "one rename has brought more prompts to this model than ask_above allows; "
		       "to send "
		       "this one: echo submit into this file";
	default:
		return NULL;
	}
}
