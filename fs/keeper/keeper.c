/* SPDX-License-Identifier: MIT */
/* weryaifs-keeper: keeps a daemon. Started by weryaifs, never by a person:
 *   WERYAIFS_PROGRAM=/path/of/weryaifs WERYAIFS_NAME=its-name weryaifs-keeper ARGUMENT...
 *
 * One loop over four things: the daemon's socket, our signals (its death is one), who wants a restart, and the time. A
 * daemon that was told to end takes the mount along; one that died is started
 * again, at once where it had dealt with a request since its start, and later each time where it had not. FAILURES_MAX
 * of these in a row, and the mount is taken away: a process that fails to read gets an error, which is better than one
 * that waits for ever. */
#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/kept/mountpoint.h"

enum {
	FAILURES_MAX = 5, /* more than TRIES of fs/mount/request.c: the request that kills daemons is answered before */
	FIRST_WAIT_MS = 100, /* before the start that follows a failure; doubled each time */
	SOON_MS = 50,        /* while somebody waits to be told that a daemon is ready */
	START_MS = 600000,   /* until a daemon's first sign of life: a database may have to be repaired */
};

static void finish(struct keeper *keeper, int code)
{
	keeper->done = true;
	keeper->code = code;
}

/* --- its start --- */

static bool is_unmounted(const struct keeper *keeper)
{
	struct pollfd device = {.fd = keeper_mount_fd(&keeper->mount)};

	return poll(&device, 1, 0) == 1 && (device.revents & POLLERR) != 0;
}

static void start(struct keeper *keeper)
{
	struct keeper_memory *memory = keeper->memory;

	keeper->start_at_ms = 0;
	if (is_unmounted(keeper)) { /* while no daemon was there */
		finish(keeper, EXIT_SUCCESS);
		return;
	}
	keeper->answered = memory->answered;
	memory->ending = memory->handed = memory->ready = 0;
	memory->beat_ms = 0;
	keeper->heard_ms = clock_mono_ms();
	int r = keeper_child_start(
		&keeper->child, keeper->memory_fd, keeper_mount_fd(&keeper->mount));
	if (keeper->tell >= 0) {
		close(keeper->tell);
		keeper->tell = -1;
		unsetenv(KEEPER_TELL_ENVIRONMENT);
	}
	memory->daemon = keeper->child.pid;
	if (r == 0)
		return;
	log_errno(LOG_LEVEL_ERROR, r, "keeper: cannot start %s", keeper->child.path);
	keeper->start_at_ms = keeper->heard_ms + FIRST_WAIT_MS;
	if (++keeper->failures >= FAILURES_MAX)
		finish(keeper, EXIT_FAILURE);
}

/* --- its end --- */

static const char *describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "ended with code %d", WEXITSTATUS(status));
	return text;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static void start_again(struct keeper *keeper, int status)
{
	bool useful = keeper->memory->answered != keeper->answered;
	int64_t wait_ms = 0;
	char how[80];

	describe(status, how, sizeof(how));
	keeper->failures = useful ? 1 : keeper->failures + 1;
	if (!useful && keeper_restart_back(keeper))
		keeper->failures = 1;
	/* it died while it was to hand over: the new program goes on from there */
	if (keeper->restart.prover == 0)
		keeper_restart_begin(keeper);
	if (keeper->failures >= FAILURES_MAX) {
		log_error("keeper: '%s' is unmounted: %u daemons in a row died without having "
			  "answered a request; the last one %s",
			keeper->mount.mountpoint, keeper->failures, how);
		finish(keeper, EXIT_FAILURE);
		return;
	}
	if (!useful)
		wait_ms = (int64_t)FIRST_WAIT_MS << (keeper->failures - 1);
	log_warning("keeper: the daemon of '%s' (process %d) %s; the next one goes on",
		keeper->mount.mountpoint, keeper->child.pid, how);
	keeper->start_at_ms = clock_mono_ms() + wait_ms;
}

static void hand_over(struct keeper *keeper)
{
	log_info("keeper: '%s' goes on with another daemon", keeper->mount.mountpoint);
	keeper_restart_begin(keeper);
	keeper->failures = 0;
	keeper->start_at_ms = clock_mono_ms();
}

static void handle_end(struct keeper *keeper, int status)
{
	bool mounted = keeper->mount.fuse != NULL;
	bool unmounted = keeper->unmounted || is_unmounted(keeper);
	bool ended = keeper->memory->ending != 0 || keeper->told_to_end;

	/* Killed when the mount had been taken away: that was all that somebody wanted, and the account is on the disk.
	 * One that never came so far as to answer the kernel's greeting has said why it cannot start. */
	if (unmounted && WIFSIGNALED(status))
		finish(keeper, EXIT_SUCCESS);
	else if (!mounted || unmounted || ended || keeper->memory->answered == 0)
		finish(keeper, exit_code(status));
	else if (keeper->memory->handed != 0 && exit_code(status) == 0)
		hand_over(keeper);
	else
		start_again(keeper, status);
	keeper_child_forget(&keeper->child);
	keeper_publisher_end(keeper);
}

