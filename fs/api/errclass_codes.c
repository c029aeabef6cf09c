/* SPDX-License-Identifier: MIT */
#include "fs/api/errclass_codes.h"

#include "fs/base/cleanup.h"

static const struct {
	int64_t number;
	struct errcode meaning;
} codes[] = {
	{1003, {ERRCLASS_NOT_FOUND, "The service knows no such task or batch any more",
		       "To ask anew: echo submit > X.status."}},
	{1004, {ERRCLASS_CREDITS, NULL, NULL}},
	{1005, {ERRCLASS_MODERATION, NULL, NULL}},
	{1006, {ERRCLASS_PARAMETER, NULL, NULL}},
	{1007, {ERRCLASS_THROTTLED, "The service's queue for this model is full", NULL}},
	{1009, {ERRCLASS_AUTH, "The service gives no permission for this request", NULL}},
	{1010, {ERRCLASS_NOT_FOUND, "The service found no data for this request", NULL}},
	{1011, {ERRCLASS_CREDITS, NULL, NULL}},
	{1014, {ERRCLASS_PARAMETER, "An input image is too large",
		       "Make the image smaller and save it and the prompt again."}},
	{1015, {ERRCLASS_DAILY, "The account's uploads for this day are used up", NULL}},
	{1017, {ERRCLASS_SUBSCRIPTION, NULL, NULL}},
	{1102, {ERRCLASS_REFUSED, "An upload failed at the service", NULL}},
	{2001, {ERRCLASS_MODERATION, "An input image was refused for its content",
		       "Use another image and save the prompt, which sends it again."}},
	{2003, {ERRCLASS_MODERATION, NULL, NULL}},
	{2004, {ERRCLASS_PARAMETER, "The service does not take the format of an input image",
		       "Use jpg, png or webp and save the prompt, which sends it again."}},
	{5000, {ERRCLASS_SERVER, NULL, NULL}},
	{6001, {ERRCLASS_SERVER, "The service's workflow failed", NULL}},
	{6002, {ERRCLASS_THROTTLED, "The service starts no more generations for the moment", NULL}},
	{6003, {ERRCLASS_REFUSED, "The service failed while it charged the credits", NULL}},
	{6004, {ERRCLASS_REFUSED, "The service failed while it started the generation", NULL}},
	{6010, {ERRCLASS_CONCURRENCY, NULL, NULL}},
	{6101, {ERRCLASS_DAILY, NULL, NULL}},
	{8001, {ERRCLASS_REFUSED, "The podcast's script is not ready yet", NULL}},
	{8002, {ERRCLASS_REFUSED, "The podcast's sound was asked for already", NULL}},
};

const struct errcode *errcode_find(int64_t code)
{
	/* API reference 5.2: the whole range is content safety. */
	static const struct errcode content = {ERRCLASS_MODERATION, NULL, NULL};

	for (size_t i = 0; i < array_length(codes); i++)
		if (codes[i].number == code)
			return &codes[i].meaning;
	return code >= 2000 && code <= 2999 ? &content : NULL;
}
