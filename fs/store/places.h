/* SPDX-License-Identifier: MIT */
#pragma once
/* places: where prompts are or were, as rows (design 1.3b). A place is a directory's path and a stem ("/FLUX/posters/fox"). It
 * moves with renames inside a model, and outlives the prompt and the directory: what is put back there finds
 * what was sent from there. One that another place was moved onto is displaced: it has no path any more, but the ledger
 * remembers which it had.
 *
 * Invariant: of the places that are not displaced, each path is that of one. Paths begin with '/', have no '/' at their
 * end and no ".txt"; they are bytes. Changes run inside the caller's transaction. */
#include <stdbool.h>
#include <stdint.h>

struct store;

/* The place that has this path: -ENOENT none. *ret_job: what it asked for last of what was sent; 0 nothing. */
int places_find(struct store *store, const char *path, int64_t *ret_id, int64_t *ret_job);
/* The same, made where there is none. */
int places_need(struct store *store, const char *path, int64_t *ret_id);
/* The place, if there is one, is at `path` from now on; what was there is displaced. */
int places_move(struct store *store, const char *old_path, const char *path);
/* The same for all places below a directory, and for what was below the directory's new path. */
int places_move_below(struct store *store, const char *old_dir, const char *dir);
/* Two places, or what is below two directories, change their paths. */
int places_exchange(struct store *store, const char *path, const char *other);
int places_exchange_below(struct store *store, const char *dir, const char *other);
/* The place, if nothing was ever asked for there that the ledger still knows of, is forgotten. */
int places_drop_unused(struct store *store, int64_t id);
