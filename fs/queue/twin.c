/* SPDX-License-Identifier: MIT */
#include "fs/queue/twin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/media/content.h"
#include "fs/store/cache.h"
#include "fs/store/cache_io.h"
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

struct twin_copying {
	struct cache_io io;
	struct graft_record graft; /* owned; io.data is its */
	struct cache_file *file;   /* owned */
	struct twin twin;
	struct result_record *result; /* borrowed */
	struct stat before;
	void (*done)(void *arg, int result); /* NULL: nobody waits for it any more */
	void *arg;
};

static void tell(struct twin_copying *copying, int result)
{
	void (*done)(void *arg, int result) = copying->done;

	copying->done = NULL;
	if (done != NULL)
		done(copying->arg, result);
}

static void copying_free(struct twin_copying *copying)
{
	if (copying->io.from >= 0)
		close(copying->io.from);
	cache_file_close(copying->file);
	graft_record_finish(&copying->graft);
	free(copying);
}

static void on_late(struct cache_io *io)
{
	tell(container_of(io, struct twin_copying, io), -ETIMEDOUT);
}

/* Was it the same all the time? Who changes it has it open, or has changed its time. */
static int take(struct twin_copying *copying)
{
	struct stat now;

	if (fstat(copying->io.from, &now) < 0)
		return -errno;
	if (now.st_size != copying->before.st_size || now.st_ctim.tv_sec != copying->before.st_ctim.tv_sec ||
		now.st_ctim.tv_nsec != copying->before.st_ctim.tv_nsec)
		return -ESTALE;
	copying->result->size = (int64_t)copying->io.length + copying->io.from_length;
	if (!copying->twin.carries)
		copying->result->extra = 0;
	return 0;
}

static void on_copied(struct cache_io *io)
{
	struct twin_copying *copying = container_of(io, struct twin_copying, io);
	int r = copying->done == NULL || io->error < 0 ? io->error : take(copying);

	if (r < 0 || copying->done == NULL)
		cache_file_forget(copying->file);
	tell(copying, r);
	copying_free(copying);
}

/* One that was copied to its end has none: whoever copies may make a file as long as it is to be at first. */
static bool has_hole(int fd, int64_t size)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE);

	return hole >= 0 && hole < size;
}

static int begin(struct twin_copying *copying, struct store *store)
{
	const struct graft_record *graft = &copying->graft;
	struct cache_io *io = &copying->io;

	io->from = store_data_open(store, copying->twin.node.ino, O_RDONLY);
	if (io->from < 0)
		return io->from;
	if (fstat(io->from, &copying->before) < 0)
		return -errno;
	if (copying->before.st_size > COPY_MAX)
		return -EFBIG;
	if (has_hole(io->from, copying->before.st_size))
		return -ENODATA;
	/* the first bytes of the result's own, where the file has others there */
	io->data = graft->original;
	io->length = (size_t)graft->cut;
	io->from_offset = (int64_t)graft->head_length;
	io->from_length = copying->before.st_size - (int64_t)(graft->head_length + graft->tail_length);
	if (io->from_length <= 0)
		return -EIO;
	int r = cache_file_open(store, copying->result->ino, &copying->file);
	return r < 0 ? r : cache_io_submit(copying->file, io);
}

int twin_copy(struct store *store, const struct twin *twin, struct result_record *result, void (*done)(void *arg, int result),
	void *arg, struct twin_copying **ret_copying)
{
	struct twin_copying *copying = calloc(1, sizeof(*copying));
	int r = 0;

	if (copying == NULL)
		return -ENOMEM;
	*copying = (struct twin_copying){.io = {.kind = CACHE_WRITE_FIRST, .from = -1, .late = on_late, .done = on_copied},
		.twin = *twin,
		.result = result,
		.done = done,
		.arg = arg};
	if (twin->carries)
		r = grafts_get(store, result->job, result->seq, &copying->graft);
	if (r == 0)
		r = begin(copying, store);
	if (r < 0) {
		copying_free(copying);
		return r;
	}
	*ret_copying = copying;
	return 0;
}

void twin_copy_cancel(struct twin_copying *copying)
{
	if (copying != NULL)
		copying->done = NULL;
}
