/* SPDX-License-Identifier: MIT */
#include "fs/notify/told.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/region.h"

#define NOTES_AT (INT64_C(4) << 10)
#define OPEN_AT (INT64_C(96) << 20)
#define PROMPTS_AT (INT64_C(128) << 20)

struct told_head {
	uint64_t last_order;
	uint32_t notes; /* so many places were ever in use */
	uint32_t open;
	int32_t child;
};

struct told_prompt {
	uint32_t status;
	uint32_t open; /* its place among the open ones, from 1 on */
};

_Static_assert(sizeof(struct told_head) <= NOTES_AT, "head");
_Static_assert(NOTES_AT + sizeof(struct told_note) * TOLD_NOTES <= OPEN_AT, "notes");
_Static_assert(OPEN_AT + sizeof(uint64_t) * TOLD_OPEN <= PROMPTS_AT, "open");
_Static_assert(PROMPTS_AT + sizeof(struct told_prompt) * (uint64_t)TOLD_PROMPTS <= TOLD_SIZE, "prompts");

struct told {
	struct told_head *head; /* the memory */
	int *free_places;	/* owned */
	size_t free_count;
};

static struct told_note *note_at(const struct told *told, int place)
{
	return (struct told_note *)((char *)told->head + NOTES_AT) + place;
}

static uint64_t *open_at(const struct told *told, uint32_t index)
{
	return (uint64_t *)((char *)told->head + OPEN_AT) + index;
}

/* NULL: beyond those that there is room for. */
static struct told_prompt *prompt_at(const struct told *told, uint64_t prompt)
{
	return prompt < TOLD_PROMPTS ? (struct told_prompt *)((char *)told->head + PROMPTS_AT) + prompt : NULL;
}

/* Contents first, then what makes them count. */
static void settle(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

static int find_free(struct told *told)
{
	if (told->head->notes > TOLD_NOTES || told->head->open > TOLD_OPEN)
		return -EPROTO;
	for (int place = (int)told->head->notes - 1; place >= 0; place--)
		if (note_at(told, place)->order == 0)
			told->free_places[told->free_count++] = place;
	return 0;
}

int told_create(int fd, off_t at, struct told **ret_told)
{
	struct told *told = calloc(1, sizeof(*told));
	void *memory = NULL;

	if (told == NULL)
		return -ENOMEM;
	told->free_places = calloc(TOLD_NOTES, sizeof(*told->free_places));
	int r = told->free_places == NULL ? -ENOMEM : region_create(fd, at, TOLD_SIZE, &memory);
	told->head = memory;
	if (r == 0)
		r = find_free(told);
	if (r < 0) {
		told_destroy(told);
		return r;
	}
	*ret_told = told;
	return 0;
}

void told_destroy(struct told *told)
{
	if (told == NULL)
		return;
	region_destroy(told->head, TOLD_SIZE);
	free(told->free_places);
	free(told);
}

/* --- announcements --- */

static int take_place(struct told *told)
{
	if (told->free_count > 0)
		return told->free_places[--told->free_count];
	return told->head->notes < TOLD_NOTES ? (int)told->head->notes++ : TOLD_NOWHERE;
}

int told_note(struct told *told, char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name)
{
	int place = take_place(told);

	if (place == TOLD_NOWHERE)
		return place;
	struct told_note *note = note_at(told, place);
	*note = (struct told_note){.kind = kind, .dir = dir, .ino = ino};
	snprintf(note->name, sizeof(note->name), "%s", name != NULL ? name : "");
	snprintf(note->new_name, sizeof(note->new_name), "%s", new_name != NULL ? new_name : "");
	settle();
	note->order = ++told->head->last_order;
	return place;
}

struct told_note *told_note_at(struct told *told, int place)
{
	return place == TOLD_NOWHERE ? NULL : note_at(told, place);
}

void told_note_free(struct told *told, int place)
{
	if (place == TOLD_NOWHERE)
		return;
	note_at(told, place)->order = 0;
	told->free_places[told->free_count++] = place;
}

struct left {
	uint64_t order;
	int place;
};

static int by_order(const void *one, const void *other)
{
	const struct left *a = one, *b = other;

	return a->order < b->order ? -1 : a->order > b->order;
}

int told_notes_left(struct told *told, int **ret_places, size_t *ret_count)
{
	size_t count = 0;
	struct left *left = calloc(told->head->notes + 1, sizeof(*left));
	int *places = calloc(told->head->notes + 1, sizeof(*places));

	if (left == NULL || places == NULL) {
		free(left);
		free(places);
		return -ENOMEM;
	}
	for (int place = 0; place < (int)told->head->notes; place++) {
		struct told_note *note = note_at(told, place);
		note->name[TOLD_NAME - 1] = note->new_name[TOLD_NAME - 1] = '\0';
		if (note->order != 0)
			left[count++] = (struct left){note->order, place};
	}
	qsort(left, count, sizeof(*left), by_order);
	for (size_t i = 0; i < count; i++)
		places[i] = left[i].place;
	free(left);
	*ret_places = places;
	*ret_count = count;
	return 0;
}

/* --- statuses --- */

uint32_t told_status(const struct told *told, uint64_t prompt)
{
	const struct told_prompt *at = prompt_at(told, prompt);

	return at != NULL ? at->status : 0;
}

void told_status_set(struct told *told, uint64_t prompt, uint32_t status)
{
	struct told_prompt *at = prompt_at(told, prompt);

	if (at != NULL)
		at->status = status;
}

/* A death in the midst of a change leaves one that is in the list twice, or says that it is there and is not. */
static bool is_open(const struct told *told, uint64_t prompt, const struct told_prompt *at)
{
	return at->open > 0 && at->open <= told->head->open && *open_at(told, at->open - 1) == prompt;
}

static void open_add(struct told *told, uint64_t prompt, struct told_prompt *at)
{
	struct told_head *head = told->head;

	if (head->open == TOLD_OPEN)
		return;
	*open_at(told, head->open) = prompt;
	at->open = head->open + 1;
	settle();
	head->open++;
}

/* The last one takes its place. */
static void open_remove(struct told *told, struct told_prompt *at)
{
	uint32_t place = at->open;
	uint64_t last = told_open_at(told, told->head->open - 1);
	struct told_prompt *moved = prompt_at(told, last);

	*open_at(told, place - 1) = last;
	if (moved != NULL)
		moved->open = place;
	settle();
	told->head->open--;
	at->open = 0;
}

void told_open_set(struct told *told, uint64_t prompt, bool open)
{
	struct told_prompt *at = prompt_at(told, prompt);

	if (at == NULL || is_open(told, prompt, at) == open)
		return;
	if (open)
		open_add(told, prompt, at);
	else
		open_remove(told, at);
}

size_t told_open_count(const struct told *told)
{
	return told->head->open;
}

uint64_t told_open_at(const struct told *told, size_t index)
{
	return *open_at(told, (uint32_t)index);
}

/* --- the child --- */

pid_t told_child(const struct told *told)
{
	return told->head->child;
}

void told_child_set(struct told *told, pid_t pid)
{
	told->head->child = pid;
}
