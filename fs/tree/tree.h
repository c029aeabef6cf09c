/* SPDX-License-Identifier: MIT */
#pragma once
/* tree: which names exist under which directory, what they are, what may be done with them (design 1.1), when a text has
 * settled and what it means then, and a prompt's job in words (status.h).
 *
 * What it is:   the door to the names. Nodes, rows of the store, are the truth; a prompt's shadows X.status and X.wait,
 *               and a directory's .model, are made from them. A file with a prompt's name whose last writer has closed it is
 *               a draft (draft.h); settled, it is examined (draft_examine.c) and becomes a job of the queue or the inputs.
 * Invariants:   A job belongs to a place, a path (tree_place.c, fs/store/places.h): what was sent from there stays known, whoever
 *               comes or goes. Every changing function is one transaction and returns after it is committed; memory
 *               changes after the commit. A mark in the database says what is a draft before its bytes change.
 * States:       of a prompt's text (enum draft_state of nodes.h): examined; changed and open; changed and closed. Of a node: it
 *               has a name, or none but is still in use, until tree_forget().
 * Ownership:    needs are borrowed. It owns its drafts and what it knows of nameless nodes.
 * Calls back:   table_settled(); what it changes is told by way of fs/job/changes.h.
 * Permission bits are the kernel's business (default_permissions); the tree refuses what no owner may do (-EPERM).
 * Errors: POSIX's, and -ENOSPC, -EIO, -ENOMEM.
 * Files, bottom up: shadow_text, copiers, status_hash, caption, draft_pace, draft_edit, draft_copies, draft_examine, draft, status_facts,
 * status_sheet, status_progress, status, status_size, status_attributes, sidecar, tree_plant, tree_path, tree_hint, tree, tree_look, tree_set, tree_xattr,
 * tree_place, tree_change, tree_rename. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fs/job/place.h"

struct buf;
struct changes;
struct credits;
struct fetches;
struct inputs;
struct job_table;
struct leases;
struct loop;
struct model_table;
struct queue;
struct store;
struct tree;
struct writers;

struct tree_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct job_table *jobs;
	struct changes *changes;
	struct leases *leases;
	struct writers *writers;
	struct fetches *fetches;
	struct credits *credits;
	struct queue *queue;
	struct inputs *inputs;
	const struct model_table *const *models; /* the table in force, which may be another one at the next turn */
	int64_t settle_ms, settle_max_ms; /* settle_max_ms: of a prompt that is saved again and again */
	int64_t copies_ms; /* a copy is sent when no name has changed for so long */
	int ask_above;     /* one rename that asks another model for more results is asked about; 0: none is */
	bool allow_unknown, dry_run;
	bool sidecar; /* X.json beside each result (sidecar.h) */
	bool manual; /* nothing is sent unless a person says so */
	const char *webhook_url; /* of prompts that name none; NULL none */
	uid_t uid; /* owner of directories that nobody in particular makes */
	gid_t gid;
	bool resumes; /* the mount is older than we: files without a name may be open */
	/* A file with the name of a table has settled. 0, or an error: then it is asked again. */
	int (*table_settled)(void *arg, int64_t ino);
	void *arg;
};

/* Makes the fixed directories and those of the models, and removes what the last mount left without a name. */
int tree_start(const struct tree_needs *needs, struct tree **ret_tree);
/* After a mount: what was closed settles again. */
int tree_resume(struct tree *tree);
void tree_destroy(struct tree *tree); /* NULL is fine */
/* The models in force are other ones: makes the directories that are missing. */
int tree_plant(struct tree *tree);

enum tree_kind { TREE_DIR, TREE_FILE, TREE_RESULT, TREE_STATUS, TREE_SIDECAR, TREE_WAIT, TREE_WAIT_BELOW, TREE_MODEL, TREE_GALLERY };

struct tree_entry {
	uint64_t ino;
	enum tree_kind kind;
	struct stat st;
};

/* Makes the entry of a file that is made of something (a status, a `.wait`) from that something's own: owner and times stay. */
static inline void tree_entry_make(struct tree_entry *entry, uint64_t ino, enum tree_kind kind, size_t length)
{
	entry->ino = entry->st.st_ino = ino;
	entry->kind = kind;
	entry->st.st_mode = S_IFREG | 0644;
	entry->st.st_nlink = entry->st.st_nlink == 0 ? 0 : 1; /* removed, and still open */
	entry->st.st_size = (off_t)length;
	entry->st.st_blocks = (blkcnt_t)(length + 511) / 512;
}

struct tree_owner { /* who asks */
	uid_t uid;
	gid_t gid;
};

int tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct tree_entry *ret_entry);
int tree_get(struct tree *tree, uint64_t ino, struct tree_entry *ret_entry);
int tree_parent(struct tree *tree, uint64_t ino, uint64_t *ret_parent);
/* The path below the mount's root, without a slash at its ends ("" is the root); the caller frees. -ENOENT: no name. */
int tree_path(struct tree *tree, uint64_t ino, char **ret_path);
/* A file is open for writing afterwards, and counted as tree_open() counts. */
int tree_create(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry);
/* May the copy of a shadow come here, to be dropped? Exclusive: it is made with O_EXCL, as programs do that copy; else the
 * prompt must have been here before. -EPERM. */
