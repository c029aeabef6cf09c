/* SPDX-License-Identifier: MIT */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/command.h"
#include "config/sentence.h"
#include "config/table.h"
#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/base/str.h"

#define COMMAND_TIMEOUT_MS 30000 /* time for a passphrase to be typed */

/* Takes `text`, trimmed, as the key; `what` names its origin in messages, which never show the
 * key. */
int secret_take(struct secret *secret, const char *text, size_t length, const char *what, char **ret_message)
{
	str_trim(&text, &length);
	if (length == 0)
		return sentence_fail(ret_message, -EINVAL, "the API key in %s is empty", what);
	if (length >= SECRET_MAX)
		return sentence_fail(ret_message, -EINVAL,
			"the API key in %s is longer than %d bytes, which no API key is", what,
			SECRET_MAX - 1);
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return sentence_fail(ret_message, -EINVAL,
				"the API key in %s has blanks, several lines or characters that "
				"are not ASCII; it must be the key alone",
				what);
	memcpy(secret->key, text, length);
	secret->key[length] = '\0';
	return 0;
}

/* `forbidden`: mode bits that the file must not have. */
static int check_file(
	const struct stat *status, const char *path, mode_t forbidden, char **ret_message)
{
	if (!S_ISREG(status->st_mode))
		return sentence_fail(
			ret_message, -EINVAL, "the key file %s is not a regular file", path);
	if (status->st_uid != geteuid() && status->st_uid != 0)
		return sentence_fail(ret_message, -EACCES,
			"the key file %s belongs to another user (uid %u); it must be yours", path,
			(unsigned)status->st_uid);
	if (status->st_mode & forbidden)
		return sentence_fail(ret_message, -EACCES,
			"the key file %s can be used by others (mode %04o); say: chmod 600 '%s'",
			path, (unsigned)(status->st_mode & 07777), path);
	if (status->st_size > SECRET_MAX)
		return sentence_fail(ret_message, -EINVAL,
			"the key file %s is larger than %d bytes; it must hold the key alone", path,
			SECRET_MAX);
	return 0;
}

static int load_file(struct secret *secret, const char *path, mode_t forbidden, char **ret_message)
{
	/* Symbolic links are followed: what counts is who owns and who can read what they lead to. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char data[SECRET_MAX + 1];
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		int error = errno;
		return sentence_fail(ret_message, error == ENOENT ? -ENOKEY : -error,
			"cannot read the key file %s: %s", path, strerror(error));
	}
	int r = check_file(&status, path, forbidden, ret_message);
	if (r < 0)
		return r;
	ssize_t length = read_all(fd, data, sizeof(data));
	if (length < 0)
		return sentence_fail(ret_message, (int)length, "cannot read the key file %s: %s",
			path, strerror((int)-length));
	r = secret_take(secret, data, (size_t)length, path, ret_message);
	explicit_bzero(data, sizeof(data));
	if (r < 0)
		return r;
	secret->file = strdup(path);
	if (!secret->file)
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	secret->file_mtime = status.st_mtim;
	secret->file_size = status.st_size;
	secret->file_ino = status.st_ino;
	return 0;
}

/* /proc/PID/environ shows the bytes that the process was started with, wherever environ points
 * now. */
static int load_environment(struct secret *secret, const char *variable, char **ret_message)
{
	char *value = getenv(variable), what[64];

	snprintf(what, sizeof(what), "$%s", variable);
	int r = secret_take(secret, value, strlen(value), what, ret_message);
	explicit_bzero(value, strlen(value));
	unsetenv(variable);
	return r;
}

static int load_command(struct secret *secret, const char *command, char **ret_message)
{
	char data[SECRET_MAX + 64];
	size_t length = 0;

	secret->of_command = true;
	if (getenv(SECRET_OF_COMMAND))
		return load_environment(secret, SECRET_OF_COMMAND, ret_message);
	int r = command_run(command, COMMAND_TIMEOUT_MS, data, sizeof(data), &length, ret_message);

	if (r == 0)
		r = secret_take(secret, data, length, "the output of key_command", ret_message);
	explicit_bzero(data, sizeof(data));
	return r;
}

/* -ENOENT: there is no such credential, without a message. */
static int load_credential(struct secret *secret, char **ret_message)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	CLEANUP_FREE char *path = NULL;

	if (!directory || directory[0] != '/')
		return -ENOENT;
	if (asprintf(&path, "%s/weryai_api_key", directory) < 0) {
		path = NULL;
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	}
	if (access(path, F_OK) < 0)
		return -ENOENT;
	/* systemd grants access with an ACL, whose mask shows as the group's read bit; the
	 * directory itself keeps others out (systemd.exec(5), LoadCredential=). */
	return load_file(secret, path, 0037, ret_message);
}

static int load_default(struct secret *secret, char **ret_message)
{
	CLEANUP_FREE char *path = config_user_path("key");

	if (path && access(path, F_OK) == 0)
		return load_file(secret, path, 0077, ret_message);
	return sentence_fail(ret_message, -ENOKEY,
		"no API key found. To store one in %s: weryaifs --set-key. Other places for it are "
		"in weryaifs(1). To try everything without a key: weryaifs --sandbox MOUNTPOINT",
		path ? path : "~/.config/weryaifs/key");
}

static int load(const struct config *config, struct secret *secret, char **ret_message)
{
	const char *value = getenv("WERYAI_API_KEY");
	const char *path = getenv("WERYAI_API_KEY_FILE");

	if (value && value[0] != '\0')
		return load_environment(secret, "WERYAI_API_KEY", ret_message);
	if (path && path[0] != '\0')
		return load_file(secret, path, 0077, ret_message);
	if (config->key_file)
		return load_file(secret, config->key_file, 0077, ret_message);
	if (config->key_command)
		return load_command(secret, config->key_command, ret_message);
	int r = load_credential(secret, ret_message);
	return r == -ENOENT ? load_default(secret, ret_message) : r;
}

int secret_load(const struct config *config, struct secret *ret_secret, char **ret_message)
{
	struct secret secret = {0};
	int r = load(config, &secret, ret_message);

	if (r == 0)
		*ret_secret = secret;
	else
		free(secret.file);
	explicit_bzero(&secret, sizeof(secret));
	return r;
}

bool secret_changed(const struct secret *secret)
{
	struct stat status;

	/* A file that is gone for now is being replaced, or is no reason to drop a key that works. */
	if (!secret->file || stat(secret->file, &status) < 0)
		return false;
	return status.st_ino != secret->file_ino || status.st_size != secret->file_size ||
	       status.st_mtim.tv_sec != secret->file_mtime.tv_sec ||
	       status.st_mtim.tv_nsec != secret->file_mtime.tv_nsec;
}

void secret_finish(struct secret *secret)
{
	if (!secret)
		return;
	free(secret->file);
	explicit_bzero(secret, sizeof(*secret));
}
