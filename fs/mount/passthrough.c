/* SPDX-License-Identifier: MIT */
#include "fs/mount/passthrough.h"

#ifdef HAVE_PASSTHROUGH
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/map.h"

/* Smaller ones stay in the kernel's cache from one open to the next, which costs less than asking for their file. */
#define SIZE_MIN (4 * 1024 * 1024)

struct shared {
	unsigned cached, passed; /* opens of each kind */
	int backing;             /* the kernel's number of the cache's file, while passed > 0 */
};

void passthrough_init(struct session *session, struct fuse_conn_info *conn)
{
	/* the next daemon would not know how a file is open */
	if (session->kept != NULL || geteuid() != 0 || (conn->capable & FUSE_CAP_PASSTHROUGH) == 0)
		return;
	session->shared = map_create();
	if (session->shared == NULL)
		return;
	conn->want |= FUSE_CAP_PASSTHROUGH;
	session->passthrough = true;
}

static struct shared *find(const struct handle *handle)
{
	return map_get(handle->session->shared, handle->ino);
}

static int add(const struct handle *handle, struct shared **ret_shared)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (shared == NULL)
		return -ENOMEM;
	int r = map_put(handle->session->shared, handle->ino, shared);
	if (r < 0)
		free(shared);
	else
		*ret_shared = shared;
	return r;
}

static int ask(fuse_req_t req, struct handle *handle)
{
	int fd = handle->session->passthrough ? handle->type->whole(handle) : -1;
	int backing = fd >= 0 ? fuse_passthrough_open(req, fd) : 0;

	if (fd >= 0 && backing <= 0) {
		log_info("mount: the kernel does not read the cache by itself here");
		handle->session->passthrough = false;
	}
	return backing > 0 ? backing : 0;
}

void passthrough_open(fuse_req_t req, struct handle *handle, off_t size)
{
	struct shared *shared;

	if (handle->session->shared == NULL || handle->type->whole == NULL || size < SIZE_MIN)
		return;
	shared = find(handle);
	if (shared == NULL && add(handle, &shared) < 0)
		return;
	if (shared->passed == 0 && shared->cached == 0 && shared->backing == 0)
		shared->backing = ask(req, handle);
	handle->counted = true;
	handle->backing = shared->backing;
	if (shared->backing != 0)
		shared->passed++;
	else
		shared->cached++;
}

void passthrough_close(fuse_req_t req, struct handle *handle)
{
	struct shared *shared = handle->counted ? find(handle) : NULL;

	if (shared == NULL)
		return;
	handle->counted = false;
	if (handle->backing != 0)
		shared->passed--;
	else
		shared->cached--;
	if (shared->passed > 0 || shared->cached > 0)
		return;
	/* without a request to ask by, the kernel keeps it for the next open, or until the mount ends */
	if (shared->backing != 0 && req == NULL)
		return;
	if (shared->backing != 0)
		fuse_passthrough_close(req, shared->backing);
	map_remove(handle->session->shared, handle->ino);
	free(shared);
}

void passthrough_end(struct session *session)
{
	uint64_t ino;
	struct shared *shared;

	while (session->shared != NULL && (shared = map_any(session->shared, &ino)) != NULL) {
		map_remove(session->shared, ino);
		free(shared);
	}
	map_destroy(session->shared);
	session->shared = NULL;
}

#else

void passthrough_init(struct session *session, struct fuse_conn_info *conn)
{
}

void passthrough_open(fuse_req_t req, struct handle *handle, off_t size)
{
}

void passthrough_close(fuse_req_t req, struct handle *handle)
{
}

void passthrough_end(struct session *session)
{
}
#endif
