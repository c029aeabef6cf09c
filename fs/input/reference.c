/* SPDX-License-Identifier: MIT */
#include "fs/input/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/input/inputs_private.h"
#include "fs/input/liveness.h"
#include "fs/input/reference_path.h"
#include "fs/input/source.h"
#include "fs/input/upload.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/media/media.h"
#include "fs/store/store.h"

/* One look, while it goes on. */
struct look {
	const struct asker *asker;
	struct inputs *inputs; /* the asker's */
	const struct prompt_ref *ref;
	enum api_kind kind;
	struct reference *input;
};

static enum api_kind kind_of(enum prompt_ref_role role)
{
	return role == REF_VIDEO ? API_VIDEO : role == REF_AUDIO ? API_AUDIO : API_IMAGE;
}

#define say(look, ...) reference_say((look)->input, (look)->ref, __VA_ARGS__)

static int ready(struct look *look, const char *url)
{
	look->input->verdict = REFERENCE_READY;
	look->input->text = strdup(url);
	return look->input->text == NULL ? -ENOMEM : 0;
}

/* --- bytes that have to be uploaded --- */

static int say_wrong(struct look *look, int r, const char *why)
{
	return r == -EINVAL ? say(look, REFERENCE_WRONG, "%s", why) : r;
}

static int say_unfetched(struct look *look)
{
	return say(look, REFERENCE_WRONG,
		"cannot be passed on: its address has expired, and not all of its bytes were "
		"fetched while it lived");
}

/* The real bytes decide, as the service's do: names lie. */
static int check_bytes(struct look *look, const struct source *source)
{
	CLEANUP_FREE char *why = NULL;
	int r = media_check_size(look->kind, source->size, &why);

	if (r == 0)
		r = source_type(source, &look->input->type);
	if (r == -ENODATA)
		return say_unfetched(look);
	if (r == 0)
		r = media_check_type(look->kind, look->input->type, &why);
	return say_wrong(look, r, why);
}

static int look_at_bytes(struct look *look, const struct node *node)
{
	struct source source;
	int r = source_open(look->inputs->needs.store, node, &source);

	if (r < 0)
		return r;
	look->input->node = *node;
	look->input->size = source.size;
	r = check_bytes(look, &source);
	source_close(&source);
	return r;
}

static int look_at_file(struct look *look, const struct node *node)
{
	if (writers_any(look->inputs->needs.writers, node->ino))
		return say(look, REFERENCE_WAITS, "is still being written");
	return look_at_bytes(look, node);
}

/* --- results --- */

/* Does something new come to this prompt: is it being written, or its job on its way? */
static bool is_busy(const struct job_table *jobs, const struct node *prompt)
{
	struct job *job = prompt->job != 0 ? job_table_find(jobs, prompt->job) : NULL;

	if (prompt->draft != DRAFT_NONE)
		return true;
	return job != NULL && job->record.state != JOB_BLOCKED &&
	       !job_state_is_final(job->record.state);
}

static int wait_for(struct look *look, const struct node *prompt)
{
	struct job *job =
		prompt->job != 0 ? job_table_find(look->inputs->needs.jobs, prompt->job) : NULL;
	const char *state = "is being written";
	CLEANUP_FREE char *path = NULL;
	int r = place_path(look->inputs->needs.store, prompt, &path);

	if (r < 0)
		return r;
	if (prompt->draft == DRAFT_NONE)
		state = job != NULL ? job_state_name(job_state_shown(job->record.state))
				    : "is empty";
	look->input->on = prompt->ino;
	return say(look, REFERENCE_WAITS, "is not there yet: %s %s%s", path,
		prompt->draft == DRAFT_NONE && job != NULL ? "is " : "", state);
}

