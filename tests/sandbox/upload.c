/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/upload.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOTAL_MAX ((size_t)1 << 30)
#define TEXT_MAX 256

struct kind_row {
	const char *suffix;
	enum media media;
	const char *type; /* how the part's Content-Type begins */
	size_t max;
	bool plain;
};

/* The stricter of the two sets of limits that the reference gives: images 10 MB, others 50 MB. */
static const struct kind_row kinds[] = {
	{"jpg", MEDIA_IMAGE, "image/", 10000000, true},
	{"jpeg", MEDIA_IMAGE, "image/", 10000000, true},
	{"png", MEDIA_IMAGE, "image/", 10000000, true},
	{"webp", MEDIA_IMAGE, "image/", 10000000, true},
	{"gif", MEDIA_IMAGE, "image/", 10000000, false},
	{"bmp", MEDIA_IMAGE, "image/", 10000000, false},
	{"tif", MEDIA_IMAGE, "image/", 10000000, false},
	{"tiff", MEDIA_IMAGE, "image/", 10000000, false},
	{"mp4", MEDIA_VIDEO, "video/", 50000000, false},
	{"mov", MEDIA_VIDEO, "video/", 50000000, false},
	{"m4v", MEDIA_VIDEO, "video/", 50000000, false},
	{"webm", MEDIA_VIDEO, "video/", 50000000, false},
	{"mkv", MEDIA_VIDEO, "video/", 50000000, false},
	{"avi", MEDIA_VIDEO, "video/", 50000000, false},
	{"mp3", MEDIA_AUDIO, "audio/", 50000000, false},
	{"wav", MEDIA_AUDIO, "audio/", 50000000, false},
	{"m4a", MEDIA_AUDIO, "audio/", 50000000, false},
	{"aac", MEDIA_AUDIO, "audio/", 50000000, false},
	{"flac", MEDIA_AUDIO, "audio/", 50000000, false},
	{"ogg", MEDIA_AUDIO, "audio/", 50000000, false},
};

struct uploads {
	pthread_mutex_t lock; /* of all below */
	struct strmap *by_name;
	size_t total;
};

struct upload_form {
	struct MHD_PostProcessor *processor;
	struct bytes file, batch, fixed;
	char *name, *type; /* of the file's part; NULL: there was none */
	char *strange;     /* a part that has no business here; NULL: none */
	bool twice, too_big, broken;
};

struct uploads *uploads_create(void)
{
	struct uploads *uploads = xcalloc(1, sizeof(*uploads));

	pthread_mutex_init(&uploads->lock, NULL);
	uploads->by_name = strmap_create();
	return uploads;
}

static void upload_destroy(void *value)
{
	struct upload *upload = value;

	blob_unref(upload->blob);
	free(upload->type);
	free(upload);
}

void uploads_destroy(struct uploads *uploads)
{
	if (!uploads)
		return;
	strmap_destroy(uploads->by_name, upload_destroy);
	pthread_mutex_destroy(&uploads->lock);
	free(uploads);
}

const struct upload *uploads_find(struct uploads *uploads, const char *name)
{
	const struct upload *upload;

	pthread_mutex_lock(&uploads->lock);
	upload = strmap_get(uploads->by_name, name);
	pthread_mutex_unlock(&uploads->lock);
	return upload;
}

/* Is it what its name says? */
static bool is_picture(const struct blob *blob)
{
	const unsigned char *at = blob->data;

	return blob->size >= 12 &&
	       (memcmp(at, "\x89PNG\r\n\x1a\n", 8) == 0 || memcmp(at, "\xff\xd8\xff", 3) == 0 ||
		       (memcmp(at, "RIFF", 4) == 0 && memcmp(at + 8, "WEBP", 4) == 0));
}

bool upload_fits(const struct upload *upload, enum media media)
{
	return upload->media == media &&
	       (media != MEDIA_IMAGE || (upload->plain && is_picture(upload->blob)));
}

bool upload_wanted(const struct request *request)
{
	return strcmp(request->method, "POST") == 0 &&
	       (strcmp(request->path, "/v1/generation/upload-file") == 0 ||
		       strcmp(request->path, "/growthai/v1/generation/upload-file") == 0);
}

static enum MHD_Result take_part(void *cls, enum MHD_ValueKind kind, const char *key,
	const char *filename, const char *content_type, const char *transfer_encoding,
	const char *data, uint64_t at, size_t size)
{
	struct upload_form *form = cls;
	int r = 0;

	if (!key) /* a part without a name */
		key = "";
	if (strcmp(key, "batch_no") == 0) {
		r = bytes_append(&form->batch, data, size, TEXT_MAX);
	} else if (strcmp(key, "fixed") == 0) {
		r = bytes_append(&form->fixed, data, size, TEXT_MAX);
	} else if (strcmp(key, "file") != 0) {
		free(form->strange);
		form->strange = xstrdup(strlen(key) < TEXT_MAX ? key : "(long name)");
	} else {
		if (at == 0 && form->type)
			form->twice = true;
		if (!form->type) {
			form->type = xstrdup(content_type ? content_type : "");
			form->name = xstrdup(filename ? filename : "");
		}
		if (bytes_append(&form->file, data, size, 50000001) < 0)
			form->too_big = true;
	}
	if (r < 0)
		form->broken = true;
	return MHD_YES;
}

struct upload_form *upload_form_create(struct request *request)
{
	const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct upload_form *form;

