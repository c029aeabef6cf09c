/* SPDX-License-Identifier: MIT */
#pragma once
/* trust: may what this file says be believed? Its owner could have written anything into it, and so could everybody whom its
 * mode lets. */
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* We, or root. In a user namespace root may be mapped to nobody: then nobody, too. */
bool trust_owner(uid_t uid);
/* Others than its owner may write to it. Our own first group counts as ourselves, since many systems give each user one. */
bool trust_is_shared(const struct stat *st);
