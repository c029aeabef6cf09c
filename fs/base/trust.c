/* SPDX-License-Identifier: MIT */
#include "fs/base/trust.h"

#include <stdio.h>
#include <unistd.h>

enum { OVERFLOW_UID = 65534 }; /* user_namespaces(7) */

static bool is_in_namespace(void)
{
	unsigned inside = 0, outside = 0, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (map == NULL)
		return false;
	bool whole = fscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && outside == 0 &&
		     count == 4294967295U;
	fclose(map);
	return !whole;
}

bool trust_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid() || (uid == OVERFLOW_UID && is_in_namespace());
}

bool trust_is_shared(const struct stat *st)
{
	return (st->st_mode & S_IWOTH) != 0 ||
	       ((st->st_mode & S_IWGRP) != 0 && st->st_gid != getegid() && st->st_gid != 0);
}
