/* SPDX-License-Identifier: MIT */
#pragma once
/* bring_back: a job that is asked for again shows its results again (design 1.3b). */
#include <stdint.h>

struct node;
struct store;

/* Inside the caller's transaction: prepares what publish_results() and the fetching of first bytes do then. Results in lost+found
 * and backups of this place get their names back; where all of them were removed, all come back from the service; what was
 * moved stays where it is, and what was culled from a set stays away. `dir` and `stem`: of the prompt. */
int bring_back(struct store *store, int64_t job, int64_t dir, const char *stem);
/* How long to wait before: where all results would come back, something else may be bringing them as files right now, which
 * are known for what they are when the directory has been quiet for `settle_ms` (twin.h). */
int bring_back_wait_ms(
	struct store *store, int64_t job, const struct node *prompt, int64_t settle_ms, int64_t *ret_wait);