/* A file whose name its prompt will give to something new is waited for; one that a person has named is as it is. */
static int find_maker(struct look *look, const struct node *node, struct node *ret_prompt)
{
	struct job_record record = {0};

	if (node->job == 0)
		return -ENOENT;
	int r = jobs_get(look->inputs->needs.store, node->job, &record);
	int64_t ino = record.place.ino;
	job_record_finish(&record);
	if (r < 0)
		return r;
	if (ino == 0 || ino == look->asker->place.ino)
		return -ENOENT;
	r = nodes_get(look->inputs->needs.store, ino, ret_prompt);
	if (r == 0 && (ret_prompt->parent != node->parent ||
			      !place_is_prompt(look->inputs->needs.store, ret_prompt) ||
			      !place_is_result_name(node->name, ret_prompt->name,
				      ret_prompt->name_length - strlen(".txt"))))
		r = -ENOENT;
	return r;
}

static int look_at_result(struct look *look, const struct node *node)
{
	struct result_record result = {0};
	CLEANUP_FREE char *why = NULL;
	struct node prompt;
	int r = find_maker(look, node, &prompt);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && is_busy(look->inputs->needs.jobs, &prompt))
		return wait_for(look, &prompt);
	r = results_find(look->inputs->needs.store, node->ino, &result);
	if (r == -ENOENT)
		return look_at_bytes(look, node);
	if (r < 0)
		return r;
	look->input->node = *node;
	look->input->size = result.size;
	r = media_check_type(look->kind, result.type, &why);
	r = r == 0 ? ready(look, result.url) : say_wrong(look, r, why);
	result_record_finish(&result);
	return r;
}

/* The n-th result that is still there, from 1. */
static int look_at_results(struct look *look, const struct node *prompt, int64_t job, size_t n)
{
	struct result_record *results;
	struct node node;
	size_t count, seen = 0, unfetched = 0;
	int r = results_get(look->inputs->needs.store, job, &results, &count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		unfetched += results[i].size < 0;
		if (results[i].ino == 0 ||
			nodes_get(look->inputs->needs.store, results[i].ino, &node) < 0 ||
			node.parent == 0)
			continue;
		if (++seen == n)
			break;
	}
	result_records_finish(results, count);
	if (seen == n)
		return look_at_result(look, &node);
	if (unfetched > 0)
		return say(look, REFERENCE_WRONG,
			"is not there: of what its prompt has made, %zu could not be fetched; its "
			"status says more",
			unfetched);
	if (seen > 0)
		return say(look, REFERENCE_WRONG, "is not there: its prompt has made %zu file%s",
			seen, seen == 1 ? "" : "s");
	return say(look, REFERENCE_WRONG,
		"is not there any more: what its prompt has made was removed");
}

static int say_failed(struct look *look, const struct node *prompt, const struct job_record *record)
{
	CLEANUP_FREE char *path = NULL;
	int r = place_path(look->inputs->needs.store, prompt, &path);

	if (r < 0)
		return r;
	return say(look, REFERENCE_WRONG,
		"will not be there: %s ended %s. When that has a result, this prompt goes on by "
		"itself",
		path, job_state_name(job_state_shown(record->state)));
}

static int look_at_prompt(struct look *look, const struct node *prompt, size_t n)
{
	struct job_record stored = {0};
	int r = 0;

	if (prompt->ino == look->asker->place.ino)
		return say(look, REFERENCE_WRONG, "is what this very prompt is to make");
	look->input->on = prompt->ino;
	if (prompt->draft != DRAFT_NONE || prompt->job == 0)
		return wait_for(look, prompt);
	struct job *job = job_table_find(look->inputs->needs.jobs, prompt->job);
	if (job != NULL && job->record.state != JOB_BLOCKED)
		return wait_for(look, prompt);
	if (job == NULL)
		r = jobs_get(look->inputs->needs.store, prompt->job, &stored);
	if (r < 0)
		return r == -ENOENT ? wait_for(look, prompt) : r;
	const struct job_record *record = job != NULL ? &job->record : &stored;
	if (record->state == JOB_SUCCESS)
		r = look_at_results(look, prompt, prompt->job, n);
	else
		r = say_failed(look, prompt, record);
	job_record_finish(&stored);
	return r;
}

/* --- names --- */

