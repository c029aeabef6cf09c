/* SPDX-License-Identifier: MIT */
/* Servers that keep a client busy, or send it where it should not go. */
#include "http_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/net/http_address.h"

/* A server that sends a beginning, and then a drop every few milliseconds, for ever. */
static struct {
	int listener, fd, port;
	struct loop_watch *watch;
	struct loop_timer *timer;
	const char *beginning, *drop;
	unsigned connections;
} drip;

static void drip_on(void *arg)
{
	if (drip.fd >= 0 && send(drip.fd, drip.drop, strlen(drip.drop), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		loop_timer_arm(drip.timer, 5);
}

static void drip_accept(void *arg, unsigned events)
{
	if (drip.fd >= 0)
		close(drip.fd);
	drip.fd = accept4(drip.listener, NULL, NULL, SOCK_CLOEXEC);
	drip.connections++;
	assert_true(send(drip.fd, drip.beginning, strlen(drip.beginning), MSG_NOSIGNAL) >= 0);
	loop_timer_arm(drip.timer, 5);
}

static void drip_open(const char *beginning, const char *drop)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	drip.beginning = beginning;
	drip.drop = drop;
	drip.fd = -1;
	drip.connections = 0;
	drip.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(drip.listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(drip.listener, 8), 0);
	assert_int_equal(getsockname(drip.listener, (struct sockaddr *)&address, &length), 0);
	drip.port = ntohs(address.sin_port);
	assert_int_equal(loop_watch_add(loop, drip.listener, LOOP_READ, 0, drip_accept, NULL, &drip.watch), 0);
	assert_int_equal(loop_timer_create(loop, drip_on, NULL, &drip.timer), 0);
}

static void drip_close(void)
{
	loop_watch_remove(drip.watch);
	loop_timer_destroy(drip.timer);
	close(drip.listener);
	if (drip.fd >= 0)
		close(drip.fd);
}

static void run_drip(struct probe *probe, struct http_spec spec)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", drip.port);
	assert_int_equal(start_url(probe, url, spec), 0);
	wait_all();
}

