/* SPDX-License-Identifier: MIT */
#include "fs/sandbox_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/compat.h"
#include "fs/base/log.h"
#include "fs/base/str.h"
#include "fs/refuse.h"
#include "fs/remove_tree.h"

#define PROGRAM "weryaifs-sandbox"
#define GREETING "listening on "
#define START_MS 10000
#define END_MS 3000

#define LENT_ENVIRONMENT "WERYAIFS_SANDBOX" /* URL DIRECTORY */

struct sandbox_child {
	pid_t pid; /* 0: none, or an adopted one, which ends with its keeper */
	char url[64];
	char *directory; /* owned; NULL: none */
};

extern char **environ;

static int make_directory(struct sandbox_child *child, char **ret_message)
{
	const char *bases[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
	int error = ENOENT;

	for (size_t i = 0; i < array_length(bases); i++) {
		CLEANUP_FREE char *path = NULL;
		if (!bases[i] || bases[i][0] != '/')
			continue;
		if (asprintf(&path, "%s/weryaifs-sandbox-XXXXXX", bases[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (mkdtemp(path)) {
			child->directory = steal(&path);
			return 0;
		}
		error = errno;
	}
	return refuse(ret_message, -error,
		"cannot make a directory for the sandbox in $XDG_RUNTIME_DIR, $TMPDIR or /tmp: %s",
		strerror(error));
}

/* PROGRAM beside us, else as a name for the search in $PATH. Caller frees; NULL: -ENOMEM. */
static char *find_program(void)
{
	CLEANUP_FREE char *own = realpath("/proc/self/exe", NULL);
	char *path = NULL;

	if (own) {
		*strrchr(own, '/') = '\0';
		if (asprintf(&path, "%s/" PROGRAM, own) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return strdup(PROGRAM);
}

static int make_arguments(struct strlist *list)
{
	const char *extra = getenv("WERYAI_SANDBOX_ARGS");
	int r = strlist_add(list, PROGRAM);

	if (r == 0)
		r = strlist_add(list, "--parent-death");
	while (r == 0 && extra && *extra) {
		size_t length = strcspn(extra, " ");
		if (length > 0)
			r = strlist_addn(list, extra, length);
		extra += length + strspn(extra + length, " ");
	}
	return r;
}

static int set_actions(posix_spawn_file_actions_t *actions, int output, bool quiet)
{
	int error =
		posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (!error && quiet)
		error = posix_spawn_file_actions_addopen(
			actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	return error;
}

/* Our blocked and ignored signals would be inherited. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;
	int error;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &defaults);
	/* ^C in the terminal is for us */
	if (!error)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (!error)
		error = posix_spawnattr_setflags(
			attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

static int spawn(const char *program, char **arguments, int output, bool quiet, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (!error) {
		error = set_actions(&actions, output, quiet);
		if (!error)
			error = set_attributes(&attributes);
		if (!error)
			error = posix_spawnp(
				ret_pid, program, &actions, &attributes, arguments, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* One line without its end: 0; -EPIPE: it closed its output; -ETIMEDOUT; -EMSGSIZE. */
static int read_line(int fd, char *line, size_t size)
{
	int64_t deadline = clock_mono_ms() + START_MS;

	for (size_t length = 0; length < size; length++) {
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono_ms();
		int ready = left <= 0 ? 0 : poll(&pollfd, 1, (int)left);
		ssize_t got = ready > 0 ? read(fd, &line[length], 1) : -1;
		if (ready == 0)
			return -ETIMEDOUT;
		if (got == 0)
			return -EPIPE;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got < 0) {
			length--;
			continue;
		}
		if (line[length] == '\n') {
			line[length] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}

static int take_greeting(struct sandbox_child *child, int fd, char **ret_message)
{
	char line[sizeof(GREETING) + sizeof(child->url)];
	int r = read_line(fd, line, sizeof(line));

	if (r == -ETIMEDOUT)
		return refuse(ret_message, r, PROGRAM " was not ready within %d seconds",
			START_MS / 1000);
	if (r == -EPIPE)
		return refuse(ret_message, r,
			PROGRAM " ended at once; to see why, run it, or weryaifs with -f");
	const char *url = line + strlen(GREETING);
	if (r < 0 || strncmp(line, GREETING, strlen(GREETING)) != 0 ||
		strncmp(url, "http://127.0.0.1:", 17) != 0 || strlen(url) >= sizeof(child->url))
		return refuse(ret_message, -EPROTO,
			PROGRAM " did not say where it listens; is it of another version?");
	memcpy(child->url, url, strlen(url) + 1);
	return 0;
}

static int start_program(struct sandbox_child *child, bool quiet, char **ret_message)
{
	CLEANUP(strlist_finish) struct strlist words = {0};
	CLEANUP_FREE char *program = find_program();
	CLEANUP_FREE char **arguments = NULL;
	int ends[2];

	if (!program || make_arguments(&words) < 0)
		return -ENOMEM;
	arguments = calloc(words.count + 1, sizeof(*arguments));
	if (!arguments)
		return -ENOMEM;
	memcpy(arguments, words.items, words.count * sizeof(*arguments));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int r = spawn(program, arguments, ends[1], quiet, &child->pid);
	close(ends[1]);
	if (r < 0) {
		child->pid = 0;
		refuse(ret_message, r, "cannot start " PROGRAM ", which --sandbox needs: %s",
			strerror(-r));
	} else {
		r = take_greeting(child, ends[0], ret_message);
	}
	close(ends[0]);
	return r;
}

int sandbox_child_start(bool quiet, struct sandbox_child **ret_child, char **ret_message)
{
	struct sandbox_child *child = calloc(1, sizeof(*child));

	if (!child)
		return -ENOMEM;
	int r = make_directory(child, ret_message);
	if (r == 0)
		r = start_program(child, quiet, ret_message);
	if (r < 0) {
		sandbox_child_stop(child);
		return r;
	}
	*ret_child = child;
	return 0;
}

int sandbox_child_lend(const struct sandbox_child *child)
{
	CLEANUP_FREE char *words = NULL;

	if (asprintf(&words, "%s %s", child->url, child->directory) < 0) {
		words = NULL;
		return -ENOMEM;
	}
	return setenv(LENT_ENVIRONMENT, words, 1) < 0 ? -errno : 0;
}

int sandbox_child_adopt(struct sandbox_child **ret_child)
{
	const char *words = getenv(LENT_ENVIRONMENT);
	int at = 0;

	*ret_child = NULL;
	if (!words)
		return 0;
	struct sandbox_child *child = calloc(1, sizeof(*child));
	if (!child)
		return -ENOMEM;
	if (sscanf(words, "%63s %n", child->url, &at) < 1 || words[at] != '/') {
		free(child);
		return 0;
	}
	child->directory = strdup(words + at);
	if (!child->directory) {
		free(child);
		return -ENOMEM;
	}
	*ret_child = child;
	return 0;
}

void sandbox_child_leave(struct sandbox_child *child)
{
	if (!child)
		return;
	free(child->directory);
	free(child);
}

const char *sandbox_child_url(const struct sandbox_child *child)
{
	return child->url;
}

const char *sandbox_child_directory(const struct sandbox_child *child)
{
	return child->directory;
}

static void end_process(pid_t pid)
{
	CLEANUP_CLOSE int fd = compat_pidfd_open(pid);
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	kill(pid, SIGTERM);
	if (fd < 0 || poll(&pollfd, 1, END_MS) != 1)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void sandbox_child_stop(struct sandbox_child *child)
{
	if (!child)
		return;
	unsetenv(LENT_ENVIRONMENT);
	if (child->pid > 0)
		end_process(child->pid);
	if (child->directory)
		(void)remove_tree(child->directory); /* what is left was told */
	free(child->directory);
	free(child);
}
