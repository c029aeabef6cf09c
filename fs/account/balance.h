/* SPDX-License-Identifier: MIT */
#pragma once
/* balance: the answer to who reads .weryaifs/balance: asks the service, unless it said so less than 2 s ago and nothing
 * was sent since. */
#include <stdint.h>

struct api_client;
struct balance; /* one question */
struct credits;
struct loop;

struct balance_needs { /* all borrowed */
	struct loop *loop;
	struct api_client *api;
	struct credits *credits;
};

/* `needs` is borrowed. done runs once, from the loop, with 0 or a negative errno (-EKEYREJECTED: the API key is not
 * right); not after balance_cancel(). */
int balance_ask(const struct balance_needs *needs, void (*done)(void *arg, int result, double credits),
	void *arg, struct balance **ret_balance);
void balance_cancel(struct balance *balance); /* NULL is fine */
