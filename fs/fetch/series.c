/* SPDX-License-Identifier: MIT */
#include "fs/fetch/series.h"

#define LEAST_MAX 1024

static unsigned kept(const struct series *series)
{
	return series->count < SERIES_SEEN ? (unsigned)series->count : SERIES_SEEN;
}

static struct series_file *find(struct series *series, int64_t ino)
{
	for (unsigned i = 0; i < kept(series); i++)
		if (series->seen[i].ino == ino)
			return &series->seen[i];
	return NULL;
}

/* The file that this one is the next of. */
static struct series_file *find_before(struct series *series, int64_t ino)
{
	struct series_file *found = NULL;

	for (unsigned i = 0; i < kept(series); i++) {
		struct series_file *file = &series->seen[i];
		bool by_name = file->by_name == ino, by_ino = file->by_ino == ino;
		if (!by_name && !by_ino)
			continue;
		if (file->length == 1) /* this is the second one: it tells the order */
			series->by_ino = !by_name;
		else if (series->by_ino ? !by_ino : !by_name)
			continue;
		if (found == NULL || file->length > found->length)
			found = file;
	}
	return found;
}

static bool is_expected(const struct series *series, int64_t ino)
{
	for (unsigned i = 0; i < SERIES_SEEN; i++)
		if (series->expected[i] == ino && ino != 0)
			return true;
	return false;
}

/* The least that was read of the last two that anything was read of. */
static int64_t usual_bytes(const struct series *series)
{
	int64_t least = 0;
	unsigned found = 0;

	for (unsigned i = 1; i <= kept(series) && found < 2; i++) {
		const struct series_file *file = &series->seen[(series->count - i) % SERIES_SEEN];
		if (file->read == 0)
			continue;
		if (found++ == 0 || file->read < least)
			least = file->read;
	}
	return found == 2 ? least : 0;
}

struct series_guess series_begin(
	struct series *series, int64_t ino, int64_t by_name, int64_t by_ino)
{
	struct series_guess guess = {0};
	unsigned least = series->least > 0 ? series->least : SERIES_LEAST, length = 1;

	if (find(series, ino) != NULL)
		return guess;
	const struct series_file *before = find_before(series, ino);
	/* a neighbour was quicker, or this one is */
	bool early = is_expected(series, ino),
	     late = find(series, series->by_ino ? by_ino : by_name) != NULL;
	if (before != NULL)
		length = before->length + 1;
	else if (early || late)
		length = series->length;
	series->length = length;
	series->seen[series->count++ % SERIES_SEEN] = (struct series_file){
		.ino = ino, .by_name = by_name, .by_ino = by_ino, .length = length};
	if (before == NULL && !late && !early) {
		guess.wrong = series->guessing;
		if (series->guessing && least < LEAST_MAX)
			series->least = 2 * least;
		series->guessing = false;
		for (unsigned i = 0; i < SERIES_SEEN; i++)
			series->expected[i] = 0;
		return guess;
	}
	guess.bytes = usual_bytes(series);
	if (length > least && guess.bytes > 0) {
		guess.ahead = 2 * (length - least);
		if (guess.ahead > SERIES_AHEAD)
			guess.ahead = SERIES_AHEAD;
		series->guessing = true;
	}
	return guess;
}

void series_expect(struct series *series, int64_t ino)
{
	if (!is_expected(series, ino))
		series->expected[series->expectations++ % SERIES_SEEN] = ino;
}

void series_read(struct series *series, int64_t ino, int64_t end)
{
	struct series_file *file = find(series, ino);

	if (file != NULL && end > file->read)
		file->read = end;
}
