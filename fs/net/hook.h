/* SPDX-License-Identifier: MIT */
#pragma once
/* hook: takes the service's callbacks on a socket of its own: HTTP/1.1, POST alone, and of each request nothing but the
 * value of one word of its query. What a callback says is not read, since anybody may send one (API reference 8): it is a
 * hint to look.
 *
 * Thread: loop thread only. Limits: HOOK_CONNECTIONS at once, of which the oldest gives way to a new one; heads of 8 KiB
 * within 10 s; bodies of 1 MiB within 2 s, which are dropped; four looks a token in two seconds, HOOK_BURST looks at once and then
 * HOOK_RATE a second for all, since each of them is a request to the service: 429 beyond. No connection is taken while there are no
 * descriptors for it. */
#include "fs/base/loop.h"

#define HOOK_CONNECTIONS 16
#define HOOK_BURST 40
#define HOOK_RATE 5
#define HOOK_TOKEN 16 /* letters of a token: lower-case hex */
#define HOOK_WORD "weryaifs"

struct hook;

/* `listen`: "127.0.0.1:8080", "[::1]:8080". called(arg, token) for each good request; true: somebody knows the token.
 * -EINVAL: no such address; else the errors of socket(2), bind(2), listen(2). */
int hook_create(struct loop *loop, const char *listen, bool (*called)(void *arg, const char *token),
	void *arg, struct hook **ret_hook);
void hook_destroy(struct hook *hook); /* NULL is fine */
