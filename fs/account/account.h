/* SPDX-License-Identifier: MIT */
#pragma once
/* gen: what a generation is, from a prompt file to its results; knows no FUSE.
 *
 *   tree -> draft -> queue -> harvest -> result        (a call goes right or down, never back)
 *     tree     what exists under which name
 *     draft    from a prompt's last close to a job
 *     queue    which job may be sent, the sending, the polling
 *     harvest  from a finished task's addresses to files in the tree
 *     result   the bytes of a file, fetched when read
 *     status   a job in words
 *
 * Thread: loop thread only. Ownership: everything given at creation is borrowed and outlives the gen. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/api/client.h"
#include "fs/base/loop.h"
#include "fs/model/model.h"
#include "fs/net/http.h"
#include "fs/store/store.h"

struct gen;
struct results;

struct gen_options {
	int64_t settle_ms;
	int max_active;
	int64_t submit_gap_ms;
	int submissions_per_day; /* 0 none */
	bool allow_unknown, dry_run;
	int64_t first_poll_ms, poll_interval_ms, slow_poll_interval_ms, slow_poll_after_ms;
	int64_t stall_timeout_ms;
	struct worker *worker; /* borrowed */
	bool eager;         /* fetch results as soon as they exist */
	bool cache;         /* keep what was fetched for reading */
	int64_t cache_size; /* bytes; 0 no limit */
	const char *webhook_url; /* of prompts that name none; NULL none; borrowed, outlives the gen */
	uid_t uid; /* owner of directories and results that nobody in particular makes */
	gid_t gid;
};

/* What the live registry is merged with; borrowed, outlives the gen. */
struct gen_registry {
	const struct model_list *builtin;
	const struct model_param *params; /* as for model_table_create() */
	size_t param_count;
	int64_t refresh_ms; /* between two questions */
};

/* Upward: what changed by itself. Never called from inside a tree_ function. */
struct gen_events {
	/* by_itself: not, or not only, because a user gave the prompt another name */
	void (*status_changed)(void *arg, uint64_t prompt_ino, bool by_itself);
	void (*result_appeared)(void *arg, uint64_t dir_ino, uint64_t ino, const char *name);
	/* an older result has become a numbered backup; comes before the appearing of the new one */
	void (*result_backed_up)(void *arg, uint64_t dir_ino, uint64_t ino, const char *old_name,
		const char *new_name);
};

/* Brings the account back as it was: jobs go on, drafts settle. */
int gen_create(struct loop *loop, struct store *store, struct http *http, struct api_client *api,
	const struct model_table *models, const struct gen_options *options, struct gen **ret_gen);
/* From now on the models follow the live registry. */
int gen_follow(struct gen *gen, const struct gen_registry *registry);
void gen_destroy(struct gen *gen); /* NULL is fine; no events any more */
void gen_set_events(struct gen *gen, const struct gen_events *events, void *arg);
/* Stops submitting; calls done (from the loop) when no POST is in flight any more, at once where none is. */
void gen_stop(struct gen *gen, void (*done)(void *arg), void *arg);
/* The key or the network may be better now: tries again what had stopped for it. */
void gen_retry(struct gen *gen);
/* A callback with this word (fs/net/hook.h) has come: its job is asked for now. False: nobody waits for it. */
bool gen_called_back(struct gen *gen, const char *token);
/* `echo submit > X.status`: sends the prompt (again). -EINVAL: nothing in it to send, or on its way already. */
int gen_submit(struct gen *gen, uint64_t prompt_ino);
/* .weryaifs/balance: asks the service, unless it said so less than 30 s ago and nothing was sent since. done runs once,
 * from the loop, with 0 or a negative errno (-EKEYREJECTED: the API key is not right); not after gen_balance_cancel(). */
struct gen_balance;
int gen_balance(struct gen *gen, void (*done)(void *arg, int result, double credits), void *arg,
	struct gen_balance **ret_balance);
void gen_balance_cancel(struct gen_balance *balance); /* NULL is fine */
/* For fs/mount, which has no nodes: status_format() and status_wait_text() of a prompt by its number (-ENOENT: it is
 * gone), and the users' side of the results. */
int gen_status_text(struct gen *gen, uint64_t prompt_ino, char **ret_text, size_t *ret_length);
int gen_wait_text(struct gen *gen, uint64_t prompt_ino, char **ret_text, size_t *ret_length);
struct results *gen_results(struct gen *gen);
/* The text of DIRECTORY/.model; the number is the directory's or the text's own. Caller frees. */
int gen_model_text(struct gen *gen, uint64_t ino, char **ret_text, size_t *ret_length);
/* The models in force, for directories and .weryaifs/models.json. */
const struct model_table *gen_models(const struct gen *gen);
