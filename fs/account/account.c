/* SPDX-License-Identifier: MIT */
#include "fs/account/account.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/buf.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/queue/credits.h"
#include "fs/model/describe.h"
#include "fs/tree/draft.h"
#include "fs/account/account_private.h"
#include "fs/account/model_refresh.h"
#include "fs/input/liveness.h"
#include "fs/queue/queue.h"
#include "fs/fetch/fetch.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"
#include "fs/input/upload.h"
#include "fs/input/inputs.h"
#include "fs/store/cache.h"

#define BALANCE_FRESH_MS 30000

static int add_dir(
	struct gen *gen, int64_t ino, int64_t parent, const char *name, enum node_kind kind)
{
	struct node node = {.ino = ino,
		.parent = parent,
		.kind = kind,
		.mode = S_IFDIR | 0755,
		.uid = gen->options.uid,
		.gid = gen->options.gid};

	node.atime = node.mtime = node.ctime = clock_wall_ns();
	node.name_length = strlen(name);
	memcpy(node.name, name, node.name_length + 1);
	return nodes_add(gen->store, &node);
}

static int ensure_dir(
	struct gen *gen, int64_t ino, int64_t parent, const char *name, enum node_kind kind)
{
	struct node node;
	int r = ino != 0 ? nodes_get(gen->store, ino, &node)
			 : nodes_find(gen->store, parent, name, &node);

	return r == -ENOENT ? add_dir(gen, ino, parent, name, kind) : r;
}

/* The fixed directories and one for each model; those of models that are gone stay (tree.c hides empty ones). */
int gen_plant(struct gen *gen)
{
	int r = store_begin(gen->store, false);

	if (r == 0)
		r = ensure_dir(gen, TREE_ROOT, 0, "", NODE_DIR);
	if (r == 0)
		r = ensure_dir(gen, TREE_ABOUT, TREE_ROOT, ".weryaifs", NODE_DIR);
	if (r == 0)
		r = ensure_dir(gen, TREE_LOST, TREE_ABOUT, "lost+found", NODE_DIR);
	for (size_t i = 0; i < model_table_count(gen->models) && r == 0; i++)
		r = ensure_dir(gen, 0, TREE_ROOT, model_table_at(gen->models, i)->dir, NODE_MODEL);
	return store_end(gen->store, r);
}

static int note_nameless(void *arg, const struct node *node)
{
	return ids_add(arg, node->ino);
}

/* What the last mount had removed while it was still in use. */
static int sweep(struct gen *gen)
{
	struct ids nameless = {0};
	int r = nodes_list_nameless(gen->store, note_nameless, &nameless);

	for (size_t i = 0; i < nameless.count && r == 0; i++) {
		r = map_put(gen->nameless, (uint64_t)nameless.items[i], gen);
		if (r == 0)
			tree_forget(gen, (uint64_t)nameless.items[i]);
	}
	ids_finish(&nameless);
	return r < 0 ? r : store_data_sweep(gen->store);
}

int gen_create(struct loop *loop, struct store *store, struct http *http, struct api_client *api,
	const struct model_table *models, const struct gen_options *options, struct gen **ret_gen)
{
	struct gen *gen = calloc(1, sizeof(*gen));
	int r;

	if (gen == NULL)
		return -ENOMEM;
	gen->loop = loop;
	gen->store = store;
	gen->http = http;
	gen->api = api;
	gen->models = models;
	gen->options = *options;
	gen->started = clock_mono_ms();
	list_init(&gen->watches);
	list_init(&gen->changed);
	gen->nameless = map_create();
	gen->promised = map_create();
	r = gen->nameless == NULL || gen->promised == NULL ? -ENOMEM : credits_create(gen, &gen->credits);
	if (r == 0)
		r = drafts_create(gen, &gen->drafts);
	if (r == 0)
		r = queue_create(gen, &gen->queue);
	if (r == 0)
		r = results_create(gen, &gen->results);
	if (r == 0)
		r = uploads_create(gen, &gen->uploads);
	if (r == 0)
		r = probes_create(gen, &gen->probes);
	if (r == 0)
		r = waiting_create(gen, &gen->waiting);
	if (r == 0)
		r = gen_plant(gen);
	if (r == 0)
		r = sweep(gen);
	if (r == 0)
		r = queue_resume(gen->queue);
	if (r == 0)
		r = drafts_resume(gen->drafts);
	if (r < 0) {
		gen_destroy(gen);
		return r;
	}
	*ret_gen = gen;
	return 0;
}

void gen_destroy(struct gen *gen)
{
	if (gen == NULL)
		return;
	results_destroy(gen->results);
	live_destroy(gen->live);
	queue_destroy(gen->queue);
	waiting_destroy(gen->waiting);
	gen->waiting = NULL;
	probes_destroy(gen->probes);
	uploads_destroy(gen->uploads);
	drafts_destroy(gen->drafts);
	credits_destroy(gen->credits);
	status_drop_changes(gen);
	map_destroy(gen->nameless);
	map_destroy(gen->promised);
	free(gen);
}