/* Each of them sends something every 5 ms; the stall limit is 100 ms. */
static void test_http_a_byte_now_and_then_is_not_enough(void **state)
{
	static const struct {
		const char *beginning, *drop;
	} servers[] = {
		{"HTTP/1.1 200 OK\r\n", "X-Again: and again\r\n"},
		{"HTTP/1.1 200 OK\r\nX-Long: ", "x"},
		{"", "H"},
		{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"},
		{"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 9999\r\n\r\n", "x"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "x"},
		{"HTTP/1.1 206 P\r\nContent-Range: bytes 0-99998/99999\r\nContent-Length: 99999\r\n\r\n", "x"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		{"HTTP/1.1 200 OK\r\n\r\n", "x"},
	};
	struct http_spec spec = spec_get();

	spec.stall_ms = 100;
	spec.min_rate = 100000;
	spec.max_redirects = 5;
	for (size_t i = 0; i < array_length(servers); i++) {
		struct probe probe = {0};
		drip_open(servers[i].beginning, servers[i].drop);
		run_drip(&probe, spec);
		if (probe.end.error != -ETIMEDOUT && probe.end.error != -EPROTO && probe.end.error != -EIO)
			fail_msg("server %zu: %d %s", i, probe.end.error, probe.end.text);
		forget(&probe);
		drip_close();
	}
}

static void test_http_what_is_fast_enough_goes_on(void **state)
{
	struct probe probe = {0};
	struct http_spec spec = spec_get();

	spec.stall_ms = 1000; /* so long may a busy machine keep the server from sending */
	spec.min_rate = 1000;
	run_spec(&probe, "/big", spec);
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, BIG);
}

static void open_public_only(const struct http *trusts)
{
	const struct http_options options = {
		.connect_timeout_ms = 5000, .max_connections_per_host = 4, .trusts = trusts};

	http_destroy(http);
	assert_int_equal(http_create(loop, &options, &http), 0);
}

/* However it is spelled. Each at the port of our server, which must hear nothing. */
static void test_http_only_public_addresses_are_connected_to(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:PORT/ok", "https://127.0.0.1:PORT/ok",
		"https://localhost:PORT/ok", "http://localhost:PORT/ok", "https://127.1:PORT/ok", "https://2130706433:PORT/ok",
		"https://0x7f000001:PORT/ok", "https://0177.0.0.1:PORT/ok", "https://127.0.0.2:PORT/ok", "https://[::1]:PORT/ok",
		"https://[::ffff:127.0.0.1]:PORT/ok", "https://[::]:PORT/ok", "https://0.0.0.0:PORT/ok", "https://0:PORT/ok",
		"https://169.254.169.254:PORT/ok", "https://10.0.0.5:PORT/ok", "https://172.16.0.1:PORT/ok",
		"https://172.31.255.255:PORT/ok", "https://192.168.1.1:PORT/ok", "https://100.64.0.1:PORT/ok",
		"https://224.0.0.1:PORT/ok", "https://255.255.255.255:PORT/ok", "https://[fe80::1]:PORT/ok",
		"https://[fd00::1]:PORT/ok", "https://[64:ff9b::a00:5]:PORT/ok", "https://[2002:a00:5::]:PORT/ok",
		"https://localhost.:PORT/ok", "https://foo.localhost:PORT/ok"};

	open_public_only(NULL);
	for (size_t i = 0; i < array_length(urls); i++) {
		struct probe probe = {0};
		char url[128];
		const char *port = strstr(urls[i], "PORT");
		snprintf(url, sizeof(url), "%.*s%d%s", (int)(port - urls[i]), urls[i], server.port, port + 4);
		int r = start_url(&probe, url, spec_get());
		if (r == 0) {
			wait_all();
			r = probe.end.error;
			/* a name that nobody knows is not found, which is as good */
			if (r == -EPERM && strstr(probe.end.text, "no public address") == NULL)
				fail_msg("%s: %s", url, probe.end.text);
		}
		if (r != -EPERM && r != -EINVAL && r != -EHOSTUNREACH)
			fail_msg("%s: %d", url, r);
		forget(&probe);
	}
	assert_int_equal(server.connections, 0);
}

static void test_http_the_service_in_a_network_opens_that_network(void **state)
{
	const struct http_options own = {.connect_timeout_ms = 5000, .max_connections_per_host = 4, .any_address = true};
	struct http *api = NULL;
	struct probe before = {0}, ask = {0}, after = {0};
	char url[64];

	assert_int_equal(http_create(loop, &own, &api), 0);
	open_public_only(api);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok", server.port);
	assert_int_equal(start_url(&before, url, spec_get()), -EPERM);
	/* the service turns out to be on this machine */
	struct http *cdn = http;
	http = api;
	run_spec(&ask, "/ok", spec_get());
	http = cdn;
	run_spec(&after, "/ok", spec_get());
	assert_int_equal(after.end.error, 0);
	/* which opens no other network */
	assert_int_equal(start_url(&before, "https://10.0.0.5/", spec_get()), -EPERM);
	open_public_only(NULL);
	http_destroy(api);
}

static void test_http_the_service_s_own_address_is_known_before_the_first_request(void **state)
{
	const struct http_options own = {.any_address = true, .connect_timeout_ms = 5000, .max_connections_per_host = 4,
		.own_url = "http://localhost:1/"};
	struct http *api = NULL;
	struct probe probe = {0};

	assert_int_equal(http_create(loop, &own, &api), 0);
	open_public_only(api);
	run_spec(&probe, "/ok", spec_get());
	assert_int_equal(probe.end.error, 0);
	open_public_only(NULL);
	http_destroy(api);
}

