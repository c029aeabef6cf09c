/* SPDX-License-Identifier: MIT */
/* Every key, and how its value is read. */
#include "config/table.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/sentence.h"
#include "config/url.h"
#include "fs/base/cleanup.h"
#include "fs/base/str.h"

#define ACCOUNT_MAX 64

const char *config_home(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

char *config_user_path(const char *name)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = config_home();
	char *path = NULL;
	int r;

	/* The XDG base directory specification: a relative path is to be ignored. */
	if (base && base[0] == '/')
		r = asprintf(&path, "%s/weryaifs/%s", base, name);
	else if (home)
		r = asprintf(&path, "%s/.config/weryaifs/%s", home, name);
	else
		return NULL;
	return r < 0 ? NULL : path;
}

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

/* The layer that knows models checks these. */
static int parse_any(
	const struct config_entry *entry, const char *value, void *field, const char **ret_why)
{
	return 0;
}

static const struct config_type account_type = {.placeholder = "NAME",
	.expected = "up to 64 of the characters A-Z a-z 0-9 . _ -, the first a letter or a digit",
	.parse = parse_account};
static const struct config_type url_type = {
	.placeholder = "URL", .expected = "a URL", .parse = parse_url};
static const struct config_type path_type = {
	.placeholder = "PATH", .expected = "a path that begins with / or ~/", .parse = parse_path};
static const struct config_type command_type = {
	.placeholder = "COMMAND", .expected = "a command", .parse = parse_command};
static const struct config_type seconds_type = {.placeholder = "SECONDS",
	.expected = "a time in seconds",
	.scale = 1000,
	.parse = parse_seconds};
static const struct config_type int_type = {
	.placeholder = "NUMBER", .expected = "a whole number", .scale = 1, .parse = parse_int};
static const struct config_type id_type = {
	.placeholder = "ID", .expected = "a numeric id", .parse = parse_id};
static const struct config_type umask_type = {
	.placeholder = "OCTAL", .expected = "an octal number from 0 to 777", .parse = parse_umask};
static const struct config_type bytes_type = {.placeholder = "SIZE",
	.expected = "bytes with an optional K, M, G or T, as in 10G",
	.parse = parse_bytes};
static const struct config_type bool_type = {
	.placeholder = "yes|no", .expected = "yes or no", .bare = true, .parse = parse_bool};
static const struct config_type unknown_type = {.placeholder = "refuse|allow",
	.expected = "refuse or allow",
	.words = {"refuse", "allow"},
	.parse = parse_choice};
static const struct config_type results_type = {.placeholder = "lazy|eager",
	.expected = "lazy or eager",
	.words = {"lazy", "eager"},
	.parse = parse_choice};
static const struct config_type text_type = {
	.placeholder = "TEXT", .expected = "text", .parse = parse_any};
static const struct config_type address_type = {.placeholder = "ADDRESS:PORT",
	.expected = "a numeric address and a port, as in 127.0.0.1:8080",
	.parse = parse_command};
static const struct config_type list_type = {
	.placeholder = "LIST", .expected = "words with commas between", .parse = parse_any};

#define FIELD(name) offsetof(struct config, name), sizeof(((struct config *)0)->name)
#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* In the order of --help and of the manual. Limits of times: above zero where zero would spin or
 * never succeed, and an hour or a day, beyond which a typing slip is likelier than a wish. */
