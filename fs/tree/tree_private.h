/* SPDX-License-Identifier: MIT */
#pragma once
/* tree_private: what the files of this room share; tree.h says which of them calls which. */
#include "fs/base/map.h"
#include "fs/job/changes.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"

struct drafts;

#define TREE_AWAY 64

struct tree {
	struct tree_needs needs;
	struct drafts *drafts; /* owned */
	char *hints[5];        /* owned, the newest first (tree_hint.c); NULL: no more */
	struct status_sizes *sizes; /* owned */
	struct map *nameless;  /* inode -> itself: no name, but the kernel still knows it */
	struct tree_away {
		int64_t ino, job;
		int64_t changed; /* ns, when its bytes were */
		int64_t left;    /* monotonic ms */
	} away[TREE_AWAY];       /* tree_away.c; a ring */
	size_t away_next;
};

/* tree_plant.c: as tree_plant(). */
int plant(const struct tree_needs *needs);

/* tree_path.c. How much of the node's name is that of its status; 0: it has none. */
size_t tree_status_stem(struct tree *tree, const struct node *node);

/* tree_look.c */

int tree_entry_of(struct tree *tree, const struct node *node, struct tree_entry *ret_entry);
/* The node of a shadow name ("X.status", "X.wait") when its prompt is there: 1 and the bit, else 0, or an error. */
int tree_shadow(struct tree *tree, int64_t parent, const char *name, struct node *ret_prompt, uint64_t *ret_bit);
/* tree_change.c. After the commit: the status of a prompt that has, or had, this name in this directory has come, or has gone. */
void tree_tell_status(struct tree *tree, int64_t dir, const char *name, enum changes_name what);
/* tree_away.c. A prompt leaves its place. */
void tree_away_note(struct tree *tree, const struct node *node);
/* Has it come back at once, as it was, to the job that it left, which was refused? Then it is no new text. */
bool tree_away_is_back(struct tree *tree, int64_t ino, int64_t job);
/* tree_hint.c. After the commit: a file has been made, or has been called so. */
void tree_hint(struct tree *tree, int64_t dir, const char *name);
void tree_hints_finish(struct tree *tree);
/* tree_set.c. rename(2) changes st_ctime of what is renamed; a data file's is changed by any chmod(2) of it. */
int tree_touch_ctime(struct tree *tree, struct node *node);

/* What is to be done once the transaction is committed; starts as {0}. */
struct tree_aftermath {
	struct after {
		int64_t cancelled; /* a job whose rows are gone; 0 none */
		int64_t left;	   /* a file that is no prompt any more; 0 none */
		int64_t settle;	   /* one that has become one, and is to be examined; 0 none */
		int64_t changed;   /* a prompt whose status reads differently; 0 none */
		int64_t dropped;   /* a file without a name now, that had one of a shadow; 0 none */
	} * items;		   /* owned */
	size_t count, capacity;
};

/* tree_change.c: also for a renaming; all but tree_note_nameless() inside the caller's transaction. */
/* May a new name appear in this directory? */
int tree_check_new_name(
	struct tree *tree, uint64_t parent, const char *name, struct node *ret_dir);
/* Both directories have changed; they may be one. */
int tree_touch_parents(struct tree *tree, int64_t parent, int64_t other);
/* Takes the name away; the rest goes when the kernel has forgotten the inode. */
int tree_drop_name(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath);
/* After the commit. Without memory the inode is removed at the next mount. */
void tree_note_nameless(struct tree *tree, int64_t ino);
/* May this be removed as a directory? */
int tree_check_empty_dir(struct tree *tree, const struct node *node);

/* tree_place.c: inside the caller's transaction, which `aftermath` is about. */
/* The prompt leaves its place: what was not sent is cancelled. */
int tree_leave_place(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath);
/* A file is no table any more, or gone. */
int tree_leave_table(struct tree *tree, int64_t ino, struct tree_aftermath *aftermath);
/* A file comes to a place as a prompt. */
int tree_take_place(struct tree *tree, int64_t ino, int64_t parent, const char *name,
	struct tree_aftermath *aftermath);
/* A file changes its place; `node` is as it was before. */
int tree_move_file(struct tree *tree, const struct node *node, int64_t parent, const char *name,
	struct tree_aftermath *aftermath);
/* Are both prompts of one model? */
bool tree_are_siblings(struct tree *tree, const struct node *node, const struct node *other);
/* Such two change their names; both are as they were before. */
int tree_exchange_files(struct tree *tree, const struct node *node, const struct node *other,
	struct tree_aftermath *aftermath);

/* Where a directory is, as far as that matters for the prompts below it. */
struct tree_dir {
	char *path;	  /* owned; NULL: it is none */
	bool has_prompts; /* files in it that are called so are prompts */
	int64_t top;	  /* the model's directory, where it has */
};

int tree_dir_look(struct tree *tree, const struct node *node, struct tree_dir *ret_dir);
void tree_dir_finish(struct tree_dir *dir);
/* A directory has got another path, with all that is below it: `old` is where it was. In another model every prompt
 * below it is a new one; in a tool's directory, or in none of a model, it is none. */
int tree_move_dir(struct tree *tree, const struct node *node, const struct tree_dir *old,
	struct tree_aftermath *aftermath);
/* After the transaction, with its result, which is returned. Frees what `aftermath` holds. */
int tree_aftermath_finish(struct tree *tree, struct tree_aftermath *aftermath, int result);
