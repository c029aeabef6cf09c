/* SPDX-License-Identifier: MIT */
#include "fs/job/lease.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/store/nodes.h"

#define LEASE_MAX_MS 1000
#define LATE_MS 200 /* until the kernel has taken an answer */
#define STEP_MS 16

struct leases {
	struct store *store; /* borrowed */
	int64_t settle_ms;
	int64_t all_until_ms; /* of every directory */
	struct map *dropped; /* inode -> the map */
	struct map *until; /* directory -> the end of its lease, as set_until() writes it */
};

int leases_create(struct store *store, int64_t settle_ms, struct leases **ret_leases)
{
	struct leases *leases = calloc(1, sizeof(*leases));

	if (leases == NULL)
		return -ENOMEM;
	leases->store = store;
	leases->settle_ms = settle_ms;
	leases->until = map_create();
	leases->dropped = map_create();
	if (leases->until == NULL || leases->dropped == NULL) {
		leases_destroy(leases);
		return -ENOMEM;
	}
	*ret_leases = leases;
	return 0;
}

void leases_destroy(struct leases *leases)
{
	if (leases == NULL)
		return;
	map_destroy(leases->until);
	map_destroy(leases->dropped);
	free(leases);
}

int lease_drop(struct leases *leases, int64_t ino)
{
	return map_put(leases->dropped, (uint64_t)ino, leases->dropped);
}

bool lease_is_dropped(const struct leases *leases, int64_t ino)
{
	return map_get(leases->dropped, (uint64_t)ino) != NULL;
}

bool lease_forgotten(struct leases *leases, int64_t ino)
{
	return map_remove(leases->dropped, (uint64_t)ino) != NULL;
}

/* The map's values are pointers, which may have 32 bits: so they are steps of time, and never NULL. */
static int set_until(struct leases *leases, int64_t dir, int64_t until_ms)
{
	return map_put(leases->until, (uint64_t)dir, (void *)(uintptr_t)((until_ms + STEP_MS - 1) / STEP_MS));
}

static int64_t get_until(const struct leases *leases, int64_t dir)
{
	return (int64_t)(uintptr_t)map_get(leases->until, (uint64_t)dir) * STEP_MS;
}

int64_t lease_give_ms(struct leases *leases, int64_t dir)
{
	int64_t length = leases->settle_ms < LEASE_MAX_MS ? leases->settle_ms : LEASE_MAX_MS;
	bool busy = true;
	int r = nodes_is_busy(leases->store, dir, &busy);

	if (r < 0)
		log_errno(LOG_LEVEL_ERROR, r, "lease: what is going on in inode %" PRId64, dir);
	if (r < 0 || busy || length <= 0)
		return 0;
	return set_until(leases, dir, clock_mono_ms() + length) < 0 ? 0 : length;
}

int lease_given_before(struct leases *leases, int64_t dir, int64_t until_ms)
{
	if (until_ms > clock_mono_ms() + LEASE_MAX_MS)
		until_ms = clock_mono_ms() + LEASE_MAX_MS;
	if (dir != 0)
		return set_until(leases, dir, until_ms);
	leases->all_until_ms = until_ms;
	return 0;
}

int64_t lease_left_ms(struct leases *leases, int64_t dir)
{
	int64_t until = get_until(leases, dir);

	if (until < leases->all_until_ms)
		until = leases->all_until_ms;
	int64_t left = until + LATE_MS - clock_mono_ms();
	if (left > 0)
		return left;
	map_remove(leases->until, (uint64_t)dir);
	return 0;
}

int lease_moved(struct leases *leases, int64_t old_dir, int64_t dir)
{
	int64_t until = get_until(leases, old_dir);

	return until > get_until(leases, dir) ? set_until(leases, dir, until) : 0;
}