static void reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	/* also of others: fusermount3, and who is put under us by a container's init */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == keeper->publisher)
			keeper->publisher = 0;
		else if (pid == keeper->child.pid)
			handle_end(keeper, status);
		else if (pid == keeper->restart.prover && keeper_restart_proved(keeper, status)) {
			keeper_notify_reloads(&keeper->notify);
			keeper_child_order(&keeper->child, KEEPER_HAND_OVER);
		}
	}
}

/* By an order: where somebody has sent the signal to both of us, the daemon is not to take ours for the second one, which
 * would end it in the midst of a submission. */
static void end(struct keeper *keeper)
{
	keeper->told_to_end = true;
	keeper_notify_say(&keeper->notify, "STOPPING=1");
	if (keeper->child.pid == 0)
		finish(keeper, EXIT_SUCCESS);
	else if (keeper->child.socket >= 0)
		keeper_child_order(&keeper->child, KEEPER_END);
	else
		kill(keeper->child.pid, SIGTERM);
}

static void handle_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signals, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;
		if (number == SIGCHLD) {
			reap(keeper);
			continue;
		}
		if (number != SIGHUP)
			end(keeper);
		else if (keeper->child.pid > 0)
			kill(keeper->child.pid, SIGHUP);
	}
}

/* --- its questions --- */

static int to_null(int target, int flags)
{
	int fd = open("/dev/null", flags | O_CLOEXEC);

	if (fd < 0 || dup2(fd, target) < 0)
		return -errno;
	close(fd);
	return 0;
}

/* From here on nothing is said to who started us: `$(weryaifs DIR)` reads until nobody holds its pipe. */
static void leave_terminal(struct keeper *keeper)
{
	if (!keeper->background)
		return;
	/* not before the mount, for automounts, as in daemon_ready(); it fails where we lead a group already */
	(void)setsid();
	if (to_null(STDOUT_FILENO, O_WRONLY) < 0 || to_null(STDERR_FILENO, O_WRONLY) < 0)
		log_warning("keeper: cannot let go of the terminal");
	log_setup(LOG_LEVEL_INFO, false, true);
}

static void answer_mount(struct keeper *keeper, struct keeper_message *message)
{
	const char *mountpoint = message->text, *options = mountpoint + strlen(mountpoint) + 1;
	char reason[256] = "";
	int r = -EBUSY;

	if (keeper->mount.fuse == NULL)
		r = keeper_mount(&keeper->mount, mountpoint, options, reason, sizeof(reason));
	*message = (struct keeper_message){.kind = KEEPER_MOUNT, .result = r};
	snprintf(message->text, sizeof(message->text), "%s", reason);
	if (r == 0) {
		keeper->memory->mounted = 1;
		leave_terminal(keeper);
	}
	keeper_child_answer(&keeper->child, message, keeper_mount_fd(&keeper->mount));
}

static void answer_publisher(struct keeper *keeper, struct keeper_message *message)
{
	CLEANUP_CLOSE int socket = -1;
	int r = keeper_publisher_start(keeper, &socket);

	*message = (struct keeper_message){.kind = KEEPER_PUBLISHER, .result = r < 0 ? r : keeper->publisher};
	keeper_child_answer(&keeper->child, message, socket);
}

static void handle_question(struct keeper *keeper)
{
	/* too large for the stack of a small process, and one at a time is all there is */
	static struct keeper_message message;
	int r = keeper_child_hear(&keeper->child, &message);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		close(keeper->child.socket);
		keeper->child.socket = -1;
		return;
	}
	if (message.kind == KEEPER_MOUNT) {
		answer_mount(keeper, &message);
	} else if (message.kind == KEEPER_UNMOUNT) {
		keeper_unmount(&keeper->mount);
		keeper->memory->mounted = 0;
		keeper->unmounted = true;
		message = (struct keeper_message){.kind = KEEPER_UNMOUNT};
		keeper_child_answer(&keeper->child, &message, -1);
	} else if (message.kind == KEEPER_PUBLISHER) {
		answer_publisher(keeper, &message);
	}
}

/* --- the time --- */

/* For how long the daemon has given no sign while we were running. Where we stood still ourselves, so did everything (a container or a virtual
 * machine that was paused): that says nothing of the daemon, which may have a submission on its way. */
