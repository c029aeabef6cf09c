/* SPDX-License-Identifier: MIT */
#pragma once
/* kept: the daemon's end of its keeper. The room has what the daemon and weryaifs-keeper both need, or leave to each other.
 *
 * What it is:   keeper.h is what both have agreed upon; carried.h the memory that one daemon leaves to the next; mountpoint.h
 *               looks at the place of a mount; library_log.h has libfuse's own words in our log. They do not call each
 *               other, but that kept looks whether the memory has our layout.
 * Invariants:   a mount without a keeper is the same without any of it: kept and carried are NULL, which every function takes.
 * States:       no mount yet; a mount that we go on with (kept_resumes()); ready; ending, or handing over.
 * Ownership:    descriptors at the numbers of keeper.h are the keeper's gift and ours to close; strings are borrowed.
 * Calls back:   hand_over, on the loop. Errors: -EPROTO: another version; -EPIPE: the keeper has gone; those of the calls. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kept;
struct loop;

/* Takes the descriptors that a keeper has left for us; *ret_kept is NULL where there is no keeper. Before anything else
 * is opened. -EPROTO: the keeper is of another version. */
int kept_create(struct kept **ret_kept);
/* Are we to show that we could go on with a mount, and nothing else? */
bool kept_proves(void);
/* The part of that which is about the keeper and what the last daemon leaves. `schema`: the newest version of an account's
 * database that we know. -EPROTO; -EOVERFLOW: the account's is newer. */
int kept_prove(int64_t schema);
void kept_destroy(struct kept *kept); /* NULL is fine, here and below */
/* The pipe to whoever waits in the foreground for the first daemon; -1: nobody does. */
int kept_tell_fd(void);
/* Was there a mount already at our start, that we go on with? */
bool kept_resumes(const struct kept *kept);
/* Is there one by now? */
bool kept_is_mounted(const struct kept *kept);
int kept_memory_fd(const struct kept *kept);
/* What the keeper may want, told from the loop. */
struct kept_orders {
	void (*hand_over)(void *arg); /* to end, so that the next daemon goes on */
	void (*end)(void *arg);	      /* to end, with the mount */
	unsigned (*running)(void *arg); /* to know how many jobs the service is at */
};

/* Signs of life from the loop, and an ear for the keeper's orders. */
int kept_start(struct kept *kept, struct loop *loop, const struct kept_orders *orders, void *arg);

/* The keeper mounts: the descriptor (ours) in *ret_fd. The reason is in words. -EINVAL, -EIO as in keeper_private.h. */
int kept_mount(struct kept *kept, const char *mountpoint, const char *options, int *ret_fd, char *reason, size_t size);
int kept_device_fd(const struct kept *kept); /* of a mount that we go on with */
/* The keeper unmounts; -EPIPE: it has gone. */
int kept_unmount(struct kept *kept);
/* The keeper starts the process that works on the mount (KEEPER_PUBLISHER), and ends the one before: *ret_socket is ours. */
int kept_start_publisher(struct kept *kept, pid_t *ret_pid, int *ret_socket);
void kept_opened(struct kept *kept, int64_t schema); /* the account; its database is of this version now */
void kept_answered(struct kept *kept); /* one more request */
void kept_is_ready(struct kept *kept); /* requests are dealt with from now on */
void kept_is_ending(struct kept *kept); /* on purpose: no other daemon follows */
void kept_hands_over(struct kept *kept); /* the next one goes on */
