/* SPDX-License-Identifier: MIT */
#pragma once
/* list: an intrusive circular doubly linked list. The head is a struct list of its own; members say
 * which link they are: `struct list waiters; // waiter.link`. Nothing here allocates. */
#include <stdbool.h>
#include <stddef.h>

#include "fs/base/cleanup.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/* In front of `at`; with `at` the head: at the end. */
static inline void list_add_before(struct list *at, struct list *item)
{
	item->prev = at->prev;
	item->next = at;
	at->prev->next = item;
	at->prev = item;
}

#define list_append(head, item) list_add_before((head), (item))

/* Also legal on an initialised link that is in no list. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_entry(link, type, member) container_of(link, type, member)

/* The loop body may remove `pos` itself, nothing else. */
#define list_for_each_safe(pos, after, head)                                                       \
	for ((pos) = (head)->next, (after) = (pos)->next; (pos) != (head);                         \
		(pos) = (after), (after) = (pos)->next)
#define list_for_each(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