/* Behind a proxy we do not see where it goes, but what is written out is refused; nor is an exception a way around. */
static void test_http_a_proxy_is_connected_to_wherever_it_is(void **state)
{
	struct probe by_name = {0}, literal = {0}, excepted = {0};
	struct http_spec spec = spec_get();
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
	setenv("https_proxy", proxy, 1);
	setenv("no_proxy", ".localhost", 1);
	open_public_only(NULL);
	/* the server is no proxy and stays silent: that it was asked is all */
	spec.total_ms = 200;
	assert_int_equal(start_url(&by_name, "https://cdn.invalid/silence", spec), 0);
	wait_all();
	assert_int_equal(server.connections, 1);
	assert_int_equal(start_url(&literal, "https://10.0.0.5/x", spec), -EPERM);
	assert_int_equal(start_url(&literal, "https://169.254.169.254/x", spec), -EPERM);
	assert_int_equal(start_url(&excepted, "https://foo.localhost/x", spec), 0);
	wait_all();
	assert_int_not_equal(excepted.end.error, 0);
	assert_int_equal(server.connections, 1);
	forget(&by_name);
	forget(&excepted);
	unsetenv("https_proxy");
	unsetenv("no_proxy");
}

static void check_network(const char *text, enum http_network wanted)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;

	if (!is_v4)
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	enum http_network network = http_address_network(is_v4 ? (void *)&v4 : (void *)&v6);
	if (network != wanted)
		fail_msg("%s: %d, not %d", text, (int)network, (int)wanted);
}

static void test_http_networks(void **state)
{
	check_network("8.8.8.8", HTTP_PUBLIC);
	check_network("9.255.255.255", HTTP_PUBLIC);
	check_network("10.0.0.0", HTTP_PRIVATE_10);
	check_network("10.255.255.255", HTTP_PRIVATE_10);
	check_network("11.0.0.0", HTTP_PUBLIC);
	check_network("100.63.255.255", HTTP_PUBLIC);
	check_network("100.64.0.0", HTTP_SHARED);
	check_network("100.128.0.0", HTTP_PUBLIC);
	check_network("127.255.255.255", HTTP_LOOPBACK);
	check_network("169.253.0.1", HTTP_PUBLIC);
	check_network("169.254.169.254", HTTP_OTHER);
	check_network("172.15.255.255", HTTP_PUBLIC);
	check_network("172.16.0.0", HTTP_PRIVATE_172);
	check_network("172.32.0.0", HTTP_PUBLIC);
	check_network("192.167.255.255", HTTP_PUBLIC);
	check_network("192.168.0.0", HTTP_PRIVATE_192);
	check_network("0.0.0.0", HTTP_OTHER);
	check_network("223.255.255.255", HTTP_PUBLIC);
	check_network("224.0.0.1", HTTP_OTHER);
	check_network("255.255.255.255", HTTP_OTHER);
	check_network("::", HTTP_OTHER);
	check_network("::1", HTTP_LOOPBACK);
	check_network("::ffff:10.0.0.5", HTTP_PRIVATE_10);
	check_network("::ffff:8.8.8.8", HTTP_PUBLIC);
	check_network("64:ff9b::808:808", HTTP_PUBLIC);
	check_network("64:ff9b::7f00:1", HTTP_LOOPBACK);
	check_network("64:ff9b:1::1", HTTP_OTHER);
	check_network("2002:c0a8:101::", HTTP_PRIVATE_192);
	check_network("2001::1", HTTP_OTHER);
	check_network("2001:db8::1", HTTP_OTHER);
	check_network("2001:4860:4860::8888", HTTP_PUBLIC);
	check_network("2606:4700::1111", HTTP_PUBLIC);
	check_network("fc00::1", HTTP_PRIVATE_V6);
	check_network("fdff::1", HTTP_PRIVATE_V6);
	check_network("fe80::1", HTTP_OTHER);
	check_network("fec0::1", HTTP_OTHER);
	check_network("ff02::1", HTTP_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_a_byte_now_and_then_is_not_enough),
		HTTP_TEST(test_http_what_is_fast_enough_goes_on),
		HTTP_TEST(test_http_only_public_addresses_are_connected_to),
		HTTP_TEST(test_http_the_service_in_a_network_opens_that_network),
		HTTP_TEST(test_http_the_service_s_own_address_is_known_before_the_first_request),
		HTTP_TEST(test_http_a_proxy_is_connected_to_wherever_it_is),
		cmocka_unit_test(test_http_networks),
	};
	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
