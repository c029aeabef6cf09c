/* SPDX-License-Identifier: MIT */
#include "fs/remove_tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "fs/base/log.h"

#define OPEN_DIRECTORIES 16 /* that nftw(3) may hold at once */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	if (remove(path) == 0 || errno == ENOENT)
		return 0;
	int error = -errno;
	log_errno(LOG_LEVEL_WARNING, error, "main: cannot remove '%s'", path);
	return place->level == 0 ? error : 0;
}

int remove_tree(const char *path)
{
	int r = nftw(path, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	return r < 0 && r != -1 ? r : r == -1 && errno != ENOENT ? -errno : 0;
}