static int64_t silence(struct keeper *keeper, int64_t now)
{
	int64_t beat = keeper->memory->beat_ms;
	bool stood_still = now - keeper->looked_ms > 2 * KEEPER_BEAT_MS;

	keeper->looked_ms = now;
	if (stood_still)
		keeper->heard_ms = now;
	else if (beat > keeper->heard_ms)
		keeper->heard_ms = beat;
	return now - keeper->heard_ms;
}

static void check_beat(struct keeper *keeper, int64_t now)
{
	int64_t silent = silence(keeper, now);

	if (keeper->memory->ready != 0 && !keeper->notify.ready) {
		mountpoint_read_ahead(keeper->mount.device);
		keeper_notify_ready(&keeper->notify);
	}
	keeper_notify_running(&keeper->notify, keeper->memory->running);
	if (keeper->child.pid == 0)
		return;
	if (keeper->memory->ready != 0)
		keeper_restart_done(&keeper->restart);
	if (silent < (keeper->memory->beat_ms != 0 ? keeper->silence_ms : START_MS)) {
		keeper_notify_alive(&keeper->notify);
		return;
	}
	log_error("keeper: the daemon (process %d) has given no sign for %lld seconds: it is "
		  "killed",
		keeper->child.pid, (long long)silent / 1000);
	kill(keeper->child.pid, SIGKILL);
	keeper->heard_ms = now; /* once is enough, its death will be told */
	keeper->memory->beat_ms = 0;
}

static int time_to_wait(const struct keeper *keeper, int64_t now)
{
	int64_t wait = keeper->silence_ms < KEEPER_BEAT_MS ? keeper->silence_ms : KEEPER_BEAT_MS;

	/* somebody waits for a word, and the mount for being called ready */
	if (keeper->restart.previous >= 0 || !keeper->notify.ready)
		wait = SOON_MS;
	if (keeper->notify.watchdog_ms != 0 && keeper->notify.watchdog_ms / 4 < wait)
		wait = keeper->notify.watchdog_ms / 4;
	if (keeper->start_at_ms != 0 && keeper->start_at_ms - now < wait)
		wait = keeper->start_at_ms > now ? keeper->start_at_ms - now : 0;
	return (int)wait;
}

static void run(struct keeper *keeper)
{
	while (!keeper->done) {
		struct pollfd fds[] = {{.fd = keeper->signals, .events = POLLIN},
			{.fd = keeper->child.socket, .events = POLLIN},
			{.fd = keeper->restart.listener, .events = POLLIN}};
		int64_t now = clock_mono_ms();

		if (keeper->start_at_ms != 0 && keeper->start_at_ms <= now) {
			start(keeper);
			continue;
		}
		int wait = time_to_wait(keeper, now);
		if (wait > SOON_MS && keeper->large) {
			keeper_shrink();
			keeper->large = false;
		}
		int happened = poll(fds, 3, wait);
		if (happened > 0)
			keeper->large = true;
		if (happened < 0 && errno != EINTR) {
			finish(keeper, EXIT_FAILURE);
			break;
		}
		if (fds[1].revents != 0)
			handle_question(keeper);
		if (fds[2].revents != 0)
			keeper_restart_hear(
				&keeper->restart, &keeper->child, keeper->memory_fd);
		if (fds[0].revents != 0)
			handle_signals(keeper);
		check_beat(keeper, clock_mono_ms());
	}
}

int main(int argc, char **argv)
{
	struct keeper keeper = {.memory_fd = -1, .signals = -1, .tell = -1};

	const char *path = getenv(KEEPER_PROGRAM_ENVIRONMENT);
	char *name = getenv(KEEPER_NAME_ENVIRONMENT);

	if (argc < 2 || !path || !name) {
		fprintf(stderr, KEEPER_PROGRAM ": weryaifs starts me; see weryaifs(1), keeper\n");
		return EXIT_FAILURE;
	}
	openlog(KEEPER_PROGRAM, LOG_PID, LOG_USER);
	keeper.child = (struct keeper_child){.path = path, .socket = -1};
	int r = keeper_take_words(argc, argv, name, &keeper.child.words);
	if (r == 0)
		r = keeper.child.program = keeper_child_open(&keeper.child);
	if (r >= 0)
		r = keeper_prepare(&keeper);
	if (r < 0) {
		fprintf(stderr, KEEPER_PROGRAM ": cannot start: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	keeper.start_at_ms = clock_mono_ms();
	keeper.large = true;
	run(&keeper);
	keeper_unmount(&keeper.mount);
	keeper_drop_words(keeper.child.words);
	return keeper.code;
}
