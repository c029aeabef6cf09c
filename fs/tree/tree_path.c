/* SPDX-License-Identifier: MIT */
/* The path of what is in the tree, from the root of the mount, without a '/' before it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "fs/tree/status_sheet.h"
#include "fs/tree/tree_private.h"

size_t tree_status_stem(struct tree *tree, const struct node *node)
{
	if (place_is_prompt(tree->needs.store, node))
		return node->name_length - strlen(PLACE_PROMPT);
	return sheet_is(tree, node) ? node->name_length : 0;
}

int tree_path(struct tree *tree, uint64_t ino, char **ret_path)
{
	CLEANUP_FREE char *path = strdup("");
	bool is_status = (ino & TREE_STATUS_BIT) != 0;
	struct node node;
	int r = path == NULL ? -ENOMEM : nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r == 0 && is_status) {
		size_t stem = tree_status_stem(tree, &node);
		r = stem > 0 ? str_prepend_name(&path, node.name, stem, PLACE_STATUS) : -ENOENT;
		if (r == 0)
			r = nodes_get(tree->needs.store, node.parent, &node);
	}
	while (r == 0 && node.ino != (int64_t)TREE_ROOT) {
		r = node.parent == 0 ? -ENOENT : str_prepend_name(&path, node.name, node.name_length, "");
		if (r == 0)
			r = nodes_get(tree->needs.store, node.parent, &node);
	}
	if (r == 0)
		*ret_path = steal(&path);
	return r;
}
