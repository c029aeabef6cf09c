/* SPDX-License-Identifier: MIT */
#include "fs/gen/draft.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/gen/credits.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/prompt.h"
#include "fs/gen/queue.h"
#include "fs/gen/status.h"
#include "fs/gen/tree_private.h"
#include "fs/gen/waiting.h"
#include "fs/net/backoff.h"

/* the disk would not take the job: again after this */
static const struct backoff retry_pace = {.first_ms = 250, .max_ms = 10000};

/* A file that somebody has open for writing, or a prompt that settles. */
struct draft {
	struct drafts *drafts; /* borrowed */
	int64_t ino;
	unsigned writers;
	bool is_prompt;
	bool marked;              /* DRAFT_OPEN is in the database */
	bool failed;              /* a write failed: stays so */
	bool pending;             /* to be examined when it has settled */
	unsigned failures;        /* of the examination, in a row */
	struct loop_timer *timer; /* owned */
};

struct drafts {
	struct gen *gen;    /* borrowed */
	struct map *by_ino; /* of struct draft, owned */
};

int drafts_create(struct gen *gen, struct drafts **ret_drafts)
{
	struct drafts *drafts = calloc(1, sizeof(*drafts));

	if (drafts == NULL)
		return -ENOMEM;
	drafts->gen = gen;
	drafts->by_ino = map_create();
	if (drafts->by_ino == NULL) {
		free(drafts);
		return -ENOMEM;
	}
	*ret_drafts = drafts;
	return 0;
}

static void draft_free(struct draft *draft)
{
	map_remove(draft->drafts->by_ino, (uint64_t)draft->ino);
	loop_timer_destroy(draft->timer);
	free(draft);
}

void drafts_destroy(struct drafts *drafts)
{
	struct draft *draft;
	uint64_t ino;

	if (drafts == NULL)
		return;
	while ((draft = map_any(drafts->by_ino, &ino)) != NULL)
		draft_free(draft);
	map_destroy(drafts->by_ino);
	free(drafts);
}

static void on_settled(void *arg);

static int draft_get(struct drafts *drafts, int64_t ino, struct draft **ret_draft)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL) {
		draft = calloc(1, sizeof(*draft));
		if (draft == NULL)
			return -ENOMEM;
		draft->drafts = drafts;
		draft->ino = ino;
		int r = loop_timer_create(drafts->gen->loop, on_settled, draft, &draft->timer);
		if (r == 0)
			r = map_put(drafts->by_ino, (uint64_t)ino, draft);
		if (r < 0) {
			loop_timer_destroy(draft->timer);
			free(draft);
			return r;
		}
	}
	*ret_draft = draft;
	return 0;
}

int draft_open(struct drafts *drafts, const struct node *node)
{
	struct draft *draft;
	int r = draft_get(drafts, node->ino, &draft);

	if (r < 0)
		return r;
	draft->is_prompt = tree_is_prompt(node);
	if (draft->writers == 0)
		draft->failed = false;
	draft->writers++;
	loop_timer_disarm(draft->timer);
	return 0;
}

static int save_mark(struct drafts *drafts, int64_t ino, enum draft_state state)
{
	int r = store_begin(drafts->gen->store, false);

	if (r == 0)
		r = nodes_set_draft(drafts->gen->store, ino, state);
	return store_end(drafts->gen->store, r);
}

int draft_will_write(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL || !draft->is_prompt || draft->marked)
		return 0;
	int r = save_mark(drafts, ino, DRAFT_OPEN);
	if (r == 0) {
		draft->marked = true;
		status_changed(drafts->gen, ino);
	}
	return r;
}

void draft_close(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft == NULL)
		return;
	assert(draft->writers > 0);
	if (--draft->writers > 0)
		return;
	waiting_recheck(drafts->gen);
	if (draft->marked && draft->failed) {
		draft->marked = false;
		status_changed(drafts->gen, ino);
	} else if (draft->marked) {
		/* where the disk refuses, memory goes on: at worst the text waits for a person after a crash */
		int r = save_mark(drafts, ino, DRAFT_CLOSED);
		if (r < 0)
			log_errno(LOG_LEVEL_ERROR, r, "draft: the closing of inode %lld",
				(long long)ino);
		draft->marked = false;
		draft->pending = true;
	}
	if (!draft->pending) {
		draft_free(draft);
		return;
	}
	loop_timer_arm(draft->timer, drafts->gen->options.settle_ms);
	credits_expect(drafts->gen->credits);
}

