/* SPDX-License-Identifier: MIT */
#pragma once
/* cache_private: one file of the cache in memory. Calls go down: cache_sync.c, cache_io.c, cache.c (opens, reads and writes it), cache_keep.c, cache_fd.c. */
#include "fs/store/ranges.h"
#include "fs/store/store_private.h"

#define CACHE_SYNCED "synced" /* instead of a boot id: the data is on the disk */

struct cache_file {
	struct store *store; /* borrowed */
	struct list link;    /* store.cache_unsaved */
	int64_t ino;
	int fd;         /* owned; -1: nothing was to be read or written yet, or it is closed */
	struct list open;    /* store.cache_opened, while there is an fd */
	unsigned writers;    /* of `holds`: they have the fd, or open it (cache_io.h) */
	unsigned holds; /* of the opener, who may have closed it, and of writers; 0: it waits for its map to be saved */
	struct ranges present;
	int64_t used;
	bool looked; /* on the disk: what counts as present was there, or nothing does */
	bool gone; /* it was removed: what is still written to it is nowhere */
};

/* New at each boot; "?" where the machine does not say. */
const char *cache_boot_id(void);
/* Its map is to be saved. */
static inline void cache_file_changed(struct cache_file *file)
{
	if (!file->gone && list_empty(&file->link))
		list_append(&file->store->cache_unsaved, &file->link);
}

/* The file is not there, or shorter than what is known of it. */
static inline void cache_file_missing(struct cache_file *file)
{
	file->store->cache_doubted = true;
	ranges_finish(&file->present);
	cache_file_changed(file);
}

/* There is an fd afterwards. Where another file is found under its name, nothing is present any more. */
int cache_fd_open(struct cache_file *file);
int cache_fd_find(struct cache_file *file); /* the same without making one. -ENOENT: nothing is present */
void cache_fd_close(struct cache_file *file);
void cache_fd_adopt(struct cache_file *file, int fd); /* takes it over */
void cache_file_free(struct cache_file *file);
