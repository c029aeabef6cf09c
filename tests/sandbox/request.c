/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/cdn.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/replay.h"
#include "tests/sandbox/upload.h"

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_argument(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool request_sleep(const struct request *request, double seconds)
{
	double end = util_monotonic() + seconds;

	for (;;) {
		struct pollfd fds[] = {{.fd = request->fd, .events = POLLRDHUP},
			{.fd = request->sandbox->stop_fd, .events = POLLIN}};
		double left = end - util_monotonic();
		int r;

		if (left <= 0)
			return true;
		r = poll(fds, 2, left > 3600 ? 3600000 : (int)(left * 1000) + 1);
		if (r < 0 && errno != EINTR)
			return false;
		if (r > 0)
			return false;
	}
}

void request_reset(const struct request *request)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	int unsent = 0;

	/* What was "sent" is to arrive first, so that tests see exact numbers of bytes. */
	for (int i = 0; i < 400; i++) {
		if (ioctl(request->fd, SIOCOUTQ, &unsent) < 0 || unsent == 0)
			break;
		if (!request_sleep(request, 0.005))
			break;
	}
	/* On Linux this aborts an established connection with RST, whatever close() does later. */
	(void)connect(request->fd, &nowhere, sizeof(nowhere));
}

bool request_fault(struct request *request, const struct fault_set *set, enum fault_id id,
	const char *subject, struct fault_value *ret_value)
{
	const char *before = json_string_value(json_object_get(request->entry, "fault"));
	char *names;

	if (!faults_hit(request->sandbox->faults, set, id, subject, ret_value))
		return false;
	names = xformat("%s%s%s", before ? before : "", before ? "," : "", faults_name(id));
	json_object_set_new(request->entry, "fault", json_string(names));
	free(names);
	return true;
}

static const char *check_key(const struct request *request)
{
	const char *value = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);

	if (!value)
		return "none";
	if (strncmp(value, "Bearer sk-", 10) != 0 || strstr(value, "bad"))
		return "bad";
	return "ok";
}

static enum MHD_Result add_argument(
	void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct bytes *query = cls;
	char *text = xformat(
		"%s%s%s%s", query->size ? "&" : "", key, value ? "=" : "", value ? value : "");
	int r = bytes_append(query, text, strlen(text), 4096);

	free(text);
	return r < 0 ? MHD_NO : MHD_YES;
}

static void start_entry(struct request *request)
{
	const char *range = request_header(request, MHD_HTTP_HEADER_RANGE);
	struct bytes query = {0};

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_argument, &query);
	request->entry = json_object();
	json_object_set_new(request->entry, "time", json_real(util_wall()));
	json_object_set_new(request->entry, "method", json_string(request->method));
	json_object_set_new(request->entry, "path", json_string(request->path));
	if (query.size)
		json_object_set_new(request->entry, "query",
			json_stringn((const char *)query.data, query.size));
	if (range)
		json_object_set_new(request->entry, "range", json_string(range));
	json_object_set_new(request->entry, "auth", json_string(request->auth));
	bytes_finish(&query);
}

static bool is_control(const struct request *request)
{
	return request->path[0] == '/' && request->path[1] == '_';
}

static bool is_cdn(const struct request *request)
{
	return strncmp(request->path, "/cdn/", 5) == 0;
}

static struct request *request_create(struct sandbox *sandbox, struct MHD_Connection *connection,
	const char *path, const char *method)
{
	struct request *request = xcalloc(1, sizeof(*request));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	request->sandbox = sandbox;
	request->connection = connection;
	request->fd = info ? info->connect_fd : -1;
	request->method = method;
	request->path = xstrdup(path);
	request->auth = check_key(request);
	start_entry(request);
	return request;
}

static void handle_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
	enum MHD_RequestTerminationCode code)
{
	struct request *request = *con_cls;

