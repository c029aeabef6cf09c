/* SPDX-License-Identifier: MIT */
#pragma once
/* upload: POST upload-file (API reference 3.9): a multipart form in, a URL of our CDN out. The official tools of one file
 * send it to the registry's host, below /growthai.
 *
 * Uploads are kept in memory until the server ends, up to a total that stops a runaway client.
 *
 * Threads: a form belongs to its request; uploads lock themselves, what they hold is constant. */
#include "tests/sandbox/content.h"
#include "tests/sandbox/request.h"

struct upload {
	struct blob *blob;
	char *type; /* of the part, as sent */
	enum media media;
	bool plain; /* jpg, jpeg, png or webp: can be an input image */
	double wall;
};

struct uploads;
struct uploads *uploads_create(void);
void uploads_destroy(struct uploads *uploads);
const struct upload *uploads_find(struct uploads *uploads, const char *name); /* NULL: none */
bool upload_fits(const struct upload *upload, enum media media);

struct upload_form;
bool upload_wanted(const struct request *request);
struct upload_form *upload_form_create(struct request *request); /* NULL: no multipart form */
void upload_form_add(struct upload_form *form, const char *data, size_t size);
void upload_form_destroy(struct upload_form *form);

void upload_handle(struct request *request, struct answer *ret);