static int look_at_name(struct look *look, int64_t dir, const char *name)
{
	struct node node, prompt;
	size_t n;
	int r = nodes_find(look->inputs->needs.store, dir, name, &node);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && place_is_prompt(look->inputs->needs.store, &node))
		return look_at_prompt(look, &node, 1);
	if (r == 0 && node.kind == NODE_RESULT)
		return look_at_result(look, &node);
	if (r == 0 && node.kind == NODE_FILE)
		return look_at_file(look, &node);
	bool directory = r == 0;
	r = reference_find_future(look->inputs->needs.store, dir, name, &prompt, &n);
	if (r == 0)
		return look_at_prompt(look, &prompt, n);
	if (r != -ENOENT)
		return r;
	if (directory)
		return say(look, REFERENCE_WRONG, "is a directory; name a file in it");
	return say(look, REFERENCE_MISSING,
		"is not there, and no prompt here makes it%s. When it appears, this prompt goes on "
		"by itself",
		look->ref->value[0] == '/' ? " (a path that begins with / begins at the mount)"
					   : "");
}

static int look_at_ref(struct look *look)
{
	CLEANUP_FREE char *value = NULL;
	char name[256];
	int64_t dir;
	int r = reference_find_path(look->asker, look->ref->value, look->kind, &value);

	if (r == 0)
		r = place_walk(
			look->inputs->needs.store, look->asker->place.dir, value, &dir, name);

	if (r == -EXDEV)
		return say(look, REFERENCE_WRONG,
			"leaves the mount; copy the file into it and name the copy");
	if (r == -ENAMETOOLONG)
		return say(look, REFERENCE_WRONG, "has a name that is longer than 255 bytes");
	if (r == -ENOTDIR)
		return say(look, REFERENCE_WRONG, "goes through a file as if it were a directory");
	if (r == -ENOENT)
		return say(look, REFERENCE_MISSING,
			"is not there: a directory on the way is missing. When it appears, this "
			"prompt goes on by itself");
	if (r < 0)
		return r;
	if (name[0] == '\0')
		return say(look, REFERENCE_WRONG, "is a directory; name a file in it");
	return look_at_name(look, dir, name);
}

int reference_look(
	const struct asker *asker, const struct prompt_ref *ref, struct reference *ret_input)
{
	struct look look = {.asker = asker,
		.inputs = asker->inputs,
		.ref = ref,
		.kind = kind_of(ref->role),
		.input = ret_input};

	*ret_input = (struct reference){.size = -1, .duration_ms = -1};
	return ref->is_url ? ready(&look, ref->value) : look_at_ref(&look);
}

/* --- addresses --- */

static int upload(struct look *look)
{
	struct reference *input = look->input;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *path = NULL;

	if (look->asker->job->record.dry_run) {
		int r = place_path(look->inputs->needs.store, &input->node, &path);
		if (r < 0 || asprintf(&text, "uploaded when it is sent: %s", path) < 0)
			return -ENOMEM;
		input->later = true;
		return ready(look, text);
	}
	int r = upload_ask(look->inputs->uploads, &input->node, input->type, &text);
	switch (r) {
	case 1:
		return ready(look, text);
	case 0:
		return say(look, REFERENCE_WAITS, "is uploaded: %s", text);
	case -EINVAL:
		return say(look, REFERENCE_WRONG, "%s", text);
	case -ENODATA:
		return say_unfetched(look);
	default:
		return r;
	}
}

int reference_address(
	const struct asker *asker, const struct prompt_ref *ref, struct reference *input)
{
	struct look look = {.asker = asker,
		.inputs = asker->inputs,
		.ref = ref,
		.kind = kind_of(ref->role),
		.input = input};

	if (ref->is_url)
		return 0;
	if (input->text == NULL)
		return upload(&look);
	int r = liveness_ask(asker->inputs->liveness, input->text, input->node.job);
	if (r == 0)
		return say(&look, REFERENCE_WAITS, "is looked at: does its address still live?");
	if (r != -ESTALE)
		return r < 0 ? r : 0;
	/* its bytes, if they are here */
	struct node node = input->node;
	free(steal(&input->text));
	r = look_at_bytes(&look, &node);
	return r == 0 && input->verdict == REFERENCE_READY ? upload(&look) : r;
}
