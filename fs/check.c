/* SPDX-License-Identifier: MIT */
#include "fs/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/job/place.h"
#include "fs/check_online.h"
#include "fs/confinement.h"
#include "fs/layers.h"
#include "fs/store/store.h"

static int say_error(const char *state, int error)
{
	if (error == -ENOENT) {
		printf("account: %s: not there yet; the first mount makes it\n", state);
		return EXIT_SUCCESS;
	}
	if (error == -EBUSY) {
		printf("account: %s: mounted, so it was not looked at; unmount it for that\n",
			state);
		return EXIT_SUCCESS;
	}
	printf("problem: account: %s: %s\n", state, strerror(-error));
	return EXIT_FAILURE;
}

static int repair(const char *state, const char *cache)
{
	CLEANUP_FREE char *report = NULL, *message = NULL;
	struct stat st;

	/* nothing is begun by a repair */
	if (stat(state, &st) < 0)
		return -errno;
	int r = store_repair(state, cache, (int64_t)TREE_LOST, &report, &message);
	if (r < 0)
		printf("not repaired: %s\n", message != NULL ? message : strerror(-r));
	else
		fputs(report, stdout);
	return r;
}

static int check_disk(const struct setup *setup)
{
	CLEANUP_FREE char *state = NULL, *cache = NULL, *report = NULL;
	int problems = 0;
	int r = layers_directories(&setup->config, &state, &cache);

	if (r < 0)
		return say_error("its directory", r == -ENOENT ? -ENOTDIR : r);
	if (setup->options.repair) {
		r = repair(state, cache);
		if (r < 0)
			return r == -EBUSY ? EXIT_FAILURE : say_error(state, r);
	}
	r = store_check(state, cache, &report, &problems);
	if (r < 0)
		return say_error(state, r);
	printf("account: %s\n%s", state, report);
	if (problems == 0)
		puts("nothing is wrong with it");
	else
		printf("%d problem%s\n", problems, problems == 1 ? "" : "s");
	return problems == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int check_account(const struct setup *setup, const char *key_problem)
{
	if (setup->options.sandbox) {
		puts("configuration: right");
		return EXIT_SUCCESS;
	}
	if (key_problem != NULL)
		printf("configuration: right\nproblem: %s\n", key_problem);
	else
		printf("configuration: right, and there is an API key%s\n",
			setup->options.online ? "" : " (not tried)");
	CLEANUP_FREE char *confined = confinement_describe(setup, setup->config.keeper && !setup->options.debug);
	printf("a mount of it is %s\n", confined != NULL ? confined : "?");
	int code = check_disk(setup);
	if (setup->options.online && key_problem == NULL && check_online(setup) != EXIT_SUCCESS)
		code = EXIT_FAILURE;
	return key_problem != NULL ? EXIT_FAILURE : code;
}
