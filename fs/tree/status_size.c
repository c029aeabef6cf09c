/* SPDX-License-Identifier: MIT */
#include "fs/tree/status_size.h"

#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"

#define SIZES 1024 /* a power of two; a listing is read in pieces of some hundred names */
#define FRESH_MS 20 /* a text that says when it will be sent is true for so long: who lists a name looks it up, and opens it */

struct size {
	int64_t ino, job, state; /* of the ledger (store_state()) */
	uint64_t changes;
	int64_t made_ms; /* monotonic */
	size_t length;
};

struct status_sizes {
	struct changes_listener listener;
	uint64_t changes; /* that were told of: of what is in no row */
	struct size recent[SIZES]; /* by inode */
	struct size last;
	char *last_text; /* owned; NULL: none */
};

static void something_changed(void *arg)
{
	struct status_sizes *sizes = arg;

	sizes->changes++;
}

static void status_changed(void *arg, uint64_t prompt, bool by_itself)
{
	something_changed(arg);
}

struct status_sizes *status_sizes_create(const struct tree_needs *needs)
{
	static const struct changes_events events = {.anything = something_changed, .status = status_changed};
	struct status_sizes *sizes = calloc(1, sizeof(*sizes));

	if (sizes != NULL)
		changes_listen(needs->changes, &sizes->listener, &events, sizes);
	return sizes;
}

void status_sizes_destroy(struct status_sizes *sizes)
{
	if (sizes == NULL)
		return;
	changes_unlisten(&sizes->listener);
	free(sizes->last_text);
	free(sizes);
}

/* Its text is in rows alone, and says no time that goes on. */
static bool has_ended(const struct tree *tree, const struct node *prompt)
{
	return prompt->job != 0 && prompt->draft == DRAFT_NONE && job_table_find(tree->needs.jobs, prompt->job) == NULL;
}

static bool holds(const struct status_sizes *sizes, const struct size *size, const struct node *prompt, int64_t state)
{
	return size->ino == prompt->ino && size->job == prompt->job && size->state == state && state >= 0 &&
	       size->changes == sizes->changes;
}

static bool is_fresh(const struct size *size)
{
	return clock_mono_ms() - size->made_ms < FRESH_MS;
}

int status_size(struct tree *tree, const struct node *prompt, size_t *ret_length)
{
	struct status_sizes *sizes = tree->sizes;
	struct size *size = &sizes->recent[(uint64_t)prompt->ino & (SIZES - 1)];
	int64_t state = store_state(tree->needs.store);
	char *text;

	if (holds(sizes, size, prompt, state) && (is_fresh(size) || has_ended(tree, prompt))) {
		*ret_length = size->length;
		return 0;
	}
	int r = status_format(tree, prompt, &text, ret_length);
	if (r < 0)
		return r;
	*size = sizes->last = (struct size){prompt->ino, prompt->job, state, sizes->changes, clock_mono_ms(), *ret_length};
	free(sizes->last_text);
	sizes->last_text = text;
	return 0;
}

int status_opened(struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length)
{
	struct status_sizes *sizes = tree->sizes;

	if (sizes->last_text == NULL || !holds(sizes, &sizes->last, prompt, store_state(tree->needs.store)) || !is_fresh(&sizes->last))
		return status_format(tree, prompt, ret_text, ret_length);
	*ret_length = sizes->last.length;
	*ret_text = steal(&sizes->last_text);
	return 0;
}
