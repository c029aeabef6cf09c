/* SPDX-License-Identifier: MIT */
/* What a change of names means for prompts and their jobs. A job belongs to a place (fs/store/places.h): a prompt that moves
 * inside its model takes the place along, one that goes leaves it there, and a file that comes to the same path finds it.
 * That is how an editor which saves by rename, or by removing and making anew, keeps what was sent. */
#include "fs/tree/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/read_all.h"
#include "fs/job/changes.h"
#include "fs/job/lease.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt_name.h"
#include "fs/queue/queue.h"
#include "fs/store/jobs.h"
#include "fs/store/places.h"
#include "fs/store/wishes.h"
#include "fs/tree/draft.h"
#include "fs/tree/shadow_text.h"

#define FIRST_BYTES 4096 /* of what may be the copy of a status */

static int aftermath_add(struct tree_aftermath *aftermath, struct after after)
{
	if (aftermath->count == aftermath->capacity) {
		size_t capacity = aftermath->capacity == 0 ? 4 : aftermath->capacity * 2;
		void *items = reallocarray(aftermath->items, capacity, sizeof(*aftermath->items));
		if (items == NULL)
			return -ENOMEM;
		aftermath->items = items;
		aftermath->capacity = capacity;
	}
	aftermath->items[aftermath->count++] = after;
	return 0;
}

int tree_aftermath_finish(struct tree *tree, struct tree_aftermath *aftermath, int result)
{
	for (size_t i = 0; i < aftermath->count && result >= 0; i++) {
		struct after *after = &aftermath->items[i];
		if (after->cancelled != 0)
			queue_drop(tree->needs.queue, after->cancelled);
		if (after->left != 0)
			draft_marked(tree->drafts, after->left, false);
		if (after->settle != 0) {
			draft_marked(tree->drafts, after->settle, true);
			draft_settle(tree->drafts, after->settle);
		}
		if (after->dropped != 0)
			result = lease_drop(tree->needs.leases, after->dropped);
		if (after->changed != 0)
			changes_tell_moved(tree->needs.changes, after->changed);
	}
	if (aftermath->count > 0 && result >= 0)
		drafts_names_changed(tree->drafts);
	free(aftermath->items);
	changes_tell_other(tree->needs.changes);
	return result;
}

/* `path`: of its place. */
static int leave(struct tree *tree, const struct node *node, const char *path,
	struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	int64_t cancelled = 0, place = 0, last;
	int r = places_find(store, path, &place, &last);

	tree_away_note(tree, node);
	if (r == 0)
		r = wishes_leave(store, place, clock_wall_ms());
	else if (r == -ENOENT)
		r = 0;
	if (r == 0 && node->job != 0 && queue_can_cancel(tree->needs.queue, node->job)) {
		cancelled = node->job;
		r = jobs_remove(store, node->job);
		if (r == 0 && place != 0)
			r = places_drop_unused(store, place);
	}
	if (r == 0)
		r = jobs_detach(store, node->ino);
	if (r == 0)
		r = nodes_set_job(store, node->ino, 0);
	if (r == 0)
		r = draft_mark(tree->drafts, node->ino, DRAFT_NONE);
	struct after after = {.cancelled = cancelled, .left = node->ino, .changed = node->ino};
	return r < 0 ? r : aftermath_add(aftermath, after);
}

int tree_leave_place(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath)
{
	CLEANUP_FREE char *path = NULL;
	char stem[256];

	place_stem(node->name, stem);
	int r = place_of(tree->needs.store, node->parent, stem, &path);
	return r < 0 ? r : leave(tree, node, path, aftermath);
}

/* The place, where it has a memory, has this prompt now. *ret_place: 0 none; *ret_last: what it asked for last. */
static int set_prompt(struct store *store, int64_t ino, int64_t parent, const char *stem,
	const char *path, int64_t *ret_place, int64_t *ret_last)
{
	int r = places_find(store, path, ret_place, ret_last);

	if (r < 0) {
		*ret_place = *ret_last = 0;
		return r == -ENOENT ? 0 : r;
	}
	r = jobs_set_prompt(store, *ret_place, ino, parent, stem);
	return r < 0 ? r : wishes_rename(store, *ret_place, stem);
}

static int take(struct tree *tree, int64_t ino, int64_t parent, const char *name,
	enum draft_state draft, struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	CLEANUP_FREE char *path = NULL;
	char stem[256];
	int64_t place, last;

	place_stem(name, stem);
	int r = place_of(store, parent, stem, &path);
	if (r == 0)
		r = set_prompt(store, ino, parent, stem, path, &place, &last);
	/* until the text is examined, it may be what the place asked for last */
	if (r == 0 && place != 0)
		r = wishes_return(store, place);
	if (r == 0)
		r = nodes_set_job(store, ino, last);
	bool is_back = r == 0 && tree_away_is_back(tree, ino, last);
	if (r == 0)
		r = draft_mark(tree->drafts, ino, is_back ? DRAFT_NONE : draft);
	struct after after = {.settle = is_back ? 0 : ino, .changed = ino};
	return r < 0 ? r : aftermath_add(aftermath, after);
}

