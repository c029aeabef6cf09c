/* SPDX-License-Identifier: MIT */
/* What the file of a table says: its rows, with the keys of its directory's model as columns. */
#include "fs/table/table_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt_keys.h"
#include "fs/store/store.h"

/* A column may be called as a line of a prompt is begun. */
static bool is_key(void *arg, const char *word)
{
	const struct prompt_keys *keys = arg;
	char folded[PROMPT_KEY_MAX + 1];

	if (!prompt_key_fold(word, strlen(word), folded))
		return false;
	const struct prompt_key *key = prompt_key_find(keys, folded);
	return key != NULL && (key->trust == KEY_OURS || key->trust == KEY_SERVICES) && key->kind != KEY_WORDS &&
	       key->kind != KEY_ELSEWHERE;
}

int table_find_model(const struct tables *tables, const struct node *file, const struct model **ret_model)
{
	struct node top;
	int64_t ino;
	int r = place_top(tables->needs.store, file->parent, &ino);

	if (r == 0)
		r = nodes_get(tables->needs.store, ino, &top);
	if (r == 0)
		*ret_model = model_table_find(*tables->needs.models, top.name);
	return r == 0 && *ret_model == NULL ? -ENOENT : r;
}

int table_read(const struct tables *tables, const struct node *file, struct prompt_table *ret_rows)
{
	CLEANUP_CLOSE int fd = store_data_open(tables->needs.store, file->ino, O_RDONLY);
	CLEANUP_FREE struct prompt_keys *keys = calloc(1, sizeof(*keys));
	const struct model *model = NULL;
	struct stat st;

	if (fd < 0 || keys == NULL)
		return fd < 0 ? fd : -ENOMEM;
	int r = table_find_model(tables, file, &model);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	size_t size = st.st_size > PROMPT_TABLE_MAX_BYTES ? PROMPT_TABLE_MAX_BYTES + 1 : (size_t)st.st_size;
	CLEANUP_FREE char *data = malloc(size + 1);
	if (data == NULL)
		return -ENOMEM;
	ssize_t length = read_all(fd, data, size);
	if (length < 0)
		return (int)length;
	prompt_keys_init(keys, model);
	return prompt_table_parse(file->name, data, (size_t)length, is_key, keys, ret_rows);
}
