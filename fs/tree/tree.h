/* SPDX-License-Identifier: MIT */
#pragma once
/* tree: which names exist under which directory, what they are, and what may be done with them (design 1.1).
 *
 * Inode numbers are those of the store's nodes, stable over mounts and never used again; a prompt's shadows have the
 * prompt's number with a high bit set. Permission bits are the kernel's business (default_permissions); the tree
 * refuses what no owner may do (-EPERM).
 * Every changing function is one transaction and returns after it is committed.
 * Errors: POSIX's, and -ENOSPC, -EIO, -ENOMEM. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct gen;

enum tree_kind { TREE_DIR, TREE_FILE, TREE_RESULT, TREE_STATUS, TREE_WAIT, TREE_MODEL };

#define TREE_ROOT UINT64_C(1)
#define TREE_ABOUT UINT64_C(2) /* .weryaifs */
#define TREE_LOST UINT64_C(3)  /* .weryaifs/lost+found */
#define TREE_FIRST_FREE UINT64_C(1000) /* numbers below are for fixed files */
#define TREE_STATUS_BIT (UINT64_C(1) << 62)
#define TREE_WAIT_BIT (UINT64_C(1) << 61)
#define TREE_MODEL_BIT (UINT64_C(1) << 59) /* the .model of a model's directory: found, never listed */
#define TREE_BITS (TREE_STATUS_BIT | TREE_WAIT_BIT | TREE_MODEL_BIT)
#define TREE_NODE(ino) ((int64_t)((ino) & ~TREE_BITS))

struct tree_entry {
	uint64_t ino;
	enum tree_kind kind;
	struct stat st;
};

struct tree_owner { /* who asks */
	uid_t uid;
	gid_t gid;
};

/* Would this name be that of a shadow? */
bool tree_is_shadow_name(const char *name);
int tree_lookup(struct gen *gen, uint64_t parent, const char *name, struct tree_entry *ret_entry);
int tree_get(struct gen *gen, uint64_t ino, struct tree_entry *ret_entry);
int tree_parent(struct gen *gen, uint64_t ino, uint64_t *ret_parent);
/* The path below the mount's root, without a slash at its ends ("" is the root); the caller frees. -ENOENT: no name. */
int tree_path(struct gen *gen, uint64_t ino, char **ret_path);
/* The file is open for writing in *ret_fd (the caller's), and counted as tree_open() counts. */
int tree_create(struct gen *gen, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry, int *ret_fd);
int tree_mkdir(struct gen *gen, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry);
int tree_unlink(struct gen *gen, uint64_t parent, const char *name);
int tree_rmdir(struct gen *gen, uint64_t parent, const char *name);
/* Flags as renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE. */
int tree_rename(struct gen *gen, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags);

enum { TREE_SET_MODE = 1, TREE_SET_UID = 2, TREE_SET_GID = 4, TREE_SET_SIZE = 8, TREE_SET_ATIME = 16, TREE_SET_MTIME = 32 };
int tree_set(struct gen *gen, uint64_t ino, const struct stat *st, unsigned what, struct tree_entry *ret_entry);

/* TREE_FILE: an fd of its bytes, the caller's. An open for writing is counted until tree_close(): that is how a
 * prompt's last close is known. */
int tree_open(struct gen *gen, uint64_t ino, int flags, int *ret_fd);
void tree_close(struct gen *gen, uint64_t ino, int flags);
/* Before the bytes of a file that is open for writing change. */
int tree_will_write(struct gen *gen, uint64_t ino);
/* Such a change was refused: half a prompt is not to be sent. */
void tree_write_failed(struct gen *gen, uint64_t ino);
/* fsync(2): the bytes behind `fd` and everything the tree knows survive power loss. */
int tree_fsync(struct gen *gen, int fd);

/* Entries from `cookie` on (0: the start), in an order that renames and removals do not disturb; emit() gets the
 * cookie of the next one and returns 0, or > 0 when it has had enough. */
int tree_list(struct gen *gen, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next), void *arg);

/* For so many milliseconds from now, a second at most, no result of this directory gets another name by itself: a prompt
 * that somebody writes there right now has to settle first, and one that is submitted by hand and finished at once waits
 * (tree_promised_ms()). 0: it may at any time. */
int64_t tree_quiet_ms(struct gen *gen, uint64_t dir);
/* Milliseconds until that promise has run out, also for a kernel that heard of it late; 0: it has. */
int64_t tree_promised_ms(struct gen *gen, int64_t dir);

/* Extended attributes: user.* stored, user.weryai.* made from the job (status.h). Size 0 asks for the length. */
int tree_xattr_get(struct gen *gen, uint64_t ino, const char *name, void *value, size_t size, size_t *ret_length);
int tree_xattr_set(struct gen *gen, uint64_t ino, const char *name, const void *value, size_t length, int flags);
int tree_xattr_remove(struct gen *gen, uint64_t ino, const char *name);
int tree_xattr_list(struct gen *gen, uint64_t ino, char *list, size_t size, size_t *ret_length);

/* The kernel has forgotten the inode: what has no name any more goes now. */
void tree_forget(struct gen *gen, uint64_t ino);
int tree_statvfs(struct gen *gen, struct statvfs *ret_statvfs);
