/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/util.h"

struct error_row {
	int http[2], code[2]; /* by dialect */
	const char *text[2];
};

/* Table A of the reference for the seed dialect, table B (the server's own enum) for the live one,
 * which sends business errors with HTTP 200. */
static const struct error_row errors[] = {
	[WIRE_PARAMETER] = {{400, 200}, {1001, 1002}, {"parameter error", "parameter error"}},
	[WIRE_MODEL] = {{400, 200}, {1001, 1006}, {"parameter error", "model not supported"}},
	[WIRE_FORMAT] = {{400, 200}, {1001, 2004},
		{"parameter error", "only jpg jpeg png webp are supported"}},
	[WIRE_TOO_LARGE] = {{400, 200}, {1014, 1014}, {"file too large", "file too large"}},
	[WIRE_UNAUTHORIZED] = {{200, 401}, {1002, 401},
		{"unauthorized: invalid API key", "Unauthorized: invalid API key"}},
	[WIRE_NO_KEY] = {{401, 401}, {1002, 401},
		{"unauthorized: API key is missing", "Unauthorized: API key is missing"}},
	[WIRE_NO_TASK] = {{404, 200}, {1003, 1002}, {"task not found", "task not exist"}},
	[WIRE_NO_BATCH] = {{404, 200}, {1003, 1002}, {"batch not found", "batch not exist"}},
	[WIRE_CREDITS] = {{200, 200}, {1004, 1011},
		{"insufficient credits", "Insufficient credits"}},
	[WIRE_MODERATION] = {{200, 200}, {1005, 2003},
		{"content moderation failed", "提示词包含敏感内容 (sensitive content)"}},
	[WIRE_RATE] = {{429, 200}, {429, 1001},
		{"too many requests", "Request rate limit exceeded"}},
	[WIRE_ACTIVE] = {{200, 200}, {6010, 6010},
		{"too many concurrent tasks, max active tasks reached",
			"Too many concurrent tasks, please wait for one to finish"}},
	[WIRE_DAILY] = {{200, 200}, {6101, 6101},
		{"daily limit exceeded", "OpenAPI daily limit exceeded"}},
	[WIRE_UPLOAD] = {{200, 200}, {1102, 1102}, {"upload failed", "upload failed"}},
	[WIRE_NO_PATH] = {{404, 404}, {404, 404}, {"no such path", "Not Found"}},
	[WIRE_NO_METHOD] = {{405, 405}, {405, 405}, {"no such method", "Method Not Allowed"}},
};

void wire_success(struct wire *wire, json_t *data, struct answer *ret)
{
	unsigned turn = atomic_fetch_add(&wire->turn, 1);
	json_t *json;

	if (wire->dialect == DIALECT_SEED) {
		json = json_pack("{s:i, s:s, s:s, s:o}", "status", 0, "desc", "success", "message",
			"操作成功", "data", data);
		answer_json(ret, 200, 0, json);
		return;
	}
	json = json_pack("{s:i, s:b, s:s, s:s, s:o}", "status", 200, "success", 1, "desc",
		"Success", turn % 3 == 2 ? "msg" : "message", "Success", "data", data);
	answer_json(ret, 200, 200, json);
}

void wire_code(struct wire *wire, int http, int code, const char *text, struct answer *ret)
{
	unsigned turn = atomic_fetch_add(&wire->turn, 1);
	json_t *json;

	if (wire->dialect == DIALECT_SEED)
		json = json_pack("{s:i, s:s, s:s, s:n}", "status", code, "desc", "error", "message",
			text, "data");
	else
		json = json_pack("{s:i, s:b, s:s, s:s, s:n}", "status", code, "success", 0, "desc",
			"Fail", turn % 2 ? "msg" : "message", text, "data");
	answer_json(ret, http, code, json);
}

void wire_error(struct wire *wire, enum wire_error error, const char *text, struct answer *ret)
{
	const struct error_row *row = &errors[error];
	const unsigned column = wire->dialect != DIALECT_SEED;
	const char *words = row->text[column];
	char *whole;

	/* The service says it in either language. */
	if (error == WIRE_RATE && column == 1 && atomic_load(&wire->turn) % 2)
		words = "请求频率超过限制，请稍后再试";
	whole = text ? xformat("%s: %s", words, text) : xstrdup(words);
	wire_code(wire, row->http[column], row->code[column], whole, ret);
	free(whole);
}

json_t *wire_submitted(struct wire *wire, const struct submission *submission)
{
	json_t *ids;

	if (submission->task[0]->generation->endpoint->single_id)
		return json_pack("{s:s, s:s}", "task_id", submission->task[0]->id, "task_status",
			wire->dialect == DIALECT_SEED ? "PENDING" : "waiting");
	ids = json_array();
	for (unsigned i = 0; i < submission->count; i++)
		json_array_append_new(ids, json_string(submission->task[i]->id));
	return json_pack("{s:I, s:o}", "batch_id", (json_int_t)submission->batch, "task_ids", ids);
}

