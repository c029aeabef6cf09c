/* SPDX-License-Identifier: MIT */
#pragma once
/* config: the settings, from the built-in defaults, weryaifs.conf and -o, over one table of keys.
 * Read by main, seen by no other layer. Owns its strings. Times are seconds in the file, milliseconds here.
 *
 * Errors speak: a function that returns a negative errno has written one sentence to *ret_message
 * ("~/.config/weryaifs/weryaifs.conf:12: unknown key 'setle'; did you mean 'settle'?"), which the caller frees. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum config_confine { CONFIG_CONFINE_YES, CONFIG_CONFINE_FILES, CONFIG_CONFINE_NO }; /* what the daemon can reach */
enum config_results { CONFIG_LAZY, CONFIG_EAGER, CONFIG_LAZY_ONLY }; /* when results are fetched */

/* A default for prompts ([defaults], or -o) or a line of [model KEY]; values are checked by the layer that knows models. */
struct config_param {
	char *model; /* NULL: [defaults] */
	char *key;   /* spelled as in the table, blanks as '_' */
	char *value;
	char *where; /* "FILE:LINE" or "-o", for messages */
};

struct config {
	/* [api] */
	char *account; /* names state and cache directories; letters, digits, . _ - */
	char *base_url, *models_base_url;
	char *key_file, *key_command; /* NULL none */
	char *ca_file;                /* NULL: the system's */
	char *proxy;                  /* NULL: the environment's */
	char *trace;                  /* NULL: nothing is traced */
	int64_t connect_timeout_ms, request_timeout_ms;
	int64_t models_refresh_ms; /* 0 never */
	/* [submit] */
	int64_t settle_ms, settle_max_ms;
	int64_t copies_after_ms;
	int ask_above; /* 0 none */
	bool manual;
	int max_active;
	int64_t submit_gap_ms; /* -1: it is found */
	int64_t submit_gap_min_ms;
	int submissions_per_day; /* 0 none */
	int credits_per_day; /* 0 none */
	bool allow_unknown;      /* unknown = allow | refuse */
	bool dry_run;
	/* [poll] */
	int64_t first_poll_ms, poll_interval_ms, slow_poll_interval_ms, slow_poll_after_ms;
	/* [results] */
	enum config_results results;
	int64_t keep_after_ms;
	bool keep;           /* what cannot be fetched again is never thrown away */
	bool embed;          /* metadata = xattr | embed */
	bool sidecar;        /* X.json beside each result */
	bool cache;          /* keep what was fetched */
	char *cache_dir;     /* NULL: XDG */
	uint64_t cache_size; /* bytes; 0 = no limit */
	int64_t stall_timeout_ms;
	/* [webhook] */
	char *webhook_listen, *webhook_public_url; /* NULL none */
	/* [mount] */
	bool allow_other, no_readme;
	int64_t uid, gid; /* -1: the mounting user's */
	int umask;        /* -1: none */
	bool keeper;      /* the mount outlives its daemon */
	enum config_confine confine;
	/* */
	struct config_param *params; /* in file order, -o last */
	size_t param_count;
};

int config_init(struct config *config, char **ret_message); /* defaults */
void config_finish(struct config *config);
/* A missing file is -ENOENT. Nothing of a file with an error is used. */
int config_load(struct config *config, const char *path, char **ret_message);
/* WERYAI_BASE_URL, WERYAI_MODELS_BASE_URL. Order of strength: default < file < environment < -o. */
int config_environment(struct config *config, char **ret_message);
/* One -o item: "settle=0.3", "dry_run", "allow_other". */
int config_set_option(struct config *config, const char *item, char **ret_message);
/* What one value alone cannot tell: http:// only to loopback, … */
int config_check(const struct config *config, char **ret_message);
/* $XDG_CONFIG_HOME/weryaifs/weryaifs.conf; caller frees. */
char *config_default_path(void);