static const struct config_entry entries[] = {
	{"api", "account", &account_type, "names the account: its state and cache are kept apart",
		FIELD(account), "default"},
	{"api", "base_url", &url_type, "where the service is", FIELD(base_url),
		"https://api.weryai.com"},
	{"api", "models_base_url", &url_type, "where the list of models is", FIELD(models_base_url),
		"https://api-growth-agent.weryai.com"},
	{"api", "key_file", &path_type, "file with the API key, readable by you alone",
		FIELD(key_file)},
	{"api", "key_command", &command_type, "shell command that prints the API key",
		FIELD(key_command)},
	{"api", "ca_file", &path_type,
		"certificates that servers are checked against [the system's]", FIELD(ca_file)},
	{"api", "connect_timeout", &seconds_type, "time for a connection to be made",
		FIELD(connect_timeout_ms), "10", SECOND / 10, 10 * MINUTE},
	{"api", "request_timeout", &seconds_type, "time for a whole question and its answer",
		FIELD(request_timeout_ms), "30", SECOND / 10, HOUR},
	{"api", "models_refresh", &seconds_type,
		"how often the list of models is asked for; 0: the built-in one alone",
		FIELD(models_refresh_ms), "86400", 0, 240 * HOUR},
	{"submit", "settle", &seconds_type, "time that a prompt stays closed before it is sent",
		FIELD(settle_ms), "1", 0, HOUR},
	{"submit", "max_active", &int_type, "tasks that run at once; the others wait their turn",
		FIELD(max_active), "20", 1, 1000},
	{"submit", "submit_gap", &seconds_type, "time between two submissions, at least",
		FIELD(submit_gap_ms), "2.5", 0, HOUR},
	{"submit", "submissions_per_day", &int_type,
		"spending guard: more than this are held; 0 for no limit",
		FIELD(submissions_per_day), "1000", 0, 1000000},
	{"submit", "unknown", &unknown_type, "models and values that the catalogue does not know",
		FIELD(allow_unknown), "refuse"},
	{"submit", "dry_run", &bool_type, "check prompts, send nothing, spend nothing",
		FIELD(dry_run), "no"},
	{"poll", "first_poll", &seconds_type,
		"time from a submission to the first question how it goes", FIELD(first_poll_ms),
		"3", 0, HOUR},
	{"poll", "poll_interval", &seconds_type, "time between further questions",
		FIELD(poll_interval_ms), "3", SECOND / 100, HOUR},
	{"poll", "slow_poll_interval", &seconds_type, "the same for jobs that take longer",
		FIELD(slow_poll_interval_ms), "5", SECOND / 100, HOUR},
	{"poll", "slow_poll_after", &seconds_type, "age from which a job is one that takes longer",
		FIELD(slow_poll_after_ms), "30", 0, 24 * HOUR},
	{"results", "results", &results_type, "fetch results when they are read, or at once",
		FIELD(eager), "lazy"},
	{"results", "cache", &bool_type, "keep fetched results on disk", FIELD(cache), "yes"},
	{"results", "cache_dir", &path_type,
		"where fetched results are kept [$XDG_CACHE_HOME/weryaifs/ACCOUNT]",
		FIELD(cache_dir)},
	{"results", "cache_size", &bytes_type, "results kept on disk, at most; 0 for no limit",
		FIELD(cache_size), "10G"},
	{"results", "stall_timeout", &seconds_type,
		"time without a byte after which a transfer has failed", FIELD(stall_timeout_ms),
		"30", SECOND / 10, HOUR},
	{"webhook", "listen", &address_type,
		"take the service's callbacks here, as in 127.0.0.1:8080", FIELD(webhook_listen)},
	{"webhook", "public_url", &url_type,
		"what the service reaches that address by; of prompts without a webhook",
		FIELD(webhook_public_url)},
	{"mount", "allow_other", &bool_type,
		"let other users in (needs user_allow_other in /etc/fuse.conf)", FIELD(allow_other),
		"no"},
	{"mount", "uid", &id_type, "owner of all files [who mounts]", FIELD(uid),
		.max = UINT32_MAX - 1},
	{"mount", "gid", &id_type, "group of all files [the group of who mounts]", FIELD(gid),
		.max = UINT32_MAX - 1},
	{"mount", "umask", &umask_type, "permission bits that no file has [none taken away]",
		FIELD(umask), .max = 0777},
	{"defaults", "ratio", &text_type, "shape of the picture, as in 16:9 [the model's first]"},
	{"defaults", "negative", &text_type, "what should not be in the picture"},
	{"defaults", "number", &int_type, "results of one prompt", .min = 1, .max = 1000},
	{"defaults", "resolution", &text_type, "as in 720p or 2k"},
	{"defaults", "quality", &text_type, "one of the model's qualities"},
	{"defaults", "duration", &int_type, "length of a video, in seconds", .min = 1, .max = 3600},
	{"defaults", "audio", &bool_type, "videos with sound"},
	{"defaults", "web_search", &bool_type, "let the model look things up first"},
	{"defaults", "webhook", &text_type, "URL that the service calls when a job ends"},
	{"defaults", "caller", &text_type, "number that the service files jobs under"},
	{"model", "name", &text_type, "the model's name for people"},
	{"model", "modes", &list_type,
		"what it makes of what, as in text-to-image, image-to-image"},
	{"model", "ratios", &list_type, "the ratios that it takes"},
	{"model", "resolutions", &list_type, "the resolutions that it takes"},
	{"model", "durations", &list_type, "the durations that it takes"},
	{"model", "qualities", &list_type, "the qualities that it takes"},
	{"model", "numbers", &text_type, "results of one prompt: least and most, as in 1-4"},
	{"model", "prompt_limit", &int_type, "characters of a prompt, at most", .min = 1,
		.max = 1000000},
	{"model", "image_limit", &int_type, "reference images, at most", .max = 1000},
	{"model", "has_audio", &bool_type, "does it make sound?"},
	{"model", "has_negative", &bool_type, "does it take a negative prompt?"},
	{"model", "has_web_search", &bool_type, "does it look things up?"},
	{"model", "endpoint", &text_type,
		"a tool: what comes behind /v1/generation/, as in image-upscale"},
	{"model", "fields", &list_type,
		"what the tool takes, as in img_url:image! style:soft|hard"},
	{"model", "makes", &text_type, "what the tool makes: image, video, audio or text"},
	{"model", "one_of", &list_type, "fields of the tool of which one is needed at least"},
	{"model", "answer", &text_type,
		"the tool answers at once, with a text in this member of data"},
};
_Static_assert(array_length(entries) <= CONFIG_ENTRIES, "raise CONFIG_ENTRIES");

