/* SPDX-License-Identifier: MIT */
/* weryaifs-keeper: keeps a daemon. Started by weryaifs, never by a person:
 *   weryaifs-keeper PROGRAM ARGV0 [ARGUMENT...]
 *
 * One loop over four things: the daemon's socket, our signals (its death is one), the device (an error means that it is
 * not mounted any more), and the time. A daemon that was told to end takes the mount along; one that died is started
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/keeper/keeper_notify.h"
#include "fs/mount/library_log.h"

enum {
	FAILURES_MAX = 5,
	FIRST_WAIT_MS = 100, /* before the start that follows a failure; doubled each time */
	SILENCE_MS = 60000,  /* a loop that gives no sign for so long hangs */
	START_MS = 600000,   /* until its first one: a database may have to be repaired */
	PROGRAM_WORD = 1,    /* of our arguments */
};

struct keeper {
	struct keeper_mount mount;
	struct keeper_child child;
	struct keeper_memory *memory;
	struct keeper_notify notify;
	int memory_fd, signals;
	int tell;            /* the pipe to whoever started us, for the first daemon; -1 none */
	bool background;     /* somebody waits for our standard error to be closed */
	unsigned failures;   /* in a row */
	uint64_t answered;   /* when the present daemon was started */
	int64_t start_at_ms; /* of the next daemon; 0: none is to be started */
	int64_t started_ms;  /* of the present one */
	int64_t silence_ms;
	int told_to_end; /* the signal; 0 none */
	bool done;
	int code; /* ours, when done */
};

static void finish(struct keeper *keeper, int code)
{
	keeper->done = true;
	keeper->code = code;
}

/* --- its start --- */

static void start(struct keeper *keeper)
{
	struct keeper_memory *memory = keeper->memory;

	keeper->start_at_ms = 0;
	keeper->answered = memory->answered;
	memory->ending = memory->handed = 0;
	memory->beat_ms = 0;
	keeper->started_ms = clock_mono_ms();
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
	log_errno(LOG_LEVEL_ERROR, r, "keeper: cannot start %s", keeper->child.words[0]);
	keeper->start_at_ms = keeper->started_ms + FIRST_WAIT_MS;
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

static bool is_unmounted(const struct keeper *keeper)
{
	struct pollfd device = {.fd = keeper_mount_fd(&keeper->mount)};

	return poll(&device, 1, 0) == 1 && (device.revents & POLLERR) != 0;
}

static void start_again(struct keeper *keeper, int status)
{
	bool useful = keeper->memory->answered != keeper->answered;
	int64_t wait_ms = 0;
	char how[80];

	describe(status, how, sizeof(how));
	keeper->failures = useful ? 1 : keeper->failures + 1;
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

static void handle_end(struct keeper *keeper, int status)
{
	bool mounted = keeper->mount.fuse != NULL;
	bool ended = keeper->memory->ending != 0 || keeper->told_to_end != 0;

	/* one that never came so far as to answer the kernel's greeting has said why it cannot start */
	if (mounted && WIFSIGNALED(status) && is_unmounted(keeper))
		finish(keeper, EXIT_SUCCESS);
	else if (!mounted || ended || keeper->memory->answered == 0)
		finish(keeper, exit_code(status));
	else if (keeper->memory->handed != 0 && exit_code(status) == 0)
		keeper->start_at_ms = clock_mono_ms();
	else
		start_again(keeper, status);
	keeper_child_forget(&keeper->child);
}

static void reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	/* also of others: fusermount3, and who is put under us by a container's init */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == keeper->child.pid)
			handle_end(keeper, status);
	}
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
		if (number != SIGHUP) {
			keeper->told_to_end = number;
			keeper_notify_say(&keeper->notify, "STOPPING=1");
		}
		if (keeper->child.pid > 0)
			kill(keeper->child.pid, number);
		else if (keeper->told_to_end != 0)
			finish(keeper, EXIT_SUCCESS);
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
		message = (struct keeper_message){.kind = KEEPER_UNMOUNT};
		keeper_child_answer(&keeper->child, &message, -1);
	}
}

/* --- the time --- */

