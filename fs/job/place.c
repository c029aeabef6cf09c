/* SPDX-License-Identifier: MIT */
#include "fs/job/place.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/prompt/prompt_name.h"

#define DEPTH_MAX 4096 /* directories above a name: more is a damaged tree */

void place_status_word(const char *stem, char word[PLACE_WORD])
{
	char name[256 + sizeof(PLACE_STATUS)];

	snprintf(name, sizeof(name), "%s" PLACE_STATUS, stem);
	CLEANUP_FREE char *quoted = text_shell(name);
	/* a name of many odd bytes: half a word would be another file */
	bool fits = quoted != NULL && strlen(quoted) < PLACE_WORD;
	snprintf(word, PLACE_WORD, "%s", fits ? quoted : "into its .status file");
}

bool place_has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	return length > tail && strcmp(name + length - tail, suffix) == 0;
}

bool place_has_prompts(struct store *store, int64_t dir, int64_t *ret_top)
{
	struct node node;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (nodes_get(store, dir, &node) < 0)
			return false;
		if (node.kind == NODE_MODEL) {
			*ret_top = node.ino;
			return true;
		}
		if (node.parent == 0 || node.kind != NODE_DIR || !prompt_is_place(node.name))
			return false;
		dir = node.parent;
	}
	return false;
}

bool place_is_prompt(struct store *store, const struct node *node)
{
	int64_t top;

	return node->kind == NODE_FILE && node->parent != 0 && prompt_is_name(node->name) &&
	       place_has_prompts(store, node->parent, &top);
}

bool place_is_table(struct store *store, const struct node *node)
{
	int64_t top;

	return node->kind == NODE_FILE && node->parent != 0 && prompt_is_table_name(node->name) &&
	       place_has_prompts(store, node->parent, &top);
}

bool place_is_examined(struct store *store, const struct node *node)
{
	return place_is_prompt(store, node) || place_is_table(store, node);
}

int place_of(struct store *store, int64_t dir, const char *stem, char **ret_path)
{
	struct node node = {.parent = dir};

	snprintf(node.name, sizeof(node.name), "%s", stem);
	return place_path(store, &node, ret_path);
}

void place_stem(const char *name, char stem[256])
{
	snprintf(stem, 256, "%.*s", (int)(strlen(name) - strlen(PLACE_PROMPT)), name);
}

bool place_is_shadow_name(const char *name)
{
	return place_has_suffix(name, PLACE_STATUS) || place_has_suffix(name, PLACE_WAIT);
}

bool place_is_result_name(const char *name, const char *stem, size_t length)
{
	if (strncmp(name, stem, length) != 0)
		return false;
	name += length;
	/* the second one, "fox.2.png", where "fox-2" is a prompt of its own */
	if (*name == '-' || (*name == '.' && isdigit((unsigned char)name[1]) && strchr(name + 1, '.') != NULL))
		do
			name++;
		while (isdigit((unsigned char)*name));
	return *name == '.' && name[1] != '\0' && strchr(name + 1, '.') == NULL &&
	       strchr(name, '~') == NULL;
}

/* Past the digits and whatever is around them; NULL: there are none. */
static const char *skip_number(const char *text, const char *before, const char *after)
{
	size_t length = strlen(before);

	if (strncmp(text, before, length) != 0 || !isdigit((unsigned char)text[length]))
		return NULL;
	for (text += length; isdigit((unsigned char)*text);)
		text++;
	length = strlen(after);
	return strncmp(text, after, length) == 0 ? text + length : NULL;
}

bool place_is_backup_name(const char *name, const char *stem)
{
	size_t length = strlen(stem);

	if (strncmp(name, stem, length) != 0)
		return false;
	name += length;
	const char *one = skip_number(name, "-", "");
	if (one == NULL && strncmp(name, ".~", 2) != 0)
		one = skip_number(name, ".", "");
	if (one != NULL)
		name = one;
	const char *end = skip_number(name, ".~", "~.");
	if (end != NULL)
		return *end != '\0' && strchr(end, '.') == NULL;
	/* as older versions called them: fox.png.~1~ */
	const char *tail = strstr(name, ".~");
	end = tail == NULL || tail == name || *name != '.' ? NULL : skip_number(tail, ".~", "~");
	return end != NULL && *end == '\0';
}

int place_top(struct store *store, int64_t ino, int64_t *ret_top)
{
	struct node node;

	for (;;) {
		int r = nodes_get(store, ino, &node);
		if (r < 0)
			return r;
		if (node.parent == (int64_t)TREE_ROOT || node.parent == 0) {
			*ret_top = ino;
			return 0;
		}
		ino = node.parent;
	}
}

static int go_up(struct store *store, int64_t *dir)
{
	struct node node;

	if (*dir == (int64_t)TREE_ROOT)
		return -EXDEV;
	int r = nodes_get(store, *dir, &node);
	if (r == 0)
		*dir = node.parent == 0 ? (int64_t)TREE_ROOT : node.parent;
	return r;
}

static int go_down(struct store *store, int64_t *dir, const char *name)
{
	struct node node;
	int r = nodes_find(store, *dir, name, &node);

	if (r < 0)
		return r;
	if (node.kind != NODE_DIR && node.kind != NODE_MODEL)
		return -ENOTDIR;
	*dir = node.ino;
	return 0;
}

static int step(struct store *store, int64_t *dir, const char *name)
{
	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return 0;
	return strcmp(name, "..") == 0 ? go_up(store, dir) : go_down(store, dir, name);
}

int place_walk(
	struct store *store, int64_t dir, const char *path, int64_t *ret_dir, char ret_name[256])
{
	char name[256];
	int r = 0;

	if (*path == '/')
		dir = (int64_t)TREE_ROOT;
	for (const char *next = path;; path = next + 1) {
		next = strchrnul(path, '/');
		size_t length = (size_t)(next - path);
		if (length > 255)
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		if (*next == '\0')
			break;
		r = step(store, &dir, name);
		if (r < 0)
			return r;
	}
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		r = step(store, &dir, name);
		name[0] = '\0';
	}
	*ret_dir = dir;
	memcpy(ret_name, name, sizeof(name));
	return r;
}

int place_path(struct store *store, const struct node *node, char **ret_path)
{
	struct node at = *node;
	CLEANUP_FREE char *path = strdup("");

	for (int depth = 0; path != NULL && depth < DEPTH_MAX; depth++) {
		char *longer;
		if (asprintf(&longer, "/%s%s", at.name, path) < 0)
			longer = NULL;
		free(path);
		path = longer;
		if (at.parent == (int64_t)TREE_ROOT || at.parent == 0)
			break;
		int r = nodes_get(store, at.parent, &at);
		if (r < 0)
			return r;
	}
	if (path == NULL)
		return -ENOMEM;
	*ret_path = steal(&path);
	return 0;
}