/* The official clients of one file read an object; what they do with an array is wait. */
bool wire_shows_array(const struct wire *wire, uint64_t reads)
{
	return wire->dialect == DIALECT_LIVE_ARRAYS ||
	       (wire->dialect == DIALECT_LIVE && reads % 3 == 2);
}

static const char *phase_word(enum dialect dialect, const struct wire_task *view)
{
	static const char *const words[][2] = {
		[PHASE_WAITING] = {"PENDING", "waiting"},
		[PHASE_PROCESSING] = {"PROCESSING", "processing"},
		[PHASE_SUCCEEDED] = {"SUCCESS", "succeed"},
		[PHASE_FAILED] = {"FAILED", "failed"},
		[PHASE_CANCELED] = {"CANCELED", "canceled"},
	};

	return view->weird ? "warming_up" : words[view->phase][dialect != DIALECT_SEED];
}

/* rare: also by the name that no official client of one file looks for. */
static json_t *url_list(const struct wire_task *view, unsigned shape, bool rare)
{
	static const char *const names[] = {"url", "image_url", "src"};
	enum media kind = view->task->generation->endpoint->kind;
	bool video = kind == MEDIA_VIDEO, audio = kind == MEDIA_AUDIO;
	json_t *list = json_array();

	for (unsigned i = 0; i < view->url_count; i++) {
		const char *name = names[(shape / 2 + i) % (rare ? 3 : 2)];

		if (video && name == names[1])
			name = "video_url";
		else if (audio && name == names[1])
			name = names[0];
		json_array_append_new(list, shape % 2 ? json_pack("{s:s}", name, view->url[i])
						      : json_string(view->url[i]));
	}
	return list;
}

static const char *failure_text(const struct task *task)
{
	if (faults_has(&task->generation->faults, FAULT_TASK_FAIL_MODERATION, NULL))
		return "content moderation: the result was flagged as sensitive content";
	return "generation failed: the workflow ended with an error";
}

static const char *list_name(enum media kind)
{
	switch (kind) {
	case MEDIA_IMAGE:
		return "images";
	case MEDIA_VIDEO:
		return "videos";
	default:
		return "audios";
	}
}

/* Returns the container. */
static json_t *add_outputs(
	const struct wire_task *view, json_t *container, unsigned shape, bool rare)
{
	const struct generation *generation = view->task->generation;

	if (generation->endpoint->kind == MEDIA_TEXT)
		json_object_set_new(container, "speech_text", json_string(generation->speech));
	else
		json_object_set_new(container, list_name(generation->endpoint->kind),
			url_list(view, shape, rare));
	if (view->cover) {
		json_object_set_new(container, "lyrics", json_string(generation->lyrics));
		json_object_set_new(container, "cover_url", json_string(view->cover));
	}
	return container;
}

/* In turn all places where results were seen. No official client of one file looks into "output", so that one is in
 * arrays only, which none of them reads either. */
static unsigned output_place(const struct wire *wire, const struct wire_task *view)
{
	unsigned turn = (unsigned)(view->task->serial + view->reads);

	if (wire->dialect == DIALECT_SEED)
		return 0;
	if (wire->dialect == DIALECT_LIVE)
		turn = (unsigned)(view->task->serial + view->reads / 3);
	return turn % (wire_shows_array(wire, view->reads) ? 3 : 2);
}

json_t *wire_task(struct wire *wire, const struct wire_task *view)
{
	const struct task *task = view->task;
	const char *name = list_name(task->generation->endpoint->kind);
	json_t *data = json_pack(
		"{s:s, s:s}", "task_id", task->id, "task_status", phase_word(wire->dialect, view));
	unsigned shape = (unsigned)(task->serial + view->reads);
	static const char *const places[] = {NULL, "task_result", "output"};
	const char *place;
	bool rare = wire_shows_array(wire, view->reads);

	if (view->phase == PHASE_FAILED) {
		if (wire->dialect != DIALECT_SEED && shape % 2)
			json_object_set_new(data, "task_result",
				json_pack("{s:s}", "message", failure_text(task)));
		else
			json_object_set_new(data, "msg", json_string(failure_text(task)));
	}
	if (view->phase != PHASE_SUCCEEDED) {
		if (wire->dialect != DIALECT_SEED)
			json_object_set_new(data, name, json_null());
		return data;
	}
	place = places[output_place(wire, view)];
	if (place)
		json_object_set_new(data, place, add_outputs(view, json_object(), shape, rare));
	else
		add_outputs(view, data, wire->dialect == DIALECT_SEED ? 0 : shape, rare);
	return data;
}
