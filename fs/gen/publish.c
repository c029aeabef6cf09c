/* SPDX-License-Identifier: MIT */
#include "fs/gen/publish.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/status.h"
#include "fs/gen/tree.h"
#include "fs/store/nodes.h"

#define NAME_BYTES 255
#define TAIL_BYTES 24 /* of "-NNNNNN.EXT.~NNNNNN~" */

#define NAME_ROOM 288 /* for a name before it is checked against NAME_BYTES */

struct place {
	int64_t dir, prompt; /* prompt 0: gone */
	char stem[NAME_BYTES - TAIL_BYTES + 1];
};

/* Cuts at a code point, so that number and suffix always fit. */
static void set_stem(struct place *place, const char *stem)
{
	size_t length = strlen(stem);

	if (length > NAME_BYTES - TAIL_BYTES) {
		length = NAME_BYTES - TAIL_BYTES;
		while (length > 0 && ((unsigned char)stem[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(place->stem, stem, length);
	place->stem[length] = '\0';
}

static int find_place(struct gen *gen, struct job *job, struct place *place)
{
	struct node prompt, dir;
	int r = jobs_place(gen->store, &job->record);

	if (r < 0)
		return r;
	set_stem(place, job->record.stem);
	place->dir = TREE_LOST;
	place->prompt = 0;
	if (job->record.ino == 0)
		return 0;
	r = nodes_get(gen->store, job->record.ino, &prompt);
	if (r == -ENOENT || (r == 0 && prompt.parent == 0))
		return 0;
	if (r == 0)
		r = nodes_get(gen->store, prompt.parent, &dir);
	if (r < 0)
		return r;
	place->dir = prompt.parent;
	place->prompt = prompt.ino;
	return 0;
}

/* Is this a name that we gave: STEM.EXT or STEM-N.EXT? One that a person has chosen stays. */
static bool is_our_name(const char *name, const char *stem)
{
	size_t length = strlen(stem);

	if (strncmp(name, stem, length) != 0)
		return false;
	name += length;
	if (*name == '-')
		do
			name++;
		while (isdigit((unsigned char)*name));
	return *name == '.' && name[1] != '\0' && strchr(name + 1, '.') == NULL &&
	       strchr(name, '~') == NULL;
}

struct older {
	int64_t *inos; /* owned */
	size_t count;
};

static int note_older(void *arg, int64_t ino)
{
	struct older *older = arg;
	void *more = reallocarray(older->inos, older->count + 1, sizeof(*older->inos));

	if (more == NULL)
		return -ENOMEM;
	older->inos = more;
	older->inos[older->count++] = ino;
	return 0;
}

/* NAME.~N~ with the first N that is free, as cp --backup=numbered. */
static int move_to_backup(struct gen *gen, const struct node *node)
{
	char name[NAME_ROOM];
	struct node taken;
	int r = 0;

	for (unsigned n = 1; r == 0; n++) {
		snprintf(name, sizeof(name), "%s.~%u~", node->name, n);
		if (strlen(name) > NAME_BYTES)
			return 0;
		r = nodes_find(gen->store, node->parent, name, &taken);
	}
	return r != -ENOENT ? r : nodes_set_name(gen->store, node->ino, node->parent, name);
}

static int back_up(struct gen *gen, const struct job *job, const struct place *place)
{
	struct older older = {0};
	struct node node;
	int r = 0;

	if (place->prompt == 0)
		return 0;
	r = results_list_older(
		gen->store, place->prompt, job->record.id, place->dir, note_older, &older);
	for (size_t i = 0; i < older.count && r == 0; i++) {
		r = nodes_get(gen->store, older.inos[i], &node);
		if (r == 0 && is_our_name(node.name, place->stem))
			r = move_to_backup(gen, &node);
	}
	free(older.inos);
	return r;
}

/* STEM.EXT for the only one, else STEM-N.EXT; where that is taken, the next free number. */
static int choose_name(struct gen *gen, const struct place *place, size_t index, size_t count,
	const char *type, char name[NAME_ROOM])
{
	struct node taken;
	int r;

	if (count == 1) {
		snprintf(name, NAME_ROOM, "%s.%s", place->stem, type);
		r = nodes_find(gen->store, place->dir, name, &taken);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
	for (size_t n = index + 1;; n++) {
		snprintf(name, NAME_ROOM, "%s-%zu.%s", place->stem, n, type);
		r = nodes_find(gen->store, place->dir, name, &taken);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
}

static int name_result(struct gen *gen, const struct place *place, struct result_record *result,
	size_t index, size_t count)
{
	char name[NAME_ROOM];
	struct node node;
	int r = nodes_get(gen->store, result->ino, &node);

	if (r == 0)
		r = choose_name(gen, place, index, count, result->type, name);
	if (r == 0)
		r = nodes_set_name(gen->store, node.ino, place->dir, name);
	if (r == 0) {
		node.size = result->size;
		node.atime = node.mtime = node.ctime = gen_now_ns();
		r = nodes_set_attributes(gen->store, &node);
	}
	return r < 0 ? r : results_save(gen->store, result);
}

int publish_results(struct gen *gen, struct job *job, struct result_record *results, size_t count)
{
	struct place place;
	int r = store_begin(gen->store, true);

	if (r == 0)
		r = find_place(gen, job, &place);
	if (r == 0)
		r = back_up(gen, job, &place);
	for (size_t i = 0; i < count && r == 0; i++)
		r = name_result(gen, &place, &results[i], i, count);
	if (r == 0)
		r = nodes_touch(gen->store, place.dir, gen_now_ns());
	if (r == 0) {
		job_set_text(&job->record.error, NULL);
		job->record.published = true;
		r = jobs_save(gen->store, &job->record);
	}
	r = store_end(gen->store, r);
	if (r < 0) {
		job->record.published = false;
		return r;
	}
	log_info("job %" PRId64 ": %zu result(s) published%s", job->record.id, count,
		place.dir == (int64_t)TREE_LOST ? " in .weryaifs/lost+found: the prompt is gone"
						: "");
	if (place.prompt != 0)
		status_changed(gen, place.prompt);
	return 0;
}
