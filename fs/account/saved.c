/* SPDX-License-Identifier: MIT */
#include "fs/account/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/read_all.h"
#include "fs/job/place.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/tree/shadow_text.h"
#include "fs/tree/tree.h"

#define TEXT_MAX (1024 * 1024) /* of a file that may be the copy of a status */

static int do_text(const struct submit_needs *needs, uint64_t prompt_ino, enum shadow_text text)
{
	switch (text) {
	case SHADOW_BLANK:
	case SHADOW_COPY:
		return 0;
	case SHADOW_SUBMIT:
		return submit_prompt(needs, prompt_ino);
	case SHADOW_RETRY:
		return submit_retry(needs, prompt_ino);
	case SHADOW_OTHER:
		break;
	}
	return -EINVAL;
}

int saved_status(
	const struct submit_needs *needs, uint64_t prompt_ino, const char *text, size_t length)
{
	return do_text(needs, prompt_ino, shadow_text_of(false, text, length));
}

static int read_file(
	const struct submit_needs *needs, int64_t ino, bool is_wait, enum shadow_text *ret_text)
{
	CLEANUP_CLOSE int fd = store_data_open(needs->store, ino, O_RDONLY);
	CLEANUP_FREE char *text = malloc(TEXT_MAX + 1);

	if (fd < 0 || text == NULL)
		return fd < 0 ? fd : -ENOMEM;
	ssize_t length = read_all(fd, text, TEXT_MAX + 1);
	if (length < 0)
		return (int)length;
	*ret_text = length > TEXT_MAX ? SHADOW_OTHER
				      : shadow_text_of(is_wait, text, (size_t)length);
	return 0;
}

/* Is it a file that an editor may have made to be renamed, in a directory that has shadows? */
static int find_file(const struct submit_needs *needs, uint64_t parent, const char *name,
	uint64_t new_parent, struct node *ret_node, bool *ret_found)
{
	int64_t top;

	*ret_found = false;
	int r = nodes_find(needs->store, TREE_NODE(parent), name, ret_node);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret_found = ret_node->kind == NODE_FILE && !place_is_prompt(needs->store, ret_node) &&
		     place_has_prompts(needs->store, TREE_NODE(new_parent), &top);
	return 0;
}

/* -EPERM: nothing that may come here. *ret_prompt: whose shadow it is; 0: its prompt is not there. */
static int find_prompt(const struct submit_needs *needs, uint64_t parent, const char *name,
	enum shadow_text text, uint64_t *ret_prompt)
{
	struct tree_entry entry;
	int r = tree_lookup(needs->tree, parent, name, &entry);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_prompt = 0;
	if (r == 0 && entry.kind != TREE_STATUS && entry.kind != TREE_WAIT)
		return -EPERM;
	if (r == 0)
		*ret_prompt = (uint64_t)TREE_NODE(entry.ino);
	return *ret_prompt == 0 && text != SHADOW_COPY ? -EPERM : 0;
}

int saved_by_rename(const struct submit_needs *needs, uint64_t parent, const char *name,
	uint64_t new_parent, const char *new_name, unsigned flags)
{
	enum shadow_text text = SHADOW_OTHER;
	uint64_t prompt = 0;
	struct node node;
	bool found = false;
	int r = find_file(needs, parent, name, new_parent, &node, &found);

	if (r == 0 && (!found || flags != 0))
		return tree_rename(needs->tree, parent, name, new_parent, new_name, flags);
	if (r == 0)
		r = read_file(needs, node.ino, place_has_suffix(new_name, PLACE_WAIT), &text);
	if (r == 0)
		r = find_prompt(needs, new_parent, new_name, text, &prompt);
	if (r == 0)
		r = do_text(needs, prompt, text);
	/* of a rename EINVAL would say "a subdirectory of itself" */
	if (r == -EINVAL && text == SHADOW_OTHER)
		r = -EPERM;
	if (r == -EPERM)
		log_info("'%s' was to be renamed to '%s' and was refused: nothing but the word "
			 "submit or retry, or the copy of a status, can be saved there",
			name, new_name);
	if (r < 0)
		return r;
	r = tree_drop(needs->tree, parent, name);
	if (r < 0 && text != SHADOW_COPY) {
		log_errno(LOG_LEVEL_WARNING, r, "'%s' was done, and could not be removed", name);
		return 0;
	}
	return r;
}
