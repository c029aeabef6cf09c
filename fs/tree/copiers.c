/* SPDX-License-Identifier: MIT */
#include "fs/tree/copiers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/clock.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt_name.h"

enum { PROGRAMS = 32, SHADOWS = 64, LIFE_MS = 5000, PAST_S = 2 };

struct shadow {
	uint64_t parent;
	pid_t pid;
	int64_t until; /* monotonic ms */
	char name[256];
};

struct program {
	pid_t pid;
	uint64_t dir;  /* that it has made; 0: it is known to copy, wherever it does */
	int64_t until; /* monotonic ms */
};

struct copiers {
	struct program programs[PROGRAMS];
	struct shadow shadows[SHADOWS];
	unsigned next_program, next_shadow;
};

int copiers_create(struct copiers **ret_copiers)
{
	*ret_copiers = calloc(1, sizeof(**ret_copiers));
	return *ret_copiers == NULL ? -ENOMEM : 0;
}

void copiers_destroy(struct copiers *copiers)
{
	free(copiers);
}

/* NULL: none is. */
static struct program *find_program(struct copiers *copiers, pid_t pid, uint64_t dir)
{
	for (unsigned i = 0; i < PROGRAMS; i++) {
		struct program *program = &copiers->programs[i];
		if (program->pid == pid && program->dir == dir && program->until > clock_mono_ms())
			return program;
	}
	return NULL;
}

static void note_program(struct copiers *copiers, pid_t pid, uint64_t dir)
{
	struct program *program = find_program(copiers, pid, dir);

	if (program == NULL) {
		program = &copiers->programs[copiers->next_program];
		copiers->next_program = (copiers->next_program + 1) % PROGRAMS;
	}
	*program = (struct program){pid, dir, clock_mono_ms() + LIFE_MS};
}

/* NULL: none of these. */
static const struct shadow *find(
	const struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	for (unsigned i = 0; i < SHADOWS; i++) {
		const struct shadow *shadow = &copiers->shadows[i];
		if (shadow->pid == pid && shadow->parent == parent &&
			shadow->until > clock_mono_ms() && strcmp(shadow->name, name) == 0)
			return shadow;
	}
	return NULL;
}

static void note_shadow(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	struct shadow *shadow = &copiers->shadows[copiers->next_shadow];

	copiers->next_shadow = (copiers->next_shadow + 1) % SHADOWS;
	shadow->parent = parent;
	shadow->pid = pid;
	shadow->until = clock_mono_ms() + LIFE_MS;
	snprintf(shadow->name, sizeof(shadow->name), "%.255s", name);
}

void copiers_made_dir(struct copiers *copiers, uint64_t dir, pid_t pid)
{
	note_program(copiers, pid, dir);
}

void copiers_made(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	char stem[256], status[256 + sizeof(PLACE_STATUS)];

	if (find_program(copiers, pid, parent) != NULL)
		note_program(copiers, pid, parent);
	if (!prompt_is_name(name))
		return;
	place_stem(name, stem);
	snprintf(status, sizeof(status), "%s" PLACE_STATUS, stem);
	if (strlen(status) < sizeof(stem))
		note_shadow(copiers, parent, status, pid);
}

void copiers_listed(struct copiers *copiers, uint64_t dir, pid_t pid)
{
	struct program *program = find_program(copiers, pid, dir);

	if (program != NULL)
		program->until = 0;
	for (unsigned i = 0; i < SHADOWS; i++)
		if (copiers->shadows[i].pid == pid && copiers->shadows[i].parent == dir)
			copiers->shadows[i].until = 0;
}

void copiers_removed(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	if (find(copiers, parent, name, pid) != NULL)
		note_program(copiers, pid, 0);
	note_shadow(copiers, parent, name, pid);
}

void copiers_dated(struct copiers *copiers, pid_t pid, const struct timespec *mtime)
{
	if (mtime->tv_sec < clock_wall().tv_sec - PAST_S)
		note_program(copiers, pid, 0);
}

bool copiers_hide(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	return (place_is_shadow_name(name) || place_has_suffix(name, PLACE_SIDECAR)) && find(copiers, parent, name, pid) != NULL &&
	       (find_program(copiers, pid, 0) != NULL ||
		       find_program(copiers, pid, parent) != NULL);
}

void copiers_brought(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid)
{
	for (unsigned i = 0; i < SHADOWS; i++) {
		struct shadow *shadow = &copiers->shadows[i];
		if (shadow->pid == pid && shadow->parent == parent &&
			strcmp(shadow->name, name) == 0)
			shadow->until = 0;
	}
}
