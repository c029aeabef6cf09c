/* SPDX-License-Identifier: MIT */
#include "fs/layers.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/worker.h"
#include "fs/account/account.h"
#include "fs/api/client.h"
#include "fs/api/trace.h"
#include "fs/confinement.h"
#include "fs/kept/carried.h"
#include "fs/kept/kept.h"
#include "fs/kept/mountpoint.h"
#include "fs/net/hook.h"
#include "fs/net/http.h"
#include "fs/paths.h"
#include "fs/refuse.h"
#include "fs/restart.h"
#include "fs/sandbox_child.h"
#include "fs/store/cache.h"
#include "fs/store/copy.h"
#include "fs/store/schema.h"
#include "fs/store/store.h"
#include "fs/store/tidy.h"

#define LOCK_MS 2000 /* for the end of the mount that was just unmounted */
#define LOCK_STEP_MS 20
#define DISK_END_MS 2000 /* for blocks on their way to the cache */
#define CONNECTIONS_PER_HOST 32 /* many small files far away, over HTTP/1.1; one file takes 16 */

int layers_open_api(struct layers *layers, const struct setup *setup)
{
	const struct config *config = &setup->config;
	const char *sandbox = layers->sandbox ? sandbox_child_url(layers->sandbox) : NULL;
	struct http_options http = {.user_agent = "weryaifs/" WERYAIFS_VERSION,
		.ca_file = config->ca_file,
		.proxy = config->proxy,
		.connect_timeout_ms = config->connect_timeout_ms,
		.max_connections_per_host = CONNECTIONS_PER_HOST};
	struct api_options api = {.base_url = sandbox ? sandbox : config->base_url,
		.models_base_url = sandbox ? sandbox : config->models_base_url,
		.request_timeout_ms = config->request_timeout_ms};
	int r = config->trace ? trace_open(config->trace, &layers->trace) : 0;

	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "main: the trace '%s'", config->trace);
		return r;
	}
	http.trace = layers->trace ? trace_write : NULL;
	http.trace_arg = layers->trace;
	/* the service is where the user says, whatever it says of the addresses of results is looked at */
	http.any_address = true;
	http.own_url = api.base_url;
	r = http_create(layers->loop, &http, &layers->api_http);
	http.any_address = false;
	http.own_url = NULL;
	http.trusts = layers->api_http;
	if (r == 0)
		r = http_create(layers->loop, &http, &layers->http);
	if (r == 0)
		r = api_create(layers->api_http, &api, &layers->api);
	if (r == 0)
		r = api_set_key(layers->api, sandbox ? SANDBOX_CHILD_KEY : setup->secret.key);
	return r;
}

int layers_directories(const struct config *config, char **ret_state, char **ret_cache)
{
	int r = 0;

	*ret_cache = NULL;
	*ret_state = paths_user("XDG_STATE_HOME", ".local/state", config->account);
	if (!*ret_state)
		return -errno;
	if (!config->cache_dir)
		*ret_cache = paths_user("XDG_CACHE_HOME", ".cache", config->account);
	else if (asprintf(ret_cache, "%s/%s", config->cache_dir, config->account) < 0)
		r = -(errno = ENOMEM);
	return r < 0 || !*ret_cache ? -errno : 0;
}

static int find_directories(
	struct layers *layers, const struct setup *setup, char **ret_state, char **ret_cache)
{
	if (!layers->sandbox)
		return layers_directories(&setup->config, ret_state, ret_cache);
	const char *directory = sandbox_child_directory(layers->sandbox);
	if (asprintf(ret_state, "%s/state", directory) < 0)
		*ret_state = NULL;
	if (asprintf(ret_cache, "%s/cache", directory) < 0)
		*ret_cache = NULL;
	return *ret_state && *ret_cache ? 0 : -ENOMEM;
}

/* Unmounting returns before its daemon has put all away: wait a little for the lock. */
static int open_store_patiently(
	struct layers *layers, const char *state, const char *cache, char **ret_message)
{
	int64_t deadline = clock_mono_ms() + LOCK_MS;

	for (;;) {
		int r = store_open(state, cache, &layers->store, ret_message);
		if (r != -EBUSY || clock_mono_ms() >= deadline)
			return r;
		free(steal(ret_message));
		poll(NULL, 0, LOCK_STEP_MS);
	}
}

