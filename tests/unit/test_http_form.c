/* SPDX-License-Identifier: MIT */
/* A file as multipart/form-data (fs/net/http_form.c): what arrives is what was read, whatever sizes it was read in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_probe.h"

/* A file that is a pattern, and how it is read. */
struct source {
	int64_t size, at, last_sent;
	size_t piece;     /* at most so much of what is asked for; 0 all */
	int64_t fails_at; /* from there on error is the result; -1 never */
	ssize_t error;
	unsigned reads, seeks; /* seeks: reads that do not go on where the last one ended */
	struct probe *cancel;  /* in the middle of a read */
};

static ssize_t on_read(void *arg, int64_t offset, char *data, size_t length)
{
	struct source *source = arg;

	assert_true(length > 0 && offset >= 0 && offset + (int64_t)length <= source->size);
	source->reads++;
	source->seeks += offset != source->at;
	if (source->fails_at >= 0 && offset >= source->fails_at)
		return source->error;
	if (source->cancel && offset > 0) {
		http_cancel(source->cancel->request);
		source->cancel = NULL;
		finish_one();
	}
	if (source->piece && length > source->piece)
		length = source->piece;
	for (size_t i = 0; i < length; i++)
		data[i] = server_byte(offset + (int64_t)i);
	source->at = offset + (int64_t)length;
	return (ssize_t)length;
}

static void on_sent(void *arg, int64_t bytes)
{
	struct source *source = arg;

	assert_int_equal(bytes, source->at);
	source->last_sent = bytes;
}

static struct http_upload upload_of(struct source *source)
{
	return (struct http_upload){.field = "file",
		.name = "input.png",
		.type = "image/png",
		.size = source->size,
		.read = on_read,
		.sent = on_sent,
		.arg = source};
}

static void upload(struct probe *probe, const char *path, const struct http_upload *file)
{
	struct http_spec spec = spec_get();

	spec.upload = file;
	spec.bearer = "secret";
	run_spec(probe, path, spec);
}

/* The last request is one part with this head and the pattern in it. */
static void assert_form(const char *head, int64_t size)
{
	const char *text = server.last.data;
	const char *boundary = strstr(text, "boundary=");
	char want[1024], mark[128] = "";

	assert_non_null(boundary);
	assert_non_null(strstr(text, "\r\nContent-Type: multipart/form-data; boundary="));
	assert_non_null(strstr(text, "\r\nAuthorization: Bearer secret\r\n"));
	assert_int_equal(sscanf(boundary, "boundary=%100[^\r]", mark), 1);
	const char *body = strstr(text, "\r\n\r\n") + 4;
	snprintf(want, sizeof(want), "--%s\r\n%s\r\n\r\n", mark, head);
	assert_memory_equal(body, want, strlen(want));
	body += strlen(want);
	for (int64_t i = 0; i < size; i++)
		if (body[i] != server_byte(i))
			fail_msg("byte %lld of %lld", (long long)i, (long long)size);
	snprintf(want, sizeof(want), "\r\n--%s--\r\n", mark);
	assert_int_equal(server.last.data + server.last.length - (body + size), strlen(want));
	assert_memory_equal(body + size, want, strlen(want));
}

#define HEAD                                                                                       \
	"Content-Disposition: form-data; name=\"file\"; filename=\"input.png\"\r\n"                \
	"Content-Type: image/png"

static void test_http_form_carries_every_byte(void **state)
{
	static const int64_t sizes[] = {
		0, 1, 2, 4095, 16383, 16384, 16385, 65536, 1 << 20, (5 << 20) + 3};
	static const size_t pieces[] = {0, 1000, 16384};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			struct source source = {
				.size = sizes[i], .piece = pieces[k], .fails_at = -1};
			struct http_upload file = upload_of(&source);
			struct probe probe = {0};

			upload(&probe, "/ok", &file);
			assert_int_equal(probe.end.error, 0);
			assert_int_equal(probe.head.status, 200);
			assert_form(HEAD, sizes[i]);
			assert_int_equal(source.last_sent, sizes[i]);
			assert_int_equal(source.seeks, 0);
		}
	}
}

static void test_http_form_a_byte_at_a_time(void **state)
{
	struct source source = {.size = 3000, .piece = 1, .fails_at = -1};
	struct http_upload file = upload_of(&source);
	struct probe probe = {0};

	upload(&probe, "/ok", &file);
	assert_int_equal(probe.end.error, 0);
	assert_form(HEAD, 3000);
	assert_int_equal(source.reads, 3000);
}

