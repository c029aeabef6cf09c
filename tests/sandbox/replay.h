/* SPDX-License-Identifier: MIT */
#pragma once
/* replay: the answers of a trace (`-o trace=FILE`), given again in their order: a user's trouble without the user's key.
 * A request is known by its method and path; after the last answer for it that one is given again. Addresses in the
 * answers lead here. Where no body was kept it has the length that it had, and its first bytes.
 *
 * Threads: any; one private lock. */
#include "tests/sandbox/request.h"

struct replay;
/* file NULL: no replay, *ret is NULL. -1 after a message on standard error. */
int replay_create(const char *file, struct replay **ret);
void replay_destroy(struct replay *replay);
enum MHD_Result replay_handle(struct request *request);
