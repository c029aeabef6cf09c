/* SPDX-License-Identifier: MIT */
#include "fs/forget.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/layers.h"
#include "fs/remove_tree.h"
#include "fs/store/store.h"

static int fail(const char *account, const char *why)
{
	fprintf(stderr, "weryaifs: account '%s' is not forgotten: %s\n", account, why);
	return EXIT_FAILURE;
}

static int show(const char *account, const char *state, const char *cache)
{
	CLEANUP_FREE char *report = NULL;
	int problems;
	int r = store_check(state, cache, &report, &problems);

	if (r < 0)
		return r;
	printf("This machine has of the account '%s':\n%s"
	       "In %s: prompts, files, and the ledger of what was paid for.\n"
	       "In %s: fetched results.\n"
	       "All of it would be removed, and cannot be brought back. Results that are in the "
	       "cache alone are\n"
	       "lost; the service may keep the others for a while, but their addresses are "
	       "forgotten. Writing the\n"
	       "same prompts again would be paid for again. Settings and API key in "
	       "~/.config/weryaifs stay.\n",
		account, report, state, cache);
	return 0;
}

/* The name once more, so that a habit of saying yes is no answer. */
static bool is_sure(const char *account)
{
	CLEANUP_FREE char *line = NULL;
	size_t size = 0;

	printf("To remove it, type the account's name: ");
	fflush(stdout);
	ssize_t length = getline(&line, &size, stdin);
	if (length > 0 && line[length - 1] == '\n')
		line[length - 1] = '\0';
	return length > 0 && strcmp(line, account) == 0;
}

/* The directory of all accounts goes with the last one; one that has another name is somebody's own. */
static void remove_parent(const char *path)
{
	CLEANUP_FREE char *parent = strdup(path);
	char *end = parent == NULL ? NULL : strrchr(parent, '/');

	if (end == NULL)
		return;
	*end = '\0';
	end = strrchr(parent, '/');
	if (end != NULL && strcmp(end, "/weryaifs") == 0 && rmdir(parent) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		log_warning("'%s' stays: %s", parent, strerror(errno));
}

/* With the lock of a mount held, so that none begins meanwhile. */
static int remove_account(const char *state, const char *cache)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/lock", state) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	CLEANUP_CLOSE int lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock < 0 && errno != ENOENT)
		return -errno;
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	int r = remove_tree(cache);
	if (r == 0)
		r = remove_tree(state);
	if (r < 0)
		return r;
	remove_parent(cache);
	remove_parent(state);
	return 0;
}

int forget_account(const struct setup *setup)
{
	CLEANUP_FREE char *state = NULL, *cache = NULL;
	const char *account = setup->config.account;
	int r = layers_directories(&setup->config, &state, &cache);

	log_setup(LOG_LEVEL_WARNING, true, false);
	if (r == 0)
		r = show(account, state, cache);
	if (r == -ENOENT)
		return fail(account, "there is no such account on this machine");
	if (r == 0 && !is_sure(account))
		return fail(account, "its name was not typed; nothing was removed");
	if (r == 0)
		r = remove_account(state, cache);
	if (r == -EBUSY)
		return fail(account, "it is mounted; unmount it first (fusermount3 -u)");
	if (r < 0)
		return fail(account, strerror(-r));
	printf("Account '%s' is forgotten.\n", account);
	return EXIT_SUCCESS;
}
