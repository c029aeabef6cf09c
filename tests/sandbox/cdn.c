/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/cdn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sandbox/cdn_url.h"
#include "tests/sandbox/content.h"
#include "tests/sandbox/render.h"

#define BLOCK ((size_t)512 << 10)
#define BAD_LENGTH 4096 /* by how much a wrong Content-Length is too long */

enum transfer_end { TRANSFER_COMPLETE, TRANSFER_RESET, TRANSFER_STALL };

struct cdn_transfer {
	struct request *request; /* borrowed: it owns us */
	struct content content;
	uint64_t first, size; /* what of the content is sent */
	uint64_t stop;        /* after so many bytes comes the end */
	enum transfer_end end;
	double rate, started;
	uint64_t sent, given; /* known to be in the socket; handed to libmicrohttpd */
};

static ssize_t read_transfer(void *cls, uint64_t at, char *buffer, size_t max)
{
	struct cdn_transfer *transfer = cls;
	struct request *request = transfer->request;
	uint64_t limit = transfer->stop < transfer->size ? transfer->stop : transfer->size;

	transfer->sent = at;
	if (at >= limit) {
		if (transfer->end == TRANSFER_RESET)
			request_reset(request);
		else if (transfer->end == TRANSFER_STALL)
			(void)request_sleep(request, 1e9);
		else if (at >= transfer->size)
			return MHD_CONTENT_READER_END_OF_STREAM;
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (max > limit - at)
		max = (size_t)(limit - at);
	if (transfer->rate > 0) {
		double due;

		if ((double)max > transfer->rate / 20)
			max = transfer->rate < 20 ? 1 : (size_t)(transfer->rate / 20);
		due = transfer->started + (double)(at + max) / transfer->rate - util_monotonic();
		if (due > 0 && !request_sleep(request, due))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	content_read(&transfer->content, transfer->first + at, buffer, max);
	transfer->given = at + max;
	return (ssize_t)max;
}

void cdn_finish(struct request *request, bool complete)
{
	struct cdn_transfer *transfer = request->transfer;
	uint64_t bytes = complete ? transfer->given : transfer->sent;

	state_count_more(request->sandbox->state, "cdn-bytes", bytes);
	json_object_set_new(request->entry, "bytes", json_integer((json_int_t)bytes));
	log_write(request->sandbox->log, request->entry);
	content_finish(&transfer->content);
	free(transfer);
	request->transfer = NULL;
}

static enum MHD_Result send_response(
	struct request *request, int http, struct MHD_Response *response)
{
	enum MHD_Result result;

	json_object_set_new(request->entry, "http", json_integer(http));
	result = MHD_queue_response(request->connection, (unsigned)http, response);
	MHD_destroy_response(response);
	return result;
}

/* retry_after: "-TEXT" or NULL */
static enum MHD_Result send_text(struct request *request, int http, const char *type,
	const char *location, const char *retry_after)
{
	static char page[] = "<!DOCTYPE html>\n<html><body>Access to this object was refused, or "
			     "it is not here.</body></html>\n";
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer(sizeof(page) - 1, page, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	if (strcmp(request->method, "HEAD") != 0)
		request->transfer->given = sizeof(page) - 1;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (location)
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
	if (retry_after)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry_after + 1);
	return send_response(request, http, response);
}

static void redirect_target(const struct request *request, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s?hop=1", request->sandbox->base, request->path);
}

/* A marker with a number is for one of several results. */
static bool is_meant(const struct cdn_target *target, enum fault_id id)
{
	struct fault_value value;

	return !target->task || !faults_has(&target->task->generation->faults, id, &value) ||
	       value.number == 0 || value.number == target->index + 1;
}

/* Answers that are not the content. true: *ret is the result. */
static bool spoil(struct request *request, const struct fault_set *set,
	const struct cdn_target *target, enum MHD_Result *ret)
{
	const char *subject = target->subject;
	bool cover = target->task && cdn_is_cover(target->task, target->index);
	char location[512];
	struct fault_value value;

	if (request_fault(request, set, FAULT_CDN_HTTP, subject, &value)) {
		*ret = send_text(request, (int)strtol(value.text, NULL, 10), "text/html", NULL,
			strchr(value.text, '-'));
	} else if (request_fault(request, set, FAULT_CDN_404_ONCE, subject, NULL) ||
		   (cover && request_fault(request, set, FAULT_COVER_404, subject, NULL)) ||
		   (is_meant(target, FAULT_CDN_404) &&
			   request_fault(request, set, FAULT_CDN_404, subject, NULL))) {
		*ret = send_text(request, 404, "text/html", NULL, NULL);
	} else if (request_fault(request, set, FAULT_CDN_403, subject, NULL)) {
		*ret = send_text(request, 403, "text/html", NULL, NULL);
	} else if (request_fault(request, set, FAULT_CDN_500_ONCE, subject, NULL)) {
		*ret = send_text(request, 500, "text/html", NULL, NULL);
	} else if (request_fault(request, set, FAULT_CDN_REDIRECT_FILE, subject, NULL)) {
		*ret = send_text(request, 302, "text/html", "file:///etc/passwd", NULL);
	} else if (!request_argument(request, "hop") &&
		   request_fault(request, set, FAULT_CDN_REDIRECT, subject, NULL)) {
		redirect_target(request, location, sizeof(location));
		*ret = send_text(request, 302, "text/html", location, NULL);
	} else if (request_fault(request, set, FAULT_CDN_HTML, subject, NULL)) {
		*ret = send_text(request, 200, "text/html", NULL, NULL);
	} else {
		return false;
	}
	return true;
}

static void fill_content(struct request *request, const struct cdn_target *target, uint64_t version,
	struct content *content)
{
	const struct task *task = target->task;
	const struct fault_set *set = task ? &task->generation->faults : NULL;
	uint64_t seed = task ? util_mix(task->seed + target->index) + version : 0;
	struct fault_value value;

	if (target->upload) {
		content->blob = blob_ref(target->upload->blob);
		content_add_memory(content, content->blob->data, content->blob->size);
	} else if (faults_has(set, FAULT_BYTES, &value)) {
		if (task->generation->endpoint->kind == MEDIA_VIDEO)
			content_fill_video(content, seed, (uint64_t)value.number);
		else
			content_fill_image(content, seed, (uint64_t)value.number);
	} else {
		struct blob *blob = render_get(request->sandbox, task, target->index, version);

		if (faults_has(set, FAULT_MOOV_LAST, &value) &&
			task->generation->endpoint->kind == MEDIA_VIDEO) {
			content_fill_moov_last(
				content, blob, seed, (uint64_t)(value.number * 1048576));
			blob_unref(blob);
		} else {
			content->blob = blob;
			content_add_memory(content, blob->data, blob->size);
		}
	}
}

struct range {
	uint64_t first, last;
};

/* One range of RFC 9110, 14.1.2. 1: take it. 0: there is none, or one that is to be ignored.
 * -ERANGE: it cannot be satisfied. */
static int parse_range(const char *text, uint64_t size, struct range *ret)
{
	unsigned long long first, last;
	int end = 0;

	if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ',') || strchr(text, ' '))
		return 0;
	text += 6;
	if (*text == '-') {
		if (sscanf(text, "-%19llu%n", &last, &end) != 1 || text[end])
			return 0;
		if (last == 0 || size == 0)
			return -ERANGE;
		*ret = (struct range){last >= size ? 0 : size - last, size - 1};
		return 1;
	}
	if (sscanf(text, "%19llu-%n", &first, &end) != 1 || end == 0)
		return 0;
	text += end;
	last = size ? size - 1 : 0;
	if (*text) {
		if (sscanf(text, "%19llu%n", &last, &end) != 1 || text[end] || last < first)
			return 0;
	}
	if (first >= size)
		return -ERANGE;
	*ret = (struct range){first, last >= size ? size - 1 : last};
	return 1;
}

