/* SPDX-License-Identifier: MIT */
/* Preloaded into a daemon that is built with AddressSanitizer: it leaks once, so that it is seen that leaks are seen. */
#include <stdlib.h>
#include <string.h>

static char *volatile leaked;

__attribute__((constructor)) static void leak(void)
{
	leaked = malloc(1234);
	if (leaked != NULL)
		memset(leaked, 1, 1234);
	leaked = NULL;
}
