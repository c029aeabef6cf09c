/* SPDX-License-Identifier: MIT */
#pragma once
/* store_private: what the files of fs/store share. */
#include "fs/store/db.h"
#include "fs/store/store.h"

struct store {
	struct db *db;				   /* owned */
	int state_fd, data_fd, cache_fd, lock_fd; /* owned */
};

#define STORE_NAME 24 /* an inode number in decimal */
void store_name(int64_t ino, char *name);
