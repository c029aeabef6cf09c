/* SPDX-License-Identifier: MIT */
#include "fs/input/reference_path.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/input/inputs_private.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt_path.h"
#include "fs/store/store.h"

static int find_prompt(
	struct store *store, int64_t dir, const char *stem, size_t length, struct node *ret_prompt)
{
	char name[256];

	if (length == 0 || length + strlen(".txt") > 255)
		return -ENOENT;
	snprintf(name, sizeof(name), "%.*s.txt", (int)length, stem);
	int r = nodes_find(store, dir, name, ret_prompt);
	return r == 0 && !place_is_prompt(store, ret_prompt) ? -ENOENT : r;
}

int reference_find_future(
	struct store *store, int64_t dir, const char *name, struct node *ret_prompt, size_t *ret_n)
{
	const char *dot = strrchr(name, '.');
	size_t length = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
	size_t digits = length;
	int r = find_prompt(store, dir, name, strlen(name), ret_prompt);

	*ret_n = 1;
	if (r == -ENOENT)
		r = find_prompt(store, dir, name, length, ret_prompt);
	if (r != -ENOENT)
		return r;
	while (digits > 0 && isdigit((unsigned char)name[digits - 1]))
		digits--;
	if (digits < 2 || digits == length || length - digits > 6 || name[digits - 1] != '-')
		return -ENOENT;
	*ret_n = (size_t)strtoul(name + digits, NULL, 10);
	return *ret_n == 0 ? -ENOENT : find_prompt(store, dir, name, digits - 1, ret_prompt);
}

/* Is something there, or will a prompt make it? A prompt does not mean itself. 1, 0, or an error of the disk. */
static int is_there(const struct asker *asker, const char *path)
{
	struct store *store = asker->inputs->needs.store;
	struct node node;
	char name[256];
	int64_t dir;
	size_t n;
	int r = place_walk(store, asker->place.dir, path, &dir, name);

	if (r == 0 && name[0] == '\0')
		return 1;
	if (r == 0)
		r = nodes_find(store, dir, name, &node);
	if (r == -ENOENT && name[0] != '\0') {
		r = reference_find_future(store, dir, name, &node, &n);
		if (r == 0 && node.ino == asker->place.ino)
			return 0;
	}
	if (r == 0)
		return 1;
	return r == -ENOENT || r == -ENOTDIR || r == -EXDEV || r == -ENAMETOOLONG ? 0 : r;
}

/* A file of this name with a suffix of its kind: "fox" is fox.jpg. */
static int find_suffixed(
	const struct asker *asker, const char *path, enum api_kind kind, char **ret_path)
{
	static const char *const pictures[] = {"png", "jpg", "jpeg", "webp", NULL};
	static const char *const videos[] = {"mp4", "mov", "webm", NULL};
	static const char *const sounds[] = {"mp3", "wav", NULL};
	const char *const *suffixes = kind == API_VIDEO   ? videos
				      : kind == API_AUDIO ? sounds
							  : pictures;

	for (size_t i = 0; suffixes[i] != NULL; i++) {
		CLEANUP_FREE char *longer = NULL;
		if (asprintf(&longer, "%s.%s", path, suffixes[i]) < 0) {
			longer = NULL;
			return -ENOMEM;
		}
		struct node node;
		char name[256];
		int64_t dir;
		int r = place_walk(
			asker->inputs->needs.store, asker->place.dir, longer, &dir, name);
		if (r == 0 && name[0] != '\0')
			r = nodes_find(asker->inputs->needs.store, dir, name, &node);
		if (r == 0) {
			*ret_path = steal(&longer);
			return 1;
		}
	}
	return 0;
}

int reference_find_path(
	const struct asker *asker, const char *value, enum api_kind kind, char **ret_path)
{
	CLEANUP(strlist_finish) struct strlist paths = {0};
	const char *mount = asker->inputs->needs.mountpoint;
	int r = prompt_path_candidates(value, &mount, mount != NULL ? 1 : 0, &paths);

	for (size_t i = 0; i < paths.count && r == 0; i++) {
		r = is_there(asker, paths.items[i]);
		if (r == 1)
			*ret_path = strdup(paths.items[i]);
	}
	for (size_t i = 0; i < paths.count && r == 0; i++)
		r = find_suffixed(asker, paths.items[i], kind, ret_path);
	if (r < 0)
		return r;
	if (r == 0)
		*ret_path = strdup(value);
	return *ret_path == NULL ? -ENOMEM : 0;
}
