/* SPDX-License-Identifier: MIT */
#include "fs/kept/carried.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/kept/keeper.h"

#define MIB (UINT64_C(1) << 20)
/* What is mapped; pages come as they are written to. */
#define BUFFER_AT (1 * MIB)
#define GHOSTS_AT (8 * MIB)
#define PARKED_AT (16 * MIB)
#define HANDLES_AT (64 * MIB)
#define COUNTS_AT (1024 * MIB)
#define MAPPED (2048 * MIB)
/* What is not: one place for the text of each handle. */
#define TEXTS_AT (4096 * MIB)
#define LONG_TEXT 65536

_Static_assert(sizeof(struct carried_head) <= BUFFER_AT - KEEPER_MEMORY_HEAD, "head");
_Static_assert(CARRIED_BUFFER_MAX <= GHOSTS_AT - BUFFER_AT, "buffer");
_Static_assert(sizeof(struct carried_ghost) * CARRIED_GHOSTS <= PARKED_AT - GHOSTS_AT, "ghosts");
_Static_assert(sizeof(struct carried_parked) * CARRIED_PARKED <= HANDLES_AT - PARKED_AT, "parked");
_Static_assert(sizeof(struct carried_handle) * CARRIED_HANDLES <= COUNTS_AT - HANDLES_AT, "handles");
_Static_assert(sizeof(uint32_t) * CARRIED_COUNTS <= MAPPED - COUNTS_AT, "counts");
_Static_assert(TEXTS_AT + (uint64_t)CARRIED_HANDLES * CARRIED_TEXT_MAX <= (uint64_t)KEEPER_MEMORY_SIZE, "texts");

/* Places that were in use once and are free now. */
struct places {
	uint32_t *items; /* owned */
	size_t count, room;
};

struct carried {
	char *map;
	int fd; /* borrowed */
	struct places handles, parked;
};

static int places_add(struct places *places, uint32_t place)
{
	if (places->count == places->room) {
		size_t room = places->room == 0 ? 64 : places->room * 2;
		uint32_t *items = reallocarray(places->items, room, sizeof(*items));
		if (items == NULL)
			return -ENOMEM;
		places->items = items;
		places->room = room;
	}
	places->items[places->count++] = place;
	return 0;
}

/* One that was freed, or the next of all. */
static int places_take(struct places *places, uint32_t *used, uint32_t max, uint32_t *ret_place)
{
	if (places->count > 0)
		*ret_place = places->items[--places->count];
	else if (*used < max)
		*ret_place = (*used)++;
	else
		return -ENFILE;
	return 0;
}

struct carried_head *carried_head(struct carried *carried)
{
	return (struct carried_head *)(carried->map + KEEPER_MEMORY_HEAD);
}

char *carried_buffer(struct carried *carried)
{
	return carried->map + BUFFER_AT;
}

struct carried_handle *carried_handle(struct carried *carried, uint32_t place)
{
	assert(place < CARRIED_HANDLES);
	return (struct carried_handle *)(carried->map + HANDLES_AT) + place;
}

struct carried_parked *carried_parked(struct carried *carried, uint32_t place)
{
	assert(place < CARRIED_PARKED);
	return (struct carried_parked *)(carried->map + PARKED_AT) + place;
}

struct carried_ghost *carried_ghost(struct carried *carried, uint32_t place)
{
	assert(place < CARRIED_GHOSTS);
	return (struct carried_ghost *)(carried->map + GHOSTS_AT) + place;
}

uint32_t *carried_count(struct carried *carried, uint64_t ino)
{
	return ino < CARRIED_COUNTS ? (uint32_t *)(carried->map + COUNTS_AT) + ino : NULL;
}

/* What the last daemon has left free below its highest places. */
static int find_free(struct carried *carried)
{
	struct carried_head *head = carried_head(carried);
	int r = 0;

	if (head->handles > CARRIED_HANDLES || head->parked > CARRIED_PARKED ||
		head->init_length > CARRIED_INIT_MAX)
		return -EPROTO;
	head->mountpoint[CARRIED_PATH_MAX - 1] = '\0';
	for (uint32_t i = 0; i < head->handles && r == 0; i++)
		if (carried_handle(carried, i)->id == 0)
			r = places_add(&carried->handles, i);
	for (uint32_t i = 0; i < head->parked && r == 0; i++)
		if (carried_parked(carried, i)->unique == 0)
			r = places_add(&carried->parked, i);
	return r;
}