static const char *content_type(const struct cdn_target *target)
{
	static const char *const types[][2] = {{"png", "image/png"}, {"svg", "image/svg+xml"},
		{"jpg", "image/jpeg"}, {"mp4", "video/mp4"}, {"webm", "video/webm"},
		{"wav", "audio/wav"}, {"ogg", "audio/ogg"}};

	if (target->upload)
		return target->upload->type;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i][0], cdn_suffix(target->task, target->index)) == 0)
			return types[i][1];
	return "application/octet-stream";
}

static void format_date(double wall, char *buffer, size_t size)
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(buffer, size, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* How this response ends, and how fast it is. */
static void plan_transfer(struct request *request, const struct fault_set *set, const char *subject)
{
	struct cdn_transfer *transfer = request->transfer;
	struct fault_value value;

	transfer->stop = UINT64_MAX;
	transfer->rate = state_settings(request->sandbox->state).cdn_rate;
	if (request_fault(request, set, FAULT_CDN_SLOW, subject, &value) &&
		(transfer->rate <= 0 || value.number < transfer->rate))
		transfer->rate = value.number;
	if (request_fault(request, set, FAULT_CDN_RESET_ONCE, subject, &value) ||
		request_fault(request, set, FAULT_CDN_RESET, subject, &value)) {
		transfer->end = TRANSFER_RESET;
		transfer->stop = (uint64_t)value.number;
	} else if (request_fault(request, set, FAULT_CDN_STALL_ONCE, subject, &value) ||
		   request_fault(request, set, FAULT_CDN_STALL, subject, &value)) {
		transfer->end = TRANSFER_STALL;
		transfer->stop = (uint64_t)value.number;
	}
	transfer->started = util_monotonic();
}

struct validators {
	char etag[40], modified[64];
};

static void make_validators(
	const struct cdn_target *target, uint64_t version, struct validators *ret)
{
	double wall = target->task ? target->task->wall : target->upload->wall;

	snprintf(ret->etag, sizeof(ret->etag), "\"%016" PRIx64 "\"",
		util_hash_text(target->subject, version + (target->task ? target->task->seed : 0)));
	format_date(wall + (double)version, ret->modified, sizeof(ret->modified));
}

static void add_validators(struct MHD_Response *response, const struct validators *validators)
{
	if (validators->etag[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, validators->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_LAST_MODIFIED, validators->modified);
}

static enum MHD_Result send_unsatisfiable(
	struct request *request, const struct validators *validators)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, (char *)"", MHD_RESPMEM_PERSISTENT);
	char text[64];

	if (!response)
		return MHD_NO;
	snprintf(text, sizeof(text), "bytes */%" PRIu64, request->transfer->content.size);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	add_validators(response, validators);
	return send_response(request, 416, response);
}

