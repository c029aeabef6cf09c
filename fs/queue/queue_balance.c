/* SPDX-License-Identifier: MIT */
/* What the balance means for a queue that is paused for want of credits. */
#include "fs/queue/queue_private.h"

#include <math.h>

#include "fs/base/log.h"
#include "fs/queue/credits.h"

/* often while somebody may be buying some, then seldom */
#define BALANCE_SOON_MS 10000
#define BALANCE_LATE_MS 60000
#define BALANCE_SOON_COUNT 30

void queue_on_balance(void *arg, double balance)
{
	struct queue *queue = arg;

	if (queue->pause != QUEUE_PAUSED_CREDITS)
		return;
	if (isnan(queue->pause_balance)) {
		queue->pause_balance = balance;
	} else if (balance > queue->pause_balance) {
		log_info("queue: the balance has risen to %g credits: goes on", balance);
		queue_clear_pause(queue);
		queue_wake(queue);
	}
}

void queue_watch_balance(struct queue *queue, int64_t now, int64_t *wake)
{
	if (queue->pause != QUEUE_PAUSED_CREDITS || queue->stopping)
		return;
	if (queue->balance_next <= now) {
		queue->balance_next =
			now + (queue->balance_count++ < BALANCE_SOON_COUNT ? BALANCE_SOON_MS
									   : BALANCE_LATE_MS);
		credits_ask(queue->needs.credits);
	}
	if (queue->balance_next < *wake)
		*wake = queue->balance_next;
}
