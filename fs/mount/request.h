/* SPDX-License-Identifier: MIT */
#pragma once
/* request: the kernel's request that is being dealt with, as it came (linux/fuse.h), beside what libfuse makes of it. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct session;

/* Receives and deals with one request: 1, 0 when there is none, or a negative errno when there will be none any more. */
int request_serve(struct session *session);
/* Before the first one: those that the last daemon has read and not answered. -EPROTO: libfuse does not want to. */
int request_serve_left(struct session *session);

uint64_t request_unique(const struct session *session); /* 0: none */
pid_t request_thread(const struct session *session); /* who asks; 0: not known */
/* It was read by the last daemon, which died before it wrote the answer, or just after. */
bool request_comes_again(const struct session *session);
/* It comes again, and what it changes has been changed: only the answer is missing. */
bool request_was_done(const struct session *session);
/* Its answer is to be written later: a copy of it for the next daemon. Errors of carried_park(). */
int request_park(struct session *session, uint32_t *ret_place);
uint64_t request_poller(const struct session *session); /* of a POLL */
