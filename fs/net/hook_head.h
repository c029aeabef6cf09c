/* SPDX-License-Identifier: MIT */
#pragma once
/* hook_head: what of a callback's request is read: its method, and one word of the query in its first line. Pure. Input is
 * hostile. */
#include <stddef.h>

#include "fs/net/hook.h"

/* `head`: of `length` bytes, as they came, up to the empty line. The HTTP status to answer with: 200 with a token that
 * has the form of ours, 404 without one, 405 it is no POST, 400 it is no HTTP/1 request. */
int hook_head_read(const char *head, size_t length, char ret_token[HOOK_TOKEN + 1]);