int gen_follow(struct gen *gen, const struct gen_registry *registry)
{
	return live_create(gen, registry, &gen->live);
}

void gen_set_events(struct gen *gen, const struct gen_events *events, void *arg)
{
	gen->events = *events;
	gen->events_arg = arg;
}

void gen_stop(struct gen *gen, void (*done)(void *arg), void *arg)
{
	queue_stop(gen->queue, done, arg);
}

void gen_retry(struct gen *gen)
{
	queue_retry(gen->queue);
	uploads_retry(gen->uploads);
}

bool gen_called_back(struct gen *gen, const char *token)
{
	return queue_called_back(gen->queue, token);
}

const struct model_table *gen_models(const struct gen *gen)
{
	return gen->models;
}

int gen_submit(struct gen *gen, uint64_t prompt_ino)
{
	struct node node;
	int r = nodes_get(gen->store, TREE_NODE(prompt_ino), &node);

	if (r == 0 && !tree_is_prompt(&node))
		r = -EINVAL;
	if (r < 0)
		return r;
	uploads_retry(gen->uploads);
	/* what is settled here and now may turn out to be on its way already: one more of it was not asked for */
	if (node.draft != DRAFT_NONE) {
		r = draft_submit(gen->drafts, node.ino, false);
		if (r == 0)
			r = nodes_get(gen->store, node.ino, &node);
		if (r < 0)
			return r;
	}
	if (node.job != 0) {
		r = queue_release(gen->queue, node.job);
		/* what was made and paid for is not made once more */
		if (r == -ENOENT)
			r = queue_fetch_again(gen->queue, node.job);
		if (r != -ENOENT)
			return r;
	}
	r = draft_submit(gen->drafts, node.ino, true);
	if (r == 0)
		queue_go_on(gen->queue);
	return r;
}

struct gen_balance {
	void (*done)(void *arg, int result, double credits);
	void *arg;
	struct gen *gen;       /* borrowed */
	struct api_call *call; /* owned; NULL: it is known, and told from the loop */
	uint64_t mark;
	double known;
};

static void tell_known(void *arg)
{
	struct gen_balance *balance = arg;

	balance->done(balance->arg, 0, balance->known);
	free(balance);
}

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct gen_balance *balance = arg;

	if (answer->result == 0)
		credits_heard(balance->gen->credits, answer->credits, balance->mark);
	else
		log_warning("balance: %s", answer->error.text[0] != '\0'
						   ? answer->error.text
						   : strerror(-answer->result));
	balance->done(balance->arg,
		answer->result < 0 && answer->error.class == ERRCLASS_AUTH ? -EKEYREJECTED
									   : answer->result,
		answer->credits);
	free(balance);
}

int gen_balance(struct gen *gen, void (*done)(void *arg, int result, double credits), void *arg,
	struct gen_balance **ret_balance)
{
	struct gen_balance *balance = calloc(1, sizeof(*balance));

	if (balance == NULL)
		return -ENOMEM;
	balance->done = done;
	balance->arg = arg;
	balance->gen = gen;
	balance->mark = credits_mark(gen->credits);
	int64_t when;
	bool fresh = credits_before(gen->credits, &balance->known, &when) &&
		     clock_wall_ms() - when < BALANCE_FRESH_MS;
	int r = fresh ? loop_defer(gen->loop, tell_known, balance)
		      : api_balance(gen->api, on_balance, balance, &balance->call);
	if (r < 0) {
		free(balance);
		return r;
	}
	*ret_balance = balance;
	return 0;
}

void gen_balance_cancel(struct gen_balance *balance)
{
	if (balance == NULL)
		return;
	api_cancel(balance->call);
	loop_defer_cancel(balance->gen->loop, tell_known, balance);
	free(balance);
}

static int find_node(struct gen *gen, uint64_t ino, struct node *node)
{
	return nodes_get(gen->store, TREE_NODE(ino), node);
}

int gen_status_text(struct gen *gen, uint64_t prompt_ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = find_node(gen, prompt_ino, &node);

	return r < 0 ? r : status_format(gen, &node, ret_text, ret_length);
}

int gen_wait_text(struct gen *gen, uint64_t prompt_ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = find_node(gen, prompt_ino, &node);

	if (r == 0 && !tree_is_prompt(&node))
		r = -EIO; /* removed, or no prompt any more: there is no end to wait for */
	return r < 0 ? r : status_wait_text(gen, &node, ret_text, ret_length);
}

int gen_model_text(struct gen *gen, uint64_t ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = find_node(gen, ino, &node);

	if (r == 0)
		r = describe_model(node.name, model_table_find(gen->models, node.name), ret_text);
	if (r == 0)
		*ret_length = strlen(*ret_text);
	return r;
}

struct results *gen_results(struct gen *gen)
{
	return gen->results;
}
