/* SPDX-License-Identifier: MIT */
/* Where an input comes from: what it is called is no part of a wish (design 1.3b). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/input/inputs_private.h"
#include "fs/input/reference.h"
#include "fs/input/source.h"
#include "fs/input/upload.h"
#include "fs/store/jobs.h"

static int say(char **ret_origin, int length)
{
	if (length >= 0)
		return 0;
	*ret_origin = NULL;
	return -ENOMEM;
}

/* The `seq`-th result of a job, by the task that made it. */
static int of_result(struct store *store, int64_t job, int64_t seq, char **ret_origin)
{
	struct result_record *results;
	size_t count;
	int r = results_get(store, job, &results, &count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count && *ret_origin == NULL && r == 0; i++)
		if (results[i].seq == seq)
			r = say(ret_origin,
				asprintf(ret_origin, "result %s %" PRId64, results[i].task, seq));
	result_records_finish(results, count);
	return r;
}

static int of_node(struct store *store, int64_t ino, char **ret_origin)
{
	struct result_record result;
	int r = results_find(store, ino, &result);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = of_result(store, result.job, result.seq, ret_origin);
	result_record_finish(&result);
	return r;
}

static int of_file(struct inputs *inputs, const struct node *node, char **ret_origin)
{
	struct source_twin twin;
	int r = source_find_twin(inputs->needs.store, node, &twin);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (twin.job != 0)
		return of_result(inputs->needs.store, twin.job, twin.seq, ret_origin);
	const char *hash = upload_hash(inputs->uploads, node->ino);
	return hash == NULL ? 0 : say(ret_origin, asprintf(ret_origin, "bytes %s", hash));
}

int reference_origin(struct inputs *inputs, const struct prompt_ref *ref,
	const struct reference *input, char **ret_origin)
{
	*ret_origin = NULL;
	if (ref->is_url)
		return say(ret_origin, asprintf(ret_origin, "url %s", ref->value));
	if (input->node.ino == 0 || input->verdict >= REFERENCE_MISSING)
		return 0;
	return input->node.kind == NODE_RESULT
		       ? of_node(inputs->needs.store, input->node.ino, ret_origin)
		       : of_file(inputs, &input->node, ret_origin);
}
