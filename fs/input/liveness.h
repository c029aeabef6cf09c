/* SPDX-License-Identifier: MIT */
#pragma once
/* probe: does an address still give its file? How long addresses live is not published (API reference 6), and a request
 * with a dead one is refused. Asks for one byte; what was found holds for some minutes. */
#include <stdint.h>

struct gen;
struct probes;

int probes_create(struct gen *gen, struct probes **ret_probes);
void probes_destroy(struct probes *probes); /* NULL is fine */
/* 1: it does, as far as can be told. 0: being asked; waiting_recheck() runs when it is known. -ESTALE: it does not.
 * -ENOMEM. job != 0: the task of that job is asked for a new address before -ESTALE is said, and its result rows may
 * change meanwhile. */
int probe_ask(struct probes *probes, const char *url, int64_t job);