int tree_take_place(struct tree *tree, int64_t ino, int64_t parent, const char *name,
	struct tree_aftermath *aftermath)
{
	return take(tree, ino, parent, name, DRAFT_CLOSED, aftermath);
}

/* After a rename inside its model: the place is called so now. What is gone stays so: the text says what it said. */
static int follow(struct tree *tree, const struct node *node, int64_t parent, const char *name,
	struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	CLEANUP_FREE char *path = NULL;
	char stem[256];
	int64_t place, last;

	place_stem(name, stem);
	int r = place_of(store, parent, stem, &path);
	if (r == 0)
		r = jobs_move(store, node->ino, parent, stem);
	if (r == 0)
		r = set_prompt(store, node->ino, parent, stem, path, &place, &last);
	struct after after = {.changed = node->ino};
	return r < 0 ? r : aftermath_add(aftermath, after);
}

static int paths_of(struct store *store, const struct node *node, int64_t parent, const char *name,
	char **ret_old, char **ret_new)
{
	char stem[256];

	place_stem(node->name, stem);
	int r = place_of(store, node->parent, stem, ret_old);
	place_stem(name, stem);
	return r < 0 ? r : place_of(store, parent, stem, ret_new);
}

int tree_leave_table(struct tree *tree, int64_t ino, struct tree_aftermath *aftermath)
{
	int r = draft_mark(tree->drafts, ino, DRAFT_NONE);

	return r < 0 ? r : aftermath_add(aftermath, (struct after){.left = ino, .changed = ino});
}

/* A file that has come to the name of a table is looked at as one. */
static int take_table(struct tree *tree, int64_t ino, struct tree_aftermath *aftermath)
{
	int r = draft_mark(tree->drafts, ino, DRAFT_CLOSED);

	return r < 0 ? r : aftermath_add(aftermath, (struct after){.settle = ino, .changed = ino});
}

int tree_move_file(struct tree *tree, const struct node *node, int64_t parent, const char *name,
	struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	CLEANUP_FREE char *old_path = NULL;
	CLEANUP_FREE char *path = NULL;
	int64_t old_top = 0, top = 0;
	bool was = place_is_prompt(store, node) && place_has_prompts(store, node->parent, &old_top);
	bool is = prompt_is_name(name) && place_has_prompts(store, parent, &top);
	int r = 0;

	if (was && is && old_top == top) {
		r = paths_of(store, node, parent, name, &old_path, &path);
		if (r == 0)
			r = places_move(store, old_path, path);
		return r < 0 ? r : follow(tree, node, parent, name, aftermath);
	}
	if (was)
		r = tree_leave_place(tree, node, aftermath);
	else if (place_is_table(store, node))
		r = tree_leave_table(tree, node->ino, aftermath);
	if (r == 0 && is)
		r = tree_take_place(tree, node->ino, parent, name, aftermath);
	else if (r == 0 && prompt_is_table_name(name) && place_has_prompts(store, parent, &top))
		r = take_table(tree, node->ino, aftermath);
	return r;
}

bool tree_are_siblings(struct tree *tree, const struct node *node, const struct node *other)
{
	int64_t top, other_top;

	return place_is_prompt(tree->needs.store, node) &&
	       place_is_prompt(tree->needs.store, other) &&
	       place_has_prompts(tree->needs.store, node->parent, &top) &&
	       place_has_prompts(tree->needs.store, other->parent, &other_top) && top == other_top;
}

int tree_exchange_files(struct tree *tree, const struct node *node, const struct node *other,
	struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *other_path = NULL;
	int r = paths_of(store, node, other->parent, other->name, &path, &other_path);

	if (r == 0)
		r = places_exchange(store, path, other_path);
	if (r == 0)
		r = follow(tree, node, other->parent, other->name, aftermath);
	return r < 0 ? r : follow(tree, other, node->parent, node->name, aftermath);
}

/* --- directories --- */

int tree_dir_look(struct tree *tree, const struct node *node, struct tree_dir *ret_dir)
{
	*ret_dir = (struct tree_dir){0};
	if (node->kind != NODE_DIR)
		return 0;
	ret_dir->has_prompts = place_has_prompts(tree->needs.store, node->ino, &ret_dir->top);
	return place_path(tree->needs.store, node, &ret_dir->path);
}

void tree_dir_finish(struct tree_dir *dir)
{
	free(dir->path);
}

