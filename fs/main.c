/* SPDX-License-Identifier: MIT */
/* weryaifs: the wiring. Settings, then the layers bottom-up, the loop, and down again. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/api/client.h"
#include "fs/base/cleanup.h"
#include "fs/base/descriptors.h"
#include "fs/base/log.h"
#include "fs/check.h"
#include "fs/daemon.h"
#include "fs/file_watch.h"
#include "fs/forget.h"
#include "fs/keeper_become.h"
#include "fs/key_trial.h"
#include "fs/layers.h"
#include "fs/mount/kept.h"
#include "fs/notify/notifier_child.h"
#include "fs/refuse.h"
#include "fs/restart.h"
#include "fs/set_key.h"

#define EXIT_USAGE 2
#define EXIT_LATER 75 /* EX_TEMPFAIL of sysexits.h: a unit tries again */
#define STOP_MORE_MS                                                                               \
	1000 /* beyond the time that a POST in flight may take, when we are told to end */

struct wiring {
	struct setup setup;
	struct daemon daemon;
	struct loop *loop;
	struct loop_timer *patience; /* armed while stopping */
	struct layers layers;
	struct file_watch *key_watch;
	struct key_trial *key_trial;
	struct kept *kept; /* NULL: no keeper */
	bool leaving;      /* the mount stays, for the next daemon */
	bool usable, stopping;
	bool told_to_stop; /* by a signal; the second one ends us at once */
	int argc;
	char **argv; /* borrowed */
	int code;    /* of the process */
};

/* The end */

static void end_loop(void *arg)
{
	struct wiring *w = arg;

	loop_stop(w->loop, w->code);
}

static void give_up(void *arg)
{
	log_warning("main: a submission is still under way, ending anyway; its prompt will be "
		    "UNKNOWN");
	end_loop(arg);
}

/* After the POST that is in flight, if any. */
static void stop(struct wiring *w, int code)
{
	if (code != 0)
		w->code = code;
	if (!w->leaving)
		kept_is_ending(w->kept);
	if (w->stopping)
		return;
	w->stopping = true;
	loop_timer_arm(w->patience, w->setup.config.request_timeout_ms + STOP_MORE_MS);
	account_stop(w->layers.account, end_loop, w);
}

/* The keeper wants the next daemon to go on with the mount. */
static void hand_over(void *arg)
{
	struct wiring *w = arg;

	if (w->stopping)
		return;
	log_info("main: hands over to the next daemon");
	kept_hands_over(w->kept);
	w->leaving = true;
	stop(w, EXIT_SUCCESS);
}

