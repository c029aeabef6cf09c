/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/net/http_url.h"
#include "http_probe.h"

/* URLs */

static void test_http_urls(void **state)
{
	static const char *const good[] = {"https://api.weryai.com/v1/x?y=z", "HTTPS://EXAMPLE.com",
		"http://127.0.0.1:8080/", "http://127.9.9.9/", "http://[::1]/",
		"http://localhost:1/", "https://192.0.2.1/", "http://127.1/"};
	static const char *const bad[] = {"", "http://example.com/", "http://192.0.2.1/",
		"http://127.0.0.1.example.com/", "http://localhost.example.com/",
		"http://localhost@example.com/", "https://user:pw@example.com/", "ftp://127.0.0.1/",
		"file:///etc/passwd", "example.com", "//127.0.0.1/", "http:///x", "https://",
		"http://[::ffff:127.0.0.1]/", "http://2130706434/", "https://a b/",
		"https://example.com/\r\nX: y", "http://0.0.0.0/", "https://ex\xc3\xa4mple.com/"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (http_check_url(good[i]) != 0)
			print_error("%s\n", good[i]);
		assert_int_equal(http_check_url(good[i]), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct probe probe = {0};
		if (i != 14 && http_check_url(bad[i]) == 0)
			print_error("%s\n", bad[i]);
		if (i == 14) /* 127.0.0.2 as one number */
			continue;
		assert_int_equal(http_check_url(bad[i]), -EINVAL);
		assert_int_equal(start_url(&probe, bad[i], spec_get()), -EINVAL);
	}
	assert_int_equal(http_active(http), 0);
}

static void test_http_redirect_targets(void **state)
{
	static const struct {
		const char *from, *location, *target;
		int error;
	} cases[] = {
		{"https://a.example/x/y?q=1", "z", "https://a.example/x/z", 0},
		{"https://a.example/x", "//b.example/", "https://b.example/", 0},
		{"https://a.example/x", "https://b.example/a b", "https://b.example/a%20b", 0},
		{"http://127.0.0.1:1/x", "http://localhost:2/", "http://localhost:2/", 0},
		{"http://127.0.0.1:1/x", "https://b.example/", "https://b.example/", 0},
		{"https://a.example/", "http://a.example/", NULL, -EPERM},
		{"https://a.example/", "http://127.0.0.1/", NULL, -EPERM},
		{"https://a.example/", "https://127.0.0.1/", NULL, -EPERM},
		{"https://a.example/", "https://[::1]/", NULL, -EPERM},
		{"https://a.example/", "https://localhost/", NULL, -EPERM},
		{"https://a.example/", "gopher://b.example/", NULL, -EPERM},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *target = NULL;
		int r = http_url_redirect(cases[i].from, cases[i].location, &target);
		assert_int_equal(r < 0, cases[i].error < 0);
		if (r == 0)
			assert_string_equal(target, cases[i].target);
		free(target);
	}
}

static void test_http_refuses_forged_headers(void **state)
{
	struct probe probe = {0};
	struct strlist headers = {0};
	struct http_spec spec = spec_get();
	spec.bearer = "key\r\nX-Evil: 1";
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	spec.bearer = NULL;
	strlist_add(&headers, "X: y\nZ: 1");
	spec.headers = &headers;
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	spec.headers = NULL;
	spec.max_bytes = 0;
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	strlist_finish(&headers);
}

static void test_http_escapes(void **state)
{
	static const char *const cases[][2] = {{"", ""}, {"a-b_c.~9", "a-b_c.~9"},
		{"a b/c?%", "a%20b%2Fc%3F%25"}, {"\xc3\xa4", "%C3%A4"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = http_escape(cases[i][0]);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void test_http_proxy_of_the_environment(void **state)
{
	/* nobody listens there; loopback must not care, others must go there and fail */
	struct probe local = {0}, far = {0};
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	run(&local, "/ok");
	assert_int_equal(local.end.error, 0);
	assert_int_equal(start_url(&far, "https://weryaifs.invalid/", spec_get()), 0);
	wait_all();
	forget(&far);
	assert_int_equal(far.end.error, -ECONNREFUSED);
	assert_false(far.end.maybe_sent);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
}

/* Names: this program's getaddrinfo(3) is the one libcurl's resolver thread calls. */

static sem_t slow_release;
static int slow_begun = -1;

int getaddrinfo(const char *restrict name, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
	if (name != NULL && strcmp(name, "slow.invalid") == 0) {
		uint64_t one = 1;
		if (write(slow_begun, &one, sizeof(one)) < 0)
			abort();
		sem_wait(&slow_release);
		sem_post(&slow_release);
		return EAI_NONAME;
	}
	if (name != NULL && strstr(name, ".invalid") != NULL)
		return EAI_NONAME;
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, result);
}

static void slow_seen(void *arg, unsigned ready)
{
	struct probe *probe = arg;
	uint64_t value;
	assert_int_equal(read(slow_begun, &value, sizeof(value)), sizeof(value));
	if (probe != NULL) {
		http_cancel(probe->request);
		finish_one();
	}
}

/* Neither a cancel nor a timeout nor the end waits for a name server that does not answer. */
static void test_http_slow_names_do_not_block(void **state)
{
	struct probe cancelled = {0}, late = {0}, running = {0};
	struct loop_watch *watch;
	sem_init(&slow_release, 0, 0);
	slow_begun = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(
		loop_watch_add(loop, slow_begun, LOOP_READ, 0, slow_seen, &cancelled, &watch), 0);
	int64_t before = clock_mono_ms();
	assert_int_equal(start_url(&cancelled, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	assert_int_equal(cancelled.dones, 0);
	loop_watch_remove(watch);

	open_http(4, 100);
	assert_int_equal(start_url(&late, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	assert_int_equal(late.end.error, -ETIMEDOUT);
	assert_false(late.end.maybe_sent);

	assert_int_equal(
		loop_watch_add(loop, slow_begun, LOOP_READ, 0, slow_seen, NULL, &watch), 0);
	assert_int_equal(start_url(&running, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	http_destroy(http);
	http = NULL;
	assert_true(clock_mono_ms() - before < 5000);
	loop_watch_remove(watch);
	sem_post(&slow_release);
	forget(&cancelled);
	forget(&late);
	forget(&running);
}

static void test_http_unknown_names(void **state)
{
	struct probe probe = {0};
	assert_int_equal(start_url(&probe, "https://nobody.invalid/?key=secret", spec_get()), 0);
	wait_all();
	forget(&probe);
	assert_int_equal(probe.end.error, -EHOSTUNREACH);
	assert_false(probe.end.maybe_sent);
	assert_non_null(strstr(probe.end.text, "nobody.invalid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_urls),
		HTTP_TEST(test_http_redirect_targets),
		HTTP_TEST(test_http_refuses_forged_headers),
		HTTP_TEST(test_http_escapes),
		HTTP_TEST(test_http_proxy_of_the_environment),
		HTTP_TEST(test_http_slow_names_do_not_block),
		HTTP_TEST(test_http_unknown_names),
	};
	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
