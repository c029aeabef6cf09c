/* SPDX-License-Identifier: MIT */
#include "fs/queue/publish.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/account/account_private.h"
#include "fs/media/media.h"
#include "fs/tree/status.h"
#include "fs/tree/tree.h"
#include "fs/store/nodes.h"

#define NAME_BYTES 255
#define TAIL_BYTES 24 /* of "-NNNNNN.EXT.~NNNNNN~" */

#define NAME_ROOM 288 /* for a name before it is checked against NAME_BYTES */

struct place {
	int64_t dir, prompt; /* prompt 0: gone */
	char stem[NAME_BYTES - TAIL_BYTES + 1];
};

/* What is to be told once the transaction is committed. */
struct news {
	struct item {
		int64_t ino;
		char *old_name; /* owned; NULL: it is new */
		char *name;     /* owned */
	} * items;              /* owned */
	size_t count;
};

static int news_add(struct news *news, int64_t ino, const char *old_name, const char *name)
{
	struct item item = {.ino = ino, .name = strdup(name)};
	void *more = reallocarray(news->items, news->count + 1, sizeof(*news->items));

	if (more != NULL)
		news->items = more;
	if (old_name != NULL)
		item.old_name = strdup(old_name);
	if (more == NULL || item.name == NULL || (old_name != NULL && item.old_name == NULL)) {
		free(item.name);
		free(item.old_name);
		return -ENOMEM;
	}
	news->items[news->count++] = item;
	return 0;
}

static void news_tell(struct gen *gen, const struct news *news, int64_t dir)
{
	const struct gen_events *events = &gen->events;

	for (size_t i = 0; i < news->count; i++) {
		const struct item *item = &news->items[i];
		if (item->old_name != NULL && events->result_backed_up != NULL)
			events->result_backed_up(gen->events_arg, (uint64_t)dir,
				(uint64_t)item->ino, item->old_name, item->name);
		else if (item->old_name == NULL && events->result_appeared != NULL)
			events->result_appeared(
				gen->events_arg, (uint64_t)dir, (uint64_t)item->ino, item->name);
	}
}

static void news_finish(struct news *news)
{
	for (size_t i = 0; i < news->count; i++) {
		free(news->items[i].old_name);
		free(news->items[i].name);
	}
	free(news->items);
}

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

bool publish_is_name(const char *name, const char *stem, size_t length)
{
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

static int note_older(void *arg, int64_t ino)
{
	return ids_add(arg, ino);
}

/* NAME.~N~ with the first N that is free, as cp --backup=numbered. */
static int move_to_backup(struct gen *gen, const struct node *node, struct news *news)
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
	if (r == -ENOENT)
		r = nodes_set_name(gen->store, node->ino, node->parent, name);
	return r < 0 ? r : news_add(news, node->ino, node->name, name);
}

static int back_up(
	struct gen *gen, const struct job *job, const struct place *place, struct news *news)
{
	struct ids older = {0};
	struct node node;
	int r = 0;

	if (place->prompt == 0)
		return 0;
	r = results_list_older(
		gen->store, place->prompt, job->record.id, place->dir, note_older, &older);
	for (size_t i = 0; i < older.count && r == 0; i++) {
		r = nodes_get(gen->store, older.items[i], &node);
		if (r == 0 && publish_is_name(node.name, place->stem, strlen(place->stem)))
			r = move_to_backup(gen, &node, news);
	}
	ids_finish(&older);
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
	size_t index, size_t count, struct news *news)
{
	char name[NAME_ROOM];
	struct node node;
	int r = nodes_get(gen->store, result->ino, &node);

	/* one of those that appeared before: a person may have moved or removed it since */
	if (r == -ENOENT || (r == 0 && node.parent != 0))
		return 0;
	if (r == 0)
		r = choose_name(gen, place, index, count, result->type, name);
	if (r == 0)
		r = nodes_set_name(gen->store, node.ino, place->dir, name);
	if (r == 0) {
		node.size = result->size;
		node.atime = node.mtime = node.ctime = clock_wall_ns();
		r = nodes_set_attributes(gen->store, &node);
	}
	if (r == 0)
		r = news_add(news, node.ino, NULL, name);
	return r < 0 ? r : results_save(gen->store, result);
}

/* A song, its words and its cover are song.mp3, song.text and song.jpg: each sort is counted by itself. A picture or video
 * that could not be fetched has its number all the same. */
static size_t count_sort(const struct result_record *results, size_t end, enum api_kind sort)
{
	size_t before = 0;

	for (size_t i = 0; i < end; i++)
		before += (results[i].ino != 0 && media_kind(results[i].type) == sort) ||
			  (results[i].size < 0 && (sort == API_IMAGE || sort == API_VIDEO));
	return before;
}

int64_t publish_wait_ms(struct gen *gen, struct job *job)
{
	struct place place;

	/* what is wrong with the store will be told by publish_results(); without its prompt it takes nobody's place, and
	 * lost+found is not busy meanwhile, so that whoever looks for it there again and again would keep it away */
	if (find_place(gen, job, &place) < 0 || place.prompt == 0)
		return 0;
	return tree_promised_ms(gen, place.dir);
}

int publish_results(struct gen *gen, struct job *job, struct result_record *results, size_t count)
{
	CLEANUP(news_finish) struct news news = {0};
	struct place place;
	int r = store_begin(gen->store, true);

	if (r == 0)
		r = find_place(gen, job, &place);
	if (r == 0)
		r = back_up(gen, job, &place, &news);
	for (size_t i = 0; i < count && r == 0; i++) {
		enum api_kind sort = media_kind(results[i].type);
		/* what could not be fetched has no file */
		r = results[i].ino == 0
			    ? results_save(gen->store, &results[i])
			    : name_result(gen, &place, &results[i], count_sort(results, i, sort),
				      count_sort(results, count, sort), &news);
	}
	if (r == 0)
		r = nodes_touch(gen->store, place.dir, clock_wall_ns());
	if (r == 0) {
		job->record.published = true;
		r = jobs_save(gen->store, &job->record);
	}
	r = store_end(gen->store, r);
	if (r < 0) {
		job->record.published = false;
		return r;
	}
	log_info("job %" PRId64 ": %zu result(s) published%s", job->record.id, news.count,
		place.dir == (int64_t)TREE_LOST ? " in .weryaifs/lost+found: the prompt is gone"
						: "");
	news_tell(gen, &news, place.dir);
	if (place.prompt != 0)
		status_changed(gen, place.prompt);
	return 0;
}
