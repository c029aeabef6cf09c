/* SPDX-License-Identifier: MIT */
#include "fs/queue/twin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/media/content.h"
#include "fs/store/cache.h"
#include "fs/store/store.h"

#define COPY_MAX (INT64_C(256) << 20)
#define NAME_ROOM 320

static bool has_content(struct store *store, int64_t ino, const char *content)
{
	char text[CONTENT_TEXT];
	CLEANUP_CLOSE int fd = store_data_open(store, ino, O_RDONLY);

	return fd >= 0 && content_of_file(fd, text) == 0 && strcmp(text, content) == 0;
}

/* Number 0: STEM.EXT. */
static int look(struct store *store, const struct result_record *result, size_t number, int64_t dir,
	const char *stem, struct node *ret_node)
{
	char name[NAME_ROOM];

	if (number == 0)
		snprintf(name, sizeof(name), "%s.%s", stem, result->type);
	else
		snprintf(name, sizeof(name), "%s-%zu.%s", stem, number, result->type);
	int r = nodes_find(store, dir, name, ret_node);
	if (r == 0 && (ret_node->kind != NODE_FILE ||
			      !has_content(store, ret_node->ino, result->content)))
		r = -ENOENT;
	return r;
}

int twin_find(struct store *store, const struct result_record *result, size_t count, int64_t dir,
	const char *stem, struct node *ret_node)
{
	int r = -ENOENT;

	if (result->content == NULL || result->type == NULL || result->kind == RESULT_TEXT)
		return -ENOENT;
	for (size_t number = 0; number <= count && r == -ENOENT; number++)
		r = look(store, result, number, dir, stem, ret_node);
	return r;
}

static int copy_bytes(int from, int to, int64_t size)
{
	off_t in = 0, out = 0;

	while (in < size) {
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)(size - in), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

static int copy_file(struct store *store, int64_t ino, struct cache_file *file, int64_t *ret_size)
{
	CLEANUP_CLOSE int from = store_data_open(store, ino, O_RDONLY);
	struct stat st;

	if (from < 0)
		return from;
	if (fstat(from, &st) < 0)
		return -errno;
	if (st.st_size > COPY_MAX)
		return -EFBIG;
	int to = cache_file_fd(file);
	int r = to < 0 ? to : copy_bytes(from, to, st.st_size);
	if (r == 0)
		r = cache_file_note(file, 0, (size_t)st.st_size);
	*ret_size = st.st_size;
	return r;
}

int twin_copy(struct store *store, const struct node *twin, struct result_record *result)
{
	struct cache_file *file;
	int64_t size = -1;
	int r = cache_file_open(store, result->ino, &file);

	if (r < 0)
		return r;
	r = cache_file_reset(file);
	if (r == 0)
		r = copy_file(store, twin->ino, file, &size);
	cache_file_close(file);
	if (r == 0)
		result->size = size;
	return r;
}