int tree_takes_shadow(struct tree *tree, uint64_t parent, const char *name, bool exclusive);
int tree_mkdir(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry);
int tree_unlink(struct tree *tree, uint64_t parent, const char *name);
/* The same for a file that was renamed to the name of a shadow, and dropped. The kernel takes it for the shadow now, for as long
 * as it keeps names: it is told to look again (-ESTALE) wherever it asks by number. */
int tree_drop(struct tree *tree, uint64_t parent, const char *name);
bool tree_is_dropped(const struct tree *tree, uint64_t ino);
int tree_rmdir(struct tree *tree, uint64_t parent, const char *name);
/* Flags as renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE. */
int tree_rename(struct tree *tree, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags);

enum { TREE_SET_MODE = 1, TREE_SET_UID = 2, TREE_SET_GID = 4, TREE_SET_SIZE = 8, TREE_SET_ATIME = 16, TREE_SET_MTIME = 32 };
int tree_set(struct tree *tree, uint64_t ino, const struct stat *st, unsigned what, struct tree_entry *ret_entry);

/* TREE_FILE. An open for writing is counted until tree_close(): that is how a prompt's last close is known. */
int tree_open(struct tree *tree, uint64_t ino, int flags);
/* An fd of its bytes, borrowed until another one is asked for: handles have none of their own, so they can be as many as they like. */
int tree_fd(struct tree *tree, uint64_t ino);
void tree_close(struct tree *tree, uint64_t ino, int flags);
/* tree_open() for who had the file open when the last daemon died: nothing is truncated, and what was written is still to
 * be closed. */
int tree_reopen(struct tree *tree, uint64_t ino, int flags);
/* Before the bytes of a file that is open for writing change; by whom: draft_will_write(). */
int tree_will_write(struct tree *tree, uint64_t ino, pid_t writer);
/* draft.h has these: draft_is_written(), draft_writer(), draft_cut_short(). */
bool tree_is_prompt_written(struct tree *tree, uint64_t ino);
pid_t tree_writer(struct tree *tree, uint64_t ino);
void tree_cut_short(struct tree *tree, uint64_t ino, pid_t writer);
/* Such a change was refused: half a prompt is not to be sent. */
void tree_write_failed(struct tree *tree, uint64_t ino);
/* fsync(2): the bytes behind `fd` and everything the tree knows survive power loss. */
int tree_fsync(struct tree *tree, int fd);

/* Entries from `cookie` on (0: the start), in an order that renames and removals do not disturb; emit() gets the
 * cookie of the next one and returns 0, or > 0 when it has had enough. */
int tree_list(struct tree *tree, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next), void *arg);

/* lease_give_ms() of fs/job/lease.h. */
int64_t tree_quiet_ms(struct tree *tree, uint64_t dir);
/* lease_given_before() */
int tree_quiet_before(struct tree *tree, uint64_t dir, int64_t until_ms);

/* The last files that look like prompts by their names and are none, for people. -ENOMEM, -ENOSPC. */
int tree_add_hints(const struct tree *tree, struct buf *text);
/* For who knows a prompt by its number: status_format() and status_wait_text() of status.h. -ENOENT: it is gone. */
int tree_status_text(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length);
int tree_status_opened(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length); /* by a user: status_size.h */
int tree_wait_text(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length);
/* It reads differently: where no row has changed (what it waits for, why bytes do not come) its time does now. */
void tree_status_changed(struct tree *tree, uint64_t prompt_ino);
/* The text of DIRECTORY/.model or, by the bit of its number, .directory; the number is the directory's or the text's own. Caller frees. */
int tree_model_text(struct tree *tree, uint64_t ino, char **ret_text, size_t *ret_length);
/* A person says `submit`: a job of the prompt's text, now, whatever was bought before. -EBUSY: somebody writes to it; -EINVAL: there
 * is no prompt in it. */
int tree_submit(struct tree *tree, int64_t ino);

/* Extended attributes: user.* stored, user.weryai.* made from the job (status.h). Size 0 asks for the length. */
int tree_xattr_get(struct tree *tree, uint64_t ino, const char *name, void *value, size_t size, size_t *ret_length);
int tree_xattr_set(struct tree *tree, uint64_t ino, const char *name, const void *value, size_t length, int flags);
int tree_xattr_remove(struct tree *tree, uint64_t ino, const char *name);
int tree_xattr_list(struct tree *tree, uint64_t ino, char *list, size_t size, size_t *ret_length);

/* The kernel has forgotten the inode: what has no name any more goes now. */
void tree_forget(struct tree *tree, uint64_t ino);
void tree_forget_all(struct tree *tree); /* unmounted: all of them */
int tree_statvfs(struct tree *tree, struct statvfs *ret_statvfs);
