/* SPDX-License-Identifier: MIT */
/* One open result: its users, its bytes as they are here, and the reads that wait for more of them. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch_private.h"

#define KEPT_BEHIND                                                                                \
	(512 * 1024) /* bytes behind a reader that stay in memory: the kernel's reads are not quite in order */

static void unload(struct fetch *fetch)
{
	fetch_stop_all(fetch);
	block_drop_all(fetch->fetches->blocks, &fetch->blocks);
	renew_cancel(fetch->renewal);
	loop_timer_destroy(fetch->retry);
	loop_timer_destroy(fetch->far);
	cache_file_close(fetch->file);
	result_record_finish(&fetch->record);
	graft_record_finish(&fetch->graft);
}

void fetch_free(struct fetch *fetch)
{
	struct list *item, *after;

	map_remove(fetch->fetches->by_ino, (uint64_t)fetch->ino);
	list_remove(&fetch->along);
	fetch_turn_over(fetch);
	unload(fetch);
	list_for_each_safe(item, after, &fetch->reads)
		free(list_entry(item, struct fetch_read, link));
	free(fetch);
}

bool fetch_is_open(const struct fetches *fetches, int64_t ino)
{
	return map_get(fetches->by_ino, (uint64_t)ino) != NULL;
}

/* The bytes of a text are in its row. A cache that does not take them gives an error to who reads. */
static void fill_text(struct fetch *fetch)
{
	const char *text = fetch->record.text;
	size_t length = text == NULL ? 0 : strlen(text);

	if (fetch->record.kind != RESULT_TEXT)
		return;
	if (cache_file_run_end(fetch->file, 0) < (int64_t)length &&
		cache_file_write(fetch->file, 0, text, length) < 0)
		log_warning("result: inode %lld: no room for its text", (long long)fetch->ino);
}

int fetch_open(struct fetches *fetches, int64_t ino, struct fetch **ret_fetch)
{
	struct fetch *fetch = map_get(fetches->by_ino, (uint64_t)ino);
	int r;

	if (fetch != NULL) {
		fetch->users++;
		*ret_fetch = fetch;
		return 0;
	}
	fetch = calloc(1, sizeof(*fetch));
	if (fetch == NULL)
		return -ENOMEM;
	fetch->fetches = fetches;
	fetch->ino = ino;
	fetch->users = 1;
	list_init(&fetch->reads);
	list_init(&fetch->transfers);
	list_init(&fetch->blocks);
	list_init(&fetch->along);
	list_init(&fetch->turn);
	r = map_put(fetches->by_ino, (uint64_t)ino, fetch);
	if (r < 0) {
		free(fetch);
		return r;
	}
	*ret_fetch = fetch;
	return 0;
}

int fetch_load(struct fetch *fetch)
{
	struct fetches *fetches = fetch->fetches;
	const struct fetch_needs *needs = &fetches->needs;
	int r;

	if (fetch->loaded)
		return 0;
	r = results_find(needs->store, fetch->ino, &fetch->record);
	if (r == -ENOENT) /* its file was removed, and is still open */
		r = results_find_removed(needs->store, fetch->ino, &fetch->record);
	if (r == 0 && fetch->record.extra != 0)
		r = grafts_get(needs->store, fetch->record.job, fetch->record.seq, &fetch->graft);
	if (r == 0)
		r = cache_file_open(needs->store, fetch->ino, &fetch->file);
	if (r == 0)
		fill_text(fetch);
	if (r == 0)
		r = loop_timer_create(needs->loop, fetches->steps->retry, fetch, &fetch->retry);
	if (r == 0)
		r = loop_timer_create(needs->loop, fetches->steps->far, fetch, &fetch->far);
	if (r < 0) {
		cache_file_close(fetch->file);
		fetch->file = NULL;
		loop_timer_destroy(fetch->retry);
		fetch->retry = NULL;
		result_record_finish(&fetch->record);
		graft_record_finish(&fetch->graft);
		fetch->record = (struct result_record){0};
		return r;
	}
	/* without memory for the note the file is made ready once too often: no harm */
	map_put(fetches->read, (uint64_t)fetch->ino, fetches);
	fetch->uncached = !needs->cache;
	fetch->route = route_find(
		&fetches->routes, fetch->record.url != NULL ? fetch->record.url : "");
	fetch->loaded = true;
	cache_file_touch(fetch->file);
	fetch_note_growth(fetches);
	return 0;
}

