/* SPDX-License-Identifier: MIT */
/* Copies of results: what left the mount by cp and came back is still what it was. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/input/source.h"
#include "fs/media/content.h"
#include "fs/store/grafts.h"
#include "fs/store/jobs.h"
#include "fs/store/removed.h"
#include "fs/store/store.h"

#define COMPARED (64 * 1024) /* the first bytes of each result are here, unless they were evicted */
#define LOOKED_AT 64         /* results of one length */
#define PIECES 16	     /* that are compared behind the first bytes */
#define PIECE 4096

struct twins {
	struct store *store;
	struct source source; /* of the file */
	struct source_twin *twin;
	unsigned looked;
};

static ssize_t read_first(const struct source *source, char *data, size_t length)
{
	ssize_t r = source_read(source, 0, data, length);

	/* of a result whose first bytes were evicted nothing can be said */
	return r == -ENODATA ? 0 : r;
}

static int compare(void *arg, const struct result_record *result)
{
	struct twins *twins = arg;
	char mine[COMPARED], other[COMPARED];
	CLEANUP(source_close) struct source source = SOURCE_CLOSED;
	size_t length = result->size < COMPARED ? (size_t)result->size : COMPARED;
	struct node node;

	if (++twins->looked > LOOKED_AT)
		return 1;
	int r = nodes_get(twins->store, result->ino, &node);
	if (r == 0)
		r = source_open(twins->store, &node, &source);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	ssize_t have = read_first(&source, other, length);
	ssize_t want = read_first(&twins->source, mine, length);
	if (have < 0 || want < 0)
		return (int)(have < 0 ? have : want);
	if (have == 0 || have != want || memcmp(mine, other, (size_t)have) != 0)
		return 0;
	*twins->twin = (struct source_twin){result->job, result->seq};
	return 1;
}

/* Which bytes of a file are those of the result, and how much further on they are there. */
struct common {
	int64_t begin, end, shift;
};

/* Some pieces from all over both, the last bytes among them, as far as those of the result are here. 1: they differ. */
static int compare_pieces(const struct source *file, const struct source *result, const struct common *common)
{
	char mine[PIECE], other[PIECE];
	int64_t room = common->end - common->begin - PIECE;

	for (int i = 0; i < PIECES && room > 0; i++) {
		int64_t at = common->begin + room * i / (PIECES - 1);
		ssize_t have = source_read(result, at + common->shift, other, PIECE);
		if (have == -ENODATA)
			continue;
		ssize_t want = have < 0 ? have : source_read(file, at, mine, PIECE);
		if (want < 0)
			return (int)want;
		if (have != want || memcmp(mine, other, (size_t)have) != 0)
			return 1;
	}
	return 0;
}

/* The inode that the cache knows its bytes by; 0: none. */
static int find_bytes(struct store *store, const struct source_twin *twin, int64_t *ret_ino)
{
	struct result_record *results;
	size_t count;
	int64_t size;
	int r = results_get(store, twin->job, &results, &count);

	if (r < 0)
		return r;
	*ret_ino = 0;
	for (size_t i = 0; i < count; i++)
		if (results[i].seq == twin->seq)
			*ret_ino = results[i].ino;
	result_records_finish(results, count);
	r = *ret_ino != 0 ? 0 : removed_find(store, twin->job, twin->seq, ret_ino, &size);
	return r == -ENOENT ? 0 : r;
}

/* Is it another one behind the first bytes? A sound or a film that was changed in place has the same length, and begins in the same way. */
static int is_changed(struct store *store, const struct source *file, const struct source_twin *twin, bool carries)
{
	CLEANUP(graft_record_finish) struct graft_record graft = {0};
	CLEANUP(source_close) struct source result = SOURCE_CLOSED;
	struct node node = {.kind = NODE_RESULT};
	int r = carries ? grafts_get(store, twin->job, twin->seq, &graft) : 0;

	if (r == 0)
		r = find_bytes(store, twin, &node.ino);
	if (r < 0 || node.ino == 0)
		return r;
	r = source_open(store, &node, &result);
	if (r < 0)
		return r;
	struct common common = {.begin = (int64_t)graft.head_length,
		.end = file->size - (int64_t)graft.tail_length,
		.shift = graft.cut - (int64_t)graft.head_length};
	return compare_pieces(file, &result, &common);
}

/* By its own bytes, or by those that users see where it carries what it was made from. */
static int find_by_content(struct store *store, const struct node *file, struct source_twin *ret_twin)
{
	char content[CONTENT_TEXT];
	CLEANUP(source_close) struct source source = SOURCE_CLOSED;
	int r = source_open(store, file, &source);

	if (r == 0)
		r = content_of_file(source.fd, content);
	if (r < 0)
		return r;
	r = results_find_content(store, content, &ret_twin->job, &ret_twin->seq);
	bool carries = r == -ENOENT;
	if (carries)
		r = grafts_find(store, content, &ret_twin->job, &ret_twin->seq);
	if (r < 0 || source.size <= CONTENT_FIRST)
		return r;
	r = is_changed(store, &source, ret_twin, carries);
	if (r > 0)
		ret_twin->job = 0;
	return r < 0 ? r : 0;
}

/* Results of older versions have no content in their rows: their bytes are compared. */
static int find_by_bytes(struct store *store, const struct node *file, struct source_twin *ret_twin)
{
	struct twins twins = {.store = store, .source = SOURCE_CLOSED, .twin = ret_twin};
	int r = source_open(store, file, &twins.source);

	*ret_twin = (struct source_twin){0};
	if (r < 0)
		return r;
	if (twins.source.size > 0)
		r = results_list_sized(store, twins.source.size, compare, &twins);
	source_close(&twins.source);
	return r < 0 ? r : 0;
}

int source_find_twin(struct store *store, const struct node *file, struct source_twin *ret_twin)
{
	int r = file->kind == NODE_FILE ? find_by_content(store, file, ret_twin) : -ENOENT;

	return r == -ENOENT ? find_by_bytes(store, file, ret_twin) : r;
}
