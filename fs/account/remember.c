/* SPDX-License-Identifier: MIT */
#include "fs/account/remember.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/job/bought.h"
#include "fs/job/wish.h"
#include "fs/model/model.h"
#include "fs/store/store.h"

struct memory {
	const struct model_table *models;
	struct ids unknown;
};

static int note_unknown(void *arg, int64_t job)
{
	return ids_add(arg, job);
}

/* What it says is read as the model takes it today; the request is what it was. */
static int read_wish(
	const struct memory *memory, const struct job_record *record, struct wish_record *wish)
{
	const struct model *model = model_table_find(memory->models, record->model);
	const struct prompt_options options = {.allow_unknown = true, .models = memory->models};
	CLEANUP_FREE char *message = NULL;
	struct prompt prompt = {0};
	int r = model == NULL ? -EINVAL
			      : prompt_parse(model, &options, record->text, record->text_length,
					&prompt, &message);

	if (r == 0)
		r = wish_hash(record->model, &prompt, wish->hash);
	if (r == 0 || r == -EINVAL || r == -ENODATA)
		r = wish_request(record->mode, record->body, prompt.take, wish->request);
	prompt_finish(&prompt);
	return r;
}

/* Others of its place that ask for the same are asked for, too. */
static int ask(struct store *store, const struct wish_record *wish)
{
	struct bought_wish asked = {.hash = wish->hash, .request = wish->request};

	return wish->gone != 0 || wish->hash[0] == '\0'
		       ? 0
		       : bought_ask(store, wish->place, &asked, wish->submitted);
}

static int remember_job(struct store *store, const struct memory *memory, int64_t job)
{
	struct job_record record = {0};
	struct wish_record wish = {0};
	int r = jobs_get(store, job, &record);

	if (r == 0)
		r = wishes_get(store, job, &wish);
	if (r == 0 && record.state != JOB_INVALID) {
		r = read_wish(memory, &record, &wish);
		if (r == 0)
			r = wishes_set_content(store, &wish);
	}
	wish_record_finish(&wish);
	job_record_finish(&record);
	return r == -ENOENT ? 0 : r;
}

static int ask_job(struct store *store, int64_t job)
{
	struct wish_record wish;
	int r = wishes_get(store, job, &wish);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = ask(store, &wish);
	wish_record_finish(&wish);
	return r;
}

static int remember_all(struct store *store, void *arg)
{
	struct memory *memory = arg;
	int r = wishes_list_unknown(store, note_unknown, &memory->unknown);

	for (size_t i = 0; i < memory->unknown.count && r == 0; i++)
		r = remember_job(store, memory, memory->unknown.items[i]);
	for (size_t i = 0; i < memory->unknown.count && r == 0; i++)
		r = ask_job(store, memory->unknown.items[i]);
	return r < 0 ? r : wishes_all_known(store);
}

int remember_wishes(struct store *store, const struct model_table *models)
{
	struct memory memory = {.models = models};
	int r = store_run(store, true, remember_all, &memory);

	if (r == 0 && memory.unknown.count > 0)
		log_info("account: what %zu jobs of an older version were asked for is known now",
			memory.unknown.count);
	ids_finish(&memory.unknown);
	return r;
}