	if (!type || strncasecmp(type, "multipart/form-data", 19) != 0)
		return NULL;
	form = xcalloc(1, sizeof(*form));
	form->processor = MHD_create_post_processor(request->connection, 65536, take_part, form);
	form->broken = !form->processor;
	return form;
}

void upload_form_add(struct upload_form *form, const char *data, size_t size)
{
	if (form->processor && MHD_post_process(form->processor, data, size) != MHD_YES)
		form->broken = true;
}

void upload_form_destroy(struct upload_form *form)
{
	if (!form)
		return;
	if (form->processor)
		MHD_destroy_post_processor(form->processor);
	bytes_finish(&form->file);
	bytes_finish(&form->batch);
	bytes_finish(&form->fixed);
	free(form->name);
	free(form->type);
	free(form->strange);
	free(form);
}

static const struct kind_row *find_kind(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcasecmp(kinds[i].suffix, dot + 1) == 0)
			return &kinds[i];
	return NULL;
}

/* NULL after the answer was made. */
static const struct kind_row *check_form(
	struct wire *wire, const struct upload_form *form, struct answer *ret)
{
	const struct kind_row *row;
	const char *wrong = NULL;

	if (!form)
		wrong = "Content-Type is invalid, multipart/form-data is required";
	else if (form->broken)
		wrong = "the form is invalid";
	else if (form->strange)
		wrong = "the form has an unknown part";
	else if (!form->type || !form->name[0])
		wrong = "file cannot be empty, a part with a file name is required";
	else if (form->twice)
		wrong = "file is invalid, one is required";
	else if (form->fixed.size &&
		 !(form->fixed.size == 4 && memcmp(form->fixed.data, "true", 4) == 0) &&
		 !(form->fixed.size == 5 && memcmp(form->fixed.data, "false", 5) == 0))
		wrong = "fixed is invalid, it must be true or false";
	if (wrong) {
		wire_error(wire, WIRE_PARAMETER, wrong, ret);
		return NULL;
	}
	row = find_kind(form->name);
	if (!row || strncasecmp(form->type, row->type, strlen(row->type)) != 0) {
		wire_error(wire, WIRE_FORMAT, row ? "Content-Type does not match" : "file", ret);
		return NULL;
	}
	if (form->too_big || form->file.size > row->max) {
		wire_error(wire, WIRE_TOO_LARGE, NULL, ret);
		return NULL;
	}
	if (form->file.size == 0) {
		wire_error(wire, WIRE_PARAMETER, "file cannot be empty", ret);
		return NULL;
	}
	return row;
}

/* The name in our CDN, owned by the caller; NULL: no room. Takes the form's bytes. */
static char *store(struct uploads *uploads, struct upload_form *form, const struct kind_row *row)
{
	struct upload *upload;
	uint64_t number;
	char *name;

	pthread_mutex_lock(&uploads->lock);
	if (form->file.size > TOTAL_MAX - uploads->total) {
		pthread_mutex_unlock(&uploads->lock);
		return NULL;
	}
	uploads->total += form->file.size;
	upload = xcalloc(1, sizeof(*upload));
	upload->blob = blob_create(form->file.data, form->file.size);
	upload->type = form->type;
	upload->media = row->media;
	upload->plain = row->plain;
	upload->wall = util_wall();
	form->file = (struct bytes){0};
	form->type = NULL;
	util_random(&number, sizeof(number));
	name = xformat("weryai_%016llx.%s", (unsigned long long)number, row->suffix);
	strmap_set(uploads->by_name, name, upload);
	pthread_mutex_unlock(&uploads->lock);
	return name;
}

static bool reject(struct request *request, struct answer *ret)
{
	struct wire *wire = &request->sandbox->wire;
	const char *subject = "upload";

	if (request_fault(request, NULL, FAULT_UPLOAD_DROP, subject, NULL))
		ret->way = ANSWER_RESET;
	else if (request_fault(request, NULL, FAULT_UPLOAD_500, subject, NULL))
		answer_text(ret, 500, "text/plain", "internal server error\n");
	else if (request_fault(request, NULL, FAULT_UPLOAD_1014, subject, NULL))
		wire_code(wire, 200, 1014, "uploaded file exceeds the maximum size", ret);
	else if (request_fault(request, NULL, FAULT_UPLOAD_1015, subject, NULL))
		wire_code(wire, 200, 1015, "uploads exceed the daily limit", ret);
	else if (request_fault(request, NULL, FAULT_UPLOAD_1102, subject, NULL))
		wire_code(wire, 200, 1102, "upload failed", ret);
	else if (request_fault(request, NULL, FAULT_UPLOAD_2004, subject, NULL))
		wire_code(wire, 200, 2004, "the format is not supported", ret);
	else
		return false;
	return true;
}

void upload_handle(struct request *request, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;
	const struct kind_row *row;
	size_t size;
	char *name, *url;

	state_count(sandbox->state, "post-upload-file");
	if (reject(request, ret))
		return;
	row = check_form(&sandbox->wire, request->form, ret);
	if (!row)
		return;
	size = request->form->file.size;
	name = store(sandbox->uploads, request->form, row);
	if (!name) {
		wire_error(&sandbox->wire, WIRE_UPLOAD, "the sandbox keeps 1 GiB", ret);
		return;
	}
	url = xformat("%s/cdn/upload/%s", sandbox->base, name);
	json_object_set_new(request->entry, "bytes", json_integer((json_int_t)size));
	json_object_set_new(request->entry, "url", json_string(url));
	wire_success(&sandbox->wire, json_pack("{s:[s]}", "object_url_list", url), ret);
	free(url);
	free(name);
}
