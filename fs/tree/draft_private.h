/* SPDX-License-Identifier: MIT */
#pragma once
/* draft_private: what draft.c (when a text is examined) and draft_examine.c (what it means then) share. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/job/bought.h"

struct tree_needs;

struct draft_order {
	bool asked;  /* a person says `submit`: it is sent, whatever was bought before */
	bool copies; /* the names are quiet: a copy of another prompt is sent */
};

/* Makes the job that a prompt's text asks for, or finds the one that was bought; what cannot be sent becomes an INVALID one,
 * which says why. 0 also where there is nothing to do: it is no prompt any more, or says nothing. BOUGHT_SOON and BOUGHT_COPY:
 * nothing is decided yet, it is to be examined again. -EINVAL: a person submits nothing. */
int draft_examine(const struct tree_needs *needs, int64_t ino, const struct draft_order *order,
	struct bought *ret_bought);
