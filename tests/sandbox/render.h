/* SPDX-License-Identifier: MIT */
#pragma once
/* render: the bytes of a task's results, drawn when first asked for and kept while there is room.
 *
 * The same (task, index, version) always gives the same bytes.
 *
 * Threads: any; one result is drawn at a time. */
#include "tests/sandbox/content.h"
#include "tests/sandbox/request.h"

struct render;
struct render *render_create(void);
void render_destroy(struct render *render);

/* A new reference, never NULL. */
struct blob *render_get(
	struct sandbox *sandbox, const struct task *task, unsigned index, uint64_t version);
