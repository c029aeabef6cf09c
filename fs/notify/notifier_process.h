/* SPDX-License-Identifier: MIT */
#pragma once
/* publisher_process: the life of the publisher's child (publisher_child.h): started, heard, mourned, started again.
 * What it is told, and what its answers mean, is the publisher's. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct loop;
struct publisher_process;

struct publisher_process_events {
	void (*started)(
		void *arg); /* may be sent to from now on; may come from inside publisher_process_start() */
	/* One int of its. False: none was awaited; it is out of its mind then, and is killed. */
	bool (*answered)(void *arg, int result);
	void (*died)(void *arg); /* it is gone already, and the next one on its way */
};

/* Starts nothing yet. `mountpoint` and `events` are borrowed. -ENOMEM. */
int publisher_process_create(struct loop *loop, const char *mountpoint,
	const struct publisher_process_events *events, void *arg,
	struct publisher_process **ret_process);
/* Where that fails it is tried again later, as after each death. */
void publisher_process_start(struct publisher_process *process);
/* No more of them, and nothing is told of any: it is killed, and reaped by publisher_process_destroy(). */
void publisher_process_stop(struct publisher_process *process);
void publisher_process_destroy(struct publisher_process *process); /* NULL is fine */

pid_t publisher_process_id(const struct publisher_process *process); /* 0: there is none */
/* One order. Never blocks. -EPIPE, -ECONNRESET, -ENOTCONN: it has died, which will be told. */
int publisher_process_send(struct publisher_process *process, const void *order, size_t length);
/* It does what it is for: the next death is a first one. */
void publisher_process_praise(struct publisher_process *process);