void draft_write_failed(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft != NULL)
		draft->failed = true;
}

bool draft_has_writers(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	return draft != NULL && draft->writers > 0;
}

bool draft_is_changing(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);
	struct node node;

	if (draft != NULL && (draft->marked || draft->pending))
		return true;
	return ino != 0 && nodes_get(drafts->gen->store, ino, &node) == 0 &&
	       node.draft != DRAFT_NONE;
}

int draft_mark(struct drafts *drafts, int64_t ino, bool is_prompt)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);
	enum draft_state state = DRAFT_NONE;

	if (is_prompt)
		state = draft != NULL && draft->writers > 0 ? DRAFT_OPEN : DRAFT_CLOSED;
	if (draft != NULL) {
		draft->is_prompt = is_prompt;
		draft->marked = state == DRAFT_OPEN;
		draft->pending = false;
		loop_timer_disarm(draft->timer);
		if (draft->writers == 0)
			draft_free(draft);
	}
	return nodes_set_draft(drafts->gen->store, ino, state);
}

void draft_settle(struct drafts *drafts, int64_t ino)
{
	struct draft *draft;

	if (draft_get(drafts, ino, &draft) < 0) {
		log_error("draft: out of memory: inode %lld is examined at the next mount",
			(long long)ino);
		return;
	}
	if (draft->writers > 0)
		return;
	draft->is_prompt = true;
	draft->pending = true;
	loop_timer_arm(draft->timer, drafts->gen->options.settle_ms);
}

void draft_forget(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft != NULL)
		draft_free(draft);
}

