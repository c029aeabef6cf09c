/* SPDX-License-Identifier: MIT */
#include "fs/tree/sidecar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/json_text.h"
#include "fs/api/request.h"
#include "fs/base/cleanup.h"
#include "fs/job/sent.h"
#include "fs/media/media.h"
#include "fs/tree/status_private.h"
#include "fs/tree/tree_private.h"

#define BEGIN "{\n  \"weryaifs\": \"result\",\n"

static int find_result(struct tree *tree, int64_t dir, const char *stem, int length, struct node *ret_result)
{
	char name[256];

	for (size_t i = 0; media_type(i) != NULL; i++) {
		if (snprintf(name, sizeof(name), "%.*s.%s", length, stem, media_type(i)) >= (int)sizeof(name))
			continue;
		int r = nodes_find(tree->needs.store, dir, name, ret_result);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && ret_result->kind == NODE_RESULT)
			return 1;
	}
	return 0;
}

int sidecar_find(struct tree *tree, int64_t dir, const char *name, struct node *ret_result)
{
	if (!tree->needs.sidecar || !place_has_suffix(name, PLACE_SIDECAR) || dir == (int64_t)TREE_LOST)
		return 0;
	return find_result(tree, dir, name, (int)(strlen(name) - strlen(PLACE_SIDECAR)), ret_result);
}

bool sidecar_name(struct tree *tree, const struct node *node, char name[256])
{
	const char *dot = strrchr(node->name, '.');
	struct node other;

	if (!tree->needs.sidecar || node->kind != NODE_RESULT || dot == NULL || media_kind(dot + 1) == API_KIND_COUNT)
		return false;
	int length = snprintf(name, 256, "%.*s" PLACE_SIDECAR, (int)(dot - node->name), node->name);
	return length < 256 && sidecar_find(tree, node->parent, name, &other) == 1 && other.ino == node->ino &&
	       nodes_find(tree->needs.store, node->parent, name, &other) == -ENOENT;
}

static void add_member(struct buf *out, const char *indent, const char *key, const char *value)
{
	if (!buf_ok(out))
		return;
	buf_addf(out, "%s%s", out->data[out->length - 1] == '{' ? "\n" : out->data[out->length - 1] == '\n' ? "" : ",\n", indent);
	json_text_add(out, key);
	buf_adds(out, ": ");
	/* words of a person or the service that are no UTF-8 */
	if (json_text_add(out, value) == -EINVAL)
		buf_adds(out, "null");
}

static int add_setting(void *arg, const char *key, const char *value)
{
	add_member(arg, "    ", key, value);
	return 0;
}

static void add_facts(struct tree *tree, const struct facts *facts, const struct node *result, struct buf *out)
{
	static const char *const keys[] = {"prompt", "model", "mode", "task", "url", "submitted", "finished", "credits", "content"};
	CLEANUP_FREE char *request = NULL;

	for (size_t i = 0; i < array_length(keys); i++) {
		CLEANUP(buf_finish) struct buf value;
		buf_init(&value, STATUS_MAX);
		if (facts_add_of_result(tree, facts, result, keys[i], &value) && buf_ok(&value))
			add_member(out, "  ", keys[i], value.data);
	}
	buf_adds(out, ",\n  \"settings\": {");
	if (facts->record != NULL)
		sent_each(facts->record, add_setting, out);
	buf_adds(out, "},\n  \"request\": ");
	if (facts->record != NULL && facts->record->body != NULL)
		api_request_core(facts->record->body, &request);
	buf_adds(out, request != NULL ? request : "null");
}

int sidecar_text(struct tree *tree, const struct node *result, char **ret_text, size_t *ret_length)
{
	struct facts facts;
	struct buf out;
	int r = facts_gather(tree, result, &facts);

	if (r < 0)
		return r;
	buf_init(&out, 2 * STATUS_MAX);
	buf_adds(&out, BEGIN);
	add_member(&out, "  ", "file", result->name);
	add_facts(tree, &facts, result, &out);
	buf_adds(&out, "\n}\n");
	facts_finish(&facts);
	*ret_length = out.length;
	*ret_text = buf_steal(&out);
	return *ret_text == NULL ? -ENOMEM : 0;
}

bool sidecar_is(struct tree *tree, uint64_t parent, const char *name)
{
	struct node node;

	return tree->needs.sidecar && nodes_find(tree->needs.store, TREE_NODE(parent), name, &node) == -ENOENT &&
	       sidecar_find(tree, TREE_NODE(parent), name, &node) == 1;
}

bool sidecar_of(struct tree *tree, uint64_t parent, const char *name, char sidecar[256])
{
	struct node node;

	return tree->needs.sidecar && nodes_find(tree->needs.store, TREE_NODE(parent), name, &node) == 0 &&
	       sidecar_name(tree, &node, sidecar);
}

int sidecar_text_of(struct tree *tree, uint64_t ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	return r < 0 ? r : sidecar_text(tree, &node, ret_text, ret_length);
}

bool sidecar_is_copy(const char *text, size_t length)
{
	return length > 0 && memcmp(text, BEGIN, length < strlen(BEGIN) ? length : strlen(BEGIN)) == 0;
}
