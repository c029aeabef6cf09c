/* SPDX-License-Identifier: MIT */
/* Small files wait for their turn where those before them fill the way: asked for at once they would come no sooner, but stand in the
 * queue in front of the link until that is full, and what is lost there is waited for by all. */
#include "fs/base/clock.h"
#include "fs/fetch/fetch_private.h"

/* Those before it may have come to a stop: a server that does not answer, or one without ranges, whose answer waits for its reader. */
#define TURN_MAX_MS 5000

static bool is_waiting(const struct fetch *fetch)
{
	return !list_empty(&fetch->turn);
}

bool fetch_waits_its_turn(struct fetch *fetch)
{
	struct route *route = fetch->route;

	if (fetch->had_turn || fetch->record.size > FETCH_SMALL || !list_empty(&fetch->transfers))
		return false;
	if (is_waiting(fetch))
		return true;
	/* nor before those who wait already, as long as something comes whose end lets them go on */
	if (!route_is_full(route) && (route->waiting == 0 || route->under_way <= route->own))
		return false;
	list_append(&fetch->fetches->turns, &fetch->turn);
	fetch->waits_for = route;
	fetch->waits_since_ms = clock_mono_ms();
	if (!loop_timer_armed(fetch->fetches->next_turn))
		loop_timer_arm(fetch->fetches->next_turn, TURN_MAX_MS);
	route->waiting++;
	return true;
}

void fetch_turn_over(struct fetch *fetch)
{
	if (!is_waiting(fetch))
		return;
	list_remove(&fetch->turn);
	if (fetch->waits_for->waiting > 0)
		fetch->waits_for->waiting--;
}

static struct fetch *find_next(const struct fetches *fetches)
{
	const struct list *item;
	int64_t now = clock_mono_ms();

	list_for_each(item, &fetches->turns)
	{
		struct fetch *fetch = list_entry(item, struct fetch, turn);
		if (!route_is_full(fetch->waits_for) || now - fetch->waits_since_ms >= TURN_MAX_MS)
			return fetch;
	}
	return NULL;
}

void fetch_next_turns(void *arg)
{
	struct fetches *fetches = arg;
	struct fetch *fetch;

	while ((fetch = find_next(fetches)) != NULL) {
		fetch_turn_over(fetch);
		fetch->had_turn = true;
		fetches->steps->retry(fetch);
	}
	if (!list_empty(&fetches->turns) && !loop_timer_armed(fetches->next_turn))
		loop_timer_arm(fetches->next_turn, TURN_MAX_MS);
}
