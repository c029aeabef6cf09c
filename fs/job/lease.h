/* SPDX-License-Identifier: MIT */
#pragma once
/* lease: names promised to the kernel. It may keep the name of a result for a moment without asking again; until that is
 * over no other result may take the name by itself.
 *
 * Who answers the kernel takes a lease of the directory (lease_give_ms()); who publishes results waits until it has run
 * out (lease_left_ms()). While something goes on in a directory no lease of it is given: a prompt that somebody writes
 * there right now has to settle first, and one that is submitted by hand and finished at once waits. In memory alone: the
 * kernel forgets with the mount. */
#include <stdbool.h>
#include <stdint.h>

struct leases;
struct store;

/* The store is borrowed. A lease is never longer than `settle_ms`, nor than a second. */
int leases_create(struct store *store, int64_t settle_ms, struct leases **ret_leases);
void leases_destroy(struct leases *leases); /* NULL is fine */
/* The mount is older than we: a directory was given this before (monotonic milliseconds). 0: each one was. -ENOMEM. */
int lease_given_before(struct leases *leases, int64_t dir, int64_t until_ms);
/* For so many milliseconds from now no result of this directory gets another name by itself. 0: it may at any time. */
int64_t lease_give_ms(struct leases *leases, int64_t dir);
/* Milliseconds until that has run out, also for a kernel that heard of it late; 0: it has. */
int64_t lease_left_ms(struct leases *leases, int64_t dir);
/* The kernel is to forget that this file has the name that it knows it by: who is asked for it by number says so (-ESTALE). Until
 * lease_forgotten(). -ENOMEM. */
int lease_drop(struct leases *leases, int64_t ino);
bool lease_is_dropped(const struct leases *leases, int64_t ino);
bool lease_forgotten(struct leases *leases, int64_t ino); /* was it one? */
/* Something is moved from one directory to the other: what was promised of its name moves, too. -ENOMEM. */
int lease_moved(struct leases *leases, int64_t old_dir, int64_t dir);
