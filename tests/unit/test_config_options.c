/* SPDX-License-Identifier: MIT */
/* What comes from elsewhere than the file, what values may be, and the manual's word for all of it. */
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/table.h"
#include "config/url.h"
#include "fs/base/cleanup.h"
#include "tests/unit/config_probe.h"
#include "tests/unit/source_file.h"

static void test_config_paths_begin_at_home(void **state)
{
	struct fixture *fixture = *state;
	struct config *config = &fixture->config;

	assert_int_equal(config_set_option(config, "key_file=$HOME/k", &fixture->message), 0);
	assert_string_equal(config->key_file, "/home/someone/k");
	assert_int_equal(config_set_option(config, "key_file=${HOME}/k/~", &fixture->message), 0);
	assert_string_equal(config->key_file, "/home/someone/k/~");
	assert_int_equal(config_set_option(config, "key_file=/a/$HOME/~", &fixture->message), 0);
	assert_string_equal(config->key_file, "/a/$HOME/~");
	assert_int_equal(config_set_option(config, "cache_dir=~", &fixture->message), 0);
	assert_string_equal(config->cache_dir, "/home/someone");
	assert_int_equal(
		config_set_option(config, "key_file=$HOMER/k", &fixture->message), -EINVAL);
	assert_string_equal(config->key_file, "/a/$HOME/~");
}

static void test_config_set_option_takes_items(void **state)
{
	struct fixture *fixture = *state;
	struct config *config = &fixture->config;

	assert_int_equal(config_set_option(config, "settle=0.3", &fixture->message), 0);
	assert_int_equal(config->settle_ms, 300);
	assert_int_equal(config_set_option(config, "settle = 0", &fixture->message), 0);
	assert_int_equal(config->settle_ms, 0);
	assert_int_equal(config_set_option(config, "dry-run", &fixture->message), 0);
	assert_true(config->dry_run);
	assert_int_equal(config_set_option(config, "Dry Run=no", &fixture->message), 0);
	assert_false(config->dry_run);
	assert_int_equal(config_set_option(config, "audio", &fixture->message), 0);
	assert_string_equal(config->params[0].value, "yes");
	assert_int_equal(config_set_option(config, "negative=a=b, c ; d", &fixture->message), 0);
	assert_string_equal(config->params[1].value, "a=b, c ; d");
}

static void test_config_set_option_refuses_with_reason(void **state)
{
	static const struct {
		const char *item, *message;
	} cases[] = {
		{"setle=1", "-o: unknown option 'setle'; did you mean 'settle'?"},
		{"settle", "-o: 'settle' needs a value: settle=SECONDS"},
		{"settle=", "has no value"},
		{"settle=x", "-o: 'x' cannot be the value of settle"},
		{"modes=text-to-image", "it belongs in [model KEY] of the configuration file"},
		{"api_key=sk-1", "set key_file"},
		{"=1", "unknown option ''"},
		{"", "unknown option ''"},
		{"settle=1\n", "control characters"},
		{"account=\xff", "not UTF-8"},
	};
	struct fixture *fixture = *state;
	char *endless = malloc(5001);

	for (size_t i = 0; i < array_length(cases); i++) {
		free(steal(&fixture->message));
		assert_int_equal(
			config_set_option(&fixture->config, cases[i].item, &fixture->message),
			-EINVAL);
		assert_message(fixture, cases[i].message);
		assert_null(strstr(fixture->message, "sk-"));
	}
	assert_non_null(endless);
	memset(endless, 'x', 5000);
	endless[5000] = '\0';
	memcpy(endless, "negative=", 9);
	free(steal(&fixture->message));
	assert_int_equal(config_set_option(&fixture->config, endless, &fixture->message), -EINVAL);
	free(endless);
}