struct below {
	struct node *nodes; /* owned */
	size_t count;
};

static int collect(struct below *below, const struct node *node)
{
	void *more = reallocarray(below->nodes, below->count + 1, sizeof(*below->nodes));
	if (more == NULL)
		return -ENOMEM;
	below->nodes = more;
	below->nodes[below->count++] = *node;
	return 0;
}

static int collect_prompt(void *arg, const struct node *node)
{
	return prompt_is_name(node->name) ? collect(arg, node) : 0;
}

static int collect_shadow(void *arg, const struct node *node)
{
	return node->kind == NODE_FILE && place_is_shadow_name(node->name) ? collect(arg, node) : 0;
}

/* A copy goes without a name, at the next mount at the latest; what is none stays where it can be. */
static int drop_shadow(
	struct store *store, const struct node *node, struct tree_aftermath *aftermath)
{
	char text[FIRST_BYTES];
	CLEANUP_CLOSE int fd = store_data_open(store, node->ino, O_RDONLY);
	ssize_t length = fd < 0 ? fd : read_all(fd, text, sizeof(text));

	if (length < 0)
		return (int)length;
	if (shadow_text_of(place_has_suffix(node->name, PLACE_WAIT), text, (size_t)length) ==
		SHADOW_COPY) {
		int r = nodes_set_name(store, node->ino, 0, NULL);
		return r < 0 ? r : aftermath_add(aftermath, (struct after){.dropped = node->ino});
	}
	log_info("tree: a directory was not renamed: '%s' in it is a file of yours, and there that name "
		 "belongs to weryaifs",
		node->name);
	return -EPERM;
}

/* A tool's directory, in which X.status is any file, has become one of prompts. */
static int drop_shadows(struct store *store, int64_t dir, struct tree_aftermath *aftermath)
{
	struct below below = {0};
	int r = nodes_list_below(store, dir, collect_shadow, &below);

	for (size_t i = 0; i < below.count && r == 0; i++)
		r = drop_shadow(store, &below.nodes[i], aftermath);
	free(below.nodes);
	return r;
}

/* How many results they ask for, by what they last asked for. */
static int count_results(struct store *store, const struct below *below, int limit)
{
	int results = 0;

	for (size_t i = 0; i < below->count && results <= limit; i++) {
		struct job_record record = {0};
		int number = 1;
		if (below->nodes[i].job != 0 &&
			jobs_get(store, below->nodes[i].job, &record) == 0 && record.body != NULL)
			number = api_request_number(record.body);
		job_record_finish(&record);
		results += number;
	}
	return results;
}

/* A prompt below a directory that was at `old` and is at `path` now. */
static int move_below(struct tree *tree, const struct node *node, const struct tree_dir *old,
	const char *path, enum draft_state draft, struct tree_aftermath *aftermath)
{
	CLEANUP_FREE char *now = NULL;
	CLEANUP_FREE char *before = NULL;
	char stem[256];
	int64_t top;
	int r = 0;

	place_stem(node->name, stem);
	if (old->has_prompts) {
		r = place_of(tree->needs.store, node->parent, stem, &now);
		if (r == 0 && asprintf(&before, "%s%s", old->path, now + strlen(path)) < 0) {
			before = NULL;
			r = -ENOMEM;
		}
		if (r == 0)
			r = leave(tree, node, before, aftermath);
	}
	if (r == 0 && place_has_prompts(tree->needs.store, node->parent, &top))
		r = take(tree, node->ino, node->parent, node->name, draft, aftermath);
	return r;
}

int tree_move_dir(struct tree *tree, const struct node *node, const struct tree_dir *old,
	struct tree_aftermath *aftermath)
{
	struct store *store = tree->needs.store;
	CLEANUP(tree_dir_finish) struct tree_dir now = {0};
	struct below below = {0};
	struct node there;
	int r = nodes_get(store, node->ino, &there);

	if (r == 0)
		r = tree_dir_look(tree, &there, &now);
	if (r < 0)
		return r;
	if (now.has_prompts && old->has_prompts && now.top == old->top) {
		r = places_move_below(store, old->path, now.path);
		return r < 0 ? r : aftermath_add(aftermath, (struct after){0});
	}
	r = now.has_prompts && !old->has_prompts ? drop_shadows(store, node->ino, aftermath) : 0;
	if (r == 0)
		r = nodes_list_below(store, node->ino, collect_prompt, &below);
	int limit = tree->needs.ask_above;
	bool many = r == 0 && limit > 0 && count_results(store, &below, limit) > limit;
	for (size_t i = 0; i < below.count && r == 0; i++)
		r = move_below(tree, &below.nodes[i], old, now.path,
			many ? DRAFT_MANY : DRAFT_CLOSED, aftermath);
	free(below.nodes);
	return r;
}
