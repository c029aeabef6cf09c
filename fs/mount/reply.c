/* SPDX-License-Identifier: MIT */
#include "fs/mount/reply.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/base/log.h"
#include "fs/mount/ghost.h"
#include "fs/mount/handle.h"
#include "fs/mount/inode.h"
#include "fs/mount/passthrough.h"
#include "fs/mount/request.h"
#include "fs/tree/tree.h"

#define HOUR 3600.0
#define BUFFER_MAX (4 * 1024 * 1024)

static double name_timeout(enum tree_kind kind, int64_t quiet_ms)
{
	if (kind == TREE_RESULT)
		return (double)quiet_ms / 1000;
	return kind == TREE_DIR || kind == TREE_FILE ? HOUR : 0;
}

static double attr_timeout(enum tree_kind kind)
{
	if (kind == TREE_FILE || kind == TREE_RESULT)
		return HOUR;
	/* stat(2) by name has just looked it up, and would ask for the same again */
	if (kind == TREE_STATUS)
		return 0.02;
	/* each step of each path asks for its directory's permissions; what appears by itself is announced to the
	 * kernel by the notifier, so that only a lost announcement shows old times for so long */
	return kind == TREE_DIR ? 1 : 0;
}

/* What stat(2) and readdir(3) tell, other than what the kernel asks by. Programs that remove a big directory go by
 * these numbers (fts(3) sorts): a shadow comes before its prompt, while it is still there. */
static uint64_t shown_number(uint64_t ino)
{
	uint64_t place = 2;

	if ((ino & (TREE_STATUS_BIT | TREE_GALLERY_BIT)) != 0)
		place = 0; /* of a prompt and of a directory: no number has both */
	else if ((ino & TREE_WAIT_BIT) != 0)
		place = 1;
	else if ((ino & TREE_MODEL_BIT) != 0)
		place = 3;
	return ghost_is(ino) || (ino & (TREE_ICON_BIT | VIEW_BIT)) != 0 ? ino : (uint64_t)TREE_NODE(ino) * 4 + place;
}

static struct stat shown(const struct session *session, const struct tree_entry *entry)
{
	struct stat st = entry->st;

	st.st_ino = shown_number(entry->ino);
	if (session->uid >= 0)
		st.st_uid = (uid_t)session->uid;
	if (session->gid >= 0)
		st.st_gid = (gid_t)session->gid;
	st.st_mode &= ~(session->umask & 07777);
	return st;
}

void reply_fill_entry(const struct session *session, const struct tree_entry *entry,
	int64_t quiet_ms, struct fuse_entry_param *ret_param)
{
	*ret_param = (struct fuse_entry_param){
		.ino = entry->ino, /* never used again, so the generation stays 0 */
		.attr = shown(session, entry),
		.attr_timeout = attr_timeout(entry->kind),
		.entry_timeout = name_timeout(entry->kind, quiet_ms),
	};
}

/* An answer that does not get through belongs to a request that the kernel has given up (the mount is going away). */
static int sent(int result)
{
	if (result < 0)
		log_errno(LOG_LEVEL_DEBUG, result, "mount: an answer came too late");
	return result;
}

void reply_error(fuse_req_t req, int result)
{
	assert(result <= 0);
	sent(fuse_reply_err(req, -result));
}

void reply_entry(fuse_req_t req, const struct tree_entry *entry, int64_t quiet_ms)
{
	struct session *session = session_of(req);
	struct fuse_entry_param param;
	int r = inode_ref(session, entry->ino);

	if (r < 0) {
		reply_error(req, r);
		return;
	}
	reply_fill_entry(session, entry, quiet_ms, &param);
	if (sent(fuse_reply_entry(req, &param)) < 0 && !request_comes_again(session))
		inode_unref(session, entry->ino, 1);
}

void reply_attr(fuse_req_t req, const struct tree_entry *entry)
{
	struct stat st = shown(session_of(req), entry);

	sent(fuse_reply_attr(req, &st, attr_timeout(entry->kind)));
}

static struct fuse_file_info file_info(struct handle *handle)
{
	bool writes = (handle->flags & O_ACCMODE) != O_RDONLY;

	return (struct fuse_file_info){
		.fh = handle->id,
		/* one round trip less at each close; kernels before 5.16 make it all the same */
		.noflush = !writes || !tree_is_prompt_written(handle->session->tree, handle->ino),
		.direct_io = handle->type->direct_io,
		.keep_cache = handle->type->keep_cache && handle->backing == 0,
#ifdef HAVE_PASSTHROUGH
		.backing_id = handle->backing,
#endif
	};
}

void reply_open(fuse_req_t req, struct handle *handle)
{
	struct session *session = session_of(req);
	struct fuse_file_info info = file_info(handle);

	handle_publish(handle);
	if (sent(fuse_reply_open(req, &info)) < 0) {
		if (request_comes_again(session))
			return; /* the last daemon's answer was the last thing it did */
		passthrough_close(NULL, handle); /* libfuse has freed the request */
		handle_close(handle);
	} else if (handle->type->opened != NULL) {
		handle->type->opened(handle);
	}
}

void reply_opendir(fuse_req_t req, const struct fuse_file_info *info)
{
	sent(fuse_reply_open(req, info));
}

void reply_create(fuse_req_t req, const struct tree_entry *entry, struct handle *handle)
{
	struct session *session = session_of(req);
	struct fuse_file_info info = file_info(handle);
	struct fuse_entry_param param;
	int r = inode_ref(session, entry->ino);

	if (r < 0) {
		passthrough_close(req, handle);
		handle_close(handle);
		reply_error(req, r);
		return;
	}
	reply_fill_entry(session, entry, 0, &param);
	handle_publish(handle);
	if (sent(fuse_reply_create(req, &param, &info)) < 0) {
		if (request_comes_again(session))
			return;
		passthrough_close(NULL, handle);
		handle_close(handle);
		inode_unref(session, entry->ino, 1);
	}
}

char *reply_buffer(struct session *session, size_t size)
{
	if (size > BUFFER_MAX)
		return NULL;
	if (session->answer == NULL || size > session->answer_size) {
		char *answer = realloc(session->answer, size > 0 ? size : 1);
		if (answer == NULL)
			return NULL;
		session->answer = answer;
		session->answer_size = size;
	}
	return session->answer;
}

void reply_data(fuse_req_t req, const char *data, size_t length)
{
	sent(fuse_reply_buf(req, data, length));
}

void reply_slice(fuse_req_t req, const char *text, size_t length, size_t size, off_t offset)
{
	size_t start = offset < 0 || (uint64_t)offset > length ? length : (size_t)offset;

	reply_data(req, text + start, length - start < size ? length - start : size);
}

void reply_written(fuse_req_t req, size_t length)
{
	sent(fuse_reply_write(req, length));
}

void reply_target(fuse_req_t req, const char *target)
{
	sent(fuse_reply_readlink(req, target));
}

void reply_length(fuse_req_t req, size_t length)
{
	sent(fuse_reply_xattr(req, length));
}

void reply_offset(fuse_req_t req, off_t offset)
{
	sent(fuse_reply_lseek(req, offset));
}

void reply_poll(fuse_req_t req, unsigned events)
{
	sent(fuse_reply_poll(req, events));
}

void reply_statvfs(fuse_req_t req, const struct statvfs *statvfs)
{
	sent(fuse_reply_statfs(req, statvfs));
}

void reply_none(fuse_req_t req)
{
	fuse_reply_none(req);
}
