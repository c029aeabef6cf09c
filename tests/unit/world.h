/* SPDX-License-Identifier: MIT */
#pragma once
/* world: one account in one process, from the store to the tree, without a mount: on a clock, a disk (own_disk) and an HTTP
 * (own_http) of the test's own. Paths are below the mount's root: "FLUX/fox.txt". Time goes on in world_wait() alone,
 * from one due timer to the next, so that hours cost nothing.
 *
 * One world at a time. What goes wrong in here fails the test. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/account/account.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"

struct world {
	struct account *account;
	struct store *store;
	struct loop *loop;
	struct account_options options; /* may be changed before world_begin() */
	pid_t writer; /* who writes, as the kernel says */
};

extern struct world world;

/* Setup and teardown of cmocka: an empty account with the models of gen_catalogue.h and a tool WORDS that answers with
 * a text, a tool TALK with a second request, everything good, mounted. In the end the ledger has to be in order (store_check()), whatever was done to it. */
int world_setup(void **state);
int world_teardown(void **state);
/* The mount ends, and begins. */
void world_end(void);
void world_begin(void);
void world_remount(void);
void world_set_tools(bool there); /* a remount with, or without, the tools in the configuration */
/* As a SIGKILL and a mount: what is on the disk now is all that is left. */
void world_kill(void);
/* Somebody has copied the account's directories as they are now, and goes on with the copy. */
void world_copy(void);
/* The wall clock alone jumps. */
void world_jump(int64_t ms);
void world_wait(int64_t ms);
void world_settle(void); /* everything that is due now */
void world_turn(void); /* one turn of the loop, without waiting for the disk */

const char *world_directory(void); /* with N/state and N/cache in it, N counting copies of the account */
uint64_t world_ino(const char *path); /* 0: there is none */
/* As a shell writes it: opened, truncated, written, closed. */
void world_save(const char *path, const char *text);
/* The same in steps; a file that is there is not truncated. */
int world_open(const char *path);
int world_write(const char *path, int fd, const char *text); /* truncates first */
int world_append(const char *path, int fd, const char *text);
void world_close(const char *path, int fd);
void world_cut_short(const char *path, pid_t writer); /* killed, with the file open */
int world_mkdir(const char *path);
int world_remove(const char *path);
int world_rename(const char *from, const char *to);
int world_exchange(const char *one, const char *other);
int world_submit(const char *path);
int world_retry(const char *path); /* `echo retry` */
/* All names in a directory, in the order of the alphabet, "a b c". */
const char *world_list(const char *directory);
bool world_exists(const char *path);
/* Pictures in a directory whose names begin so, backups included, whatever they are called exactly. */
int world_pictures(const char *directory, const char *stem);

/* What is behind "KEY:" in the status; "" where it is not. */
const char *world_status(const char *path, const char *key);
void world_assert_state(const char *path, const char *state);
/* In the ledger: of the prompt's present job; the caller frees with job_record_finish(). */
void world_job(const char *path, struct job_record *ret_record);
/* Jobs in the ledger in this state. */
int64_t world_count(enum job_state state);
int64_t world_spent_today(void);
/* Reads a result by its name: the bytes, or a negative errno, once the loop has nothing more to do in so many ms. */
ssize_t world_read(const char *path, int64_t offset, size_t length, char *data, int64_t ms);
