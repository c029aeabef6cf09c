/* SPDX-License-Identifier: MIT */
#pragma once
/* store_private: what the files of fs/store share. */
#include "fs/base/list.h"
#include "fs/base/map.h"
#include "fs/store/db.h"
#include "fs/store/disk.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

#include <stdbool.h>
#include <stdio.h>

#define STORE_RECENT 64
#define DATA_SHARED 64 /* data files that stay open for the next read or write, at most */

struct data_shared { /* data_shared.c */
	struct data_fd {
		int64_t ino;
		int fd;	       /* owned */
		uint64_t used; /* by `clock` */
	} items[DATA_SHARED];
	size_t count;
	uint64_t clock;
};

struct store {
	struct db *db;				   /* owned */
	int state_fd, data_fd, cache_fd, lock_fd; /* owned */
	int name_fd;				   /* owned, see lock.h; -1 none */
	struct disk *disk;			   /* owned; of the cache */
	char *cache_path;			   /* owned */
	int64_t cache_made_ms;			   /* when it was last made again, 0 never */
	void (*cache_lost)(void *arg);		   /* NULL: nobody wants to know */
	void *cache_lost_arg;
	ino_t database_ino;			   /* of the file that is open */
	bool is_untouched;			   /* since the mount before, see soundness.h */
	bool is_doubted;			   /* its copy was damaged: the next mount reads it whole */
	int64_t account, sent;			   /* see witness.h */
	int64_t hold_up_to;			   /* see store_hold_up_to() */
	int64_t request;			   /* see store_serves() */
	bool reserved;				   /* see store_reserve_make() */
	struct map *cache_files;   /* inode -> cache_file that is in memory and not gone, borrowed */
	struct list cache_unsaved; /* cache_file.link: files whose map has changed; those that are closed are owned */
	unsigned cache_closed;	   /* of them */
	struct list cache_opened;  /* cache_file.open, oldest first */
	unsigned cache_open;	   /* of them */
	bool cache_doubted;	   /* a file was missing: others may be, too */
	struct worker *io_worker;  /* borrowed; NULL: nothing is submitted (cache_io.h) */
	struct list io_waiting;	   /* cache_io.link: it has them */
	struct loop_timer *io_late;/* owned; it has had them for a while */
	bool io_is_slow;	   /* for half of the time after which its disk hangs */
	struct data_shared shared;
	struct recent_node {       /* found lately: what is looked up is opened next */
		int64_t state;     /* of the database then (db_state()) */
		struct node node;
	} recent[STORE_RECENT]; /* by inode */
};

#define STORE_DATABASE "weryaifs.db"

#define STORE_NAME 24 /* an inode number in decimal */
static inline void store_name(int64_t ino, char name[STORE_NAME])
{
	snprintf(name, STORE_NAME, "%lld", (long long)ino);
}
/* Data files that belong to no node: visit() returns 0 to go on. */
int store_data_each(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg);
void data_shared_finish(struct data_shared *shared);
/* A file beside the database that tells of an account; NULL: there is none, so a new one may be begun. */
int store_find_witness(const struct store *store, const char *cache_dir, const char **ret_witness);
/* At the end, after cache_flush(): frees what could not be saved. */
void cache_forget_unsaved(struct store *store);
/* Inside a transaction: it belongs to the request of store_serves(). */
int served_note(struct store *store);
