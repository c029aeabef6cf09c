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
#include "fs/store/grafts.h"
#include "fs/store/store.h"

#define COPY_MAX (INT64_C(256) << 20)
#define NAME_ROOM 320

static int read_content(struct store *store, int64_t ino, char text[CONTENT_TEXT])
{
	CLEANUP_CLOSE int fd = store_data_open(store, ino, O_RDONLY);

	return fd < 0 ? fd : content_of_file(fd, text);
}

/* Number 0: STEM.EXT. */
static int look(struct store *store, const struct result_record *result, const char *carried, size_t number, int64_t dir,
	const char *stem, struct twin *ret_twin)
{
	char name[NAME_ROOM], content[CONTENT_TEXT];

	if (number == 0)
		snprintf(name, sizeof(name), "%s.%s", stem, result->type);
	else
		snprintf(name, sizeof(name), "%s-%zu.%s", stem, number, result->type);
	int r = nodes_find(store, dir, name, &ret_twin->node);
	if (r < 0)
		return r;
	if (ret_twin->node.kind != NODE_FILE || read_content(store, ret_twin->node.ino, content) < 0)
		return -ENOENT;
	ret_twin->carries = carried != NULL && strcmp(content, carried) == 0;
	return ret_twin->carries || strcmp(content, result->content) == 0 ? 0 : -ENOENT;
}

int twin_find(struct store *store, const struct result_record *result, size_t count, int64_t dir,
	const char *stem, struct twin *ret_twin)
{
	CLEANUP(graft_record_finish) struct graft_record graft = {0};
	int r = result->extra == 0 ? 0 : grafts_get(store, result->job, result->seq, &graft);

	if (r < 0 && r != -ENOENT)
		return r;
	if (result->content == NULL || result->type == NULL || result->kind == RESULT_TEXT)
		return -ENOENT;
	r = -ENOENT;
	for (size_t number = 0; number <= count && r == -ENOENT; number++)
		r = look(store, result, graft.content, number, dir, stem, ret_twin);
	return r;
}

/* From the offset *in on, to the offset *out on. */
static int copy_bytes(int from, off_t in, int to, off_t out, int64_t size)
{
	while (size > 0) {
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		size -= n;
	}
	return 0;
}

/* The first bytes of the result's own, where the file has others there. */
static int write_original(int to, const struct graft_record *graft)
{
	ssize_t n = graft->cut == 0 ? 0 : pwrite(to, graft->original, (size_t)graft->cut, 0);

	return n == graft->cut ? 0 : n < 0 ? -errno : -EIO;
}

static int copy_file(struct store *store, int64_t ino, const struct graft_record *graft, struct cache_file *file,
	int64_t *ret_size)
{
	CLEANUP_CLOSE int from = store_data_open(store, ino, O_RDONLY);
	struct stat st;

	if (from < 0)
		return from;
	if (fstat(from, &st) < 0)
		return -errno;
	if (st.st_size > COPY_MAX)
		return -EFBIG;
	int64_t rest = st.st_size - (int64_t)(graft->head_length + graft->tail_length);
	int to = cache_file_fd(file);
	int r = to < 0 ? to : rest < 0 ? -EIO : write_original(to, graft);
	if (r == 0)
		r = copy_bytes(from, (off_t)graft->head_length, to, graft->cut, rest);
	*ret_size = graft->cut + rest;
	return r == 0 ? cache_file_note(file, 0, (size_t)*ret_size) : r;
}

int twin_copy(struct store *store, const struct twin *twin, struct result_record *result)
{
	CLEANUP(graft_record_finish) struct graft_record graft = {0};
	struct cache_file *file;
	int64_t size = -1;
	int r = twin->carries ? grafts_get(store, result->job, result->seq, &graft) : 0;

	if (r == 0)
		r = cache_file_open(store, result->ino, &file);
	if (r < 0)
		return r;
	r = cache_file_reset(file);
	if (r == 0)
		r = copy_file(store, twin->node.ino, &graft, file, &size);
	cache_file_close(file);
	if (r < 0)
		return r;
	result->size = size;
	if (!twin->carries)
		result->extra = 0;
	return 0;
}