/* -EFBIG: longer than any prompt. The caller frees. */
static int read_text(struct gen *gen, int64_t ino, char **ret_text, size_t *ret_length)
{
	CLEANUP_CLOSE int fd = store_data_open(gen->store, ino, O_RDONLY);
	CLEANUP_FREE char *text = malloc(PROMPT_MAX_BYTES + 2);
	size_t length = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (text == NULL)
		return -ENOMEM;
	while (length <= PROMPT_MAX_BYTES) {
		n = read(fd, text + length, PROMPT_MAX_BYTES + 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	if (length > PROMPT_MAX_BYTES)
		return -EFBIG;
	text[length] = '\0';
	*ret_text = steal(&text);
	*ret_length = length;
	return 0;
}

/* The directory of the model that this prompt is for. */
static int find_model(struct gen *gen, const struct node *node, struct node *ret_top)
{
	int64_t top;
	int r = tree_top(gen, node->parent, &top);

	return r < 0 ? r : nodes_get(gen->store, top, ret_top);
}

static int refuse(struct job_record *record, const char *why)
{
	record->state = JOB_INVALID;
	record->published = true;
	record->mode = strdup("");
	job_set_text(&record->error, "%s", why);
	return record->mode == NULL || record->error == NULL ? -ENOMEM : 0;
}

/* What is to be done with this text, as a record. -ENODATA: nothing, there is no prompt in it. */
static int judge(struct gen *gen, const struct node *top, struct job_record *record)
{
	const struct model *model = model_table_find(gen->models, top->name);
	struct prompt_options options = {gen->options.allow_unknown, gen->options.dry_run};
	CLEANUP_FREE char *message = NULL;
	struct prompt prompt = {0};

	if (model == NULL)
		return refuse(record, "the service no longer has this model; move the prompt to "
				      "another directory");
	int r = prompt_parse(model, &options, record->text, record->text_length, &prompt, &message);
	if (r == -EINVAL) {
		prompt_finish(&prompt);
		return refuse(record, message != NULL ? message : "this prompt cannot be sent");
	}
	/* with inputs the request is made when they are there: waiting.c */
	if (r == 0 && prompt.ref_count == 0)
		r = prompt_sign_webhook(&prompt, gen->options.webhook_url);
	if (r == 0 && prompt.ref_count == 0)
		r = prompt_encode(&prompt, &record->body);
	if (r == 0) {
		record->mode = strdup(model->tool != NULL ? model->tool->endpoint
							  : api_mode_name(prompt.request.mode));
		record->dry_run = prompt.dry_run;
		record->state = prompt.ref_count > 0 ? JOB_WAITING
				: prompt.dry_run     ? JOB_HELD
						     : JOB_QUEUED;
		record->warning = steal(&prompt.warning);
		if (record->mode == NULL)
			r = -ENOMEM;
	}
	prompt_finish(&prompt);
	return r;
}

static int new_record(struct gen *gen, const struct node *node, const struct node *top, char *text,
	size_t length, struct job_record *record)
{
	record->text = text;
	record->text_length = length;
	record->ino = node->ino;
	record->dir = node->parent;
	record->stem = strndup(node->name, node->name_length - strlen(".txt"));
	record->model = strdup(top->name);
	record->created = clock_wall_ms();
	return record->stem == NULL || record->model == NULL ? -ENOMEM : 0;
}

/* Was this very text sent to this very model, so that there is nothing to be done? */
static bool is_known(struct gen *gen, const struct job_record *old, const struct node *top,
	const char *text, size_t length)
{
	if (strcmp(old->model, top->name) != 0 || old->text_length != length ||
		memcmp(old->text, text, length) != 0)
		return false;
	/* what was made and could not be fetched has been paid for */
	if (old->state == JOB_FAILED)
		return queue_has_unfetched(gen->queue, old->id);
	return old->state != JOB_INVALID;
}

/* What the new text of a prompt takes the place of. */
struct past {
	struct job_record old;  /* owned; its present job, id 0: none */
	struct job_record sent; /* owned; the last one that was sent, if that is another one */
	int64_t cancelled; /* the present one, where it was not sent and need not be; 0: it stays */
};

static void past_finish(struct past *past)
{
	job_record_finish(&past->old);
	job_record_finish(&past->sent);
}

/* -ENOENT of a row is the ledger's loss: there is nothing to compare with then. */
static int get_record(struct gen *gen, int64_t id, struct job_record *record)
{
	int r = id == 0 ? -ENOENT : jobs_get(gen->store, id, record);

	return r == -ENOENT ? 0 : r;
}

static int find_past(struct gen *gen, const struct node *node, struct past *past)
{
	int64_t sent = 0;
	int r = get_record(gen, node->job, &past->old);

	if (r < 0 || past->old.id == 0)
		return r;
	if (queue_can_cancel(gen->queue, past->old.id) || past->old.state == JOB_INVALID)
		past->cancelled = past->old.id;
	if (!job_state_is_unsent(past->old.state))
		return 0;
	r = jobs_find_sent(gen->store, node->ino, &sent);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return get_record(gen, sent, &past->sent);
}

/* One transaction: the text was examined, and the prompt's job is `record` where it is a new one (id 0), else `job`. */
static int commit(struct gen *gen, const struct node *node, const struct past *past,
	struct job_record *record, int64_t job)
{
	int r = store_begin(gen->store, false);

	if (r == 0 && past->cancelled != 0)
		r = jobs_remove(gen->store, past->cancelled);
	if (r == 0 && record != NULL) {
		r = jobs_add(gen->store, record);
		job = record->id;
	}
	if (r == 0)
		r = nodes_set_job(gen->store, node->ino, job);
	if (r == 0)
		r = nodes_set_draft(gen->store, node->ino, DRAFT_NONE);
	r = store_end(gen->store, r);
	if (r == 0 && past->cancelled != 0)
		queue_drop(gen->queue, past->cancelled);
	return r;
}

/* The prompt says again what was sent last, or nothing at all: what is waiting is not sent any more. */
static int go_back(struct gen *gen, const struct node *node, const struct past *past, bool wanted)
{
	queue_unwanted(gen->queue, node->job, !wanted);
	return commit(gen, node, past, NULL, past->cancelled != 0 ? past->sent.id : node->job);
}

static int add_job(struct gen *gen, const struct node *node, const struct past *past,
	struct job_record *record)
{
	const struct job_record *old = &past->old;

	if (past->cancelled != 0)
		record->after = old->after;
	else if (old->id != 0 && !job_state_is_unsent(old->state) && !old->published)
		record->after = old->id;
	int r = commit(gen, node, past, record, 0);
	return r < 0 ? r : queue_add(gen->queue, record);
}

static int examine_text(
	struct gen *gen, const struct node *node, char *text, size_t length, bool again)
{
	struct job_record record = {0};
	struct past past = {0};
	struct node top;
	int r = find_model(gen, node, &top);

	int named = new_record(gen, node, &top, text, length, &record);
	if (r == 0)
		r = named;
	if (r == 0)
		r = find_past(gen, node, &past);
	if (r < 0)
		goto end;
	if (!again && past.old.id != 0 && is_known(gen, &past.old, &top, text, length)) {
		past.cancelled = 0;
		r = go_back(gen, node, &past, true);
	} else if (!again && past.sent.id != 0 && is_known(gen, &past.sent, &top, text, length)) {
		r = go_back(gen, node, &past, true);
	} else {
		r = judge(gen, &top, &record);
		if (r == 0)
			r = add_job(gen, node, &past, &record);
		else if (r == -ENODATA)
			r = go_back(gen, node, &past, false);
	}
end:
	past_finish(&past);
	job_record_finish(&record);
	return r;
}

static int refuse_size(struct gen *gen, const struct node *node)
{
	char *text = strdup("");

	/* the text is too long to be kept; the parser never sees it */
	struct job_record record = {.text = text};
	struct past past = {0};
	struct node top;
	int r = text == NULL ? -ENOMEM : find_model(gen, node, &top);
	if (r == 0)
		r = new_record(gen, node, &top, text, 0, &record);
	if (r == 0)
		r = refuse(
			&record, "this file is longer than 256 KiB: that is no prompt; shorten it");
	if (r == 0)
		r = find_past(gen, node, &past);
	if (r == 0)
		r = add_job(gen, node, &past, &record);
	past_finish(&past);
	job_record_finish(&record);
	return r;
}

static int examine(struct gen *gen, int64_t ino, bool again)
{
	struct node node;
	char *text = NULL;
	size_t length = 0;
	int r = nodes_get(gen->store, ino, &node);

	if (r == -ENOENT || (r == 0 && !tree_is_prompt(&node)))
		return 0;
	if (r == 0)
		r = read_text(gen, ino, &text, &length);
	if (r == -EFBIG)
		r = refuse_size(gen, &node);
	else if (r == 0)
		r = examine_text(gen, &node, text, length, again);
	if (r == 0) {
		status_changed(gen, ino);
		queue_pump(gen->queue);
	}
	return r;
}

static void on_settled(void *arg)
{
	struct draft *draft = arg;
	struct gen *gen = draft->drafts->gen;
	int r = examine(gen, draft->ino, false);

	if (r < 0) {
		int64_t wait = backoff_wait_ms(&retry_pace, ++draft->failures, -1, 0);
		log_errno(LOG_LEVEL_ERROR, r,
			"draft: inode %lld could not be examined: again in %lld ms",
			(long long)draft->ino, (long long)wait);
		loop_timer_arm(draft->timer, wait);
		return;
	}
	draft->failures = 0;
	draft->pending = false;
	if (draft->writers == 0)
		draft_free(draft);
}

int draft_submit(struct drafts *drafts, int64_t ino)
{
	struct draft *draft = map_get(drafts->by_ino, (uint64_t)ino);

	if (draft != NULL && draft->writers > 0)
		return -EBUSY;
	int r = examine(drafts->gen, ino, true);
	if (r == 0 && draft != NULL)
		draft_free(draft);
	return r;
}

struct resuming {
	struct drafts *drafts;
	int64_t *inos; /* owned */
	size_t count;
};

static int note_draft(void *arg, const struct node *node)
{
	struct resuming *resuming = arg;

	/* what was never closed may be half a prompt: a person decides (status says so) */
	if (node->draft != DRAFT_CLOSED || !tree_is_prompt(node))
		return 0;
	void *more = reallocarray(resuming->inos, resuming->count + 1, sizeof(*resuming->inos));
	if (more == NULL)
		return -ENOMEM;
	resuming->inos = more;
	resuming->inos[resuming->count++] = node->ino;
	return 0;
}

int drafts_resume(struct drafts *drafts)
{
	struct resuming resuming = {.drafts = drafts};
	int r = nodes_list_drafts(drafts->gen->store, note_draft, &resuming);

	for (size_t i = 0; i < resuming.count && r == 0; i++)
		draft_settle(drafts, resuming.inos[i]);
	free(resuming.inos);
	return r;
}