/* A name is somebody else's text: it cannot end its field, nor its line. */
static void test_http_form_names_are_quoted(void **state)
{
	struct source source = {.size = 1, .fails_at = -1};
	struct http_upload file = upload_of(&source);
	struct probe probe = {0};

	file.name = "a\"b\\c;\r\nX-Evil: 1.png";
	upload(&probe, "/ok", &file);
	assert_int_equal(probe.end.error, 0);
	assert_null(strstr(server.last.data, "\nX-Evil"));
	assert_null(strstr(server.last.data, "a\"b"));
	assert_non_null(strstr(server.last.data, "name=\"file\"; filename=\"a"));
}

static void test_http_form_an_error_of_the_reader_ends_it(void **state)
{
	static const struct {
		int64_t at;
		ssize_t result;
		int error;
	} cases[] = {{0, -EIO, -EIO}, {0, -ENOENT, -ENOENT}, {100000, -ESTALE, -ESTALE},
		{100000, 0, -EIO}, {0, 0, -EIO}, {100000, 1 << 30, -EIO}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source source = {
			.size = 300000, .fails_at = cases[i].at, .error = cases[i].result};
		struct http_upload file = upload_of(&source);
		struct probe probe = {0};
		unsigned before = server.requests;

		upload(&probe, "/ok", &file);
		assert_int_equal(probe.end.error, cases[i].error);
		/* and nothing that could be taken for the whole file has arrived */
		assert_int_equal(server.requests, before);
	}
}

static void test_http_form_cancelled_while_it_is_read(void **state)
{
	struct probe probe = {0};
	struct source source = {.size = 5 << 20, .fails_at = -1, .cancel = &probe};
	struct http_upload file = upload_of(&source);
	struct http_spec spec = spec_get();

	spec.upload = &file;
	start_spec(&probe, "/ok", spec);
	wait_all();
	assert_int_equal(probe.dones, 0);
	unsigned reads = source.reads;
	/* another one goes through; the first one's file is not read any more */
	struct source next = {.size = 10, .fails_at = -1};
	struct http_upload other = upload_of(&next);
	struct probe after = {0};
	upload(&after, "/ok", &other);
	assert_int_equal(after.end.error, 0);
	assert_int_equal(source.reads, reads);
	assert_int_equal(http_active(http), 0);
	forget(&probe);
}

/* A connection that was kept and turns out dead: the file is sent anew, from its start. */
static void test_http_form_is_sent_anew_on_a_dead_connection(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct source source = {.size = 100000, .fails_at = -1};
		struct http_upload file = upload_of(&source);
		struct probe probe = {0};

		upload(&probe, "/first-only", &file);
		assert_int_equal(probe.end.error, 0);
		assert_form(HEAD, 100000);
		assert_int_equal(source.seeks, i);
	}
	assert_int_equal(server.connections, 2);
	assert_int_equal(server.requests, 3);
}

/* A form is no GET: where it is sent on to, the file does not follow. */
static void test_http_form_follows_no_redirect(void **state)
{
	struct source source = {.size = 10, .fails_at = -1};
	struct http_upload file = upload_of(&source);
	struct http_spec spec = spec_get();
	struct probe probe = {0};

	spec.upload = &file;
	spec.max_redirects = 5;
	run_spec(&probe, "/moved", spec);
	assert_int_equal(probe.head.status, 302);
	assert_int_equal(server.requests, 1);
}

static void test_http_form_answers_are_answers(void **state)
{
	struct source source = {.size = 100000, .fails_at = -1};
	struct http_upload file = upload_of(&source);
	struct probe refused = {0}, lost = {0};

	upload(&refused, "/429", &file);
	assert_int_equal(refused.end.error, 0);
	assert_int_equal(refused.head.status, 429);
	source.at = 0;
	upload(&lost, "/close", &file);
	assert_true(lost.end.error < 0);
	assert_true(lost.end.maybe_sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_form_carries_every_byte),
		HTTP_TEST(test_http_form_a_byte_at_a_time),
		HTTP_TEST(test_http_form_names_are_quoted),
		HTTP_TEST(test_http_form_an_error_of_the_reader_ends_it),
		HTTP_TEST(test_http_form_cancelled_while_it_is_read),
		HTTP_TEST(test_http_form_is_sent_anew_on_a_dead_connection),
		HTTP_TEST(test_http_form_follows_no_redirect),
		HTTP_TEST(test_http_form_answers_are_answers),
	};

	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
