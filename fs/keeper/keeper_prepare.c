/* SPDX-License-Identifier: MIT */
/* What a keeper has before it starts its first daemon. */
#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/kept/library_log.h"

#define SILENCE_MS 60000 /* a loop that gives no sign for so long hangs */

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

/* For each daemon, which takes it out of its own environment; /proc/PID/environ shows the bytes that a process was started
 * with, wherever they are by now. */
static int hide_key(const char *variable)
{
	char *key = getenv(variable);
	CLEANUP_FREE char *copy = key != NULL ? strdup(key) : NULL;

	if (key == NULL)
		return 0;
	if (copy == NULL || unsetenv(variable) < 0)
		return -ENOMEM;
	explicit_bzero(key, strlen(key));
	int r = setenv(variable, copy, 1) < 0 ? -errno : 0;
	explicit_bzero(copy, strlen(copy));
	return r;
}

int keeper_take_words(int argc, char **argv, const char *name, char ***ret_words)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));

	if (words == NULL)
		return -ENOMEM;
	for (int i = 0; i < argc; i++) {
		words[i] = strdup(i == 0 ? name : argv[i]);
		if (words[i] == NULL)
			return -ENOMEM; /* the process ends */
		if (i > 0)
			memset(argv[i], 0, strlen(argv[i]));
	}
	*ret_words = words;
	return 0;
}

void keeper_drop_words(char **words)
{
	for (char **word = words; *word != NULL; word++)
		free(*word);
	free(words);
}

static int number_of(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	long number = text != NULL ? strtol(text, NULL, 10) : 0;

	return number > 0 && number < 1000000 ? (int)number : otherwise;
}

/* What was never written to is the file's own, and can be had from there again (madvise(2)). */
static int give_back(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0)
			continue;
		uintptr_t from = (info->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t to = info->dlpi_addr + part->p_vaddr + part->p_memsz;
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void keeper_shrink(void)
{
	dl_iterate_phdr(give_back, NULL);
}

int keeper_prepare(struct keeper *keeper)
{
	char version[16];
	int r = harden();

	keeper->tell = number_of(KEEPER_TELL_ENVIRONMENT, -1);
	keeper->background = keeper->tell >= 0;
	keeper->child.own_group = !keeper->background;
	keeper->silence_ms = number_of("WERYAIFS_KEEPER_SILENCE", SILENCE_MS);
	log_setup(LOG_LEVEL_INFO, !keeper->background, keeper->background);
	library_log_setup(false);
	snprintf(version, sizeof(version), "%d", KEEPER_VERSION);
	if (r == 0)
		r = hide_key("WERYAI_API_KEY");
	if (r == 0)
		r = hide_key(KEEPER_KEY_ENVIRONMENT);
	if (r == 0 && setenv(KEEPER_ENVIRONMENT, version, 1) < 0)
		r = -errno;
	if (r == 0)
		r = keeper_notify_create(&keeper->notify);
	if (r == 0)
		r = make_memory(keeper);
	if (r == 0)
		r = catch_signals(keeper);
	if (r == 0)
		keeper_restart_create(&keeper->restart);
	return r;
}