static void end_reads(struct fetch *fetch, int error)
{
	while (!list_empty(&fetch->reads)) {
		struct fetch_read *read = list_entry(fetch->reads.next, struct fetch_read, link);
		fetch_done *done = read->done;
		void *arg = read->arg;
		fetch_end_read(read);
		done(arg, error, NULL, NULL);
	}
}

void fetch_close(struct fetch *fetch)
{
	assert(fetch->users > 0);
	if (--fetch->users > 0)
		return;
	/* a request that is dealt with again after a kill was answered before, perhaps, and its file is closed meanwhile */
	end_reads(fetch, -EIO);
	fetch_stop_long(fetch);
	fetch_left(fetch);
}

void fetch_left(struct fetch *fetch)
{
	if (fetch->users == 0 && list_empty(&fetch->transfers) && fetch->storing == 0)
		fetch_free(fetch);
}

/* The bytes on the disk are none that one can have: they come from the service again, and do without it. One that does not
 * answer for now still has them: until it does they count as absent (disk_hangs()). What counts as present is waited for by readers.
 * That its file was removed is nothing bad: it is made again. */
static void lose_disk(struct fetch *fetch, int error)
{
	if (error == -ENOENT) {
		log_info("result: inode %lld: it is not in the cache any more: it is fetched again", (long long)fetch->ino);
		cache_file_forget(fetch->file);
		return;
	}
	if (!fetch->uncached)
		log_errno(LOG_LEVEL_WARNING, error,
			"result: inode %lld: the cache cannot be read: it is read without",
			(long long)fetch->ino);
	fetch->uncached = true;
	if (error != -ETIMEDOUT)
		cache_file_forget(fetch->file);
}

static void disk_is_late(struct cache_io *io)
{
	struct fetch *fetch = container_of(io, struct block, io)->fetch;

	if (fetch == NULL)
		return;
	lose_disk(fetch, -ETIMEDOUT);
	loop_timer_arm(fetch->retry, 0); /* from the service, then */
}

static void disk_answered(struct cache_io *io)
{
	struct block *block = container_of(io, struct block, io);
	struct fetch *fetch = block->fetch;
	struct block_pool *pool = block->pool;
	int64_t start = io->offset, end = start + (int64_t)io->length;
	int error = io->error;

	block->length = error == 0 ? io->length : 0;
	if (fetch == NULL) {
		block->filling = false;
		block_release(block);
		return;
	}
	fetch->from_disk = NULL;
	block_release(block);
	block_fill_done(pool, block);
	if (error < 0) {
		lose_disk(fetch, error);
		loop_timer_arm(fetch->retry, 0);
		return;
	}
	fetch->users++; /* whoever gets the bytes may close it */
	fetch_progress(fetch);
	/* the system has them in its memory now; if not, others who wait may need them still */
	if (list_empty(&fetch->reads))
		block_drop_between(pool, &fetch->blocks, start, end);
	fetch_close(fetch);
}

/* -EAGAIN: they come, into a block, as those from the service do. One read of a file at a time. */
static int ask_disk(struct fetch *fetch, int64_t at, size_t length)
{
	if (fetch->from_disk != NULL)
		return -EAGAIN;
	struct block *block = block_take(fetch->fetches->blocks, &fetch->blocks, at, at + (int64_t)length);
	if (block == NULL)
		return -ENOMEM;
	block->fetch = fetch;
	block->io = (struct cache_io){.kind = CACHE_READ,
		.offset = at,
		.length = block->room,
		.data = block->data,
		.late = disk_is_late,
		.done = disk_answered};
	int r = cache_io_submit(fetch->file, &block->io);
	if (r < 0) {
		block_fill_done(fetch->fetches->blocks, block);
		return r;
	}
	block_hold(block);
	fetch->from_disk = block;
	return -EAGAIN;
}