	if (!request)
		return;
	if (request->transfer)
		cdn_finish(request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	upload_form_destroy(request->form);
	bytes_finish(&request->body);
	json_decref(request->entry);
	free(request->path);
	free(request);
	*con_cls = NULL;
}

static ssize_t read_cut(void *cls, uint64_t at, char *buffer, size_t max)
{
	const struct answer *answer = cls;
	size_t left = answer->size / 2 - (size_t)at;

	if (left == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > max)
		left = max;
	memcpy(buffer, answer->body + at, left);
	return (ssize_t)left;
}

static void free_cut(void *cls)
{
	answer_finish(cls);
	free(cls);
}

static struct MHD_Response *make_response(struct answer *answer)
{
	struct MHD_Response *response;
	struct answer *kept;

	if (answer->way == ANSWER_CUT) {
		kept = xcalloc(1, sizeof(*kept));
		*kept = *answer;
		*answer = (struct answer){.type = kept->type, .http = kept->http};
		memcpy(answer->retry_after, kept->retry_after, sizeof(answer->retry_after));
		return MHD_create_response_from_callback(
			kept->size, 65536, read_cut, kept, free_cut);
	}
	response =
		MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
	answer->body = NULL;
	return response;
}

static enum MHD_Result send_answer(struct request *request, struct answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (answer->way == ANSWER_RESET) {
		request_reset(request);
		return MHD_NO;
	}
	response = make_response(answer);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	if (answer->gzip)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (answer->etag[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
	if (answer->retry_after[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, answer->retry_after);
	result = MHD_queue_response(request->connection, (unsigned)answer->http, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result handle_api(struct request *request)
{
	struct answer answer = {0};
	enum MHD_Result result = MHD_NO;
	double delay;

	api_handle(request, &answer);
	json_object_set_new(
		request->entry, "http", json_integer(answer.way == ANSWER_RESET ? 0 : answer.http));
	json_object_set_new(request->entry, "code", json_integer(answer.code));
	log_write(request->sandbox->log, request->entry);
	delay = state_settings(request->sandbox->state).delay + answer.slow;
	if (delay <= 0 || request_sleep(request, delay))
		result = send_answer(request, &answer);
	answer_finish(&answer);
	return result;
}

static enum MHD_Result handle_control(struct request *request)
{
	struct answer answer = {0};
	enum MHD_Result result;

	control_handle(request, &answer);
	result = send_answer(request, &answer);
	answer_finish(&answer);
	return result;
}

static enum MHD_Result handle_begin(struct request *request)
{
	if (!is_control(request) && !is_cdn(request) &&
		state_settings(request->sandbox->state).down) {
		request_reset(request);
		return MHD_NO;
	}
	if (upload_wanted(request))
		request->form = upload_form_create(request);
	return MHD_YES;
}

static void handle_body(struct request *request, const char *data, size_t size)
{
	if (request->form)
		upload_form_add(request->form, data, size);
	else if (bytes_append(&request->body, data, size, REQUEST_BODY_MAX) < 0)
		request->body_too_big = true;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_size,
	void **con_cls)
{
	struct request *request = *con_cls;

	if (!request) {
		*con_cls = request_create(cls, connection, url, method);
		return handle_begin(*con_cls);
	}
	if (*data_size) {
		handle_body(request, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	if (is_control(request))
		return handle_control(request);
	if (request->sandbox->replay)
		return replay_handle(request);
	if (is_cdn(request))
		return cdn_handle(request);
	return handle_api(request);
}

/* The listening socket, or negative errno. A port that was ours a moment ago can be ours again. */
static int listen_on(uint16_t port, uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int request_serve(struct sandbox *sandbox, uint16_t port, struct MHD_Daemon **ret)
{
	int fd = listen_on(port, &port);

	if (fd < 0)
		return fd;
	snprintf(sandbox->base, sizeof(sandbox->base), "http://127.0.0.1:%u", port);
	*ret = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
		port, NULL, NULL, handle, sandbox, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, handle_completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
		4000u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)256 << 10, MHD_OPTION_END);
	if (*ret)
		return 0;
	close(fd);
	return -EIO;
}