static void test_config_environment_is_between_file_and_option(void **state)
{
	struct fixture *fixture = *state;

	assert_loads(fixture, "[api]\nbase_url=https://file.example\n"
			      "models_base_url=https://file.example\n");
	setenv("WERYAI_BASE_URL", "http://[::1]:81", 1);
	setenv("WERYAI_MODELS_BASE_URL", "", 1);
	assert_int_equal(config_environment(&fixture->config, &fixture->message), 0);
	assert_string_equal(fixture->config.base_url, "http://[::1]:81");
	assert_string_equal(fixture->config.models_base_url, "https://file.example");
	setenv("WERYAI_MODELS_BASE_URL", "ftp://x", 1);
	assert_int_equal(config_environment(&fixture->config, &fixture->message), -EINVAL);
	assert_message(
		fixture, "$WERYAI_MODELS_BASE_URL: models_base_url must begin with https://");
	unsetenv("WERYAI_BASE_URL");
	unsetenv("WERYAI_MODELS_BASE_URL");
}

static void test_config_check_sees_what_single_values_do_not_tell(void **state)
{
	struct fixture *fixture = *state;
	struct config *config = &fixture->config;

	assert_int_equal(config_check(config, &fixture->message), 0);
	assert_int_equal(config_set_option(config, "key_file=/k", &fixture->message), 0);
	assert_int_equal(config_check(config, &fixture->message), 0);
	assert_int_equal(config_set_option(config, "key_command=k", &fixture->message), 0);
	assert_int_equal(config_check(config, &fixture->message), -EINVAL);
	assert_message(fixture, "key_file and key_command");
	free(steal(&config->key_command));
	free(config->base_url);
	config->base_url = strdup("http://example.org");
	free(steal(&fixture->message));
	assert_int_equal(config_check(config, &fixture->message), -EINVAL);
	assert_message(fixture, "base_url must use https://");
}

static void test_config_urls_never_show_the_key_to_a_network(void **state)
{
	static const char *const good[] = {"https://api.weryai.com", "https://a.example/",
		"HTTPS://a.example:8443/x/y%20z", "https://[2001:db8::1]:1/", "https://1.2.3.4",
		"http://localhost", "http://LOCALHOST:1/", "http://127.0.0.1:65535/a",
		"http://127.255.3.4", "http://[::1]", "http://[::1]:8080/x"};
	static const char *const bad[] = {"", "x", "api.weryai.com", "file:///etc/passwd",
		"ftp://127.0.0.1", "https:/a", "https://", "https:///x", "https://:1",
		"http://example.org", "http://127.0.0.1.example.org", "http://localhost.example",
		"http://127.1", "http://0177.0.0.1", "http://127.0.0.256", "http://127.0.0.01",
		"http://127.0.0.1.", "http://127.0.0.", "http://127.0.0.1@example.org",
		"http://[::1]@example.org", "http://127.0.0.1\\@example.org", "http://[::2]",
		"http://[::1", "http://[::1]x", "http://0.0.0.0", "https://user:pw@a.example",
		"https://user@a.example", "https://a.example:0", "https://a.example:65536",
		"https://a.example:", "https://a.example:x", "https://a.example:+1",
		"https://a.example:1:2", "https://a b", "https://a.example/ b",
		"https://a.example?x", "https://a.example/?x", "https://a.example#x",
		"https://a.example/\"", "https://a..b", "https://-a", "https://\xc3\xa4.example",
		"https://a_b.example", "https://[]", "https://[::1%25eth0]", "http:///127.0.0.1"};

	for (size_t i = 0; i < array_length(good); i++)
		if (url_refusal(good[i]))
			fail_msg("%s is refused: %s", good[i], url_refusal(good[i]));
	for (size_t i = 0; i < array_length(bad); i++)
		if (!url_refusal(bad[i]))
			fail_msg("%s is not refused", bad[i]);
	assert_string_equal(url_refusal("https://user:pw@a.example"),
		"must not contain a user name or password");
}

