/* SPDX-License-Identifier: MIT */
#include "fs/input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/media/media_duration.h"
#include "fs/media/sniff.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"

int source_open(struct store *store, const struct node *node, struct source *ret_source)
{
	struct source source = SOURCE_CLOSED;
	struct stat st;

	if (node->kind == NODE_RESULT) {
		int r = cache_file_open(store, node->ino, &source.cached);
		if (r < 0)
			return r;
		cache_file_check(source.cached);
		/* its own bytes, without what users see beside them */
		r = results_size(store, node->ino, &source.size);
		if (r < 0)
			source.size = node->size;
	} else {
		source.fd = store_data_open(store, node->ino, O_RDONLY);
		if (source.fd < 0)
			return source.fd;
		if (fstat(source.fd, &st) < 0) {
			int r = -errno;
			close(source.fd);
			return r;
		}
		source.size = st.st_size;
	}
	*ret_source = source;
	return 0;
}

void source_close(struct source *source)
{
	if (source->cached != NULL)
		cache_file_close(source->cached);
	else if (source->fd >= 0)
		close(source->fd);
	*source = SOURCE_CLOSED;
}

bool source_is_whole(const struct source *source)
{
	return source->cached == NULL || cache_file_run_end(source->cached, 0) >= source->size;
}

ssize_t source_read(const struct source *source, int64_t offset, void *data, size_t length)
{
	if (source->cached != NULL &&
		cache_file_run_end(source->cached, offset) < offset + (int64_t)length)
		return -ENODATA;
	if (source->cached != NULL) {
		int r = cache_file_read(source->cached, offset, data, length);
		return r < 0 ? r : (ssize_t)length;
	}
	ssize_t n = pread(source->fd, data, length, offset);
	return n < 0 ? -errno : n;
}

int source_type(const struct source *source, const char **ret_type)
{
	char first[SNIFF_BYTES];
	ssize_t n = source_read(source, 0, first,
		source->size < SNIFF_BYTES ? (size_t)source->size : sizeof(first));

	if (n < 0)
		return (int)n;
	*ret_type = sniff_type(first, (size_t)n);
	return 0;
}

static ssize_t read_source(void *arg, int64_t offset, void *data, size_t length)
{
	return source_read(arg, offset, data, length);
}

int source_duration(const struct source *source, int64_t *ret_ms)
{
	struct media_source media = {source->size, read_source, (void *)source};
	const char *type;
	int r = source_type(source, &type);

	return r < 0 ? r : media_duration(type, &media, ret_ms);
}
