/* SPDX-License-Identifier: MIT */
#pragma once
/* layers: every layer of the daemon, made bottom-up from the settings and taken down top-down. */
#include "fs/account/account.h"
#include "fs/mount/session.h"
#include "fs/setup.h"

struct loop;

struct layers {
	struct loop *loop; /* borrowed, outlives the layers */
	struct sandbox_child *sandbox;
	struct http *http;     /* for results */
	struct http *api_http; /* for the API alone: a submission never waits for a download's connection */
	struct trace *trace; /* NULL none */
	struct api_client *api;
	struct worker *worker;
	struct worker *disk_worker; /* for the cache alone, whose disk may not answer */
	struct worker *copy_worker; /* of the day's copy */
	struct store *store;
	struct ledger_copy *copy; /* NULL in a sandbox */
	struct tidy *tidy;
	struct account *account;
	struct model_registry registry; /* of the account */
	struct session *session;
	struct hook *hook;
	struct kept *kept; /* borrowed; NULL: no keeper */
	char *mountpoint;  /* absolute, for paths that are pasted into prompts; NULL unknown */
	char *place;	   /* where to mount, looked at; NULL: there is a mount already */
};

/* Mounts at its end. `quiet`: nothing that stays may hold our standard error. The settings are borrowed.
 * On an error, of which *ret_message (caller frees) may have a sentence, *ret_layers is to be closed too. */
int layers_open(struct loop *loop, const struct setup *setup, struct kept *kept, bool quiet,
	const struct session_events *events, void *arg, struct layers *ret_layers,
	char **ret_message);
/* The way to the service alone, on layers->loop; to be closed as well. */
int layers_open_api(struct layers *layers, const struct setup *setup);
/* Where an account's state and cache are; the caller frees both. -ENOENT: no home directory is known. */
int layers_directories(const struct config *config, char **ret_state, char **ret_cache);
/* Also legal on zeroed memory. Waits for the disk. */
void layers_close(struct layers *layers);
/* Another daemon goes on with the mount: nothing is answered or unmounted, and memory is left to the end of the process.
 * Waits for the disk. */
void layers_leave(struct layers *layers);
