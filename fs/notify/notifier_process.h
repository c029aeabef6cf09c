/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier_process: the life of the notifier's child (notifier_child.h): started, heard, mourned, started again.
 * What it is told, and what its answers mean, is the notifier's. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct notifier_needs;
struct notifier_process;

struct notifier_process_events {
	void (*started)(
		void *arg); /* may be sent to from now on; may come from inside notifier_process_start() */
	/* One answer. False: no order was waiting for one; then the child is not to be trusted, and is killed. */
	bool (*answered)(void *arg, int result);
	void (*died)(void *arg); /* it is gone already, and the next one on its way */
};

/* Starts nothing yet. What `needs` names and `events` are borrowed. -ENOMEM. */
int notifier_process_create(const struct notifier_needs *needs, const struct notifier_process_events *events, void *arg,
	struct notifier_process **ret_process);
/* Where that fails it is tried again later, as after each death. */
void notifier_process_start(struct notifier_process *process);
/* No more of them, and nothing is told of any: it is killed, and reaped by notifier_process_destroy(). */
void notifier_process_stop(struct notifier_process *process);
void notifier_process_destroy(struct notifier_process *process); /* NULL is fine */

pid_t notifier_process_id(const struct notifier_process *process); /* 0: there is none */
/* One order. Never blocks. -EPIPE, -ECONNRESET, -ENOTCONN: it has died, which will be told. */
int notifier_process_send(struct notifier_process *process, const void *order, size_t length);
/* An order has succeeded: should the child die now, the next one is started without a delay for earlier deaths. */
void notifier_process_praise(struct notifier_process *process);
