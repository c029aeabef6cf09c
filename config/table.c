/* SPDX-License-Identifier: MIT */
/* Every key. */
#include "config/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/sentence.h"
#include "fs/base/cleanup.h"

#define FIELD(name) offsetof(struct config, name), sizeof(((struct config *)0)->name)
#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* In the order of --help and of the manual. Limits of times: above zero where zero would spin or
 * never succeed, and an hour or a day, beyond which a typing slip is likelier than a wish. */
static const struct config_entry entries[] = {
	{"api", "account", &config_type_account, "names the account: its state and cache are kept apart",
		FIELD(account), "default"},
	{"api", "base_url", &config_type_url, "where the service is", FIELD(base_url),
		"https://api.weryai.com"},
	{"api", "models_base_url", &config_type_url, "where the list of models is", FIELD(models_base_url),
		"https://api-growth-agent.weryai.com"},
	{"api", "key_file", &config_type_path, "file with the API key, readable by you alone",
		FIELD(key_file)},
	{"api", "key_command", &config_type_command, "shell command that prints the API key",
		FIELD(key_command)},
	{"api", "ca_file", &config_type_path,
		"certificates that servers are checked against [the system's]", FIELD(ca_file)},
	{"api", "proxy", &config_type_proxy,
		"reach the service through this proxy [$HTTPS_PROXY, $NO_PROXY]", FIELD(proxy)},
	{"api", "connect_timeout", &config_type_seconds, "time for a connection to be made",
		FIELD(connect_timeout_ms), "10", SECOND / 10, 10 * MINUTE},
	{"api", "request_timeout", &config_type_seconds, "time for a whole question and its answer",
		FIELD(request_timeout_ms), "30", SECOND / 10, HOUR},
	{"api", "trace", &config_type_path,
		"file that every request and answer is written to, without the key", FIELD(trace)},
	{"api", "models_refresh", &config_type_seconds,
		"how often the list of models is asked for; 0: the built-in one alone",
		FIELD(models_refresh_ms), "86400", 0, 240 * HOUR},
	{"submit", "settle", &config_type_seconds, "time that a prompt stays closed before it is sent",
		FIELD(settle_ms), "1", 0, HOUR},
	{"submit", "settle_max", &config_type_seconds,
		"the same, at most, for one that is saved again and again while its last job runs",
		FIELD(settle_max_ms), "30", 0, HOUR},
	{"submit", "copies_after", &config_type_seconds,
		"a copy of another prompt is sent when no prompt was made, renamed or removed for so long",
		FIELD(copies_after_ms), "10", 0, HOUR},
	{"submit", "ask_above", &config_type_int,
		"more results than this from one rename, or one table of prompts, are held; 0: none are",
		FIELD(ask_above), "50", 0, 1000000},
	{"submit", "manual", &config_type_bool, "check prompts, send none unless told by submit",
		FIELD(manual), "no"},
	{"submit", "max_active", &config_type_int, "tasks that run at once; the others wait their turn",
		FIELD(max_active), "20", 1, 1000},
	{"submit", "submit_gap", &config_type_seconds,
		"time between two submissions [found by itself, from 2.5 on]", FIELD(submit_gap_ms), NULL, 0,
		HOUR},
	{"submit", "submit_gap_min", &config_type_seconds,
		"the same, at least, where it is found by itself", FIELD(submit_gap_min_ms), "0.5",
		SECOND / 1000, MINUTE},
	{"submit", "submissions_per_day", &config_type_int,
		"spending guard: more than this are held; 0 for no limit",
		FIELD(submissions_per_day), "1000", 0, 1000000},
	{"submit", "credits_per_day", &config_type_int,
		"the same in credits, as far as prices are known; 0 for no limit",
		FIELD(credits_per_day), "0", 0, 1000000000},
	{"submit", "unknown", &config_type_unknown, "models and values that the catalogue does not know",
		FIELD(allow_unknown), "refuse"},
	{"submit", "dry_run", &config_type_bool, "check prompts, send nothing, spend nothing",
		FIELD(dry_run), "no"},
	{"poll", "first_poll", &config_type_seconds,
		"time from a submission to the first question how it goes", FIELD(first_poll_ms),
		"3", 0, HOUR},
	{"poll", "poll_interval", &config_type_seconds, "time between further questions",
		FIELD(poll_interval_ms), "3", SECOND / 100, HOUR},
	{"poll", "slow_poll_interval", &config_type_seconds, "the same for jobs that take longer",
		FIELD(slow_poll_interval_ms), "5", SECOND / 100, HOUR},
	{"poll", "slow_poll_after", &config_type_seconds, "age from which a job is one that takes longer",
		FIELD(slow_poll_after_ms), "30", 0, 24 * HOUR},
	{"results", "results", &config_type_results, "fetch results when they are read and in quiet moments, at once, or when they are read",
		FIELD(results), "lazy"},
	{"results", "keep_after", &config_type_seconds,
		"by this time after it was made a result is fetched, read or not", FIELD(keep_after_ms), "3600", 0,
		7 * 24 * HOUR},
	{"results", "keep", &config_type_bool,
		"throw nothing away that the service does not have any more", FIELD(keep), "yes"},
	{"results", "metadata", &config_type_metadata,
		"where prompt, model, task and settings of a result are: beside it, or in pictures themselves, too", FIELD(embed), "xattr"},
	{"results", "sidecar", &config_type_bool, "X.json beside each result: what was asked for, and what was answered",
		FIELD(sidecar), "no"},
	{"results", "cache", &config_type_bool, "keep fetched results on disk", FIELD(cache), "yes"},
	{"results", "cache_dir", &config_type_path,
		"where fetched results are kept [$XDG_CACHE_HOME/weryaifs/ACCOUNT]",
		FIELD(cache_dir)},
	{"results", "cache_size", &config_type_bytes, "results kept on disk, at most; 0 for no limit",
		FIELD(cache_size), "10G"},
	{"results", "stall_timeout", &config_type_seconds,
		"time without a byte after which a transfer has failed", FIELD(stall_timeout_ms),
		"30", SECOND / 10, HOUR},
	{"webhook", "listen", &config_type_address,
		"take the service's callbacks here, as in 127.0.0.1:8080", FIELD(webhook_listen)},
	{"webhook", "public_url", &config_type_url,
		"what the service reaches that address by; of prompts without a webhook",
		FIELD(webhook_public_url)},
	{"mount", "allow_other", &config_type_bool,
		"let other users in (needs user_allow_other in /etc/fuse.conf)", FIELD(allow_other),
		"no"},
	{"mount", "uid", &config_type_id, "owner of all files [who mounts]", FIELD(uid),
		.max = UINT32_MAX - 1},
	{"mount", "gid", &config_type_id, "group of all files [the group of who mounts]", FIELD(gid),
		.max = UINT32_MAX - 1},
	{"mount", "umask", &config_type_umask, "permission bits that no file has [none taken away]",
		FIELD(umask), .max = 0777},
	{"mount", "no_readme", &config_type_bool, "no README.txt and MODELS.txt at the root of the mount",
		FIELD(no_readme), "no"},
	{"mount", "keeper", &config_type_bool,
		"let the mount outlive its daemon: open files and waiting programs go on",
		FIELD(keeper), "yes"},
	{"mount", "confine", &config_type_confine,
		"let the daemon reach its own files and the service's ports alone, or its files and all ports, or everything",
		FIELD(confine), "yes"},
	{"defaults", "ratio", &config_type_text, "shape of the picture, as in 16:9 [the model's first]"},
	{"defaults", "negative", &config_type_text, "what should not be in the picture"},
	{"defaults", "number", &config_type_int, "results of one prompt", .min = 1, .max = 1000},
	{"defaults", "resolution", &config_type_text, "as in 720p or 2k"},
	{"defaults", "quality", &config_type_text, "one of the model's qualities"},
	{"defaults", "duration", &config_type_int, "length of a video, in seconds", .min = 1, .max = 3600},
	{"defaults", "audio", &config_type_bool, "videos with sound"},
	{"defaults", "web_search", &config_type_bool, "let the model look things up first"},
	{"defaults", "webhook", &config_type_text, "URL that the service calls when a job ends"},
	{"defaults", "caller", &config_type_text, "number that the service files jobs under"},
	{"model", "name", &config_type_text, "the model's name for people"},
	{"model", "modes", &config_type_list,
		"what it makes of what, as in text-to-image, image-to-image"},
	{"model", "ratios", &config_type_list, "the ratios that it takes"},
	{"model", "resolutions", &config_type_list, "the resolutions that it takes"},
	{"model", "durations", &config_type_list, "the durations that it takes"},
	{"model", "qualities", &config_type_list, "the qualities that it takes"},
	{"model", "numbers", &config_type_text, "results of one prompt: least and most, as in 1-4"},
	{"model", "prompt_limit", &config_type_int, "characters of a prompt, at most", .min = 1,
		.max = 1000000},
	{"model", "image_limit", &config_type_int, "reference images, at most", .max = 1000},
	{"model", "has_audio", &config_type_bool, "does it make sound?"},
	{"model", "has_negative", &config_type_bool, "does it take a negative prompt?"},
	{"model", "has_web_search", &config_type_bool, "does it look things up?"},
	{"model", "credits", &config_type_text,
		"what one result costs, where this account has not measured it"},
	{"model", "endpoint", &config_type_text,
		"a tool: what comes behind /v1/generation/, as in image-upscale"},
	{"model", "fields", &config_type_list,
		"what the tool takes, as in img_url:image! style:soft|hard"},
	{"model", "makes", &config_type_text, "what the tool makes: image, video, audio or text"},
	{"model", "one_of", &config_type_list, "fields of the tool of which one is needed at least"},
	{"model", "then", &config_type_text,
		"the second request of the tool: an endpoint with {task} in it"},
	{"model", "answer", &config_type_text,
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
