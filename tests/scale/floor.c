/* SPDX-License-Identifier: MIT */
/* A filesystem of one file, /status, which does nothing for its answers: what the kernel and the machine take for the round trips of a
 * status that is read. usage: floor -f MOUNTPOINT */
#define FUSE_USE_VERSION 34
#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>

static const char text[] = "state: QUEUED\n";

static struct stat attributes(fuse_ino_t ino)
{
	return (struct stat){.st_ino = ino,
		.st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0444,
		.st_nlink = 1,
		.st_size = ino == FUSE_ROOT_ID ? 0 : (off_t)strlen(text)};
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct stat st = attributes(ino);

	(void)info;
	fuse_reply_attr(req, &st, 1);
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.ino = 2, .attr = attributes(2), .attr_timeout = 0.02};

	(void)parent;
	if (strcmp(name, "status") == 0)
		fuse_reply_entry(req, &entry);
	else
		fuse_reply_err(req, ENOENT);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	(void)ino;
	info->direct_io = 1;
	fuse_reply_open(req, info);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	size_t start = (size_t)offset < strlen(text) ? (size_t)offset : strlen(text), left = strlen(text) - start;

	(void)ino;
	(void)info;
	fuse_reply_buf(req, text + start, left < size ? left : size);
}

int main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops ops = {
		.getattr = on_getattr, .lookup = on_lookup, .open = on_open, .read = on_read};
	struct fuse_args args = FUSE_ARGS_INIT(argc > 1 ? argc - 1 : argc, argv);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);

	if (argc < 2 || session == NULL || fuse_session_mount(session, argv[argc - 1]) != 0)
		return 1;
	int r = fuse_session_loop(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return r == 0 ? 0 : 1;
}
