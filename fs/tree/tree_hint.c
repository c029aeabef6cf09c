/* SPDX-License-Identifier: MIT */
/* Files that look like prompts and are none: who made one waits for a picture that never comes. Said in the log, and, of the
 * last few, in .weryaifs/README. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"
#include "fs/prompt/prompt_name.h"
#include "fs/tree/tree_private.h"

void tree_hint(struct tree *tree, int64_t dir, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	char *shown;
	int64_t top;

	if (!prompt_is_near_name(name) || !place_has_prompts(tree->needs.store, dir, &top) ||
		tree_path(tree, (uint64_t)dir, &path) < 0 ||
		asprintf(&shown, "%s/%s", path, name) < 0)
		return;
	shown[text_filter(shown, strlen(shown), false)] = '\0';
	log_info("tree: '%s' is no prompt: a prompt's name ends in .txt, in small letters", shown);
	size_t last = array_length(tree->hints) - 1;
	free(tree->hints[last]);
	memmove(tree->hints + 1, tree->hints, last * sizeof(tree->hints[0]));
	tree->hints[0] = shown;
}

int tree_add_hints(const struct tree *tree, struct buf *text)
{
	for (size_t i = 0; i < array_length(tree->hints) && tree->hints[i] != NULL; i++)
		buf_addf(text, "%s    %s\n",
			i == 0 ? "\nNO PROMPTS, for their names do not end in .txt (in small letters):\n" : "",
			tree->hints[i]);
	return buf_ok(text) ? 0 : text->failed;
}

void tree_hints_finish(struct tree *tree)
{
	for (size_t i = 0; i < array_length(tree->hints); i++)
		free(tree->hints[i]);
}