const struct config_entry *config_table(size_t *ret_count)
{
	*ret_count = array_length(entries);
	return entries;
}

static bool same_key(const char *key, const char *written)
{
	for (; *key && *written; key++, written++) {
		int c = *written == '-' || *written == ' ' ? '_' : tolower((unsigned char)*written);
		if (c != *key)
			return false;
	}
	return *key == *written;
}

static bool in_section(const struct config_entry *entry, const char *section)
{
	bool model = strcmp(entry->section, "model") == 0;

	if (!section)
		return !model;
	if (strcmp(section, "model") == 0)
		return model || strcmp(entry->section, "defaults") == 0;
	return strcmp(entry->section, section) == 0;
}

const struct config_entry *config_table_find(const char *section, const char *key)
{
	for (size_t i = 0; i < array_length(entries); i++)
		if (in_section(&entries[i], section) && same_key(entries[i].key, key))
			return &entries[i];
	return NULL;
}

char *config_table_hint(const char *section, const char *key)
{
	static const char *const secrets[] = {
		"key", "api_key", "apikey", "token", "weryai_api_key"};
	struct nearest nearest = {.word = key};
	char *hint = NULL;
	int r = 0;

	for (size_t i = 0; i < array_length(secrets); i++)
		if (same_key(secrets[i], key))
			return strdup("; the API key itself never stands here: put it in a file of "
				      "mode 0600 and set key_file");
	for (size_t i = 0; i < array_length(entries); i++) {
		if (!same_key(entries[i].key, key))
			continue;
		bool model = strcmp(entries[i].section, "model") == 0;
		r = asprintf(&hint, "; it belongs in [%s%s]%s", entries[i].section,
			model ? " KEY" : "", section ? "" : " of the configuration file");
		return r < 0 ? NULL : hint;
	}
	for (size_t i = 0; i < array_length(entries); i++)
		if (in_section(&entries[i], section))
			nearest_offer(&nearest, entries[i].key);
	if (!nearest.best)
		return strdup("; 'weryaifs --help' lists them all");
	r = asprintf(&hint, "; did you mean '%s'?", nearest.best);
	return r < 0 ? NULL : hint;
}

const char *config_table_section(const char *name, const char **ret_nearest)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < array_length(entries); i++) {
		if (strcasecmp(entries[i].section, name) == 0)
			return entries[i].section;
		nearest_offer(&nearest, entries[i].section);
	}
	if (ret_nearest)
		*ret_nearest = nearest.best;
	return NULL;
}
