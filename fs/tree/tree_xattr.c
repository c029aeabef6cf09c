/* SPDX-License-Identifier: MIT */
/* Extended attributes: user.* is the users', user.weryai.* tells of the job; what is set there is dropped. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"

#define USER "user."
#define OURS "user.weryai."
#define VALUE_MAX 65536 /* XATTR_SIZE_MAX of linux/limits.h */

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

int tree_xattr_get(struct tree *tree, uint64_t ino, const char *name, void *value, size_t size,
	size_t *ret_length)
{
	CLEANUP_FREE char *made = NULL;
	struct node node;

	if (!begins(name, USER))
		return -EOPNOTSUPP;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);
	if (r < 0)
		return r;
	if (!begins(name, OURS))
		return xattrs_get(tree->needs.store, node.ino, name, value, size, ret_length);
	r = status_attribute(tree, &node, name + strlen(OURS), &made);
	if (r < 0)
		return r;
	*ret_length = strlen(made);
	if (size > 0 && *ret_length > size)
		return -ERANGE;
	if (size > 0)
		memcpy(value, made, *ret_length);
	return 0;
}

/* 1: one of ours, which a copy or a restore brings: it is made from the job, whatever is set. */
static int check_change(const char *name)
{
	if (!begins(name, USER))
		return -EOPNOTSUPP;
	return begins(name, OURS);
}

static int touch(struct tree *tree, uint64_t ino)
{
	struct tree_entry entry;
	struct stat st = {0};
	int r = tree_get(tree, ino, &entry);

	if (r == 0) {
		st.st_uid = entry.st.st_uid;
		r = tree_set(tree, ino, &st, TREE_SET_UID, &entry);
	}
	return r;
}

struct change {
	int64_t ino;
	const char *name;
	bool removes;
	const void *value;
	size_t length;
	int flags;
};

static int write_change(struct store *store, void *arg)
{
	const struct change *change = arg;

	return change->removes
		       ? xattrs_remove(store, change->ino, change->name)
		       : xattrs_set(store, change->ino, change->name, change->value,
				 change->length, change->flags);
}

int tree_xattr_set(struct tree *tree, uint64_t ino, const char *name, const void *value,
	size_t length, int flags)
{
	struct change change = {.ino = TREE_NODE(ino),
		.name = name,
		.value = value,
		.length = length,
		.flags = flags};
	int r = check_change(name);

	if (r != 0)
		return r < 0 ? r : 0;
	if (length > VALUE_MAX)
		return -E2BIG;
	r = store_run(tree->needs.store, false, write_change, &change);
	return r < 0 ? r : touch(tree, ino);
}

int tree_xattr_remove(struct tree *tree, uint64_t ino, const char *name)
{
	struct change change = {.ino = TREE_NODE(ino), .name = name, .removes = true};
	int r = check_change(name);

	if (r != 0)
		return r < 0 ? r : 0;
	r = store_run(tree->needs.store, false, write_change, &change);
	return r < 0 ? r : touch(tree, ino);
}

struct names {
	char *list;
	size_t size, length;
};

static int add_name(void *arg, const char *name)
{
	struct names *names = arg;
	size_t length = strlen(name) + 1;

	if (names->size > 0) {
		if (names->length + length > names->size)
			return -ERANGE;
		memcpy(names->list + names->length, name, length);
	}
	names->length += length;
	return 0;
}

int tree_xattr_list(struct tree *tree, uint64_t ino, char *list, size_t size, size_t *ret_length)
{
	struct names names = {.list = list, .size = size};
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r == 0)
		r = xattrs_list(tree->needs.store, node.ino, add_name, &names);
	if (r == 0)
		r = status_attributes(tree, &node, add_name, &names);
	if (r == 0)
		*ret_length = names.length;
	return r;
}
