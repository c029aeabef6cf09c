/* SPDX-License-Identifier: MIT */
#pragma once
/* uploads: which contents the service has already, and where, as rows: an upload is a limited resource (API reference
 * 3.9: 1015), so no content is sent twice. Errors: those of store.h. */
#include <stdint.h>

struct store;

/* -ENOENT: not uploaded yet. *ret_when: wall-clock milliseconds. The caller frees the address. */
int uploads_get(struct store *store, const char *hash, char **ret_url, int64_t *ret_when);
/* Inside the caller's transaction; takes the place of an older address. */
int uploads_set(struct store *store, const char *hash, const char *url, int64_t when);
/* Inside the caller's transaction: the address is dead. */
int uploads_remove(struct store *store, const char *hash);
