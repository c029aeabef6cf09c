/* SPDX-License-Identifier: MIT */
#pragma once
/* store: one account's place on disk: a locked state directory with the database and the bytes of plain files
 * and prompts (data/INO), and a cache directory with the bytes of results.
 *
 * Both directories are 0700 and owned by us; nothing in them is opened through a symlink.
 * Durability: store_end() on a durable transaction returns after fsync; others survive the process, not the power.
 * Errors: negative errno; -ENOSPC and -EIO are the disk's. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct store;

/* Creates what is missing, and leaves no thread behind, a hanging one apart. -EBUSY: another mount of this account holds the lock; -EINVAL: damaged, newer or foreign.
 * Every error has a sentence in *ret_message, which the caller frees. */
int store_open(const char *state_dir, const char *cache_dir, struct store **ret_store, char **ret_message);
void store_close(struct store *store); /* NULL is fine */
/* The directories that it lives in, borrowed: all that it opens by name is in them. *ret_cache_fd is -1 where there is no cache. */
void store_places(const struct store *store, int *ret_state_fd, int *ret_cache_fd);
/* `lost`: the cache was removed, and a new one may not be made by this process (fs/base/confine.h). Once a minute at most. */
void store_on_cache_lost(struct store *store, void (*lost)(void *arg), void *arg);

/* One operation is one transaction; they do not nest. store_end() commits when result >= 0, else rolls back,
 * and returns result or the error of the commit. */
int store_begin(struct store *store, bool durable);
int store_end(struct store *store, int result);
/* Runs `change` in a transaction of its own, which is committed where that returns 0 or more. */
int store_run(struct store *store, bool durable, int (*change)(struct store *store, void *arg), void *arg);
/* From now on transactions belong to this request of the kernel's, and say so on the disk: one that comes again because its
 * answer was never written is known to have been done. 0: to none. */
void store_serves(struct store *store, int64_t request);
/* The last such request; 0: there is none. */
int store_served(struct store *store, int64_t *ret_request);
int store_served_forget(struct store *store); /* a new mount, with numbers of its own */
/* Another number than before when anything has changed since; -1: inside a transaction. */
int64_t store_state(const struct store *store);
int store_sync(struct store *store); /* everything committed so far survives power loss */

/* The account was once copied or put back from a backup: jobs up to this number that are not sent yet may have been
 * sent from there, and are not to be sent unless a person says so. 0: it was not. */
int64_t store_hold_up_to(const struct store *store);

/* A submission is about to leave: counted in its transaction, and noted outside of the account's state after the commit, so that a
 * backup which is put back later is known as one. */
int store_count_sent(struct store *store);
void store_note_sent(struct store *store);

/* Keeps back some room on the state disk; at once when it is there already. -ENOSPC: there is none to keep. */
int store_reserve_make(struct store *store);
/* Gives it free for one transaction that must not be lost. False: there was none. */
bool store_reserve_use(struct store *store);

/* Looks at an account that is not mounted, and changes nothing. Adds what it found to *ret_report, one finding a line
 * (caller frees), and counts what is wrong. -ENOENT: there is no account yet; -EBUSY: it is mounted. */
int store_check(const char *state_dir, const char *cache_dir, char **ret_report, int *ret_problems);

/* Puts right what can be put right without guessing, of an account that is not mounted: see repair.c. What becomes a file gets its
 * name in `dir`. *ret_report: one line a change (caller frees). Errors as those of store_open(). */
int store_repair(const char *state_dir, const char *cache_dir, int64_t dir, char **ret_report, char **ret_message);

/* The bytes of a NODE_FILE. Flags as open(2); O_CREAT makes it (0600). The fd is the caller's. */
int store_data_open(struct store *store, int64_t ino, int flags);
/* The same for a file that is read and written by handles, as often as they like: borrowed, until the next call of one of these. */
int store_data_fd(struct store *store, int64_t ino);
int store_data_make(struct store *store, int64_t ino); /* made, and empty */
void store_data_fd_drop(struct store *store, int64_t ino);
int store_data_stat(struct store *store, int64_t ino, struct stat *ret_stat);
int store_data_remove(struct store *store, int64_t ino); /* no error when absent */
int store_data_sync(struct store *store);		 /* the directory of them */
/* Removes the data files of nodes that were removed (the process may have died between the two), and no other: what the
 * database does not know is told of, and left to a person (store_repair()). `goes_on`: the daemon before was of the same mount. */
int store_data_sweep(struct store *store, bool goes_on);
/* An empty file in the state directory, open for reading and writing; the fd is the caller's. `kept`: it has a name, so that
 * the next daemon can open it again. */
int store_spool_open(struct store *store, bool kept);
int store_spool_again(struct store *store);
void store_spool_remove(struct store *store); /* its name */
int store_statvfs(struct store *store, struct statvfs *ret_statvfs);