static void handle_gone(void *arg, int error)
{
	struct wiring *w = arg;

	/* it did not come so far as to go on with the mount: the keeper tries again */
	if (error < 0 && !w->usable && kept_resumes(w->kept)) {
		w->leaving = true;
		w->code = EXIT_FAILURE;
		end_loop(w);
		return;
	}
	stop(w, error < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The key */

static void reload_key(struct wiring *w)
{
	CLEANUP_FREE char *message = NULL;

	if (w->setup.options.sandbox)
		return;
	if (w->setup.key_in_environment || w->setup.config.key_command) {
		log_info("main: the API key came from %s, which is asked at the start only",
			w->setup.key_in_environment ? "$WERYAI_API_KEY" : "key_command");
	} else {
		int r = setup_reload_key(&w->setup, &message);
		if (r == 0)
			r = api_set_key(w->layers.api, w->setup.secret.key);
		if (r < 0)
			log_error("main: the API key stays as it was: %s",
				message ? message : strerror(-r));
		else
			log_info("main: read the API key again");
	}
	account_retry(w->layers.account);
}

static void handle_key_file(void *arg)
{
	struct wiring *w = arg;

	if (secret_changed(&w->setup.secret))
		reload_key(w);
}

static void handle_signal(void *arg, int signal)
{
	struct wiring *w = arg;

	log_info("main: got signal %d (%s)", signal, strsignal(signal));
	if (signal != SIGHUP && w->leaving) {
		w->leaving = false;
		kept_is_ending(w->kept);
	}
	if (signal == SIGHUP)
		reload_key(w);
	else if (w->told_to_stop)
		end_loop(w);
	else
		stop(w, EXIT_SUCCESS);
	w->told_to_stop = w->told_to_stop || signal != SIGHUP;
}

/* The start */

/* Whoever waits for us may use the mount. */
static void announce(struct wiring *w)
{
	if (w->daemon.fd >= 0) {
		int r = daemon_ready(&w->daemon);
		if (r < 0) {
			log_errno(LOG_LEVEL_WARNING, r, "main: nobody waits for this mount");
			stop(w, EXIT_FAILURE);
			return;
		}
		log_setup(LOG_LEVEL_INFO, false, true);
	}
	log_info("main: '%s' is ready for use", w->setup.options.mountpoint);
}

static void handle_key_tried(void *arg, const char *refusal)
{
	struct wiring *w = arg;

	if (refusal && w->daemon.fd >= 0) /* else the log goes there */
		fprintf(stderr, "weryaifs: %s\n", refusal);
	announce(w);
	if (refusal)
		log_warning("main: %s", refusal);
}

static void handle_ready(void *arg)
{
	struct wiring *w = arg;
	bool waited_for = !kept_resumes(w->kept) && !w->setup.options.sandbox &&
			  w->setup.secret.key[0] != '\0';

	w->usable = true;
	if (!waited_for ||
		key_trial_start(w->loop, w->layers.api, handle_key_tried, w, &w->key_trial) < 0)
		announce(w);
}

static int open_loop(struct wiring *w)
{
	sigset_t signals;
	int r = loop_create(&w->loop);

	if (r == 0)
		r = loop_timer_create(w->loop, give_up, w, &w->patience);
	if (r < 0)
		return r;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return loop_signals(w->loop, &signals, handle_signal, w);
}

/* Not fatal: SIGHUP is another way. */
static void open_key_watch(struct wiring *w)
{
	const char *path = w->setup.secret.file;

	if (!path)
		return;
	int r = file_watch_create(w->loop, path, handle_key_file, w, &w->key_watch);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "main: cannot watch the key file %s", path);
}

static void complain(const char *message)
{
	fprintf(stderr, "weryaifs: %s\n", message ? message : "out of memory");
}

/* Through whoever waits for us, if anybody does. */
static void tell(struct wiring *w, const char *message)
{
	if (daemon_fail(&w->daemon, message ? message : "out of memory") < 0)
		complain(message);
}

/* The keeper starts the next daemon, which goes on with what the kernel waits for: there is nothing to be put away but
 * what is on its way to the disk. */
static bool leaves(const struct wiring *w)
{
	return w->leaving || (kept_resumes(w->kept) && !w->stopping);
}

static void leave(struct wiring *w, int r, const char *message)
{
	if (r != 0)
		complain(message ? message : strerror(r < 0 ? -r : EIO));
	if (r != 0)
		log_error("main: %s", message ? message : "cannot go on");
	layers_leave(&w->layers);
	_exit(r == 0 && w->code == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int serve(struct wiring *w)
{
	static const struct session_events events = {.ready = handle_ready, .gone = handle_gone};
	CLEANUP_FREE char *message = NULL;
	bool quiet = w->daemon.fd >= 0;

	if (!w->kept) /* else its keeper has done so, and has given us what we need */
		daemon_close_inherited(&w->daemon);
	int r = open_loop(w);

	if (r == 0)
		r = kept_start(w->kept, w->loop, hand_over, w);
	if (r == 0)
		r = layers_open(
			w->loop, &w->setup, w->kept, quiet, &events, w, &w->layers, &message);
	if (r == 0) {
		open_key_watch(w);
		r = loop_run(w->loop);
	}
	if (leaves(w)) {
		leave(w, r, message);
		return EXIT_FAILURE;
	}
	file_watch_destroy(w->key_watch);
	key_trial_destroy(w->key_trial);
	layers_close(&w->layers);
	kept_destroy(w->kept);
	w->kept = NULL;
	if (w->patience)
		loop_timer_destroy(w->patience);
	loop_destroy(w->loop);
	if (r < 0 && !message)
		refuse(&message, r, "cannot go on: %s", strerror(-r));
	if (r == 0 && !w->usable)
		refuse(&message, r, "ended before '%s' was usable", w->setup.options.mountpoint);
	if (message)
		tell(w, message);
	return r != 0 || message ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* In the foreground, or in a child while we wait for its word. */
static int run(struct wiring *w)
{
	const struct options *options = &w->setup.options;
	CLEANUP_FREE char *message = NULL;
	int parent = 0;

	daemon_none(&w->daemon);
	if (w->kept) {
		w->daemon.fd = kept_tell_fd();
		if (w->daemon.fd < 0)
			log_setup(LOG_LEVEL_INFO, options->foreground, !options->foreground);
		return serve(w);
	}
	if (options->foreground || options->debug)
		log_setup(options->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, true, false);
	else
		parent = daemon_fork(&w->daemon);
	if (parent == 0) {
		/* the sandbox and its account end with their daemon, and whoever wants a trace wants one process */
		if (w->setup.config.keeper && !options->debug && !options->sandbox)
			keeper_become(&w->daemon, &w->setup, w->argc, w->argv);
		return serve(w);
	}
	if (parent < 0) {
		/* which may be in the child */
		refuse(&message, parent, "cannot go to the background: %s", strerror(-parent));
		tell(w, message);
		return EXIT_FAILURE;
	}
	secret_finish(&w->setup.secret);
	if (daemon_wait(&w->daemon, &message) == 0)
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
	struct wiring w = {0};
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
	r = proves ? kept_prove() : kept_create(&w.kept);
	if (r < 0) {
		complain(r == -EPROTO
				 ? "the keeper of this mount is of another version: unmount and "
				   "mount again"
				 : strerror(-r));
		return EXIT_FAILURE;
	}
	w.argc = argc;
	w.argv = argv;
	enum setup_outcome outcome = setup_load(argc, argv, &w.setup, &message);
	if (outcome == SETUP_MOUNT && proves) {
		code = EXIT_SUCCESS; /* all that could be known before the account is opened */
	} else if (outcome == SETUP_MOUNT) {
		code = run(&w);
	} else if (outcome == SETUP_RESTART) {
		code = restart_mount(w.setup.options.mountpoint);
	} else if (outcome == SETUP_CHECK) {
		code = check_account(&w.setup, message);
	} else if (outcome == SETUP_SET_KEY) {
		code = set_key(&w.setup);
	} else if (outcome == SETUP_FORGET) {
		code = forget_account(&w.setup);
	} else if (outcome != SETUP_DONE) {
		complain(message);
		code = outcome == SETUP_USAGE   ? EXIT_USAGE
		       : outcome == SETUP_LATER ? EXIT_LATER
						: EXIT_FAILURE;
	}
	setup_finish(&w.setup);
	kept_destroy(w.kept); /* where it did not come to a mount */
	return code;
}
