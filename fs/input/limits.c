/* SPDX-License-Identifier: MIT */
#include "fs/input/limits.h"

#include <errno.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/input/source.h"
#include "fs/media/media.h"

/* One endpoint alone says how much it takes. */
static bool is_timed(const struct job *job, const struct prompt_ref *ref)
{
	enum api_mode mode;

	return (ref->role == REF_VIDEO || ref->role == REF_AUDIO) &&
	       api_mode_parse(job->record.mode, &mode) == 0 && mode == API_ALMIGHTY;
}

/* What was asked for when it was made; -1: nothing that is known. */
static int64_t ordered_ms(struct store *store, const struct node *node)
{
	struct job_record record = {0};
	enum api_mode mode;
	int seconds = API_UNSET;

	if (node->kind == NODE_RESULT && node->job != 0 &&
		jobs_get(store, node->job, &record) == 0 && record.body != NULL &&
		api_mode_parse(record.mode, &mode) == 0)
		seconds = api_request_duration(record.body);
	job_record_finish(&record);
	return seconds == API_UNSET ? -1 : (int64_t)seconds * 1000;
}

void limits_measure(struct store *store, const struct job *job, const struct prompt_ref *ref,
	struct reference *input)
{
	struct source source;

	if (input->verdict != REFERENCE_READY || input->node.ino == 0 || !is_timed(job, ref))
		return;
	int r = source_open(store, &input->node, &source);
	if (r == 0) {
		r = source_duration(&source, &input->duration_ms);
		source_close(&source);
	}
	/* a result's bytes need not be here, and what is here need not have the header */
	if (r < 0)
		input->duration_ms = ordered_ms(store, &input->node);
	input->unmeasured = input->duration_ms < 0;
}

/* Compared as they are told: what was cut at 15 s is some hundredths longer, since it ends with a whole frame. */
static int64_t tenths(int64_t ms)
{
	return (ms + 50) / 100;
}

static int check_one(const struct prompt_ref *ref, struct reference *input, int64_t *together_ms)
{
	const char *noun = media_noun(ref->role == REF_VIDEO ? API_VIDEO : API_AUDIO);
	int64_t one = tenths(input->duration_ms);

	if (one < MEDIA_SHORTEST_S * 10 || one > MEDIA_LONGEST_S * 10)
		return reference_say(input, ref, REFERENCE_WRONG,
			"plays for %.1f s; the service takes %ss of %d to %d s", (double)one / 10,
			noun, MEDIA_SHORTEST_S, MEDIA_LONGEST_S);
	*together_ms += input->duration_ms;
	if (tenths(*together_ms) <= MEDIA_TOGETHER_S * 10)
		return 0;
	return reference_say(input, ref, REFERENCE_WRONG,
		"plays for %.1f s, which makes %.1f s with the %ss above it; the service takes %d "
		"s "
		"of them together",
		(double)one / 10, (double)tenths(*together_ms) / 10, noun, MEDIA_TOGETHER_S);
}

static int warn(const struct prompt_ref *ref, struct buf *warning)
{
	CLEANUP_FREE char *shown = message_quote(ref->value);

	if (shown == NULL)
		return -ENOMEM;
	return buf_addf(warning,
		"%sline %d: how long '%s' plays cannot be read from it, so it is sent unchecked; "
		"the "
		"service takes %ss of %d to %d s, %d s together",
		warning->length > 0 ? "; " : "", ref->line, shown,
		media_noun(ref->role == REF_VIDEO ? API_VIDEO : API_AUDIO), MEDIA_SHORTEST_S,
		MEDIA_LONGEST_S, MEDIA_TOGETHER_S);
}

int limits_check(const struct prompt *prompt, struct reference *inputs, char **ret_warning)
{
	int64_t videos = 0, sounds = 0;
	CLEANUP(buf_finish) struct buf warning;
	int r = 0;

	buf_init(&warning, 16384);
	for (size_t i = 0; i < prompt->ref_count && r == 0; i++) {
		const struct prompt_ref *ref = &prompt->refs[i];
		if (inputs[i].verdict != REFERENCE_READY)
			continue;
		if (inputs[i].unmeasured)
			r = warn(ref, &warning);
		else if (inputs[i].duration_ms >= 0)
			r = check_one(ref, &inputs[i], ref->role == REF_VIDEO ? &videos : &sounds);
	}
	*ret_warning = NULL;
	if (r == 0 && warning.length > 0) {
		*ret_warning = buf_steal(&warning);
		r = *ret_warning == NULL ? -ENOMEM : 0;
	}
	return r;
}
