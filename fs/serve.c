/* SPDX-License-Identifier: MIT */
#include "fs/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/api/client.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/confinement.h"
#include "fs/file_watch.h"
#include "fs/key_trial.h"
#include "fs/layers.h"
#include "fs/kept/kept.h"
#include "fs/refuse.h"
#include "fs/restart.h"

#define STOP_MORE_MS 1000 /* beyond the time that a POST in flight may take, when we are told to end */

/* A mount being served. */
struct serving {
	struct setup *setup;   /* borrowed, like the next one */
	struct daemon *daemon;
	struct loop *loop;
	struct loop_timer *patience; /* armed while stopping */
	struct layers layers;
	struct file_watch *key_watch;
	struct key_trial *key_trial;
	struct kept *kept; /* NULL: no keeper */
	bool leaving;      /* the mount stays, for the next daemon */
	bool usable, stopping;
	bool told_to_stop, ordered_to_stop; /* by a signal; by the keeper */
	int code;          /* of the process */
};

/* The end */

static void end_loop(void *arg)
{
	struct serving *s = arg;

	loop_stop(s->loop, s->code);
}

static void give_up(void *arg)
{
	log_warning("main: a submission is still under way, ending anyway; its prompt will be "
		    "UNKNOWN");
	end_loop(arg);
}

/* After the POST that is in flight, if any. */
static void stop(struct serving *s, int code)
{
	if (code != 0)
		s->code = code;
	if (!s->leaving)
		kept_is_ending(s->kept);
	if (s->stopping)
		return;
	s->stopping = true;
	loop_timer_arm(s->patience, s->setup->config.request_timeout_ms + STOP_MORE_MS);
	account_stop(s->layers.account, end_loop, s);
}

/* The keeper wants the next daemon to go on with the mount. */
static void hand_over(void *arg)
{
	struct serving *s = arg;

	if (s->stopping)
		return;
	log_info("main: hands over to the next daemon");
	kept_hands_over(s->kept);
	s->leaving = true;
	stop(s, EXIT_SUCCESS);
}

/* Somebody wants us and the mount to end; who wants it twice, wants it at once. */
static void end(struct serving *s, bool *told)
{
	bool again = *told;

	*told = true;
	if (again) {
		end_loop(s);
		return;
	}
	if (s->leaving) {
		s->leaving = false;
		kept_is_ending(s->kept);
	}
	stop(s, EXIT_SUCCESS);
}

static void end_by_keeper(void *arg)
{
	struct serving *s = arg;

	end(s, &s->ordered_to_stop);
}

static unsigned count_running(void *arg)
{
	const struct serving *s = arg;

	return s->layers.account != NULL ? (unsigned)account_running(s->layers.account) : 0;
}

