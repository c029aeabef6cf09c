/* SPDX-License-Identifier: MIT */
#include "fs/queue/embed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/cleanup.h"
#include "fs/job/sent.h"
#include "fs/media/content.h"
#include "fs/media/graft.h"
#include "fs/media/xmp.h"
#include "fs/store/grafts.h"
#include "fs/store/store.h"

#define SETTINGS_MAX 32
#define OWN_FACTS 5 /* four before them, and the request behind them */

struct facts {
	struct xmp_fact all[OWN_FACTS + SETTINGS_MAX];
	size_t count;
	char *owned[2 * SETTINGS_MAX]; /* names and values of settings */
	size_t owned_count;
};

static void facts_finish(struct facts *facts)
{
	for (size_t i = 0; i < facts->owned_count; i++)
		free(facts->owned[i]);
}

static void add_fact(struct facts *facts, const char *name, const char *value)
{
	facts->all[facts->count++] = (struct xmp_fact){name, value};
}

/* A name of XML (letters, digits and '_'), and none of ours. */
static bool is_name(const struct facts *facts, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	if (strchr(letters, name[0]) == NULL || name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] != '\0')
		return false;
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->all[i].name, name) == 0)
			return false;
	return name[0] != '\0';
}

static int add_setting(void *arg, const char *key, const char *value)
{
	struct facts *facts = arg;

	if (facts->owned_count == array_length(facts->owned) || !is_name(facts, key))
		return 0;
	char *name = strdup(key), *copy = strdup(value);
	facts->owned[facts->owned_count++] = name;
	facts->owned[facts->owned_count++] = copy;
	if (name == NULL || copy == NULL)
		return -ENOMEM;
	add_fact(facts, name, copy);
	return 0;
}

/* Without the line feed at its end, as in the attribute. */
static char *text_of(const struct job_record *job)
{
	size_t length = job->text_length;

	while (length > 0 && job->text[length - 1] == '\n')
		length--;
	return strndup(job->text, length);
}

static int make_packet(const struct job_record *job, const struct result_record *result, struct buf *packet)
{
	CLEANUP(facts_finish) struct facts facts = {.count = 0};
	CLEANUP_FREE char *words = NULL, *request = NULL, *text = text_of(job);
	int r = sent_prompt(job, &words);

	if (r == 0 || r == -ENODATA)
		r = job->body == NULL ? -ENODATA : api_request_core(job->body, &request);
	if (r == -ENOMEM || text == NULL)
		return -ENOMEM;
	add_fact(&facts, "prompt", text);
	add_fact(&facts, "model", job->model);
	add_fact(&facts, "mode", job->mode);
	add_fact(&facts, "task", result->task);
	r = sent_each(job, add_setting, &facts);
	if (r < 0)
		return r;
	add_fact(&facts, "request", request);
	return xmp_packet(words != NULL ? words : text, facts.all, facts.count, packet);
}

static void add_up_to(struct sha256 *sha, size_t *room, const char *data, size_t length)
{
	if (length > *room)
		length = *room;
	sha256_add(sha, data, length);
	*room -= length;
}

/* Of the file that users see. The tail counts where the whole file is shorter than what is looked at. */
static void carried_content(const struct graft_record *graft, const char *first, size_t length, int64_t size,
	char text[CONTENT_TEXT])
{
	struct sha256 sha;
	size_t room = CONTENT_FIRST;

	sha256_init(&sha);
	add_up_to(&sha, &room, graft->head, graft->head_length);
	add_up_to(&sha, &room, first + graft->cut, length - (size_t)graft->cut);
	add_up_to(&sha, &room, graft->tail, graft->tail_length);
	content_text(&sha, size - graft->cut + (int64_t)(graft->head_length + graft->tail_length), text);
}

/* Does what it carried before fit these bytes? They are the same ones then. */
static int fits_again(struct store *store, const struct result_record *result, const char *first, size_t length)
{
	CLEANUP(graft_record_finish) struct graft_record graft = {0};
	char content[CONTENT_TEXT];
	int r = grafts_get(store, result->job, result->seq, &graft);

	if (r < 0)
		return r;
	if ((size_t)graft.cut > length)
		return -ENOENT;
	carried_content(&graft, first, length, result->size, content);
	return strcmp(content, graft.content) == 0 && memcmp(first, graft.original, (size_t)graft.cut) == 0 ? 0 : -ENOENT;
}

struct change {
	const struct result_record *result;
	const struct graft_record *graft;
};

static int write_graft(struct store *store, void *arg)
{
	const struct change *change = arg;

	return grafts_set(store, change->result->job, change->result->seq, change->graft);
}

static int add_graft(struct store *store, const struct job_record *job, struct result_record *result, const char *first,
	size_t length)
{
	CLEANUP(buf_finish) struct buf packet;
	char content[CONTENT_TEXT];
	struct graft graft;

	buf_init(&packet, XMP_MAX);
	int r = make_packet(job, result, &packet);
	if (r == 0)
		r = graft_make(result->type, first, length, result->size, &packet, &graft);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	struct graft_record record = {.cut = (int64_t)graft.cut,
		.original = (char *)first,
		.head = graft.head.data,
		.head_length = graft.head.length,
		.tail = graft.tail.data,
		.tail_length = graft.tail.length,
		.content = content};
	carried_content(&record, first, length, result->size, content);
	r = store_run(store, false, write_graft, &(struct change){result, &record});
	if (r == 0)
		result->extra = (int64_t)(record.head_length + record.tail_length) - record.cut;
	graft_finish(&graft);
	return r;
}

int embed_result(struct store *store, const struct job_record *job, struct result_record *result, const char *first,
	size_t length, bool wished)
{
	int r = result->extra == 0 ? -ENOENT : fits_again(store, result, first, length);

	if (r != -ENOENT)
		return r;
	result->extra = 0;
	return wished ? add_graft(store, job, result, first, length) : 0;
}
