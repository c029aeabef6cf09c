/* SPDX-License-Identifier: MIT */
#include "fs/tree/caption.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/input/source.h"
#include "fs/job/place.h"

static const char *const suffixes[] = {"png", "jpg", "jpeg", "webp", "gif", "avif", "svg", "bmp",
	"tif", "tiff", "heic", "mp4", "webm", "mov", "mkv", "avi", "m4v", "mp3", "wav", "flac",
	"ogg", "m4a"};

/* The node of STEM.SUFFIX, in small letters or in capitals. */
static int find(struct store *store, int64_t dir, const char *stem, const char *suffix,
	struct node *ret_node)
{
	char name[256 + 8], upper[8];
	size_t i = 0;

	for (; suffix[i] != '\0'; i++)
		upper[i] = (char)toupper((unsigned char)suffix[i]);
	upper[i] = '\0';
	snprintf(name, sizeof(name), "%s.%s", stem, suffix);
	int r = strlen(name) > 255 ? -ENOENT : nodes_find(store, dir, name, ret_node);
	if (r != -ENOENT)
		return r;
	snprintf(name, sizeof(name), "%s.%s", stem, upper);
	return strlen(name) > 255 ? -ENOENT : nodes_find(store, dir, name, ret_node);
}

int caption_is(struct store *store, const struct node *prompt, bool *ret_caption)
{
	char stem[256];
	struct node node;

	*ret_caption = false;
	place_stem(prompt->name, stem);
	for (size_t i = 0; i < array_length(suffixes) && !*ret_caption; i++) {
		struct source_twin twin = {0};
		int r = find(store, prompt->parent, stem, suffixes[i], &node);
		if (r == 0 && node.kind == NODE_FILE)
			r = source_find_twin(store, &node, &twin);
		else if (r == 0)
			continue;
		if (r < 0 && r != -ENOENT)
			return r;
		*ret_caption = r == 0 && twin.job == 0;
	}
	return 0;
}
