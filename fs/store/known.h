/* SPDX-License-Identifier: MIT */
#pragma once
/* known: what the service said last of its models, as rows: the lists of the registry, text that is parsed anew as an answer
 * is, and refusals (fs/job/model_refusal.h). Errors: those of store.h. */
#include <stdint.h>

struct store;

/* -ENOENT: it never said anything. *ret_when: wall-clock milliseconds. The caller frees the text. */
int known_get(struct store *store, const char *kind, char **ret_text, int64_t *ret_when);
/* Inside the caller's transaction; takes the place of an older one. */
int known_set(struct store *store, const char *kind, const char *text, int64_t when);
int known_forget(struct store *store, const char *kind);
