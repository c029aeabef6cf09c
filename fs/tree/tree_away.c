/* SPDX-License-Identifier: MIT */
/* A prompt whose job was refused is sent again by each save, but not by a rename there and back (design 1.3). So the prompts with
 * such a job that have just left their place are remembered, in memory alone, for as long as a text settles. */
#include "fs/tree/tree_private.h"

#include "fs/base/clock.h"
#include "fs/job/bought.h"
#include "fs/job/writers.h"
#include "fs/store/wishes.h"

/* When its bytes were changed last; 0: not known. */
static int64_t changed_at(struct tree *tree, int64_t ino)
{
	struct stat st;

	return store_data_stat(tree->needs.store, ino, &st) < 0 ? 0 : clock_to_ns(&st.st_mtim);
}

static bool is_refused(struct tree *tree, int64_t job)
{
	struct wish_record wish;

	if (job == 0 || wishes_get(tree->needs.store, job, &wish) < 0)
		return false;
	bool refused = wish.state == JOB_FAILED && !bought_is_paid(wish.state, wish.has_task);
	wish_record_finish(&wish);
	return refused;
}

void tree_away_note(struct tree *tree, const struct node *node)
{
	if (node->draft != DRAFT_NONE || !is_refused(tree, node->job))
		return;
	tree->away[tree->away_next] = (struct tree_away){.ino = node->ino,
		.job = node->job,
		.changed = changed_at(tree, node->ino),
		.left = clock_mono_ms()};
	tree->away_next = (tree->away_next + 1) % TREE_AWAY;
}

bool tree_away_is_back(struct tree *tree, int64_t ino, int64_t job)
{
	for (size_t i = 0; i < TREE_AWAY && job != 0; i++) {
		const struct tree_away *away = &tree->away[i];
		if (away->ino == ino && away->job == job && away->changed != 0 &&
			away->changed == changed_at(tree, ino) &&
			clock_mono_ms() - away->left < tree->needs.settle_ms)
			return !writers_any(tree->needs.writers, ino);
	}
	return false;
}
