/* SPDX-License-Identifier: MIT */
#include "fs/tree/status_size.h"

#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"

#define SIZES 1024 /* a power of two; a listing is read in pieces of some hundred names */

struct status_sizes {
	struct changes_listener listener;
	uint64_t changes; /* that were told of: of what is in no row */
	struct size {
		int64_t ino, job, state; /* of the ledger (store_state()) */
		uint64_t changes;
		size_t length;
	} recent[SIZES]; /* by inode */
};

static void something_changed(void *arg)
{
	struct status_sizes *sizes = arg;

	sizes->changes++;
}

struct status_sizes *status_sizes_create(const struct tree_needs *needs)
{
	static const struct changes_events events = {.anything = something_changed};
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
	free(sizes);
}

/* Its text is in rows alone, and says no time that goes on. */
static bool has_ended(const struct tree *tree, const struct node *prompt)
{
	return prompt->job != 0 && prompt->draft == DRAFT_NONE && job_table_find(tree->needs.jobs, prompt->job) == NULL;
}

int status_size(struct tree *tree, const struct node *prompt, size_t *ret_length)
{
	struct status_sizes *sizes = tree->sizes;
	struct size *size = &sizes->recent[(uint64_t)prompt->ino & (SIZES - 1)];
	CLEANUP_FREE char *text = NULL;
	int64_t state = store_state(tree->needs.store);

	if (size->ino == prompt->ino && size->job == prompt->job && size->state == state && state >= 0 &&
		size->changes == sizes->changes && has_ended(tree, prompt)) {
		*ret_length = size->length;
		return 0;
	}
	int r = status_format(tree, prompt, &text, ret_length);
	if (r == 0)
		*size = (struct size){prompt->ino, prompt->job, state, sizes->changes, *ret_length};
	return r;
}
