/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/cdn_url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/measure.h"
#include "tests/sandbox/upload.h"

static uint64_t token_seal(
	const struct sandbox *sandbox, uint64_t stamp, const char *id, unsigned index)
{
	return util_hash_text(id, util_mix(sandbox->secret ^ stamp) + index) & 0xffffffff;
}

bool cdn_is_cover(const struct task *task, unsigned index)
{
	return task->generation->lyrics && index == task->outputs;
}

enum media cdn_kind(const struct task *task, unsigned index)
{
	return cdn_is_cover(task, index) ? MEDIA_IMAGE : task->generation->endpoint->kind;
}

const char *cdn_suffix(const struct task *task, unsigned index)
{
	bool lies = faults_has(&task->generation->faults, FAULT_CDN_LYING_SUFFIX, NULL);

	switch (cdn_kind(task, index)) {
	case MEDIA_IMAGE:
		return lies ? "jpg" : task->generation->vector ? "svg" : "png";
	case MEDIA_VIDEO:
		return lies ? "webm" : "mp4";
	default:
		return lies ? "ogg" : "wav";
	}
}

char *cdn_url(struct sandbox *sandbox, const struct task *task, unsigned index)
{
	const struct fault_set *set = &task->generation->faults;
	const char *base = sandbox->options->cdn_base ? sandbox->options->cdn_base : sandbox->base;
	uint64_t stamp = 0;
	struct fault_value value;
	char *url, *longer, pad[10241];

	if (faults_has(set, FAULT_FILE, &value))
		return xformat("%s%s%s", base, sandbox->options->cdn_base ? "/" : "/cdn/file/",
			value.text);
	if (faults_has(set, FAULT_BAD_URL, &value) &&
		(value.number == 0 || value.number == index + 1))
		return xformat(
			"ftp://127.0.0.1/cdn/%s/%u.%s", task->id, index, cdn_suffix(task, index));
	if (state_settings(sandbox->state).cdn_expire > 0)
		stamp = (uint64_t)(util_monotonic() * 1000);
	url = xformat("%s/cdn/%" PRIx64 "-%08" PRIx64 "/%s/%u.%s", base, stamp,
		token_seal(sandbox, stamp, task->id, index), task->id, index,
		cdn_suffix(task, index));
	if (!faults_has(set, FAULT_LONG_URL, NULL))
		return url;
	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	longer = xformat("%s?pad=%s", url, pad);
	free(url);
	return longer;
}

static void find_result(struct sandbox *sandbox, const char *path, struct cdn_target *ret)
{
	double expire = state_settings(sandbox->state).cdn_expire, made;
	uint64_t stamp, seal;
	char id[20];
	unsigned index;
	const char *dot = strrchr(path, '.');

	if (!dot || sscanf(path, "/cdn/%" SCNx64 "-%" SCNx64 "/%16[^/]/%u.", &stamp, &seal, id,
			    &index) != 4)
		return;
	ret->task = state_find(sandbox->state, id);
	if (!ret->task || (index >= ret->task->outputs && !cdn_is_cover(ret->task, index)) ||
		state_phase(ret->task) != PHASE_SUCCEEDED ||
		strcmp(dot + 1, cdn_suffix(ret->task, index)) != 0)
		return;
	ret->index = index;
	snprintf(ret->subject, sizeof(ret->subject), "%s/%u", id, index);
	/* A token without a stamp was made while URLs did not expire: it is as old as the result. */
	made = stamp ? (double)stamp / 1000 : ret->task->created + ret->task->seconds;
	if (seal != token_seal(sandbox, stamp, id, index) ||
		(expire > 0 && util_monotonic() - made > expire))
		ret->http = 403;
	else
		ret->http = 200;
}

struct cdn_target cdn_find_target(struct sandbox *sandbox, const char *path)
{
	struct cdn_target target = {.http = 404};

	if (strncmp(path, "/cdn/upload/", 12) != 0) {
		find_result(sandbox, path, &target);
		return target;
	}
	target.upload = uploads_find(sandbox->uploads, path + 12);
	if (target.upload) {
		snprintf(target.subject, sizeof(target.subject), "upload/%.40s", path + 12);
		target.http = 200;
	}
	return target;
}

/* The path of one of our URLs, without its query; owned by the caller. NULL: not ours. */
static char *own_path(const struct sandbox *sandbox, const char *url)
{
	const char *port = strrchr(sandbox->base, ':');
	char *other = xformat("http://localhost%s", port);
	const char *const bases[] = {sandbox->base, other, sandbox->options->cdn_base};
	char *path = NULL;

	for (size_t i = 0; i < 3 && !path; i++) {
		size_t size = bases[i] ? strlen(bases[i]) : 0;

		if (size && strncmp(url, bases[i], size) == 0 && url[size] == '/')
			path = strndup(url + size, strcspn(url + size, "?#"));
	}
	free(other);
	return path;
}

int cdn_check_input(struct sandbox *sandbox, const char *url, enum media media)
{
	char *path = own_path(sandbox, url);
	struct cdn_target target;
	int r = 0;

	if (!path)
		return 0;
	target = cdn_find_target(sandbox, path);
	if (target.http != 200)
		r = -ENOENT;
	else if (target.task &&
		 (cdn_kind(target.task, target.index) != media || target.task->generation->vector))
		r = -EMEDIUMTYPE;
	else if (target.upload && !upload_fits(target.upload, media))
		r = -EMEDIUMTYPE;
	free(path);
	return r;
}

double cdn_input_seconds(struct sandbox *sandbox, const char *url)
{
	char *path = own_path(sandbox, url);
	struct cdn_target target = {0};

	if (path)
		target = cdn_find_target(sandbox, path);
	free(path);
	if (target.upload)
		return measure_seconds(target.upload->blob);
	return target.task ? target.task->generation->duration : 0;
}

const struct task *cdn_find_task(struct sandbox *sandbox, const char *url, unsigned *ret_index)
{
	char *path = own_path(sandbox, url);
	struct cdn_target target = {0};

	if (path)
		target = cdn_find_target(sandbox, path);
	free(path);
	*ret_index = target.index;
	return target.task;
}

struct blob *cdn_find_upload(struct sandbox *sandbox, const char *url)
{
	char *path = own_path(sandbox, url);
	struct cdn_target target = {0};

	if (path)
		target = cdn_find_target(sandbox, path);
	free(path);
	return target.upload ? blob_ref(target.upload->blob) : NULL;
}
