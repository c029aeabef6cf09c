/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/control.h"

#include <stddef.h>
#include <string.h>

struct knob {
	const char *name;
	enum { KNOB_DOUBLE, KNOB_COUNT, KNOB_BOOL } type;
	size_t at; /* in struct settings */
};

static const struct knob knobs[] = {
	{"seconds", KNOB_DOUBLE, offsetof(struct settings, seconds)},
	{"video-seconds", KNOB_DOUBLE, offsetof(struct settings, video_seconds)},
	{"min-gap", KNOB_DOUBLE, offsetof(struct settings, min_gap)},
	{"delay", KNOB_DOUBLE, offsetof(struct settings, delay)},
	{"cdn-rate", KNOB_DOUBLE, offsetof(struct settings, cdn_rate)},
	{"cdn-latency", KNOB_DOUBLE, offsetof(struct settings, cdn_latency)},
	{"cdn-expire", KNOB_DOUBLE, offsetof(struct settings, cdn_expire)},
	{"credits", KNOB_COUNT, offsetof(struct settings, credits)},
	{"max-active", KNOB_COUNT, offsetof(struct settings, max_active)},
	{"daily-limit", KNOB_COUNT, offsetof(struct settings, daily_limit)},
	{"down", KNOB_BOOL, offsetof(struct settings, down)},
	{"credits-hidden", KNOB_BOOL, offsetof(struct settings, credits_hidden)},
};

struct change {
	struct request *request;
	const struct knob *knob;
	double value;
	char error[256]; /* empty: none */
};

static void turn_knob(struct settings *settings, void *arg)
{
	const struct change *change = arg;
	char *at = (char *)settings + change->knob->at;

	switch (change->knob->type) {
	case KNOB_DOUBLE:
		memcpy(at, &change->value, sizeof(double));
		break;
	case KNOB_COUNT:
		memcpy(at, &(uint64_t){(uint64_t)change->value}, sizeof(uint64_t));
		break;
	case KNOB_BOOL:
		*(bool *)at = change->value != 0;
		break;
	}
}

static enum MHD_Result take_argument(
	void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct change *change = cls;
	struct sandbox *sandbox = change->request->sandbox;
	const char *error = NULL;

	change->knob = NULL;
	if (!value)
		value = "1";
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		if (strcmp(knobs[i].name, key) == 0)
			change->knob = &knobs[i];
	if (change->knob) {
		if (util_parse_number(value, 0, 1e15, &change->value) < 0)
			error = "a number from 0 is wanted";
		else
			state_change(sandbox->state, turn_knob, change);
	} else if (strcmp(key, "clear") == 0) {
		faults_clear(sandbox->faults);
	} else if (strcmp(key, "fault") == 0) {
		(void)faults_add(sandbox->faults, value, &error);
	} else {
		error = "no such setting";
	}
	if (error) {
		snprintf(change->error, sizeof(change->error), "%.100s: %s\n", key, error);
		return MHD_NO;
	}
	return MHD_YES;
}

void control_handle(struct request *request, struct answer *ret)
{
	struct change change = {.request = request};

	if (strcmp(request->path, "/_stats") == 0) {
		answer_json(ret, 200, 0, state_stats(request->sandbox->state));
		return;
	}
	if (strcmp(request->path, "/_control") != 0) {
		answer_text(ret, 404, "text/plain", "no such path\n");
		return;
	}
	MHD_get_connection_values(
		request->connection, MHD_GET_ARGUMENT_KIND, take_argument, &change);
	answer_text(ret, change.error[0] ? 400 : 200, "text/plain",
		change.error[0] ? change.error : "ok\n");
}
