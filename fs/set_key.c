/* SPDX-License-Identifier: MIT */
#include "fs/set_key.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "config/keyring.h"
#include "fs/api/client.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/layers.h"
#include "fs/refuse.h"

/* What is typed */

static volatile sig_atomic_t interrupted; /* the signal */

static void note_signal(int signal)
{
	interrupted = signal;
}

/* One line, which a signal ends as well. */
static ssize_t read_line(char *line, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(STDIN_FILENO, line + length, 1);
		if (got < 0)
			return -errno;
		if (got == 0 || line[length] == '\n')
			return (ssize_t)length;
		length++;
	}
	return -EMSGSIZE;
}

/* ^C must not leave a terminal that shows nothing. */
static ssize_t read_hidden(char *line, size_t size)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	struct sigaction act = {.sa_handler = note_signal}, before[array_length(signals)];
	struct termios shown, hidden;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return -errno;
	for (size_t i = 0; i < array_length(signals); i++)
		sigaction(signals[i], &act, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	ssize_t length =
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0 ? -errno : read_line(line, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	putchar('\n');
	for (size_t i = 0; i < array_length(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	if (interrupted)
		raise(interrupted);
	return length;
}

static int ask(struct secret *secret, const char *account, char **ret_message)
{
	char line[SECRET_MAX + 64];
	ssize_t length;

	if (isatty(STDIN_FILENO)) {
		printf("API key of the account '%s' (it is not shown while you paste it): ",
			account);
		fflush(stdout);
		length = read_hidden(line, sizeof(line));
	} else {
		length = read_line(line, sizeof(line));
	}
	int r = length < 0
			? refuse(ret_message, (int)length, "no API key could be read: %s",
				  strerror((int)-length))
			: secret_take(secret, line, (size_t)length, "what was typed", ret_message);
	explicit_bzero(line, sizeof(line));
	return r;
}

/* Is it right? */

struct trial {
	struct loop *loop;
	struct api_balance_answer answer;
};

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct trial *trial = arg;

	trial->answer = *answer;
	loop_stop(trial->loop, 0);
}

static int ask_balance(const struct setup *setup, struct trial *trial)
{
	struct layers layers = {0};
	struct api_call *call;
	int r = loop_create(&trial->loop);

	if (r < 0)
		return r;
	layers.loop = trial->loop;
	r = layers_open_api(&layers, setup);
	if (r == 0)
		r = api_balance(layers.api, on_balance, trial, &call);
	if (r == 0)
		r = loop_run(trial->loop);
	layers_close(&layers);
	loop_destroy(trial->loop);
	return r < 0 ? r : trial->answer.result;
}

/* -EACCES: the service refuses it. That it cannot be asked is no reason to keep the key out. */
static int try_key(const struct setup *setup, char **ret_message)
{
	struct trial trial = {0};
	char cause[ERRCLASS_EXPLAIN] = "";
	int r = ask_balance(setup, &trial);

	if (r == 0) {
		printf("The service takes it: %.15g credits are left.\n", trial.answer.credits);
		return 0;
	}
	if (trial.answer.result < 0)
		errclass_cause(&trial.answer.error, cause, sizeof(cause));
	if (trial.answer.error.class == ERRCLASS_AUTH)
		return refuse(ret_message, -EACCES,
			"the service refuses this API key, so it was not stored: %s", cause);
	printf("It could not be tried: %s\n", cause[0] ? cause : strerror(-r));
	return 0;
}

/* Where it is kept */

static void say_next(const struct setup *setup)
{
	const char *key = getenv("WERYAI_API_KEY");
	const char *account = setup->config.account, *config = setup->options.config_path;
	bool other = strcmp(account, "default") != 0;
	CLEANUP_FREE char *directory = NULL;

	if (asprintf(&directory, "~/weryai%s%s", other ? "-" : "", other ? account : "") < 0) {
		directory = NULL;
		return;
	}
	if (key && key[0] != '\0')
		puts("Note: $WERYAI_API_KEY is set here, and stronger.");
	printf("Next: mkdir -p %s && weryaifs%s%s%s%s %s\n", directory, config ? " --config " : "",
		config ? config : "", other ? " --account " : "", other ? account : "", directory);
	if (!other && !config)
		puts("or, at each login: systemctl --user enable --now weryaifs");
}

static int store_in_file(const struct setup *setup, char **ret_message)
{
	CLEANUP_FREE char *path = secret_path(&setup->config);

	if (!path)
		return refuse(ret_message, -ENOENT,
			"no home directory is known to keep the key in; set $HOME");
	int r = secret_store(path, &setup->secret, ret_message);
	if (r == 0)
		printf("Stored in %s, which only you can read.\n", path);
	return r;
}

static int store_in_keyring(const struct setup *setup, char **ret_message)
{
	CLEANUP_FREE char *command = keyring_command(setup->config.account);

	if (!command)
		return -ENOMEM;
	int r = keyring_store(setup->config.account, &setup->secret, ret_message);
	if (r < 0)
		return r;
	puts("Stored in the keyring.");
	if (!setup->config.key_command || strcmp(setup->config.key_command, command) != 0)
		printf("For it to be found there, put this line into %s, section [api]:\n"
		       "key_command = %s\n",
			setup->options.config_path ? setup->options.config_path
						   : "~/.config/weryaifs/weryaifs.conf",
			command);
	return 0;
}

static int run(struct setup *setup, char **ret_message)
{
	if (setup->config.key_command && !setup->options.keyring)
		return refuse(ret_message, -EINVAL,
			"the API key comes from key_command in the configuration; change it there, "
			"or take "
			"that line out first");
	int r = ask(&setup->secret, setup->config.account, ret_message);
	if (r == 0)
		r = try_key(setup, ret_message);
	if (r == 0)
		r = setup->options.keyring ? store_in_keyring(setup, ret_message)
					   : store_in_file(setup, ret_message);
	if (r == 0)
		say_next(setup);
	return r;
}

int set_key(struct setup *setup)
{
	CLEANUP_FREE char *message = NULL;

	log_setup(LOG_LEVEL_ERROR, true, false);
	int r = run(setup, &message);
	if (r < 0)
		complain(message ? message : strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
