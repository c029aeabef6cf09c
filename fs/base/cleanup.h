/* SPDX-License-Identifier: MIT */
#pragma once
/* cleanup: attributes for locals with a single owner, and the hand-over verb. */
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE CLEANUP(cleanup_freep)
#define CLEANUP_CLOSE CLEANUP(cleanup_closep)

/* Takes the pointer out of a variable whose cleanup must not free it any more. */
#define steal(p)                                                                                   \
	__extension__({                                                                            \
		__typeof__(*(p)) steal_value_ = *(p);                                              \
		*(p) = NULL;                                                                       \
		steal_value_;                                                                      \
	})

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define array_length(a) (sizeof(a) / sizeof((a)[0]))
