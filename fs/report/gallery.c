/* SPDX-License-Identifier: MIT */
#include "fs/report/gallery.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/media/media.h"
#include "fs/media/sniff.h"
#include "fs/report/gallery_page.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/store/tally.h"
#include "fs/tree/tree.h"

#define PAGE_ITEMS 250
#define TEXT_MAX (16 * 1024 * 1024)

struct galleries {
	struct store *store;
	struct tree *tree;
	struct buf text; /* of the page that was made last */
	int64_t dir;	 /* which that is */
	unsigned page;	 /* 0: none */
	int64_t state;	 /* of the ledger then */
	/* Of the mount's gallery: the last item of each page when that was made, behind which the next page begins, so that turning the
	 * pages counts none anew; 0: it was not made, or what comes before it has changed. */
	int64_t ends[GALLERY_PAGES_MAX + 1];
};

struct found {
	struct node nodes[PAGE_ITEMS + 1];
	size_t count;
};

int galleries_create(struct store *store, struct tree *tree, struct galleries **ret_galleries)
{
	struct galleries *galleries = calloc(1, sizeof(*galleries));

	if (galleries == NULL)
		return -ENOMEM;
	galleries->store = store;
	galleries->tree = tree;
	buf_init(&galleries->text, TEXT_MAX);
	*ret_galleries = galleries;
	return 0;
}

void galleries_destroy(struct galleries *galleries)
{
	if (galleries == NULL)
		return;
	buf_finish(&galleries->text);
	free(galleries);
}

static int note_node(void *arg, const struct node *node)
{
	struct found *found = arg;

	found->nodes[found->count++] = *node;
	return found->count == PAGE_ITEMS + 1;
}

static enum gallery_kind kind_of(const char *name)
{
	const char *suffix = strrchr(name, '.');

	if (suffix == NULL)
		return GALLERY_FILE;
	switch (media_kind(suffix + 1)) {
	case API_IMAGE:
		return GALLERY_PICTURE;
	case API_VIDEO:
		return GALLERY_FILM;
	case API_AUDIO:
		return GALLERY_SOUND;
	default:
		/* what a browser shows, though the service does not take it as an input */
		return strcmp(suffix, ".gif") == 0 || strcmp(suffix, ".svg") == 0 || strcmp(suffix, ".avif") == 0
			       ? GALLERY_PICTURE
			       : GALLERY_FILE;
	}
}

/* As from the page's directory. The caller frees. */
static int link_to(struct galleries *galleries, int64_t dir, const struct node *node, char **ret_path)
{
	CLEANUP_FREE char *path = NULL, *base = NULL;
	int r = tree_path(galleries->tree, (uint64_t)node->ino, &path);

	if (r < 0)
		return r;
	if (dir == 0)
		return asprintf(ret_path, "../%s", path) < 0 ? -ENOMEM : 0;
	r = tree_path(galleries->tree, (uint64_t)dir, &base);
	if (r < 0)
		return r;
	*ret_path = strdup(path + strlen(base) + 1);
	return *ret_path == NULL ? -ENOMEM : 0;
}

static int add_item(struct galleries *galleries, struct gallery_page *page, int64_t dir, const struct node *node)
{
	CLEANUP(job_record_finish) struct job_record record = {0};
	CLEANUP_FREE char *path = NULL;
	int r = jobs_get(galleries->store, node->job, &record);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	struct job_cost cost = {NAN, COST_UNKNOWN, NAN};
	r = tally_get_cost(galleries->store, node->job, &cost);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	bool made = node->kind == NODE_RESULT;
	if (made)
		r = link_to(galleries, dir, node, &path);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	struct gallery_item item = {.kind = made ? kind_of(node->name) : GALLERY_NOTHING,
		.path = path,
		.prompt = record.text,
		.prompt_length = record.text_length,
		.model = record.model,
		.state = job_state_name(record.state),
		.reason = record.error != NULL ? record.error : record.warning,
		.when_ms = record.finished != 0 ? record.finished : record.created,
		.credits = cost.kind == COST_ALONE ? cost.credits : NAN};
	gallery_page_add(page, &item);
	return 0;
}

static void note_end(struct galleries *galleries, unsigned page, int64_t ino)
{
	if (ino != 0 && galleries->ends[page] == ino)
		return;
	memset(&galleries->ends[page], 0, sizeof(galleries->ends) - page * sizeof(galleries->ends[0]));
	galleries->ends[page] = ino;
}

/* What stands on a page, and one more where there is more. */
static int find(struct galleries *galleries, int64_t dir, unsigned page, struct found *found)
{
	int64_t before = dir == 0 ? galleries->ends[page - 1] : 0;
	int r = before != 0 ? nodes_list_made(galleries->store, dir, before, 0, note_node, found)
			    : nodes_list_made(galleries->store, dir, INT64_MAX, (page - 1) * PAGE_ITEMS, note_node, found);

	if (r == 0 && dir == 0)
		note_end(galleries, page, found->count > PAGE_ITEMS ? found->nodes[PAGE_ITEMS - 1].ino : 0);
	return r;
}

static int make(struct galleries *galleries, int64_t dir, unsigned number)
{
	CLEANUP_FREE struct found *found = calloc(1, sizeof(*found));
	CLEANUP_FREE char *title = NULL;
	struct gallery_page page;

	if (found == NULL)
		return -ENOMEM;
	int r = find(galleries, dir, number, found);
	if (r < 0)
		return r;
	if (found->count == 0 && number > 1)
		return -ENOENT;
	if (dir == 0)
		r = asprintf(&title, "weryaifs%s", number > 1 ? ": older" : "") < 0 ? -ENOMEM : 0;
	else
		r = tree_path(galleries->tree, (uint64_t)dir, &title);
	if (r < 0)
		return r;
	bool more = found->count > PAGE_ITEMS;
	gallery_page_begin(&page, &galleries->text, title);
	for (size_t i = 0; i < found->count && i < PAGE_ITEMS; i++) {
		r = add_item(galleries, &page, dir, &found->nodes[i]);
		if (r < 0)
			return r;
	}
	gallery_page_end(&page, more && dir == 0 ? number + 1 : 0, more && dir != 0);
	return galleries->text.failed;
}

int galleries_page(
	struct galleries *galleries, int64_t dir, unsigned page, const char **ret_text, size_t *ret_length)
{
	int64_t state = store_state(galleries->store);

	if (page == 0 || page > GALLERY_PAGES_MAX)
		return -ENOENT;
	if (galleries->page != page || galleries->dir != dir || galleries->state != state || state < 0) {
		buf_clear(&galleries->text);
		galleries->page = 0;
		int r = make(galleries, dir, page);
		if (r < 0)
			return r;
		galleries->page = page;
		galleries->dir = dir;
		galleries->state = state;
	}
	*ret_text = galleries->text.data;
	*ret_length = galleries->text.length;
	return 0;
}
