/* SPDX-License-Identifier: MIT */
/* Mounting: libfuse's options, its reasons in our sentences, and whose the mount is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/kept/kept.h"
#include "fs/kept/library_log.h"
#include "fs/mount/mount_private.h"
#include "fs/kept/mountpoint.h"
#include "fs/mount/ops.h"

#define OPTIONS_MAX (16 * 1024)

/* A comma or backslash in a value would end it (fuse_opt.h). */
static void add_escaped(struct buf *options, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == ',' || *value == '\\')
			buf_adds(options, "\\");
		buf_add(options, value, 1);
	}
}

static int add_arguments(const struct session_options *options, struct fuse_args *args)
{
	struct buf list;
	int r = -ENOMEM;

	buf_init(&list, OPTIONS_MAX);
	buf_adds(&list, "default_permissions,subtype=" MOUNTPOINT_TYPE ",fsname=");
	add_escaped(&list, options->source != NULL ? options->source : MOUNTPOINT_TYPE);
	if (options->allow_other)
		buf_adds(&list, ",allow_other");
	if (options->debug)
		buf_adds(&list, ",debug");
	if (options->mount_options != NULL && options->mount_options[0] != '\0')
		buf_addf(&list, ",%s", options->mount_options);
	if (buf_ok(&list) && fuse_opt_add_arg(args, "weryaifs") == 0 &&
		fuse_opt_add_arg(args, "-o") == 0 && fuse_opt_add_arg(args, list.data) == 0)
		r = 0;
	else if (list.failed < 0)
		r = list.failed;
	buf_finish(&list);
	return r;
}

static int refuse_mount(const char *mountpoint, const char *reason, char **ret_message)
{
	int r;

	/* why it did not start is no help: that depends on the rest of $PATH, too */
	if (strstr(reason, "exec fusermount3") != NULL)
		r = message_refuse(ret_message,
			"mounting on '%s' failed: fusermount3, which mounts for ordinary users, "
			"cannot be run: install fuse3 (%s)",
			mountpoint, reason);
	else
		r = message_refuse(ret_message, "mounting on '%s' failed: %s", mountpoint, reason);
	return r == -ENOMEM ? r : -EIO;
}

/* With a keeper the mount is its own, or is there already, and libfuse is given its descriptor. */
static int find_device(struct session *session, const char *list, char *reason, size_t size,
	char **ret_place)
{
	int fd = -1, r = 0;

	if (session->resumed)
		fd = kept_device_fd(session->kept);
	else if (session->kept != NULL)
		r = kept_mount(session->kept, session->mountpoint, list, &fd, reason, size);
	if (r == 0 && fd < 0)
		*ret_place = strdup(session->mountpoint);
	else if (r == 0 && asprintf(ret_place, "/dev/fd/%d", fd) < 0)
		*ret_place = NULL;
	return r == 0 && *ret_place == NULL ? -ENOMEM : r;
}

/* All of libfuse's steps tell the reason in words only. */
int session_mount(
	struct session *session, const struct session_options *options, char **ret_message)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	CLEANUP_FREE char *place = NULL;
	char reason[256] = "";
	int r = add_arguments(options, &args);

	if (r == 0) {
		r = find_device(session, args.argv[2], reason, sizeof(reason), &place);
		library_log_start();
		if (r == 0) {
			session->fuse = fuse_session_new(
				&args, ops_table(), sizeof(struct fuse_lowlevel_ops), session);
			r = session->fuse == NULL ? -EINVAL : 0;
		}
		if (r == 0 && fuse_session_mount(session->fuse, place) < 0)
			r = -EIO;
		library_log_stop(reason[0] == '\0' ? reason : (char[1]){0},
			reason[0] == '\0' ? sizeof(reason) : 1);
		if (reason[0] == '\0')
			snprintf(reason, sizeof(reason), "no reason given");
		if (r == -EINVAL)
			r = message_refuse(
				ret_message, "the mount options are not understood: %s", reason);
		else if (r < 0)
			r = refuse_mount(session->mountpoint, reason, ret_message);
	}
	fuse_opt_free_args(&args);
	return r;
}