static void check_beat(struct keeper *keeper, int64_t now)
{
	int64_t beat = keeper->memory->beat_ms;
	int64_t silent = now - (beat != 0 ? beat : keeper->started_ms);

	if (beat != 0 && keeper->mount.fuse != NULL)
		keeper_notify_ready(&keeper->notify);
	if (keeper->child.pid == 0)
		return;
	if (silent < (beat != 0 ? keeper->silence_ms : START_MS)) {
		keeper_notify_alive(&keeper->notify);
		return;
	}
	log_error("keeper: the daemon (process %d) has given no sign for %lld seconds: it is "
		  "killed",
		keeper->child.pid, (long long)silent / 1000);
	kill(keeper->child.pid, SIGKILL);
	keeper->started_ms = now; /* once is enough, its death will be told */
	keeper->memory->beat_ms = 0;
}

static int time_to_wait(const struct keeper *keeper, int64_t now)
{
	int64_t wait = keeper->silence_ms < KEEPER_BEAT_MS ? keeper->silence_ms : KEEPER_BEAT_MS;

	if (keeper->start_at_ms != 0 && keeper->start_at_ms - now < wait)
		wait = keeper->start_at_ms > now ? keeper->start_at_ms - now : 0;
	return (int)wait;
}

static void run(struct keeper *keeper)
{
	while (!keeper->done) {
		struct pollfd fds[] = {{.fd = keeper->signals, .events = POLLIN},
			{.fd = keeper->child.socket, .events = POLLIN}};
		int64_t now = clock_mono_ms();

		if (keeper->start_at_ms != 0 && keeper->start_at_ms <= now) {
			start(keeper);
			continue;
		}
		if (poll(fds, 2, time_to_wait(keeper, now)) < 0 && errno != EINTR) {
			finish(keeper, EXIT_FAILURE);
			break;
		}
		if (fds[1].revents != 0)
			handle_question(keeper);
		if (fds[0].revents != 0)
			handle_signals(keeper);
		check_beat(keeper, clock_mono_ms());
	}
}

/* --- our own start and end --- */

static int make_memory(struct keeper *keeper)
{
	keeper->memory_fd = memfd_create("weryaifs", MFD_CLOEXEC);
	if (keeper->memory_fd < 0 || ftruncate(keeper->memory_fd, KEEPER_MEMORY_SIZE) < 0)
		return -errno;
	keeper->memory = mmap(NULL, KEEPER_MEMORY_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED,
		keeper->memory_fd, 0);
	if (keeper->memory == MAP_FAILED)
		return -errno;
	keeper->memory->keeper = getpid();
	return 0;
}

static int catch_signals(struct keeper *keeper)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGCHLD);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &caught, NULL) < 0)
		return -errno;
	keeper->signals = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
	return keeper->signals < 0 ? -errno : 0;
}

static int harden(void)
{
	const struct rlimit no_core = {0};

	signal(SIGPIPE, SIG_IGN);
	/* the environment may have the API key in it */
	return prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ? -errno : 0;
}

static int number_of(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	long number = text != NULL ? strtol(text, NULL, 10) : 0;

	return number > 0 && number < 1000000 ? (int)number : otherwise;
}

static int prepare(struct keeper *keeper)
{
	char version[16];
	int r = harden();

	keeper->tell = number_of(KEEPER_TELL_ENVIRONMENT, -1);
	keeper->background = keeper->tell >= 0;
	keeper->silence_ms = number_of("WERYAIFS_KEEPER_SILENCE", SILENCE_MS);
	log_setup(LOG_LEVEL_INFO, !keeper->background, keeper->background);
	library_log_setup(false);
	snprintf(version, sizeof(version), "%d", KEEPER_VERSION);
	if (r == 0 && setenv(KEEPER_ENVIRONMENT, version, 1) < 0)
		r = -errno;
	if (r == 0)
		r = keeper_notify_create(&keeper->notify);
	if (r == 0)
		r = make_memory(keeper);
	return r == 0 ? catch_signals(keeper) : r;
}

int main(int argc, char **argv)
{
	struct keeper keeper = {.memory_fd = -1, .signals = -1, .tell = -1};

	if (argc <= PROGRAM_WORD + 1) {
		fprintf(stderr, KEEPER_PROGRAM ": weryaifs starts me; see weryaifs(1), keeper\n");
		return EXIT_FAILURE;
	}
	openlog(KEEPER_PROGRAM, LOG_PID, LOG_USER);
	keeper.child = (struct keeper_child){.words = argv + PROGRAM_WORD, .socket = -1};
	int r = prepare(&keeper);
	if (r < 0) {
		fprintf(stderr, KEEPER_PROGRAM ": cannot start: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	keeper.start_at_ms = clock_mono_ms();
	run(&keeper);
	keeper_unmount(&keeper.mount);
	return keeper.code;
}