static void handle_gone(void *arg, int error)
{
	struct serving *s = arg;

	/* it did not come so far as to go on with the mount: the keeper tries again */
	if (error < 0 && !s->usable && kept_resumes(s->kept)) {
		s->leaving = true;
		s->code = EXIT_FAILURE;
		end_loop(s);
		return;
	}
	stop(s, error < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The key */

static void reload_key(struct serving *s)
{
	CLEANUP_FREE char *message = NULL;

	if (s->setup->options.sandbox)
		return;
	if (s->setup->key_in_environment || s->setup->config.key_command) {
		log_info("main: the API key came from %s, which is asked at the start only",
			s->setup->key_in_environment ? "$WERYAI_API_KEY" : "key_command");
	} else {
		int r = setup_reload_key(s->setup, &message);
		if (r == 0)
			r = api_set_key(s->layers.api, s->setup->secret.key);
		/* a directory that was made anew is not one that we were left (fs/confinement.h), but the next daemon's */
		if (r == -EACCES && s->kept && restart_self() == 0)
			log_warning("main: the API key stays as it was, unless another daemon can read it: %s",
				message ? message : strerror(-r));
		else if (r < 0)
			log_error("main: the API key stays as it was: %s",
				message ? message : strerror(-r));
		else
			log_info("main: read the API key again");
	}
	account_retry(s->layers.account);
}

/* A key needs no other daemon; what else has changed does. */
static void reload(struct serving *s)
{
	int r = s->kept && setup_changed(s->setup) ? restart_self() : 1;

	if (r == 0)
		log_info("main: the settings have changed: another daemon is to go on with them");
	else
		reload_key(s);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "main: the settings stay as they were: the keeper cannot be asked");
}

static void handle_key_file(void *arg)
{
	struct serving *s = arg;

	if (secret_changed(&s->setup->secret))
		reload_key(s);
}

static void handle_signal(void *arg, int signal)
{
	struct serving *s = arg;

	log_info("main: got signal %d (%s)", signal, strsignal(signal));
	if (signal == SIGHUP)
		reload(s);
	else
		end(s, &s->told_to_stop);
}

/* The start */

/* Whoever waits for us may use the mount. */
static void announce(struct serving *s)
{
	if (s->daemon->fd >= 0) {
		int r = daemon_ready(s->daemon);
		if (r < 0) {
			log_errno(LOG_LEVEL_WARNING, r, "main: nobody waits for this mount");
			stop(s, EXIT_FAILURE);
			return;
		}
		log_setup(LOG_LEVEL_INFO, false, true);
	}
	CLEANUP_FREE char *confined = confinement_describe(s->setup, s->kept != NULL);
	log_info("main: %s", confined ? confined : strerror(ENOMEM));
	log_info("main: '%s' is ready for use", s->setup->options.mountpoint);
}

static void handle_key_tried(void *arg, const char *refusal)
{
	struct serving *s = arg;

	if (refusal && s->daemon->fd >= 0) /* else the log goes there */
		fprintf(stderr, "weryaifs: %s\n", refusal);
	announce(s);
	if (refusal)
		log_warning("main: %s", refusal);
}

static void handle_ready(void *arg)
{
	struct serving *s = arg;
	bool waited_for = !kept_resumes(s->kept) && !s->setup->options.sandbox &&
			  s->setup->secret.key[0] != '\0';

	s->usable = true;
	if (!waited_for ||
		key_trial_start(s->loop, s->layers.api, handle_key_tried, s, &s->key_trial) < 0)
		announce(s);
}

static int open_loop(struct serving *s)
{
	sigset_t signals;
	int r = loop_create(&s->loop);

	if (r == 0)
		r = loop_timer_create(s->loop, give_up, s, &s->patience);
	if (r < 0)
		return r;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return loop_signals(s->loop, &signals, handle_signal, s);
}

/* Not fatal: SIGHUP is another way. */
static void open_key_watch(struct serving *s)
{
	const char *path = s->setup->secret.file;

	if (!path)
		return;
	int r = file_watch_create(s->loop, path, handle_key_file, s, &s->key_watch);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "main: cannot watch the key file %s", path);
}

/* The keeper starts the next daemon, which goes on with what the kernel waits for: there is nothing to be put away but
 * what is on its way to the disk. */
static bool leaves(const struct serving *s)
{
	return s->leaving || (kept_is_mounted(s->kept) && !s->stopping);
}

static void leave(struct serving *s, int r, const char *message)
{
	if (r != 0)
		complain(message ? message : strerror(r < 0 ? -r : EIO));
	if (r != 0)
		log_error("main: %s", message ? message : "cannot go on");
	layers_leave(&s->layers);
	_exit(r == 0 && s->code == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int serve(struct setup *setup, struct daemon *daemon, struct kept *kept)
{
	static const struct session_events events = {.ready = handle_ready, .gone = handle_gone};
	static const struct kept_orders orders = {.hand_over = hand_over, .end = end_by_keeper, .running = count_running};
	struct serving serving = {.setup = setup, .daemon = daemon, .kept = kept}, *s = &serving;
	CLEANUP_FREE char *message = NULL;
	bool quiet = daemon->fd >= 0;

	if (!kept) /* else its keeper has done so, and has given us what we need */
		daemon_close_inherited(daemon);
	int r = open_loop(s);

	if (r == 0)
		r = kept_start(kept, s->loop, &orders, s);
	if (r == 0)
		r = layers_open(
			s->loop, setup, kept, quiet, &events, s, &s->layers, &message);
	if (r == 0) {
		open_key_watch(s);
		r = loop_run(s->loop);
	}
	if (leaves(s)) {
		leave(s, r, message);
		return EXIT_FAILURE;
	}
	file_watch_destroy(s->key_watch);
	key_trial_destroy(s->key_trial);
	layers_close(&s->layers);
	kept_destroy(kept);
	if (s->patience)
		loop_timer_destroy(s->patience);
	loop_destroy(s->loop);
	if (r < 0 && !message)
		refuse(&message, r, "cannot go on: %s", strerror(-r));
	if (r == 0 && !s->usable)
		refuse(&message, r, "ended before '%s' was usable", setup->options.mountpoint);
	if (message)
		daemon_fail(daemon, message);
	return r != 0 || message ? EXIT_FAILURE : EXIT_SUCCESS;
}
