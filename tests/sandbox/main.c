/* SPDX-License-Identifier: MIT */
/* weryaifs-sandbox: a stand-in for the service, on loopback, for users without a key and for the
 * tests. Here: start, wait for a signal, end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/sandbox/callback.h"
#include "tests/sandbox/canned.h"
#include "tests/sandbox/podcast.h"
#include "tests/sandbox/replay.h"
#include "tests/sandbox/render.h"
#include "tests/sandbox/request.h"
#include "tests/sandbox/upload.h"

static int fail(const char *what, int error)
{
	fprintf(stderr, "weryaifs-sandbox: %s: %s\n", what, strerror(error));
	return -1;
}

static int add_faults(struct sandbox *sandbox)
{
	for (unsigned i = 0; i < sandbox->options->fault_count; i++) {
		const char *spec = sandbox->options->fault[i], *error;

		if (faults_add(sandbox->faults, spec, &error) < 0) {
			fprintf(stderr, "weryaifs-sandbox: --fault %s: %s\n", spec, error);
			return -1;
		}
	}
	return 0;
}

static int create(struct sandbox *sandbox)
{
	const struct options *options = sandbox->options;
	int r;

	json_object_seed(0); /* before there are threads */
	sandbox->wire.dialect = options->dialect;
	util_random(&sandbox->secret, sizeof(sandbox->secret));
	sandbox->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sandbox->stop_fd < 0)
		return fail("eventfd", errno);
	if (catalogue_create(options->catalogue, &sandbox->catalogue) < 0)
		return -1;
	sandbox->faults = faults_create(options->seed);
	if (add_faults(sandbox) < 0)
		return -1;
	if (canned_create(options->answers, &sandbox->canned) < 0)
		return -1;
	if (replay_create(options->replay, &sandbox->replay) < 0)
		return -1;
	r = log_create(options->log, &sandbox->log);
	if (r < 0)
		return fail(options->log, -r);
	sandbox->state = state_create(options);
	sandbox->podcasts = podcasts_create();
	sandbox->uploads = uploads_create();
	sandbox->render = render_create();
	sandbox->callbacks = callbacks_create(sandbox);
	return 0;
}

static void destroy(struct sandbox *sandbox)
{
	callbacks_destroy(sandbox->callbacks);
	render_destroy(sandbox->render);
	uploads_destroy(sandbox->uploads);
	state_destroy(sandbox->state);
	canned_destroy(sandbox->canned);
	podcasts_destroy(sandbox->podcasts);
	replay_destroy(sandbox->replay);
	log_destroy(sandbox->log);
	faults_destroy(sandbox->faults);
	catalogue_destroy(sandbox->catalogue);
	if (sandbox->stop_fd >= 0)
		close(sandbox->stop_fd);
}

static int run(struct sandbox *sandbox, const sigset_t *signals)
{
	struct MHD_Daemon *daemon;
	uint64_t one = 1;
	int r = request_serve(sandbox, sandbox->options->port, &daemon);

	if (r < 0)
		return fail("cannot listen on 127.0.0.1", -r);
	printf("listening on %s\n", sandbox->base);
	/* Whoever started us and is gone already cannot stop us any more. */
	if (fflush(stdout) == 0)
		while (sigwaitinfo(signals, NULL) < 0 && errno == EINTR)
			;
	if (write(sandbox->stop_fd, &one, sizeof(one)) < 0)
		fail("eventfd", errno);
	MHD_stop_daemon(daemon);
	return 0;
}

int main(int argc, char **argv)
{
	struct options options;
	struct sandbox sandbox = {.options = &options, .stop_fd = -1};
	sigset_t signals;
	int r = options_parse(argc, argv, &options);

	if (r)
		return r < 0 ? 2 : 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (options.parent_death && prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		fail("prctl", errno);
	r = create(&sandbox);
	if (r == 0)
		r = run(&sandbox, &signals);
	destroy(&sandbox);
	return r < 0 ? 1 : 0;
}