static void test_config_default_path_follows_xdg(void **state)
{
	CLEANUP_FREE char *home = config_default_path();
	setenv("XDG_CONFIG_HOME", "/xdg", 1);
	CLEANUP_FREE char *xdg = config_default_path();
	setenv("XDG_CONFIG_HOME", "relative", 1);
	CLEANUP_FREE char *relative = config_default_path();

	assert_string_equal(home, "/home/someone/.config/weryaifs/weryaifs.conf");
	assert_string_equal(xdg, "/xdg/weryaifs/weryaifs.conf");
	assert_string_equal(relative, home);
	unsetenv("XDG_CONFIG_HOME");
}

/* Takes the '#' from lines like "#settle = 1" and "#[model FLUX]". */
static void uncomment(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		size_t length = strcspn(from, "\n") + 1;
		size_t key = strspn(from + 1, "abcdefghijklmnopqrstuvwxyz_");
		bool setting = from[0] == '#' &&
			       (from[1] == '[' || strncmp(from + 1 + key, " = ", 3) == 0);
		memmove(to, from + setting, length - setting);
		to += length - setting;
		from += length;
	}
	*to = '\0';
}

static void assert_same_field(
	const struct config *a, const struct config *b, const struct config_entry *entry)
{
	const char *left = (const char *)a + entry->offset,
		   *right = (const char *)b + entry->offset;
	bool same = memcmp(left, right, entry->size) == 0;

	if (strcmp(entry->type->placeholder, "NAME") == 0 ||
		strcmp(entry->type->placeholder, "URL") == 0)
		same = strcmp(*(char *const *)left, *(char *const *)right) == 0;
	if (!same)
		fail_msg("the example does not show the default of '%s'", entry->key);
}

static void test_config_proxy_is_one(void **state)
{
	static const char *const good[] = {"http://proxy:3128", "HTTPS://proxy.example/",
		"socks5h://user:p%40ss@[::1]:9050", "socks4a://10.0.0.1"};
	static const char *const bad[] = {"", "proxy:3128", "ftp://proxy", "http://", "http://:3128",
		"http://user@", "http://a b", "http://proxy:1/path", "http://proxy?x", "http://pr\x7foxy"};

	for (size_t i = 0; i < array_length(good); i++)
		if (url_proxy_refusal(good[i]))
			fail_msg("%s is refused: %s", good[i], url_proxy_refusal(good[i]));
	for (size_t i = 0; i < array_length(bad); i++)
		if (!url_proxy_refusal(bad[i]))
			fail_msg("%s is not refused", bad[i]);
}

static void test_config_example_shows_every_key_and_its_default(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_FREE char *text = read_source("config/weryaifs.conf", NULL);
	struct config defaults;
	char line[128];
	size_t count;
	const struct config_entry *entries = config_table(&count);

	assert_loads(fixture, text);
	assert_int_equal(fixture->config.param_count, 0);
	uncomment(text);
	assert_loads(fixture, text);
	assert_int_equal(config_init(&defaults, &fixture->message), 0);
	for (size_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "\n%s = ", entries[i].key);
		if (!strstr(text, line))
			fail_msg("the example lacks '%s'", entries[i].key);
		if (entries[i].size && entries[i].initial)
			assert_same_field(&fixture->config, &defaults, &entries[i]);
	}
	config_finish(&defaults);
}

static void test_config_manual_knows_every_key(void **state)
{
	CLEANUP_FREE char *manual = read_source("config/weryaifs.conf.5", NULL);
	char line[128];
	size_t count;
	const struct config_entry *entries = config_table(&count);

	for (size_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), " Cm %s Ns = Ns ", entries[i].key);
		if (!strstr(manual, line))
			fail_msg("weryaifs.conf(5) lacks '%s'", entries[i].key);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_config_##name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(paths_begin_at_home),
		TEST(set_option_takes_items),
		TEST(set_option_refuses_with_reason),
		TEST(environment_is_between_file_and_option),
		TEST(check_sees_what_single_values_do_not_tell),
		TEST(urls_never_show_the_key_to_a_network),
		TEST(default_path_follows_xdg),
		TEST(example_shows_every_key_and_its_default),
		TEST(proxy_is_one),
		TEST(manual_knows_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
