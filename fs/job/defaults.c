/* SPDX-License-Identifier: MIT */
#include "fs/job/defaults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/job/place.h"
#include "fs/store/store.h"

/* One byte more than a prompt may have: whoever reads it sees that it is too long. */
#define READ_MAX (PROMPT_MAX_BYTES + 1)

static int read_text(struct store *store, int64_t ino, struct prompt_defaults *defaults)
{
	CLEANUP_CLOSE int fd = store_data_open(store, ino, O_RDONLY);
	CLEANUP_FREE char *text = malloc(READ_MAX);

	if (fd < 0)
		return fd;
	if (text == NULL)
		return -ENOMEM;
	ssize_t length = read_all(fd, text, READ_MAX);
	if (length < 0)
		return (int)length;
	defaults->length = (size_t)length;
	defaults->text = steal(&text);
	return 0;
}

static int add(struct store *store, const struct node *file, struct defaults *defaults)
{
	struct prompt_defaults *item = &defaults->items[defaults->count];
	char *path = NULL;
	int r = place_path(store, file, &path);

	if (r < 0)
		return r;
	*item = (struct prompt_defaults){.where = path};
	defaults->count++;
	return read_text(store, file->ino, item);
}

int defaults_read(struct store *store, int64_t dir, struct defaults *ret_defaults)
{
	*ret_defaults = (struct defaults){0};
	while (dir != 0 && dir != (int64_t)TREE_ROOT && ret_defaults->count < DEFAULTS_MAX) {
		struct node node;
		int r = nodes_find(store, dir, DEFAULTS_NAME, &node);
		if (r == 0 && node.kind == NODE_FILE)
			r = add(store, &node, ret_defaults);
		if (r == 0 || r == -ENOENT)
			r = nodes_get(store, dir, &node);
		if (r < 0)
			return r;
		dir = node.parent;
	}
	return 0;
}

void defaults_finish(struct defaults *defaults)
{
	for (size_t i = 0; i < defaults->count; i++) {
		free((char *)defaults->items[i].text);
		free((char *)defaults->items[i].where);
	}
	*defaults = (struct defaults){0};
}

void defaults_use(const struct defaults *defaults, struct prompt_options *options)
{
	options->defaults = defaults->items;
	options->defaults_count = defaults->count;
}
