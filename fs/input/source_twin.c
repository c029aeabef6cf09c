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
#include "fs/store/store.h"

#define COMPARED (64 * 1024) /* the first bytes of each result are here, unless they were evicted */
#define LOOKED_AT 64         /* results of one length */

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

/* By its own bytes, or by those that users see where it carries what it was made from. */
static int find_by_content(struct store *store, int64_t ino, struct source_twin *ret_twin)
{
	char content[CONTENT_TEXT];
	CLEANUP_CLOSE int fd = store_data_open(store, ino, O_RDONLY);
	int r = fd < 0 ? fd : content_of_file(fd, content);

	if (r < 0)
		return r;
	r = results_find_content(store, content, &ret_twin->job, &ret_twin->seq);
	return r == -ENOENT ? grafts_find(store, content, &ret_twin->job, &ret_twin->seq) : r;
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
	int r = file->kind == NODE_FILE ? find_by_content(store, file->ino, ret_twin) : -ENOENT;

	return r == -ENOENT ? find_by_bytes(store, file, ret_twin) : r;
}
