/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/net/percent.h"

#define SCHEME "file://"
#define HOST "localhost"

static int add(struct strlist *paths, const char *path)
{
	if (*path == '\0' || strlist_has(paths, path) || paths->count == PROMPT_PATHS_MAX)
		return 0;
	return strlist_add(paths, path);
}

/* The path, and where it leads below one of the mounts. "/" itself is no file, and so no candidate. */
static int add_below(
	struct strlist *paths, const char *path, const char *const *mounts, size_t mount_count)
{
	int r = add(paths, path);

	for (size_t i = 0; i < mount_count && r == 0; i++) {
		size_t length = strlen(mounts[i]);
		if (length > 1 && strncmp(path, mounts[i], length) == 0 && path[length] == '/')
			r = add(paths, path + length);
	}
	return r;
}

/* Behind the scheme and the name of this machine; NULL: it is no address of a file here. */
static const char *file_path(const char *value)
{
	if (strncasecmp(value, SCHEME, strlen(SCHEME)) != 0)
		return NULL;
	value += strlen(SCHEME);
	if (strncasecmp(value, HOST, strlen(HOST)) == 0)
		value += strlen(HOST);
	return *value == '/' ? value : NULL;
}

/* "my\ fox.png", as a terminal shows and takes it. */
static char *unescape(const char *value)
{
	char *plain = strdup(value), *to = plain;

	for (const char *from = value; plain != NULL && *from != '\0'; from++) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	if (plain != NULL)
		*to = '\0';
	return plain;
}

int prompt_path_candidates(
	const char *value, const char *const *mounts, size_t mount_count, struct strlist *ret_paths)
{
	const char *path = file_path(value);
	CLEANUP_FREE char *decoded = NULL, *plain = NULL;
	int r = path == NULL ? add_below(ret_paths, value, mounts, mount_count) : 0;

	if (path == NULL)
		path = value;
	if (r == 0 && strchr(path, '%') != NULL) {
		r = percent_decode(path, &decoded);
		if (r == 0 && str_is_utf8(decoded, strlen(decoded)))
			r = add_below(ret_paths, decoded, mounts, mount_count);
		else if (r == -EINVAL)
			r = 0;
	}
	if (r == 0)
		r = add_below(ret_paths, path, mounts, mount_count);
	if (r == 0 && strchr(path, '\\') != NULL) {
		plain = unescape(path);
		r = plain == NULL ? -ENOMEM : add_below(ret_paths, plain, mounts, mount_count);
	}
	return r;
}
