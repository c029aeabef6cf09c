/* SPDX-License-Identifier: MIT */
#include "fs/net/percent.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

int percent_decode(const char *text, char **ret_decoded)
{
	size_t length = strlen(text);
	int decoded_length;

	if (length > INT_MAX)
		return -EINVAL;
	char *decoded = curl_easy_unescape(NULL, text, (int)length, &decoded_length);
	if (decoded == NULL)
		return -ENOMEM;
	/* what libcurl allocates is freed by libcurl */
	int r = strlen(decoded) == (size_t)decoded_length ? 0 : -EINVAL;
	if (r == 0) {
		*ret_decoded = strdup(decoded);
		r = *ret_decoded == NULL ? -ENOMEM : 0;
	}
	curl_free(decoded);
	return r;
}