static enum MHD_Result send_content(struct request *request, const struct cdn_target *target,
	const struct fault_set *set, uint64_t version)
{
	struct cdn_transfer *transfer = request->transfer;
	const char *subject = target->subject;
	const char *condition = request_header(request, MHD_HTTP_HEADER_IF_RANGE);
	const char *wanted = request_header(request, MHD_HTTP_HEADER_RANGE);
	bool nolength = request_fault(request, set, FAULT_CDN_NOLENGTH, subject, NULL);
	bool ranges = !request_fault(request, set, FAULT_CDN_NORANGE, subject, NULL) && !nolength;
	struct range range = {0};
	struct validators validators;
	struct MHD_Response *response;
	bool gzip = request_fault(request, set, FAULT_CDN_GZIP, subject, NULL) &&
		    content_compress(&transfer->content);
	uint64_t announced;
	char text[96];
	int r;

	make_validators(target, version, &validators);
	if (request_fault(request, set, FAULT_NO_ETAG, subject, NULL))
		validators.etag[0] = '\0';
	if (!ranges || (condition && strcmp(condition, validators.modified) != 0 &&
			       (!validators.etag[0] || strcmp(condition, validators.etag) != 0)))
		wanted = NULL;
	r = parse_range(wanted, transfer->content.size, &range);
	if (r == -ERANGE)
		return send_unsatisfiable(request, &validators);
	transfer->size = transfer->content.size;
	if (r > 0) {
		transfer->first = range.first;
		transfer->size = range.last - range.first + 1;
	}
	plan_transfer(request, set, subject);
	announced = nolength ? MHD_SIZE_UNKNOWN : transfer->size;
	if (request_fault(request, set, FAULT_CDN_BADLENGTH, subject, NULL))
		announced = transfer->size + BAD_LENGTH;
	else if (request_fault(request, set, FAULT_CDN_SHORTLENGTH, subject, NULL))
		announced = transfer->size / 2;
	response =
		MHD_create_response_from_callback(announced, BLOCK, read_transfer, transfer, NULL);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type(target));
	if (gzip)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (ranges)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	add_validators(response, &validators);
	if (r > 0) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
			range.last, transfer->content.size);
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	}
	return send_response(request, r > 0 ? 206 : 200, response);
}

static bool is_fresh(struct request *request)
{
	uint64_t times = request->sandbox->options->cdn_fresh_404;
	char *name;
	bool fresh;

	if (times == 0)
		return false;
	name = xformat("fresh %s", request->path);
	fresh = state_count(request->sandbox->state, name) < times;
	free(name);
	return fresh;
}

static uint64_t find_version(
	struct request *request, const struct fault_set *set, const char *subject)
{
	char *name;
	uint64_t version;

	if (!request_fault(request, set, FAULT_CDN_CHANGED, subject, NULL))
		return 0;
	name = xformat("version %s", subject);
	version = state_count(request->sandbox->state, name);
	free(name);
	return version > 1 ? 1 : version;
}

enum MHD_Result cdn_handle(struct request *request)
{
	struct sandbox *sandbox = request->sandbox;
	struct settings settings = state_settings(sandbox->state);
	struct cdn_target target;
	const struct fault_set *set;
	enum MHD_Result result;
	uint64_t version;

	request->transfer = xcalloc(1, sizeof(*request->transfer));
	request->transfer->request = request;
	state_count(sandbox->state, "cdn");
	if (strcmp(request->auth, "none") != 0) {
		json_object_set_new(request->entry, "leaked_key", json_true());
		state_count(sandbox->state, "leaked-keys");
	}
	if (settings.cdn_latency > 0 && !request_sleep(request, settings.cdn_latency))
		return MHD_NO;
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return send_text(request, 405, "text/html", NULL, NULL);
	target = cdn_find_target(sandbox, request->path);
	if (target.task)
		json_object_set_new(request->entry, "task", json_pack("[s]", target.task->id));
	if (target.http != 200)
		return send_text(request, target.http, "text/html", NULL, NULL);
	if (is_fresh(request))
		return send_text(request, 404, "text/html", NULL, NULL);
	set = target.task ? &target.task->generation->faults : NULL;
	if (spoil(request, set, &target, &result))
		return result;
	version = find_version(request, set, target.subject);
	if (!request_fault(request, set, FAULT_CDN_EMPTY, target.subject, NULL))
		fill_content(request, &target, version, &request->transfer->content);
	return send_content(request, &target, set, version);
}