int carried_create(int fd, bool resumes, struct carried **ret_carried)
{
	struct carried *carried = calloc(1, sizeof(*carried));
	int r = 0;

	if (carried == NULL)
		return -ENOMEM;
	carried->fd = fd;
	carried->map = mmap(
		NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (carried->map == MAP_FAILED) {
		r = -errno;
		free(carried);
		return r;
	}
	if (!resumes)
		carried_head(carried)->layout = CARRIED_LAYOUT;
	else
		r = carried_head(carried)->layout != CARRIED_LAYOUT ? -EPROTO : find_free(carried);
	if (r < 0) {
		carried_destroy(carried);
		return r;
	}
	*ret_carried = carried;
	return 0;
}

void carried_destroy(struct carried *carried)
{
	if (carried == NULL)
		return;
	munmap(carried->map, MAPPED);
	free(carried->handles.items);
	free(carried->parked.items);
	free(carried);
}

static off_t text_at(uint32_t place)
{
	return (off_t)(TEXTS_AT + (uint64_t)place * CARRIED_TEXT_MAX);
}

int carried_handle_place(struct carried *carried, uint32_t *ret_place)
{
	*ret_place = CARRIED_NOWHERE;
	if (carried == NULL)
		return 0;
	return places_take(&carried->handles, &carried_head(carried)->handles, CARRIED_HANDLES,
		ret_place);
}

void carried_handle_free(struct carried *carried, uint32_t place)
{
	if (carried == NULL || place == CARRIED_NOWHERE)
		return;
	struct carried_handle *handle = carried_handle(carried, place);
	uint32_t length = handle->text_length;
	*handle = (struct carried_handle){0};
	if (length >= LONG_TEXT) /* others are written over some time */
		(void)fallocate(carried->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			text_at(place), CARRIED_TEXT_MAX);
	/* without memory the place is lost until the next daemon looks */
	(void)places_add(&carried->handles, place);
}

int carried_text_set(struct carried *carried, uint32_t place, const char *text, size_t length)
{
	if (carried == NULL || place == CARRIED_NOWHERE)
		return 0;
	struct carried_handle *handle = carried_handle(carried, place);
	handle->has_text = false;
	if (length > CARRIED_TEXT_MAX)
		return -EFBIG;
	for (size_t done = 0; done < length;) {
		ssize_t n = pwrite(carried->fd, text + done, length - done,
			text_at(place) + (off_t)done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	handle->text_length = (uint32_t)length;
	handle->has_text = true;
	return 0;
}

int carried_text_get(
	struct carried *carried, uint32_t place, char **ret_text, size_t *ret_length)
{
	const struct carried_handle *handle = carried_handle(carried, place);

	if (!handle->has_text || handle->text_length > CARRIED_TEXT_MAX)
		return -ENODATA;
	CLEANUP_FREE char *text = malloc((size_t)handle->text_length + 1);
	if (text == NULL)
		return -ENOMEM;
	for (size_t done = 0; done < handle->text_length;) {
		ssize_t n = pread(carried->fd, text + done, handle->text_length - done,
			text_at(place) + (off_t)done);
		if (n == 0 || (n < 0 && errno != EINTR))
			return n == 0 ? -ENODATA : -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	text[handle->text_length] = '\0';
	*ret_length = handle->text_length;
	*ret_text = steal(&text);
	return 0;
}

int carried_park(
	struct carried *carried, const void *request, size_t length, uint32_t *ret_place)
{
	*ret_place = CARRIED_NOWHERE;
	if (carried == NULL)
		return 0;
	if (length > CARRIED_REQUEST_MAX || length < 2 * sizeof(uint64_t))
		return -EMSGSIZE;
	int r = places_take(
		&carried->parked, &carried_head(carried)->parked, CARRIED_PARKED, ret_place);
	if (r < 0)
		return r;
	struct carried_parked *parked = carried_parked(carried, *ret_place);
	uint64_t unique;
	memcpy(parked->request, request, length);
	memcpy(&unique, (const char *)request + sizeof(uint64_t), sizeof(unique)); /* fuse_in_header */
	parked->length = (uint32_t)length;
	atomic_thread_fence(memory_order_seq_cst);
	parked->unique = unique;
	return 0;
}

void carried_unpark(struct carried *carried, uint32_t place)
{
	if (carried == NULL || place == CARRIED_NOWHERE)
		return;
	carried_parked(carried, place)->unique = 0;
	(void)places_add(&carried->parked, place);
}

/* In the place of the same directory, else in that which ends first. */
void carried_lease(struct carried *carried, uint64_t dir, int64_t until_ms)
{
	struct carried_head *head;
	int place = 0;

	if (carried == NULL)
		return;
	head = carried_head(carried);
	for (int i = 0; i < CARRIED_LEASES; i++) {
		if (head->leases[i].dir == dir) {
			place = i;
			break;
		}
		if (head->leases[i].until_ms < head->leases[place].until_ms)
			place = i;
	}
	if (head->leases[place].dir != dir &&
		head->others_until_ms < head->leases[place].until_ms)
		head->others_until_ms = head->leases[place].until_ms;
	head->leases[place].until_ms = until_ms;
	head->leases[place].dir = dir;
}
