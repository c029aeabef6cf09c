/* SPDX-License-Identifier: MIT */
/* The attributes user.weryai.*: the same facts, one by one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"
#include "fs/job/place.h"
#include "fs/job/sent.h"
#include "fs/tree/status.h"
#include "fs/tree/status_private.h"
#include "fs/tree/tree_private.h"

#define PREFIX "user.weryai."
#define PROMPT_VALUE_MAX 60000 /* of an attribute's 64 KiB */

/* Beside them each setting that was sent (fs/job/sent.h). */
static const char *const result_keys[] = {
	"model", "mode", "task", "prompt", "url", "submitted", "finished", "credits", "request", "content"};

/* What the request had, which is gone from the prompt when that says something else. -ENODATA: it is no such key. */
static int add_sent(const struct job_record *record, const char *key, struct buf *text)
{
	CLEANUP_FREE char *value = NULL;
	int r;

	/* without the webhook, which has a word in it that is nobody's business */
	if (strcmp(key, "request") == 0)
		r = record->body == NULL ? -ENODATA : api_request_core(record->body, &value);
	else
		r = sent_value(record, key, &value);
	return r == 0 ? buf_adds(text, value) : r;
}

static bool is_key(const char *const *list, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

bool facts_add_of_result(struct tree *tree, const struct facts *facts, const struct node *node, const char *key,
	struct buf *text)
{
	if (facts->record == NULL)
		return false;
	if (strcmp(key, "prompt") == 0) {
		size_t length = facts->record->text_length;
		/* getfattr -d prints what ends in a line feed as base64 */
		while (length > 0 && facts->record->text[length - 1] == '\n')
			length--;
		return buf_add(text, facts->record->text,
			       length < PROMPT_VALUE_MAX ? length : PROMPT_VALUE_MAX) == 0;
	}
	if (!is_key(result_keys, array_length(result_keys), key) || strcmp(key, "request") == 0)
		return add_sent(facts->record, key, text) == 0;
	for (size_t i = 0; i < facts->result_count; i++) {
		if (facts->results[i].ino != node->ino)
			continue;
		if (strcmp(key, "task") == 0)
			return buf_adds(text, facts->results[i].task) == 0;
		if (strcmp(key, "content") == 0)
			return facts->results[i].content != NULL && buf_adds(text, facts->results[i].content) == 0;
		/* a text has no address: it is one by itself (RFC 2397) */
		if (strcmp(key, "url") == 0)
			return (facts->results[i].kind == RESULT_TEXT
					       ? buf_addf(text, "data:,%s", facts->results[i].text)
					       : buf_adds(text, facts->results[i].url)) == 0;
	}
	return strcmp(key, "task") != 0 && strcmp(key, "url") != 0 && strcmp(key, "content") != 0 &&
	       facts_add(tree, facts, node, key, text);
}

/* Does this node have attributes of ours, and which? NULL: none. */
static const char *const *keys_of(struct tree *tree, const struct node *node, size_t *ret_count)
{
	if (node->kind == NODE_RESULT) {
		*ret_count = array_length(result_keys);
		return result_keys;
	}
	*ret_count = STATUS_KEYS;
	return place_is_prompt(tree->needs.store, node) ? status_keys : NULL;
}

int status_attribute(struct tree *tree, const struct node *node, const char *name, char **ret_value)
{
	struct facts facts;
	struct buf value;
	size_t count;
	const char *const *list = keys_of(tree, node, &count);

	if (list == NULL || (node->kind != NODE_RESULT && !is_key(list, count, name)))
		return -ENODATA;
	int r = facts_gather(tree, node, &facts);
	if (r < 0)
		return r;
	buf_init(&value, STATUS_MAX);
	bool applies = node->kind == NODE_RESULT ? facts_add_of_result(tree, &facts, node, name, &value)
						 : facts_add(tree, &facts, node, name, &value);
	/* a prompt is its author's own, to be used again as it is */
	if (strcmp(name, "prompt") != 0)
		text_filter_buf(&value, true);
	if (!applies)
		r = -ENODATA;
	else if (!buf_ok(&value))
		r = -ENOMEM;
	else
		*ret_value = buf_steal(&value);
	buf_finish(&value);
	facts_finish(&facts);
	return r;
}

struct listing {
	int (*visit)(void *arg, const char *name);
	void *arg;
};

static int list_name(const struct listing *listing, const char *key)
{
	char name[256]; /* XATTR_NAME_MAX */

	if (snprintf(name, sizeof(name), PREFIX "%s", key) >= (int)sizeof(name))
		return 0;
	return listing->visit(listing->arg, name);
}

static int list_setting(void *arg, const char *key, const char *value)
{
	return is_key(result_keys, array_length(result_keys), key) ? 0 : list_name(arg, key);
}

static int list_settings(struct tree *tree, const struct node *node, const struct listing *listing)
{
	struct facts facts;
	int r = facts_gather(tree, node, &facts);

	if (r < 0)
		return r;
	if (facts.record != NULL)
		r = sent_each(facts.record, list_setting, (void *)listing);
	facts_finish(&facts);
	return r;
}

int status_attributes(struct tree *tree, const struct node *node,
	int (*visit)(void *arg, const char *name), void *arg)
{
	size_t count;
	const char *const *list = keys_of(tree, node, &count);
	const struct listing listing = {visit, arg};
	int r = 0;

	for (size_t i = 0; list != NULL && i < count && r == 0; i++) {
		CLEANUP_FREE char *value = NULL;
		r = status_attribute(tree, node, list[i], &value);
		if (r == -ENODATA) {
			r = 0;
			continue;
		}
		if (r == 0)
			r = list_name(&listing, list[i]);
	}
	return r == 0 && node->kind == NODE_RESULT ? list_settings(tree, node, &listing) : r;
}
