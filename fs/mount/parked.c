/* SPDX-License-Identifier: MIT */
#include "fs/mount/parked.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/mount/reply.h"

static void parked_free(struct parked_read *read)
{
	list_remove(&read->link);
	free(read);
}

static void give_up(struct pending *pending)
{
	parked_free(container_of(pending, struct parked_read, pending));
}

void parked_add(struct list *reads, fuse_req_t req, size_t size, off_t offset, int end_error)
{
	struct parked_read *read = calloc(1, sizeof(*read));

	if (read == NULL) {
		reply_error(req, -ENOMEM);
		return;
	}
	read->size = size;
	read->offset = offset;
	list_append(reads, &read->link);
	pending_init(&read->pending, req, end_error, give_up);
	pending_park(&read->pending);
}

void parked_answer(struct parked_read *read, ssize_t length, const char *data)
{
	if (length < 0)
		pending_error(&read->pending, (int)length);
	else
		pending_data(&read->pending, data, (size_t)length);
	parked_free(read);
}

void parked_slice(struct parked_read *read, const char *text, size_t length)
{
	pending_slice(&read->pending, text, length, read->size, read->offset);
	parked_free(read);
}

void parked_slice_all(struct list *reads, int error, const char *text, size_t length)
{
	while (!list_empty(reads)) {
		struct parked_read *read = list_entry(reads->next, struct parked_read, link);

		if (error < 0)
			parked_answer(read, error, NULL);
		else
			parked_slice(read, text, length);
	}
}