static int open_store(struct layers *layers, const struct setup *setup, char **ret_message)
{
	CLEANUP_FREE char *state = NULL, *cache = NULL;
	const char *mountpoint = setup->options.mountpoint;
	int r = find_directories(layers, setup, &state, &cache);

	if (r == -ENOENT)
		return refuse(ret_message, r,
			"no home directory is known, so there is no place for the state; set $HOME "
			"or $XDG_STATE_HOME and $XDG_CACHE_HOME");
	if (r == 0)
		r = open_store_patiently(layers, state, cache, ret_message);
	if (r == 0)
		kept_opened(layers->kept, schema_version());
	/* a look at a mount that we go on with would wait for ourselves */
	if (r < 0 || kept_resumes(layers->kept))
		return r;
	/* Each look at them would be a request to ourselves. */
	const char *inside = paths_is_below(state, mountpoint)   ? state
			     : paths_is_below(cache, mountpoint) ? cache
								 : setup->secret.file;
	if (inside && paths_is_below(inside, mountpoint))
		return refuse(ret_message, -ELOOP,
			"%s would be hidden by a mount on '%s'; mount on an empty directory of its "
			"own",
			inside, mountpoint);
	return 0;
}

/* "ro" among the words for the kernel. */
static bool is_read_only(const char *words)
{
	while (words != NULL) {
		size_t length = strcspn(words, ",");
		if (length == 2 && memcmp(words, "ro", 2) == 0)
			return true;
		words = words[length] == ',' ? words + length + 1 : NULL;
	}
	return false;
}

