/* SPDX-License-Identifier: MIT */
#pragma once
/* remember: what the jobs of an account from an older version were asked for, read from the texts and requests that were kept, so
 * that nothing of it is bought again (design 1.3b). Once, at the first mount; all of it or nothing. */

struct model_table;
struct store;

int remember_wishes(struct store *store, const struct model_table *models);
