/* SPDX-License-Identifier: MIT */
/* How the value of a key is read, by its type. */
#include "config/table.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/url.h"
#include "fs/base/cleanup.h"
#include "fs/base/str.h"

#define ACCOUNT_MAX 64

static int replace_string(void *field, char *string)
{
	char **target = field;

	if (!string)
		return -ENOMEM;
	free(*target);
	*target = string;
	return 0;
}

static int parse_account(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	size_t length = strlen(value);

	if (length > ACCOUNT_MAX || !isalnum((unsigned char)value[0]))
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr("._-", value[i]))
			return -EINVAL;
	return replace_string(field, strdup(value));
}

static int parse_url(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	*ret_why = url_refusal(value);
	return *ret_why ? -EINVAL : replace_string(field, strdup(value));
}

static int parse_proxy(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	*ret_why = url_proxy_refusal(value);
	return *ret_why ? -EINVAL : replace_string(field, strdup(value));
}

static int parse_path(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	static const char *const prefixes[] = {"~", "$HOME", "${HOME}"};
	const char *home = "", *rest = value;
	char *path;

	for (size_t i = 0; i < array_length(prefixes); i++) {
		size_t length = strlen(prefixes[i]);
		if (strncmp(value, prefixes[i], length) != 0 || !strchr("/", value[length]))
			continue;
		home = config_home();
		rest = value + length;
		if (!home) {
			*ret_why = "needs a home directory, but $HOME is not set";
			return -EINVAL;
		}
	}
	if (home[0] == '\0' && rest[0] != '/')
		return -EINVAL;
	if (strlen(home) + strlen(rest) >= PATH_MAX) {
		*ret_why = "is too long for a path";
		return -EINVAL;
	}
	if (asprintf(&path, "%s%s", home, rest) < 0)
		return -ENOMEM;
	return replace_string(field, path);
}

static int parse_command(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	return replace_string(field, strdup(value));
}

static int parse_seconds(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	int64_t ms;

	if (str_to_ms(value, &ms) < 0 || ms < entry->min || ms > entry->max)
		return -EINVAL;
	*(int64_t *)field = ms;
	return 0;
}

static int parse_int(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	int64_t number;

	if (str_to_int(value, entry->min, entry->max, &number) < 0)
		return -EINVAL;
	*(int *)field = (int)number;
	return 0;
}

static int parse_id(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	int64_t number;

	if (str_to_int(value, entry->min, entry->max, &number) < 0)
		return -EINVAL;
	*(int64_t *)field = number;
	return 0;
}

static int parse_umask(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	size_t digits = strspn(value, "01234567");

	if (digits == 0 || digits > 4 || value[digits] != '\0')
		return -EINVAL;
	long mask = strtol(value, NULL, 8);
	if (mask > entry->max)
		return -EINVAL;
	*(int *)field = (int)mask;
	return 0;
}

static int parse_bytes(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	uint64_t bytes;

	if (str_to_bytes(value, &bytes) < 0)
		return -EINVAL;
	*(uint64_t *)field = bytes;
	return 0;
}

static int parse_bool(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	bool yes;

	if (str_to_bool(value, &yes) < 0)
		return -EINVAL;
	*(bool *)field = yes;
	return 0;
}

static int parse_choice(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	for (int i = 0; i < 2; i++) {
		if (strcasecmp(value, entry->type->words[i]) != 0)
			continue;
		*(bool *)field = i == 1;
		return 0;
	}
	return -EINVAL;
}

static int parse_word(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	for (int i = 0; entry->type->words[i] != NULL; i++) {
		if (strcasecmp(value, entry->type->words[i]) != 0)
			continue;
		*(unsigned *)field = (unsigned)i; /* an enum of the words, in their order */
		return 0;
	}
	return -EINVAL;
}

/* The layer that knows models checks these. */
static int parse_any(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	return 0;
}

const struct config_type config_type_account = {.placeholder = "NAME",
	.expected = "up to 64 of the characters A-Z a-z 0-9 . _ -, the first a letter or a digit",
	.parse = parse_account};
const struct config_type config_type_url = {
	.placeholder = "URL", .expected = "a URL", .parse = parse_url};
const struct config_type config_type_proxy = {
	.placeholder = "URL", .expected = "a proxy", .parse = parse_proxy};
const struct config_type config_type_path = {
	.placeholder = "PATH", .expected = "a path that begins with / or ~/", .parse = parse_path};
const struct config_type config_type_command = {
	.placeholder = "COMMAND", .expected = "a command", .parse = parse_command};
const struct config_type config_type_seconds = {.placeholder = "SECONDS",
	.expected = "a time in seconds",
	.scale = 1000,
	.parse = parse_seconds};
const struct config_type config_type_int = {
	.placeholder = "NUMBER", .expected = "a whole number", .scale = 1, .parse = parse_int};
const struct config_type config_type_id = {
	.placeholder = "ID", .expected = "a numeric id", .parse = parse_id};
const struct config_type config_type_umask = {
	.placeholder = "OCTAL", .expected = "an octal number from 0 to 777", .parse = parse_umask};
const struct config_type config_type_bytes = {.placeholder = "SIZE",
	.expected = "bytes with an optional K, M, G or T, as in 10G",
	.parse = parse_bytes};
const struct config_type config_type_bool = {
	.placeholder = "yes|no", .expected = "yes or no", .bare = true, .parse = parse_bool};
const struct config_type config_type_unknown = {.placeholder = "refuse|allow",
	.expected = "refuse or allow",
	.words = {"refuse", "allow"},
	.parse = parse_choice};
const struct config_type config_type_results = {.placeholder = "lazy|eager|lazy-only",
	.expected = "lazy, eager or lazy-only",
	.words = {"lazy", "eager", "lazy-only"},
	.parse = parse_word};
const struct config_type config_type_confine = {.placeholder = "yes|files|no",
	.expected = "yes, files or no",
	.words = {"yes", "files", "no"},
	.parse = parse_word};
const struct config_type config_type_metadata = {.placeholder = "xattr|embed",
	.expected = "xattr or embed",
	.words = {"xattr", "embed"},
	.parse = parse_choice};
const struct config_type config_type_text = {
	.placeholder = "TEXT", .expected = "text", .parse = parse_any};
const struct config_type config_type_address = {.placeholder = "ADDRESS:PORT",
	.expected = "a numeric address and a port, as in 127.0.0.1:8080",
	.parse = parse_command};
const struct config_type config_type_list = {
	.placeholder = "LIST", .expected = "words with commas between", .parse = parse_any};
