/* SPDX-License-Identifier: MIT */
#include "config/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sentence.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"

#define ITEM_COUNT_MAX 1000
#define MOUNT_OPTIONS_MAX 4096

static const char try_help[] = "Try 'weryaifs --help'.";

static const struct option long_options[] = {
	{"account", required_argument, NULL, 'a'},
	{"check", no_argument, NULL, 'k'},
	{"config", required_argument, NULL, 'c'},
	{"debug", no_argument, NULL, 'd'},
	{"foreground", no_argument, NULL, 'f'},
	{"forget", required_argument, NULL, 'F'},
	{"help", no_argument, NULL, 'h'},
	{"keyring", no_argument, NULL, 'r'},
	{"repair", no_argument, NULL, 'p'},
	{"restart", required_argument, NULL, 'R'},
	{"online", no_argument, NULL, 'O'},
	{"sandbox", no_argument, NULL, 's'},
	{"set-key", no_argument, NULL, 'K'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static bool in_words(const char *const *words, const char *word)
{
	for (; *words; words++) {
		size_t length = strlen(*words);
		bool prefix = (*words)[length - 1] == '*';
		if (prefix ? strncmp(*words, word, length - 1) == 0 : strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

/* What libfuse passes on to mount(2), and what it does itself (libfuse 3.14, lib/mount.c). */
static bool is_for_kernel(const char *item)
{
	static const char *const words[] = {"ro", "suid", "nosuid", "dev", "nodev", "exec",
		"noexec", "atime", "noatime", "sync", "async", "dirsync", "auto_unmount",
		"fsname=*", NULL};

	return in_words(words, item);
}

/* Words of fstab(5) and mount(8) that are for mount, systemd or the VFS, and two that are so
 * anyway. */
static bool is_for_others(const char *item)
{
	static const char *const words[] = {"rw", "auto", "noauto", "defaults", "user", "user=*",
		"nouser", "users", "nousers", "owner", "noowner", "group", "nogroup", "nofail",
		"_netdev", "comment=*", "x-*", "X-*", "helper=*", "uhelper=*", "diratime",
		"nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime",
		"nolazytime", "iversion", "noiversion", "symfollow", "nosymfollow", "silent",
		"loud", "mand", "nomand", "default_permissions", "subtype=*", NULL};

	return in_words(words, item);
}

static int replace(char **target, const char *string, char **ret_message)
{
	char *copy = strdup(string);

	if (!copy)
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	free(*target);
	*target = copy;
	return 0;
}

/* libfuse takes the options apart again, so that what was escaped must be escaped. */
static int add_mount_option(struct options *options, const char *item, char **ret_message)
{
	struct buf buf;

	buf_init(&buf, MOUNT_OPTIONS_MAX);
	if (options->mount_options)
		buf_addf(&buf, "%s,", options->mount_options);
	for (; *item; item++)
		buf_addf(&buf, "%s%c", strchr(",\\", *item) ? "\\" : "", *item);
	int error = buf.failed;
	char *joined = buf_steal(&buf);
	buf_finish(&buf);
	if (!joined)
		return sentence_fail(ret_message, error ? error : -ENOMEM,
			"the mount options are longer than %d bytes", MOUNT_OPTIONS_MAX);
	free(options->mount_options);
	options->mount_options = joined;
	return 0;
}

static int add_item(struct options *options, const char *item, char **ret_message)
{
	if (options->item_count >= ITEM_COUNT_MAX)
		return sentence_fail(
			ret_message, -EINVAL, "more than %d options. %s", ITEM_COUNT_MAX, try_help);
	char **items =
		reallocarray(options->items, options->item_count + 1, sizeof(*options->items));
	if (!items)
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	options->items = items;
	items[options->item_count] = NULL;
	int r = replace(&items[options->item_count], item, ret_message);
	if (r == 0)
		options->item_count++;
	return r;
}

/* fstab has a place for -o only: what the long options do can be said there too. */
static int take_item(struct options *options, const char *item, char **ret_message)
{
	if (item[0] == '\0' || is_for_others(item))
		return 0;
	if (is_for_kernel(item))
		return add_mount_option(options, item, ret_message);
	if (strncmp(item, "config=", 7) == 0)
		return replace(&options->config_path, item + 7, ret_message);
	if (strcmp(item, "sandbox") == 0)
		options->sandbox = true;
	else if (strcmp(item, "debug") == 0)
		options->debug = true;
	else
		return add_item(options, item, ret_message);
	return 0;
}

/* Commas separate, "\," is a comma and "\\" a backslash; another backslash is itself. */
static int take_items(struct options *options, const char *list, char **ret_message)
{
	CLEANUP_FREE char *item = malloc(strlen(list) + 1);
	size_t length = 0;

	if (!item)
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	for (;; list++) {
		if (*list != ',' && *list != '\0') {
			if (*list == '\\' && (list[1] == ',' || list[1] == '\\'))
				list++;
			item[length++] = *list;
			continue;
		}
		item[length] = '\0';
		length = 0;
		int r = take_item(options, item, ret_message);
		if (r < 0 || *list == '\0')
			return r;
	}
}

static int fail_unknown(const char *argument, char **ret_message)
{
	if (strncmp(argument, "--", 2) != 0)
		return sentence_fail(
			ret_message, -EINVAL, "unknown option -%c. %s", optopt, try_help);
	CLEANUP_FREE char *name = strndup(argument + 2, strcspn(argument + 2, "="));
	if (!name)
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	struct nearest nearest = {.word = name};
	for (const struct option *option = long_options; option->name; option++) {
		nearest_offer(&nearest, option->name);
		if (strcmp(option->name, name) == 0)
			return sentence_fail(
				ret_message, -EINVAL, "--%s takes no value. %s", name, try_help);
	}
	if (nearest.best)
		return sentence_fail(ret_message, -EINVAL,
			"unknown option --%s; did you mean --%s? %s", name, nearest.best, try_help);
	return sentence_fail(ret_message, -EINVAL, "unknown option --%s. %s", name, try_help);
}

static int fail_value(const char *argument, char **ret_message)
{
	if (strncmp(argument, "--", 2) == 0)
		return sentence_fail(
			ret_message, -EINVAL, "%s needs a value. %s", argument, try_help);
	return sentence_fail(ret_message, -EINVAL, "-%c needs a value. %s", optopt, try_help);
}

static int take_option(
	struct options *options, int option, const char *argument, char **ret_message)
{
	switch (option) {
	case 'f':
		options->foreground = true;
		return 0;
	case 'd':
		options->debug = options->foreground = true;
		return 0;
	case 'o':
		return take_items(options, optarg, ret_message);
	case 'c':
		return replace(&options->config_path, optarg, ret_message);
	case 'a':
		return replace(&options->account, optarg, ret_message);
	case 's':
		options->sandbox = true;
		return 0;
	case 'k':
		options->check = true;
		return 0;
	case 'p':
		options->repair = true;
		return 0;
	case 'O':
		options->online = true;
		return 0;
	case 'K':
		options->set_key = true;
		return 0;
	case 'r':
		options->keyring = true;
		return 0;
	case 'F':
		options->forget = true;
		return replace(&options->account, optarg, ret_message);
	case 'R':
		options->restart = true;
		return replace(&options->mountpoint, optarg, ret_message);
	case 'h':
		options->help = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case ':':
		return fail_value(argument, ret_message);
	default:
		return fail_unknown(argument, ret_message);
	}
}

/* MOUNTPOINT, or mount(8)'s SOURCE MOUNTPOINT. */
static int take_operands(struct options *options, int count, char **operands, char **ret_message)
{
	bool optional = options->help || options->version || options->check || options->set_key ||
			options->forget || options->restart;

	if (options->keyring && !options->set_key)
		return sentence_fail(
			ret_message, -EINVAL, "--keyring goes with --set-key alone. %s", try_help);
	if (options->repair && !options->check)
		return sentence_fail(
			ret_message, -EINVAL, "--repair goes with --check alone. %s", try_help);
	if (options->online && !options->check)
		return sentence_fail(
			ret_message, -EINVAL, "--online goes with --check alone. %s", try_help);
	if (count == 0 && !optional)
		return sentence_fail(ret_message, -EINVAL, "where to mount? %s", try_help);
	if (count > 2)
		return sentence_fail(ret_message, -EINVAL,
			"one mount point is enough, '%s' is too much. %s", operands[2], try_help);
	if (count > 0 && operands[count - 1][0] == '\0')
		return sentence_fail(
			ret_message, -EINVAL, "the mount point's name is empty. %s", try_help);
	int r = count == 2 ? replace(&options->source, operands[0], ret_message) : 0;
	if (r == 0 && count > 0)
		r = replace(&options->mountpoint, operands[count - 1], ret_message);
	return r;
}

int options_parse(struct options *options, int argc, char **argv, char **ret_message)
{
	int r = 0;

	*options = (struct options){0};
	opterr = 0;
	optind = 0; /* getopt(3), glibc: start afresh, however often this runs */
	while (r == 0) {
		int before = optind > 0 ? optind : 1;
		int option = getopt_long(argc, argv, ":fdo:hV", long_options, NULL);
		if (option == -1)
			break;
		/* With "-fx" getopt stays on the word, otherwise it has gone past it. */
		int word = optind > before ? optind - 1 : before;
		r = take_option(options, option, argv[word < argc ? word : argc - 1], ret_message);
	}
	if (r == 0)
		r = take_operands(options, argc - optind, argv + optind, ret_message);
	if (r < 0)
		options_finish(options);
	return r;
}

void options_finish(struct options *options)
{
	if (!options)
		return;
	free(options->mountpoint);
	free(options->source);
	free(options->config_path);
	free(options->account);
	free(options->mount_options);
	for (size_t i = 0; i < options->item_count; i++)
		free(options->items[i]);
	free(options->items);
	*options = (struct options){0};
}
