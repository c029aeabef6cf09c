/* SPDX-License-Identifier: MIT */
#pragma once
/* nodes: inodes, names and extended attributes as rows. Knows no prompts and no policy: fs/tree decides
 * what may happen. A node has one name (no hard links) or, removed but still in use, none (parent 0).
 * Functions that change something run inside the caller's store_begin()/store_end(). Times are nanoseconds.
 * Errors: those of fs/store/store.h, and the ones named here. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct store;

enum node_kind { /* values are on disk */
	NODE_MODEL = 1,	 /* a model's directory */
	NODE_DIR = 2,	 /* a user's directory, the root, .weryaifs, lost+found */
	NODE_FILE = 3,	 /* a plain file or, by its name, a prompt; size and times are those of its data file */
	NODE_RESULT = 4
};

enum draft_state { /* values are on disk */
	DRAFT_NONE = 0,	  /* the text was examined */
	DRAFT_OPEN = 1,	  /* changed by somebody who has not closed it yet */
	DRAFT_CLOSED = 2, /* changed and closed: to be examined once it has settled */
	DRAFT_MANY = 3,	  /* the same, and one of many that came at once: a person says whether they are sent */
	DRAFT_CUT = 4,	  /* whoever wrote it last was killed by a signal: a person says whether it is sent */
};

struct node {
	int64_t ino, parent;
	enum node_kind kind;
	mode_t mode; /* with the file type */
	uid_t uid;
	gid_t gid;
	/* Of a NODE_FILE mtime alone, which is not the file's but that of its status: when it has last changed what it says. */
	int64_t atime, mtime, ctime;
	int64_t size;		     /* NODE_RESULT */
	enum draft_state draft;	     /* NODE_FILE */
	int64_t job;		     /* NODE_FILE: the job of this prompt; NODE_RESULT: the job that made it; 0 none */
	size_t name_length;
	char name[256]; /* NUL-terminated */
};

int nodes_get(struct store *store, int64_t ino, struct node *ret_node); /* -ENOENT */
int nodes_find(struct store *store, int64_t parent, const char *name, struct node *ret_node); /* -ENOENT */
/* Children with ino > after, by ino: visit() returns 0 to go on, > 0 to stop. visit may not list the same store. */
int nodes_list(struct store *store, int64_t parent, int64_t after,
	int (*visit)(void *arg, const struct node *node), void *arg);
/* All files below a directory, at any depth. */
int nodes_list_below(struct store *store, int64_t dir, int (*visit)(void *arg, const struct node *node), void *arg);
/* The directory itself, and all below it. */
int nodes_list_dirs_below(struct store *store, int64_t dir, int (*visit)(void *arg, const struct node *node), void *arg);
/* Results, and prompts whose job has failed or is lost, below a directory (0: anywhere), newest first: those older than `before`,
 * without the first `skip` of them. */
int nodes_list_made(struct store *store, int64_t dir, int64_t before, int64_t skip, int (*visit)(void *arg, const struct node *node), void *arg);
/* The result that comes after this node in its directory, by name or by number; -ENOENT none nearby. */
int nodes_next_result(struct store *store, int64_t ino, bool by_name, int64_t *ret_ino);
int nodes_count(struct store *store, int64_t parent, bool directories_only, int64_t *ret_count);
/* Is a prompt being written in this directory, or a job of one unfinished? */
int nodes_is_busy(struct store *store, int64_t dir, bool *ret_busy);
/* node->ino 0: the next free number, written back. node->parent 0: no name. */
int nodes_add(struct store *store, struct node *node); /* -EEXIST */
int nodes_set_attributes(struct store *store, const struct node *node); /* mode uid gid times size */
int nodes_set_name(struct store *store, int64_t ino, int64_t parent, const char *name); /* parent 0: no name */
/* Both are told by a status, whose time is now. */
int nodes_set_draft(struct store *store, int64_t ino, enum draft_state draft);
int nodes_set_job(struct store *store, int64_t ino, int64_t job);
int nodes_remove(struct store *store, int64_t ino); /* with its xattrs */
int nodes_touch(struct store *store, int64_t ino, int64_t now); /* mtime and ctime of a directory */
/* All prompts that are not examined yet, and all nodes without a name, for start-up. */
int nodes_list_drafts(struct store *store, int (*visit)(void *arg, const struct node *node), void *arg);
int nodes_list_nameless(struct store *store, int (*visit)(void *arg, const struct node *node), void *arg);

/* Extended attributes, 256 a file and 128 KiB of names and values: -ENOSPC beyond. -ENODATA none such; -EEXIST, -ENODATA as setxattr(2) says for its flags. */
int xattrs_get(struct store *store, int64_t ino, const char *name, void *value, size_t size, size_t *ret_length); /* -ERANGE */
int xattrs_set(struct store *store, int64_t ino, const char *name, const void *value, size_t length, int flags);
int xattrs_remove(struct store *store, int64_t ino, const char *name);
int xattrs_list(struct store *store, int64_t ino, int (*visit)(void *arg, const char *name), void *arg);
