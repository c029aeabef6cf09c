/* SPDX-License-Identifier: MIT */
#pragma once
/* account: one account at work: makes the rooms from fetch to tree, tells each what it needs, and is their door for the
 * mount. The one file that knows all of them is account_make.c.
 *
 * Invariant:  rooms are made bottom up and go top down; a room keeps pointers to those below it only.
 * States:     working; stopping (account_stop(): nothing is sent any more); gone.
 * Ownership:  everything given at creation is borrowed and outlives the account; what account_tree() and its like return
 *             belongs to it.
 * Calls back: `done` of account_stop(); all changes are told by account_changes(). Loop thread only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/account/model_refresh.h"
#include "fs/report/event_log.h"

struct account;
struct api_client;
struct balance;
struct changes;
struct events_reader;
struct fetches;
struct http;
struct loop;
struct model_table;
struct store;
struct tree;
struct views_needs;
struct wait_below;
struct worker;

struct account_options {
	int64_t settle_ms, settle_max_ms, copies_ms; /* see tree.h */
	int ask_above;
	bool manual;    /* nothing is sent unless a person says so */
	bool read_only; /* nothing is sent */
	int max_active;
	int64_t submit_gap_ms; /* -1: it is found, and is never less than the other */
	int64_t submit_gap_min_ms;
	int submissions_per_day; /* 0 none */
	int credits_per_day;	 /* 0 none */
	bool allow_unknown, dry_run;
	int64_t first_poll_ms, poll_interval_ms, slow_poll_interval_ms, slow_poll_after_ms;
	int64_t stall_timeout_ms;
	struct worker *worker; /* borrowed */
	bool sidecar;       /* X.json beside each result */
	bool embeds;        /* metadata = embed */
	bool eager;         /* fetch results as soon as they exist */
	bool brings_in, evicts, along; /* see fetch.h */
	int64_t keep_after_ms;
	bool cache;         /* keep what was fetched for reading */
	int64_t cache_size; /* bytes; 0 no limit */
	const char *webhook_url; /* of prompts that name none; NULL none; borrowed */
	const char *mountpoint;	 /* absolute; NULL unknown; borrowed */
	uid_t uid; /* owner of directories and results that nobody in particular makes */
	gid_t gid;
	bool resumes; /* the mount is older than we: files without a name may be open */
	struct event_log_memory events; /* of .weryaifs/events, for the next daemon */
};

/* Brings the account back as it was: jobs go on, drafts settle. */
int account_create(struct loop *loop, struct store *store, struct http *http, struct api_client *api,
	const struct model_table *models, const struct account_options *options,
	struct account **ret_account);
/* From now on the models follow the live registry; borrowed. */
int account_follow(struct account *account, const struct model_registry *registry);
void account_destroy(struct account *account); /* NULL is fine */
/* Stops submitting; calls done (from the loop) when no POST is in flight any more, at once where none is. */
void account_stop(struct account *account, void (*done)(void *arg), void *arg);
/* The key or the network may be better now: tries again what had stopped for it. */
void account_retry(struct account *account);
/* A callback with this word (fs/net/hook.h) has come: its job is asked for now. False: nobody waits for it. */
bool account_called_back(struct account *account, const char *token);

/* For fs/mount: names and texts; bytes of results; who hears of changes; the models in force, for .weryaifs/models.json. */
struct tree *account_tree(struct account *account);
struct fetches *account_fetches(struct account *account);
struct changes *account_changes(struct account *account);
const struct model_table *account_models(const struct account *account);
/* `echo submit > X.status`, in one write or by a rename: saved_status() and saved_by_rename() of saved.h. */
int account_save_status(struct account *account, uint64_t prompt_ino, const char *text, size_t length);
int account_rename_to_shadow(struct account *account, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags);
/* .weryaifs/balance: balance_ask() of balance.h. */
int account_balance(struct account *account, void (*done)(void *arg, int result, double credits),
	void *arg, struct balance **ret_balance);
/* The latest that was read; false: none. */
bool account_balance_known(const struct account *account, double *ret_credits);
/* DIR/.wait: wait_below_create() of fs/report/wait_below.h. */
int account_wait_below(struct account *account, int64_t dir, void (*done)(void *arg), void *arg,
	struct wait_below **ret_wait);
/* .weryaifs/events: events_open() and events_open_again() of fs/report/events.h. */
int account_events(struct account *account, void (*more)(void *arg), void *arg, struct events_reader **ret_reader);
int account_events_again(struct account *account, off_t start, void (*more)(void *arg), void *arg,
	struct events_reader **ret_reader);
/* .weryaifs/gallery.html and DIR/.gallery.html: galleries_page() of fs/report/gallery.h. */
int account_gallery(
	struct account *account, int64_t dir, unsigned page, const char **ret_text, size_t *ret_length);
int account_running(const struct account *account); /* jobs that the service is at */
/* .weryaifs/stats and stats.prom; the caller frees the text. */
int account_stats(struct account *account, bool prometheus, char **ret_text);
/* .weryaifs/spend and spend.csv (fs/report/spend.h); the caller frees the text. */
int account_spend(struct account *account, bool csv, char **ret_text);
/* .weryaifs/by-date, by-state and by-model: fs/report/views.h. */
const struct views_needs *account_views(const struct account *account);
/* For a mount that outlives us (store_serves() and its companions): what changes from now on belongs to this request. */
void account_serves(struct account *account, int64_t request);
int account_served(struct account *account, uint64_t *ret_request);
int account_serves_anew(struct account *account);
