/* SPDX-License-Identifier: MIT */
/* Listings. Offsets are cookies: what the next entry after this one is.
 *   0, 1      "." and ".."
 *   2 ...     the files of .weryaifs, in that directory, and those at the root, there
 *   LIST_TREE and up: the tree's cookies, moved up by that much
 *
 * A second listing right after the first is the kernel's own: where nothing is going on, results keep their names for
 * as long as the kernel keeps a directory's times, and their listing with them. */
#include <errno.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/base/clock.h"
#include "fs/mount/about.h"
#include "fs/mount/inode.h"
#include "fs/mount/ops.h"
#include "fs/mount/reply.h"
#include "fs/tree/copiers.h"
#include "fs/report/views.h"
#include "fs/tree/tree.h"

enum { LIST_DOT, LIST_DOTDOT, LIST_ABOUT, LIST_VIEWS = 32, LIST_TREE = 64 };

struct listing {
	struct session *session;
	fuse_req_t req;
	bool plus;        /* with attributes, which counts as a look-up of each entry */
	int64_t quiet_ms; /* for how long names of results are the kernel's to keep */
	char *data;       /* the session's answer */
	size_t size, length;
	int error; /* what ended the listing early, to be told when nothing was listed */
};

/* 0: is in the answer; 1: it is full, or broken. */
static int add(
	struct listing *listing, const char *name, const struct tree_entry *entry, uint64_t next)
{
	bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	char *at = listing->data + listing->length;
	size_t room = listing->size - listing->length, need;
	struct fuse_entry_param param;

	reply_fill_entry(listing->session, entry, listing->quiet_ms, &param);
	if (listing->plus)
		need = fuse_add_direntry_plus(listing->req, at, room, name, &param, (off_t)next);
	else
		need = fuse_add_direntry(listing->req, at, room, name, &param.attr, (off_t)next);
	if (need > room)
		return 1;
	if (listing->plus && !dots) {
		listing->error = inode_ref(listing->session, entry->ino);
		if (listing->error < 0)
			return 1;
	}
	listing->length += need;
	return 0;
}

static int add_number(struct listing *listing, const char *name, uint64_t ino, uint64_t next)
{
	struct tree_entry entry;

	listing->error = inode_get(listing->session, ino, &entry);
	return listing->error < 0 ? 1 : add(listing, name, &entry, next);
}

static int add_from_tree(void *arg, const char *name, const struct tree_entry *entry, uint64_t next)
{
	return add(arg, name, entry, LIST_TREE + next);
}

static int list_dots(struct listing *listing, uint64_t ino, uint64_t cookie)
{
	uint64_t parent;

	if (cookie == LIST_DOT && add_number(listing, ".", ino, LIST_DOTDOT) != 0)
		return 1;
	if (cookie > LIST_DOTDOT)
		return 0;
	listing->error = inode_parent(listing->session, ino, &parent);
	return listing->error < 0 ? 1 : add_number(listing, "..", parent, LIST_ABOUT);
}

static int list_about(struct listing *listing, uint64_t dir, uint64_t cookie)
{
	uint64_t first = cookie > LIST_ABOUT ? cookie - LIST_ABOUT : 0;

	for (uint64_t i = first; ABOUT_ROOT_README + i < ABOUT_END; i++) {
		uint64_t ino = ABOUT_ROOT_README + i;
		if (about_is_at_root(ino) != (dir == TREE_ROOT) || !about_is_listed(ino))
			continue;
		if (add_number(listing, about_name(ino), ino, LIST_ABOUT + i + 1) != 0)
			return 1;
	}
	return 0;
}

static int add_view(void *arg, const char *name, const struct tree_entry *entry, uint64_t next)
{
	return add(arg, name, entry, LIST_VIEWS + next);
}

static int list_views(struct listing *listing, uint64_t cookie)
{
	int r = views_list(account_views(listing->session->account), TREE_ABOUT, cookie > LIST_VIEWS ? cookie - LIST_VIEWS : 0,
		add_view, listing);

	if (r < 0)
		listing->error = r;
	return r;
}

static void list(struct listing *listing, uint64_t ino, uint64_t cookie)
{
	if (cookie < LIST_TREE) {
		if (list_dots(listing, ino, cookie) != 0)
			return;
		bool about = ino == TREE_ABOUT || (ino == TREE_ROOT && listing->session->readme);
		if (about && cookie < LIST_VIEWS && list_about(listing, ino, cookie) != 0)
			return;
		if (ino == TREE_ABOUT && list_views(listing, cookie) != 0)
			return;
		cookie = LIST_TREE;
	}
	int r = views_is(ino) ? views_list(account_views(listing->session->account), ino, cookie - LIST_TREE, add_from_tree,
					listing)
			      : tree_list(listing->session->tree, ino, cookie - LIST_TREE, add_from_tree, listing);
	if (r < 0)
		listing->error = r;
}

static void reply_listing(fuse_req_t req, uint64_t ino, size_t size, off_t offset, bool plus)
{
	struct session *session = session_of(req);
	struct listing listing = {.session = session,
		.req = req,
		.plus = plus,
		.quiet_ms = plus ? inode_quiet_ms(session, ino) : 0,
		.size = size};

	if (plus && offset == 0) {
		session->listed.dir = ino;
		session->listed.until_ms = clock_mono_ms() + listing.quiet_ms;
	}

	listing.data = reply_buffer(session, size);
	if (listing.data == NULL)
		listing.error = -ENOMEM;
	else if (offset < 0)
		listing.error = -EINVAL;
	else
		list(&listing, ino, (uint64_t)offset);
	/* entries that are in the answer already were counted: they are sent, the error comes back next time */
	if (listing.error < 0 && listing.length == 0)
		reply_error(req, listing.error);
	else
		reply_data(req, listing.data, listing.length);
}

void ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	const struct session *session = session_of(req);

	copiers_listed(session->copiers, ino, fuse_req_ctx(req)->pid);
	info->cache_readdir = 1;
	info->keep_cache = session->listed.dir == ino && clock_mono_ms() < session->listed.until_ms;
	reply_opendir(req, info);
}

void ops_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	reply_listing(req, ino, size, offset, false);
}

void ops_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	reply_listing(req, ino, size, offset, true);
}
