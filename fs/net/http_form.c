/* SPDX-License-Identifier: MIT */
/* The one file of a form, read while it is sent. */
#include "fs/net/http_private.h"

#include <errno.h>
#include <stdio.h>

static size_t on_read(char *data, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	int64_t left = request->upload.size - request->upload_at;
	size_t length = size * count;

	if (request->cancelled)
		return CURL_READFUNC_ABORT;
	if ((int64_t)length > left)
		length = (size_t)left;
	if (length == 0)
		return 0;
	ssize_t n = request->upload.read(request->upload.arg, request->upload_at, data, length);
	if (n <= 0 || (size_t)n > length) {
		request_blame(request, n < 0 ? (int)n : -EIO, "%s", "");
		return CURL_READFUNC_ABORT;
	}
	request->upload_at += n;
	if (request->upload.sent != NULL)
		request->upload.sent(request->upload.arg, request->upload_at);
	return (size_t)n;
}

/* libcurl starts anew where a reused connection turns out dead. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_request *request = arg;

	if (origin != SEEK_SET || offset < 0 || offset > request->upload.size)
		return CURL_SEEKFUNC_FAIL;
	request->upload_at = offset;
	return CURL_SEEKFUNC_OK;
}

int request_setup_form(struct http_request *request, const struct http_upload *upload)
{
	request->upload = *upload;
	request->form = curl_mime_init(request->easy);
	curl_mimepart *part = request->form != NULL ? curl_mime_addpart(request->form) : NULL;
	if (part == NULL || curl_mime_name(part, upload->field) != CURLE_OK ||
		curl_mime_filename(part, upload->name) != CURLE_OK ||
		curl_mime_type(part, upload->type) != CURLE_OK ||
		curl_mime_data_cb(part, upload->size, on_read, on_seek, NULL, request) != CURLE_OK ||
		curl_easy_setopt(request->easy, CURLOPT_MIMEPOST, request->form) != CURLE_OK)
		return -ENOMEM;
	return 0;
}
