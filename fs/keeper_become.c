/* SPDX-License-Identifier: MIT */
#include "fs/keeper_become.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/kept/keeper.h"
#include "fs/sandbox_child.h"

#define ADDRESSES_MIN (INT64_C(4) << 30) /* of a daemon: twice what it maps (fs/kept/carried.c) */

/* Beside the program, where both lie in a build directory, else where it is installed. Caller frees. */
static char *find_keeper(const char *own)
{
	const char *slash = strrchr(own, '/');
	char *path = NULL;

	if (asprintf(&path, "%.*s/" KEEPER_PROGRAM, (int)(slash - own), own) < 0)
		return NULL;
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return strdup(KEEPER_DIRECTORY "/" KEEPER_PROGRAM);
}

/* getopt(3) has put the operands at the end, behind "--" where there was one. */
static int count_operands(const struct options *options)
{
	return options->source ? 2 : 1;
}

/* The keeper's name, then OPTION... [--config FILE] OPERAND...: the array is the caller's, its strings are borrowed. */
static char **make_words(const struct options *options, int argc, char **argv)
{
	enum { MORE = 3 };
	int first = argc - count_operands(options), count = 0;
	char **words = calloc((size_t)argc + MORE, sizeof(*words));

	if (!words)
		return NULL;
	for (int i = 0; i < argc; i++) {
		bool ends = i == first || (i == first - 1 && strcmp(argv[i], "--") == 0);
		if (ends && options->config_path && strcmp(words[count - 1], "--") != 0) {
			words[count++] = (char *)"--config";
			words[count++] = options->config_path;
		}
		words[count++] = i == argc - 1 ? options->mountpoint : argv[i];
	}
	words[0] = (char *)KEEPER_PROGRAM;
	return words;
}

/* Each daemon looks for it there: one of the environment was taken out of it, one of a command is not asked for again. */
static int put_key_back(const struct setup *setup)
{
	const char *variable = setup->key_in_environment ? "WERYAI_API_KEY"
			       : setup->secret.of_command ? KEEPER_KEY_ENVIRONMENT
							  : NULL;

	return variable && setenv(variable, setup->secret.key, 1) < 0 ? -errno : 0;
}

/* *ret_fd: a copy above the numbers that the daemon finds other things at; -1: nobody waits. */
static int keep_pipe(const struct daemon *daemon, int *ret_fd)
{
	char number[16];

	*ret_fd = -1;
	if (daemon->fd < 0)
		return 0;
	*ret_fd = fcntl(daemon->fd, F_DUPFD, KEEPER_SPARE_FD);
	snprintf(number, sizeof(number), "%d", *ret_fd);
	return *ret_fd < 0 || setenv(KEEPER_TELL_ENVIRONMENT, number, 1) < 0 ? -errno : 0;
}

/* The server outlives the daemons, as the service does: it is the keeper's child, which we are about to be. What goes wrong
 * is said by the daemon, which tries once more. */
static int lend_sandbox(const struct options *options, bool quiet, struct sandbox_child **ret_sandbox)
{
	CLEANUP_FREE char *message = NULL;

	if (!options->sandbox)
		return 0;
	int r = sandbox_child_start(quiet, ret_sandbox, &message);
	return r == 0 ? sandbox_child_lend(*ret_sandbox) : r;
}

/* The memory that daemons leave to each other is large, though hardly any of it is ever used. */
static int look_at_limits(void)
{
	struct rlimit file, memory;

	if (getrlimit(RLIMIT_FSIZE, &file) < 0 || getrlimit(RLIMIT_AS, &memory) < 0)
		return -errno;
	if (file.rlim_cur < (rlim_t)KEEPER_MEMORY_SIZE)
		return -EFBIG;
	return memory.rlim_cur < (rlim_t)ADDRESSES_MIN ? -ENOMEM : 0;
}

void keeper_become(const struct daemon *daemon, const struct setup *setup, int argc, char **argv)
{
	daemon_close_inherited(daemon);
	CLEANUP_FREE char *own = realpath("/proc/self/exe", NULL);
	CLEANUP_FREE char *keeper = own ? find_keeper(own) : NULL;
	CLEANUP_FREE char **words = own ? make_words(&setup->options, argc, argv) : NULL;
	struct sandbox_child *sandbox = NULL;
	CLEANUP_CLOSE int pipe = -1;
	int r = !keeper || !words ? -ENOMEM : access(keeper, X_OK) < 0 ? -errno : 0;

	if (r == 0)
		r = look_at_limits();
	/* first: it gets neither the pipe nor the key */
	if (r == 0)
		r = lend_sandbox(&setup->options, daemon->fd >= 0, &sandbox);
	if (r == 0)
		r = keep_pipe(daemon, &pipe);
	if (r == 0 && setenv(KEEPER_PROGRAM_ENVIRONMENT, own, 1) < 0)
		r = -errno;
	if (r == 0 && setenv(KEEPER_NAME_ENVIRONMENT, argv[0], 1) < 0)
		r = -errno;
	if (r == 0)
		r = put_key_back(setup);
	if (r == 0) {
		execv(keeper, words);
		r = -errno;
	}
	sandbox_child_stop(sandbox);
	unsetenv(KEEPER_TELL_ENVIRONMENT);
	unsetenv(KEEPER_PROGRAM_ENVIRONMENT);
	unsetenv(KEEPER_NAME_ENVIRONMENT);
	unsetenv("WERYAI_API_KEY");
	unsetenv(KEEPER_KEY_ENVIRONMENT);
	log_errno(LOG_LEVEL_WARNING, r, "main: no keeper (%s): the mount ends with its daemon",
		keeper ? keeper : KEEPER_PROGRAM);
}
