/* SPDX-License-Identifier: MIT */
#include "fs/queue/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/job/lease.h"
#include "fs/job/place.h"
#include "fs/media/media.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/store/wishes.h"

#define NAME_BYTES 255
#define TAIL_BYTES 24 /* of "-NNNNNN.EXT.~NNNNNN~" */

#define NAME_ROOM 288 /* for a name before it is checked against NAME_BYTES */

struct place {
	int64_t dir, prompt; /* prompt 0: gone */
	bool past; /* the prompt asks for another job now: these are backups from the start */
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

static void news_tell(struct changes *changes, const struct news *news, int64_t dir)
{
	for (size_t i = 0; i < news->count; i++) {
		const struct item *item = &news->items[i];
		if (item->old_name != NULL)
			changes_tell_backup(changes, dir, item->ino, item->old_name, item->name);
		else
			changes_tell_result(changes, dir, item->ino, item->name);
	}
}

static void news_foresee(struct changes *changes, const struct news *news, int64_t dir)
{
	for (size_t i = 0; i < news->count; i++)
		changes_foresee_result(changes, dir, news->items[i].ino, news->items[i].old_name, news->items[i].name);
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

static int find_place(struct store *store, struct job *job, struct place *place)
{
	struct node prompt, dir;
	struct job_place now;
	int r = job_place(job, &now);

	if (r < 0)
		return r;
	set_stem(place, now.stem);
	place->dir = TREE_LOST;
	place->prompt = 0;
	place->past = false;
	if (now.ino == 0)
		return 0;
	r = nodes_get(store, now.ino, &prompt);
	if (r == -ENOENT || (r == 0 && prompt.parent == 0))
		return 0;
	if (r == 0)
		r = nodes_get(store, prompt.parent, &dir);
	if (r < 0)
		return r;
	place->dir = prompt.parent;
	place->prompt = prompt.ino;
	bool last = true;
	r = wishes_is_last(store, job->record.id, &last);
	place->past = !last;
	return r;
}

static int note_older(void *arg, int64_t ino)
{
	return ids_add(arg, ino);
}

/* "fox.png" becomes "fox.~N~.png" with the first N that is free: what ends in '~' is hidden by file managers. -ENAMETOOLONG. */
static int choose_backup(struct store *store, int64_t dir, const char *name, char backup[NAME_ROOM])
{
	const char *dot = strrchr(name, '.');
	int stem = dot != NULL ? (int)(dot - name) : (int)strlen(name);
	struct node taken;
	int r = 0;

	for (unsigned n = 1; r == 0; n++) {
		snprintf(backup, NAME_ROOM, "%.*s.~%u~%s", stem, name, n, dot != NULL ? dot : "");
		if (strlen(backup) > NAME_BYTES)
			return -ENAMETOOLONG;
		r = nodes_find(store, dir, backup, &taken);
	}
	return r == -ENOENT ? 0 : r;
}

static int move_to_backup(struct store *store, const struct node *node, struct news *news)
{
	char name[NAME_ROOM];
	int r = choose_backup(store, node->parent, node->name, name);

	if (r < 0)
		return r == -ENAMETOOLONG ? 0 : r;
	r = nodes_set_name(store, node->ino, node->parent, name);
	return r < 0 ? r : news_add(news, node->ino, node->name, name);
}

static int back_up(
	struct store *store, const struct job *job, const struct place *place, struct news *news)
{
	struct ids older = {0};
	struct node node;
	int r = 0;

	if (place->prompt == 0 || place->past)
		return 0;
	r = results_list_older(
		store, place->prompt, job->record.id, place->dir, note_older, &older);
	for (size_t i = 0; i < older.count && r == 0; i++) {
		r = nodes_get(store, older.items[i], &node);
		if (r == 0 && place_is_result_name(node.name, place->stem, strlen(place->stem)))
			r = move_to_backup(store, &node, news);
	}
	ids_finish(&older);
	return r;
}

/* STEM-N.EXT; STEM.N.EXT where STEM-N is a prompt, whose own result would be called so. */
static int numbered_name(struct store *store, const struct place *place, size_t number,
	const char *type, char name[NAME_ROOM])
{
	struct node other;

	snprintf(name, NAME_ROOM, "%s-%zu" PLACE_PROMPT, place->stem, number);
	int r = nodes_find(store, place->dir, name, &other);
	if (r < 0 && r != -ENOENT)
		return r;
	bool is_prompt = r == 0 && place_is_prompt(store, &other);
	snprintf(name, NAME_ROOM, "%s%c%zu.%s", place->stem, is_prompt ? '.' : '-', number, type);
	return 0;
}

/* As its place would call it, but for other names that are taken. */
static int choose_past_name(struct store *store, const struct place *place, size_t index,
	size_t count, const char *type, char name[NAME_ROOM])
{
	char plain[NAME_ROOM];
	int r = 0;

	if (count == 1)
		snprintf(plain, sizeof(plain), "%s.%s", place->stem, type);
	else
		r = numbered_name(store, place, index + 1, type, plain);
	return r < 0 ? r : choose_backup(store, place->dir, plain, name);
}

/* STEM.EXT for the only one, else numbered_name(); where that is taken, the next free number. */
static int choose_name(struct store *store, const struct place *place, size_t index, size_t count,
	const char *type, char name[NAME_ROOM])
{
	struct node taken;
	int r;

	if (count == 1) {
		snprintf(name, NAME_ROOM, "%s.%s", place->stem, type);
		r = nodes_find(store, place->dir, name, &taken);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
	for (size_t n = index + 1;; n++) {
		r = numbered_name(store, place, n, type, name);
		if (r == 0)
			r = nodes_find(store, place->dir, name, &taken);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
}

/* Is it in lost+found, or a backup of this place, while its job is asked for again? */
static bool comes_back(const struct place *place, const struct node *node)
{
	if (place->prompt == 0)
		return false;
	return node->parent == (int64_t)TREE_LOST ||
	       (node->parent == place->dir && !place->past &&
		       place_is_backup_name(node->name, place->stem));
}

/* And its time, which a restore has given it. -ENOENT: it is not there any more. */
static int take_name(struct store *store, const struct place *place, int64_t twin,
	char name[NAME_ROOM], int64_t *ret_mtime)
{
	struct node node;
	struct stat st;
	int r = twin == 0 ? -ENOENT : nodes_get(store, twin, &node);

	if (r == 0 && node.parent != place->dir)
		r = -ENOENT;
	if (r == 0)
		r = store_data_stat(store, twin, &st);
	if (r < 0)
		return r;
	*ret_mtime = clock_to_ns(&st.st_mtim);
	memcpy(name, node.name, node.name_length + 1);
	return nodes_set_name(store, twin, 0, NULL);
}

static int name_result(struct store *store, const struct place *place, struct result_record *result,
	int64_t twin, size_t index, size_t count, struct news *news)
{
	char name[NAME_ROOM];
	struct node node;
	int64_t mtime = clock_wall_ns();
	int r = nodes_get(store, result->ino, &node);

	/* one of those that appeared before: a person may have moved or removed it since */
	if (r == -ENOENT || (r == 0 && node.parent != 0 && !comes_back(place, &node)))
		return 0;
	if (r == 0)
		r = take_name(store, place, twin, name, &mtime);
	if (r == -ENOENT)
		r = place->past ? choose_past_name(store, place, index, count, result->type, name)
				: choose_name(store, place, index, count, result->type, name);
	if (r < 0)
		return r;
	if (node.parent == place->dir) {
		r = nodes_set_name(store, node.ino, place->dir, name);
		return r < 0 ? r : news_add(news, node.ino, node.name, name);
	}
	r = nodes_set_name(store, node.ino, place->dir, name);
	if (r == 0) {
		node.size = result->size + result->extra;
		node.atime = node.ctime = clock_wall_ns();
		node.mtime = mtime;
		r = nodes_set_attributes(store, &node);
	}
	if (r == 0)
		r = news_add(news, node.ino, NULL, name);
	return r < 0 ? r : results_save(store, result);
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

int64_t publish_wait_ms(struct leases *leases, struct job *job)
{
	struct place place;

	/* what is wrong with the store will be told by publish_results(); without its prompt it takes nobody's place, and
	 * lost+found is not busy meanwhile, so that whoever looks for it there again and again would keep it away */
	if (find_place(job->table->store, job, &place) < 0 || place.prompt == 0)
		return 0;
	return lease_left_ms(leases, place.dir);
}

struct publication {
	struct job *job;
	struct result_record *results;
	const int64_t *twins;
	size_t count;
	struct place place;
	struct news news;
};

static int name_all(struct store *store, struct publication *all)
{
	int r = 0;

	for (size_t i = 0; i < all->count && r == 0; i++) {
		enum api_kind sort = media_kind(all->results[i].type);
		/* what could not be fetched has no file */
		r = all->results[i].ino == 0
			    ? results_save(store, &all->results[i])
			    : name_result(store, &all->place, &all->results[i],
				      all->twins[i],
				      count_sort(all->results, i, sort),
				      count_sort(all->results, all->count, sort), &all->news);
	}
	return r;
}

static int write_results(struct store *store, void *arg)
{
	struct publication *all = arg;
	int r = find_place(store, all->job, &all->place);

	if (r == 0)
		r = back_up(store, all->job, &all->place, &all->news);
	if (r == 0)
		r = name_all(store, all);
	if (r == 0)
		r = nodes_touch(store, all->place.dir, clock_wall_ns());
	if (r < 0)
		return r;
	job_set_state(all->job, JOB_SUCCESS);
	r = jobs_save(store, &all->job->record);
	if (r == 0)
		news_foresee(all->job->table->changes, &all->news, all->place.dir);
	return r;
}

int publish_results(
	struct job *job, struct result_record *results, const int64_t *twins, size_t count)
{
	struct publication all = {
		.job = job, .results = results, .twins = twins, .count = count};
	struct changes *changes = job->table->changes;
	int r = store_run(job->table->store, true, write_results, &all);

	if (r < 0) {
		job_set_state(job, JOB_FETCHING);
	} else {
		log_info("job %" PRId64 ": %zu result(s) published%s", job->record.id,
			all.news.count,
			all.place.dir == (int64_t)TREE_LOST
				? " in .weryaifs/lost+found: the prompt is gone"
				: "");
		news_tell(changes, &all.news, all.place.dir);
		if (all.place.prompt != 0)
			changes_tell_status(changes, all.place.prompt);
	}
	news_finish(&all.news);
	return r;
}
