/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/podcast.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sound {
	const struct task *task;
	double asked; /* monotonic */
};

struct podcasts {
	pthread_mutex_t lock;
	struct sound *sound; /* owned */
	size_t count;
};

struct podcasts *podcasts_create(void)
{
	struct podcasts *podcasts = xcalloc(1, sizeof(*podcasts));

	pthread_mutex_init(&podcasts->lock, NULL);
	return podcasts;
}

void podcasts_destroy(struct podcasts *podcasts)
{
	if (!podcasts)
		return;
	pthread_mutex_destroy(&podcasts->lock);
	free(podcasts->sound);
	free(podcasts);
}

/* When the sound was asked for; negative: it was not. */
static double find(struct podcasts *podcasts, const struct task *task, bool ask)
{
	double asked = -1;

	pthread_mutex_lock(&podcasts->lock);
	for (size_t i = 0; i < podcasts->count; i++)
		if (podcasts->sound[i].task == task)
			asked = podcasts->sound[i].asked;
	if (ask && asked < 0) {
		podcasts->sound = xrealloc(podcasts->sound,
			(podcasts->count + 1) * sizeof(*podcasts->sound));
		podcasts->sound[podcasts->count++] = (struct sound){task, util_monotonic()};
	}
	pthread_mutex_unlock(&podcasts->lock);
	return asked;
}

static bool is_podcast(const struct task *task)
{
	return strcmp(task->generation->endpoint->path, "podcast/generate/text") == 0;
}

static void ask(struct request *request, const struct task *task, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;

	json_object_set_new(request->entry, "task", json_pack("[s]", task->id));
	json_object_set_new(request->entry, "body",
		json_loadb((const char *)request->body.data, request->body.size, 0, NULL));
	if (state_phase(task) != PHASE_SUCCEEDED)
		wire_code(&sandbox->wire, 200, 8001, "the script is not ready", ret);
	else if (find(sandbox->podcasts, task, true) >= 0)
		wire_code(&sandbox->wire, 200, 8002, "the audio was asked for already", ret);
	else
		wire_success(&sandbox->wire,
			json_pack("{s:s, s:s, s:s}", "task_id", task->id, "task_status", "waiting",
				"content_status", "text-success"),
			ret);
}

bool podcast_handle(struct request *request, const char *path, struct answer *ret)
{
	static const char head[] = "podcast/generate/", tail[] = "/audio";
	size_t size = strlen(path), room = sizeof(head) - 1 + sizeof(tail) - 1;
	const struct task *task;
	char *id;

	if (size <= room || strncmp(path, head, sizeof(head) - 1) != 0 ||
		strcmp(path + size - (sizeof(tail) - 1), tail) != 0)
		return false;
	id = strndup(path + sizeof(head) - 1, size - room);
	task = id ? state_find(request->sandbox->state, id) : NULL;
	state_count(request->sandbox->state, "post-podcast-audio");
	if (task && is_podcast(task))
		ask(request, task, ret);
	else
		wire_error(&request->sandbox->wire, WIRE_NO_TASK, NULL, ret);
	free(id);
	return true;
}

void podcast_speakers(struct request *request, struct answer *ret)
{
	if (!request_argument(request, "language")) {
		wire_error(&request->sandbox->wire, WIRE_PARAMETER, "language cannot be empty", ret);
		return;
	}
	wire_success(&request->sandbox->wire,
		json_pack("[{s:s, s:s}, {s:s, s:s}]", "speaker_id", "travel-girl-english", "speaker_name",
			"Mia", "speaker_id", "leo-9328b6d2", "speaker_name", "Leo"),
		ret);
}

enum phase podcast_phase(struct sandbox *sandbox, const struct task *task, enum phase script)
{
	double asked;

	if (!is_podcast(task) || script != PHASE_SUCCEEDED)
		return script;
	asked = find(sandbox->podcasts, task, false);
	if (asked < 0 || util_monotonic() - asked < task->seconds)
		return PHASE_PROCESSING;
	return faults_has(&task->generation->faults, FAULT_SOUND_FAIL, NULL) ? PHASE_FAILED
									     : PHASE_SUCCEEDED;
}

void podcast_show(struct sandbox *sandbox, const struct task *task, enum phase script, json_t *data)
{
	static const char *const words[] = {[PHASE_PROCESSING] = "text-success",
		[PHASE_SUCCEEDED] = "audio-success",
		[PHASE_FAILED] = "audio-fail"};
	enum phase phase = podcast_phase(sandbox, task, script);

	if (!is_podcast(task))
		return;
	if (script == PHASE_FAILED || script == PHASE_CANCELED)
		json_object_set_new(data, "content_status", json_string("text-fail"));
	if (script != PHASE_SUCCEEDED)
		return;
	json_object_set_new(data, "content_status", json_string(words[phase]));
	json_object_set_new(data, "scripts",
		json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "speaker_id", "leo", "speaker_name",
			"Leo", "content", "Good morning.", "speaker_id", "mia", "speaker_name",
			"Mia", "content", task->generation->prompt));
	/* the task's own word is of no use before the end */
	if (phase == PHASE_PROCESSING && find(sandbox->podcasts, task, false) < 0)
		json_object_set_new(data, "task_status", json_string("succeed"));
}