/* Absolute, and without symlinks in front of its last name: a look at the mount itself would be a request to ourselves. */
static char *find_mountpoint(const char *typed)
{
	CLEANUP_FREE char *path = strdup(typed);
	char *absolute = NULL;
	size_t length = strlen(typed);

	while (path && length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path;
	if (!path || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NULL;
	if (slash)
		*slash = '\0';
	CLEANUP_FREE char *parent = realpath(!slash ? "." : slash == path ? "/" : path, NULL);
	if (!parent ||
		asprintf(&absolute, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name) < 0)
		return NULL;
	return absolute;
}

static int open_account(struct layers *layers, const struct setup *setup, char **ret_message)
{
	CLEANUP_FREE char *state = NULL, *cache = NULL;
	const struct config *config = &setup->config;

	layers->mountpoint = find_mountpoint(setup->options.mountpoint);
	struct account_options options = {.settle_ms = config->settle_ms,
		.settle_max_ms = config->settle_max_ms,
		.copies_ms = config->copies_after_ms,
		.ask_above = config->ask_above,
		.manual = config->manual,
		.read_only = is_read_only(setup->options.mount_options),
		.max_active = config->max_active,
		.submit_gap_ms = config->submit_gap_ms,
		.submit_gap_min_ms = config->submit_gap_min_ms,
		.submissions_per_day = config->submissions_per_day,
		.credits_per_day = config->credits_per_day,
		.allow_unknown = config->allow_unknown,
		.dry_run = config->dry_run,
		.first_poll_ms = config->first_poll_ms,
		.poll_interval_ms = config->poll_interval_ms,
		.slow_poll_interval_ms = config->slow_poll_interval_ms,
		.slow_poll_after_ms = config->slow_poll_after_ms,
		.stall_timeout_ms = config->stall_timeout_ms,
		.worker = layers->disk_worker,
		.embeds = config->embed,
		.sidecar = config->sidecar,
		.eager = config->results == CONFIG_EAGER,
		.brings_in = config->results == CONFIG_LAZY,
		.evicts = !config->keep,
		.along = config->results != CONFIG_LAZY_ONLY,
		.keep_after_ms = config->keep_after_ms,
		.cache = config->cache,
		.cache_size =
			(int64_t)(config->cache_size > INT64_MAX ? INT64_MAX : config->cache_size),
		.webhook_url = config->webhook_public_url,
		.mountpoint = layers->mountpoint,
		.resumes = kept_resumes(layers->kept),
		.events = {.kept = layers->kept != NULL,
			.resumes = kept_resumes(layers->kept),
			.fd = kept_memory_fd(layers->kept),
			.at = CARRIED_EVENTS_AT},
		.uid = config->uid >= 0 ? (uid_t)config->uid : getuid(),
		.gid = config->gid >= 0 ? (gid_t)config->gid : getgid()};

	int r = account_create(layers->loop, layers->store, layers->http, layers->api,
		setup->models, &options, &layers->account);
	if (r == 0 && config->models_refresh_ms != 0) {
		layers->registry = (struct model_registry){.builtin = &setup->catalogue,
			.params = setup->params,
			.param_count = setup->param_count,
			.refresh_ms = config->models_refresh_ms};
		r = account_follow(layers->account, &layers->registry);
	}
	if (r < 0 && find_directories(layers, setup, &state, &cache) == 0)
		return refuse(
			ret_message, r, "cannot take up what is in %s: %s", state, strerror(-r));
	return r;
}

/* Rules name directories, not paths: the next daemon has one for the new cache. */
static void replace_cache(void *arg)
{
	int r = restart_self();

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "main: without a cache: the keeper cannot be asked for another daemon");
}

/* What a confined daemon cannot do comes before: to take away a dead mount, and to make directories. */
static int enter_confinement(struct layers *layers, const struct setup *setup, char **ret_message)
{
	bool resumes = kept_resumes(layers->kept);
	int r = resumes ? 0 : mountpoint_prepare(setup->options.mountpoint, &layers->place, ret_message);

	if (r == 0 && !resumes)
		r = mountpoint_check_device(ret_message);
	if (r < 0)
		return r;
	if (layers->kept)
		store_on_cache_lost(layers->store, replace_cache, NULL);
	r = confinement_apply(setup, layers->kept != NULL, layers->store);
	if (r < 0)
		return refuse(ret_message, r, "the daemon cannot be confined (%s): see confine in weryaifs.conf(5)", strerror(-r));
	return 0;
}

static int open_session(struct layers *layers, const struct setup *setup,
	const struct session_events *events, void *arg, char **ret_message)
{
	const struct config *config = &setup->config;
	struct session_options options = {.mountpoint = layers->place ? layers->place : setup->options.mountpoint,
		/* in the mount table, so that a script can ask before it writes what would be charged */
		.source = setup->options.source ? setup->options.source
			  : layers->sandbox     ? "weryaifs-sandbox"
						: NULL,
		.mount_options = setup->options.mount_options,
		.allow_other = config->allow_other,
		.uid = config->uid,
		.gid = config->gid,
		.readme = !config->no_readme,
		.umask = config->umask,
		.worker = layers->worker,
		.kept = layers->kept,
		.debug = setup->options.debug};

	return session_create(layers->loop, layers->account, &options, events, arg,
		&layers->session, ret_message);
}

static bool handle_callback(void *arg, const char *token)
{
	return account_called_back(arg, token);
}

static int open_hook(struct layers *layers, const struct setup *setup, char **ret_message)
{
	const char *listen = setup->config.webhook_listen;

	if (!listen)
		return 0;
	int r = hook_create(layers->loop, listen, handle_callback, layers->account, &layers->hook);
	if (r < 0)
		return refuse(ret_message, r, "cannot listen on %s for callbacks: %s", listen,
			strerror(-r));
	return 0;
}

int layers_open(struct loop *loop, const struct setup *setup, struct kept *kept, bool quiet,
	const struct session_events *events, void *arg, struct layers *ret_layers,
	char **ret_message)
{
	struct layers *layers = ret_layers;
	int r = 0;

	*layers = (struct layers){.loop = loop, .kept = kept};
	if (setup->options.sandbox && kept)
		r = sandbox_child_adopt(&layers->sandbox);
	if (r == 0 && setup->options.sandbox && !layers->sandbox)
		r = sandbox_child_start(quiet, &layers->sandbox, ret_message);
	if (r == 0)
		r = layers_open_api(layers, setup);
	if (r == 0)
		r = open_store(layers, setup, ret_message);
	if (r == 0)
		r = enter_confinement(layers, setup, ret_message);
	if (r == 0)
		r = worker_create(loop, &layers->worker);
	if (r == 0)
		r = worker_create(loop, &layers->disk_worker);
	if (r == 0)
		r = worker_create(loop, &layers->copy_worker);
	if (r == 0)
		r = open_account(layers, setup, ret_message);
	if (r == 0 && !setup->options.sandbox)
		r = ledger_copy_create(loop, layers->copy_worker, layers->store, &layers->copy);
	if (r == 0)
		r = tidy_create(loop, layers->store, &layers->tidy);
	if (r == 0)
		r = open_hook(layers, setup, ret_message);
	if (r == 0)
		r = open_session(layers, setup, events, arg, ret_message);
	return r;
}

void layers_leave(struct layers *layers)
{
	session_leave(layers->session);
	ledger_copy_destroy(steal(&layers->copy));
	tidy_destroy(steal(&layers->tidy));
	worker_drain_for(layers->disk_worker, DISK_END_MS);
	if (layers->store) {
		cache_flush(layers->store);
		store_close(layers->store);
	}
	sandbox_child_leave(layers->sandbox);
}

void layers_close(struct layers *layers)
{
	session_destroy(layers->session);
	hook_destroy(layers->hook);
	account_destroy(layers->account);
	ledger_copy_destroy(layers->copy);
	tidy_destroy(layers->tidy);
	worker_destroy(layers->worker);
	worker_destroy(layers->disk_worker);
	worker_destroy(layers->copy_worker);
	if (layers->store) {
		int r = cache_sync_all(layers->store);
		if (r < 0)
			log_errno(LOG_LEVEL_WARNING, r, "main: the cache is not safe on disk");
	}
	store_close(layers->store);
	api_destroy(layers->api);
	http_destroy(layers->http);
	http_destroy(layers->api_http);
	trace_close(layers->trace);
	sandbox_child_stop(layers->sandbox);
	free(layers->mountpoint);
	free(layers->place);
	*layers = (struct layers){0};
}
