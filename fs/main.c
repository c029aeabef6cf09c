/* SPDX-License-Identifier: MIT */
/* weryaifs: what is asked for, and the process: hardened, in the background, told by its exit code. serve.c is a mount. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/descriptors.h"
#include "fs/base/log.h"
#include "fs/check.h"
#include "fs/daemon.h"
#include "fs/forget.h"
#include "fs/keeper_become.h"
#include "fs/kept/kept.h"
#include "fs/notify/notifier_child.h"
#include "fs/refuse.h"
#include "fs/restart.h"
#include "fs/serve.h"
#include "fs/set_key.h"
#include "fs/store/schema.h"

#define EXIT_USAGE 2
#define EXIT_LATER 75 /* EX_TEMPFAIL of sysexits.h: a unit tries again */

/* In the foreground, or in a child while we wait for its word. */
static int run(struct setup *setup, struct kept *kept, int argc, char **argv)
{
	const struct options *options = &setup->options;
	CLEANUP_FREE char *message = NULL;
	struct daemon daemon;
	int parent = 0;

	daemon_none(&daemon);
	if (kept) {
		daemon.fd = kept_tell_fd();
		if (daemon.fd < 0)
			log_setup(LOG_LEVEL_INFO, options->foreground, !options->foreground);
		return serve(setup, &daemon, kept);
	}
	if (options->foreground || options->debug)
		log_setup(options->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, true, false);
	else
		parent = daemon_fork(&daemon);
	if (parent == 0) {
		/* whoever wants a trace wants one process */
		if (setup->config.keeper && !options->debug)
			keeper_become(&daemon, setup, argc, argv);
		return serve(setup, &daemon, NULL);
	}
	if (parent < 0) {
		/* which may be in the child */
		refuse(&message, parent, "cannot go to the background: %s", strerror(-parent));
		daemon_fail(&daemon, message);
		return EXIT_FAILURE;
	}
	secret_finish(&setup->secret);
	if (daemon_wait(&daemon, &message) == 0)
		return EXIT_SUCCESS;
	complain(message);
	return EXIT_FAILURE;
}

/* The key must not get into a core file, nor files that we make be read by others. */
static int harden(void)
{
	const struct rlimit no_core = {0};

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	descriptors_raise();
	return prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ? -errno : 0;
}

/* Each transfer has buffers of some 64 KiB, so that at their end the top of the heap would go back to the kernel each time,
 * and come again page by page (mallopt(3)). */
static void keep_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 2 * 1024 * 1024);
	mallopt(M_TOP_PAD, 256 * 1024);
#endif
}

int main(int argc, char **argv)
{
	struct setup setup = {0};
	struct kept *kept = NULL;
	CLEANUP_FREE char *message = NULL;
	int code = EXIT_SUCCESS;

	if (notifier_child_is(argc, argv))
		return notifier_child_main(argv[1]);
	openlog("weryaifs", LOG_PID, LOG_USER);
	keep_memory();
	int r = harden();
	if (r < 0) {
		complain(strerror(-r));
		return EXIT_FAILURE;
	}
	bool proves = kept_proves();
	r = proves ? kept_prove(schema_version()) : kept_create(&kept);
	if (r < 0) {
		complain(r == -EPROTO ? "the keeper of this mount is of another version: unmount and "
					"mount again"
			 : r == -EOVERFLOW
				 ? "this account was written by a newer weryaifs: go on with that one"
				 : strerror(-r));
		return EXIT_FAILURE;
	}
	enum setup_outcome outcome = setup_load(argc, argv, &setup, &message);
	if (outcome == SETUP_MOUNT && proves) {
		code = EXIT_SUCCESS; /* all that could be known before the account is opened */
	} else if (outcome == SETUP_MOUNT) {
		code = run(&setup, steal(&kept), argc, argv);
	} else if (outcome == SETUP_RESTART) {
		code = restart_mount(setup.options.mountpoint);
	} else if (outcome == SETUP_CHECK) {
		code = check_account(&setup, message);
	} else if (outcome == SETUP_SET_KEY) {
		code = set_key(&setup);
	} else if (outcome == SETUP_FORGET) {
		code = forget_account(&setup);
	} else if (outcome != SETUP_DONE) {
		complain(message);
		code = outcome == SETUP_USAGE   ? EXIT_USAGE
		       : outcome == SETUP_LATER ? EXIT_LATER
						: EXIT_FAILURE;
	}
	setup_finish(&setup);
	kept_destroy(kept); /* where it did not come to a mount */
	return code;
}