/* Memory before disk. *ret_data: the bytes themselves where they lie together in memory, in *ret_block, else a copy. */
static int collect(struct fetch *fetch, int64_t offset, size_t length, const char **ret_data,
	struct block **ret_block)
{
	char *scratch = fetch->fetches->scratch;
	size_t filled = 0, n;

	while (filled < length) {
		int64_t at = offset + (int64_t)filled;
		struct block *block = block_find(fetch->fetches->blocks, &fetch->blocks, at);
		const char *data = block == NULL ? NULL : block->data + (at - block->start);
		if (block != NULL)
			n = block->length - (size_t)(at - block->start);
		else
			n = (size_t)(cache_file_run_end(fetch->file, at) - at);
		if (data != NULL && filled == 0 && n >= length) {
			*ret_data = data;
			*ret_block = block;
			return 0;
		}
		if (n > length - filled)
			n = length - filled;
		if (n == 0) /* it was here when the caller asked: the disk has stopped answering since */
			return -ETIMEDOUT;
		if (data != NULL) {
			memcpy(scratch + filled, data, n);
		} else {
			int r = cache_file_read_now(fetch->file, at, scratch + filled, n);
			if (r == -EAGAIN)
				r = ask_disk(fetch, at, n);
			if (r < 0)
				return r;
		}
		filled += n;
	}
	*ret_data = scratch;
	return 0;
}

int fetch_collect(struct fetch *fetch, int64_t offset, size_t length, const char **ret_data,
	struct block **ret_block)
{
	*ret_block = NULL;
	/* the bytes of a text are in its row */
	if (fetch->record.text != NULL && strlen(fetch->record.text) >= (size_t)offset + length) {
		*ret_data = fetch->record.text + offset;
		return 0;
	}
	int r = collect(fetch, offset, length, ret_data, ret_block);
	if (r < 0 && r != -EAGAIN)
		lose_disk(fetch, r);
	return r;
}

void fetch_answer(struct fetch *fetch, const struct fetch_read *read, const char *data,
	struct block *block)
{
	if (block != NULL)
		block_hold(block);
	read->done(read->arg, (ssize_t)read->length, data, block);
	/* what a reader in sequence has got is in the kernel's cache now and can go, but for what other readers may still want */
	if (read->run > 0)
		block_drop_between(fetch->fetches->blocks, &fetch->blocks,
			read->offset - read->run - BLOCK_BYTES, read->offset - KEPT_BEHIND);
}

void fetch_release(struct block *held)
{
	block_release(held);
}

void fetch_end_read(struct fetch_read *read)
{
	list_remove(&read->link);
	free(read);
}

void fetch_background_done(struct fetch *fetch)
{
	loop_timer_arm(fetch->fetches->next, 0);
}

void fetch_fail(struct fetch *fetch, int error, const char *why)
{
	fetch_trouble(fetch, why);
	fetch_stop_all(fetch);
	loop_timer_disarm(fetch->retry);
	fetch->attempts = 0;
	fetch->renewed = false;
	end_reads(fetch, error);
	if (fetch->background != NULL)
		fetch_background_done(fetch);
}

void fetch_progress(struct fetch *fetch)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &fetch->reads)
	{
		struct fetch_read *read = list_entry(item, struct fetch_read, link);
		struct fetch_read copy = *read;
		struct block *block;
		const char *data;
		if (!fetch_is_here(fetch, copy.offset, copy.offset + (int64_t)copy.length))
			continue;
		int r = fetch_collect(fetch, copy.offset, copy.length, &data, &block);
		if (r == -EAGAIN)
			continue;
		if (r < 0) {
			loop_timer_arm(fetch->retry, 0); /* from the service, then */
			return;
		}
		fetch_end_read(read);
		fetch_answer(fetch, &copy, data, block);
	}
}
