/* SPDX-License-Identifier: MIT */
/* The file: what it may say, and what is said of one that is wrong. */
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
#include "fs/base/cleanup.h"
#include "tests/unit/config_probe.h"
#include "tests/unit/source_file.h"

static void test_config_defaults_are_those_of_the_manual(void **state)
{
	const struct config *config = &((struct fixture *)*state)->config;

	assert_string_equal(config->account, "default");
	assert_string_equal(config->base_url, "https://api.weryai.com");
	assert_string_equal(config->models_base_url, "https://api-growth-agent.weryai.com");
	assert_null(config->key_file);
	assert_null(config->key_command);
	assert_int_equal(config->connect_timeout_ms, 10000);
	assert_int_equal(config->request_timeout_ms, 30000);
	assert_int_equal(config->settle_ms, 1000);
	assert_int_equal(config->max_active, 20);
	assert_int_equal(config->submit_gap_ms, -1);
	assert_int_equal(config->submit_gap_min_ms, 500);
	assert_int_equal(config->submissions_per_day, 1000);
	assert_false(config->allow_unknown);
	assert_false(config->dry_run);
	assert_int_equal(config->first_poll_ms, 3000);
	assert_int_equal(config->poll_interval_ms, 3000);
	assert_int_equal(config->slow_poll_interval_ms, 5000);
	assert_int_equal(config->slow_poll_after_ms, 30000);
	assert_int_equal(config->results, CONFIG_LAZY);
	assert_null(config->ca_file);
	assert_true(config->cache);
	assert_null(config->cache_dir);
	assert_int_equal(config->cache_size, 10ull << 30);
	assert_int_equal(config->stall_timeout_ms, 30000);
	assert_false(config->allow_other);
	assert_int_equal(config->uid, -1);
	assert_int_equal(config->gid, -1);
	assert_int_equal(config->umask, -1);
	assert_int_equal(config->param_count, 0);
}

static void test_config_load_sets_every_kind_of_value(void **state)
{
	struct fixture *fixture = *state;
	const struct config *config = &fixture->config;

	assert_loads(fixture, "[api]\naccount = work-2\nbase_url=http://127.0.0.1:8080/x\n"
			      "key_command = pass show weryai; true\nrequest timeout = 0.5\n"
			      "[Submit]\nSettle: 0.3\nmax-active = 1000\nsubmissions_per_day=0\n"
			      "unknown = Allow\ndry_run = on\n"
			      "[results]\nresults = eager\ncache_dir = ~/c\ncache_size = 5M\n"
			      "[mount]\nuid = 0\ngid=4294967294\numask = 027\nallow_other=yes\n");
	assert_string_equal(config->account, "work-2");
	assert_string_equal(config->base_url, "http://127.0.0.1:8080/x");
	assert_string_equal(config->key_command, "pass show weryai; true");
	assert_int_equal(config->request_timeout_ms, 500);
	assert_int_equal(config->settle_ms, 300);
	assert_int_equal(config->max_active, 1000);
	assert_int_equal(config->submissions_per_day, 0);
	assert_true(config->allow_unknown);
	assert_true(config->dry_run);
	assert_int_equal(config->results, CONFIG_EAGER);
	assert_string_equal(config->cache_dir, "/home/someone/c");
	assert_int_equal(config->cache_size, 5 << 20);
	assert_int_equal(config->uid, 0);
	assert_int_equal(config->gid, 4294967294);
	assert_int_equal(config->umask, 027);
	assert_true(config->allow_other);
	assert_int_equal(config->connect_timeout_ms, 10000);
	assert_string_equal(config->models_base_url, "https://api-growth-agent.weryai.com");
}

static void assert_param(const struct fixture *fixture, size_t index, const char *model,
	const char *key, const char *value, int line)
{
	char where[80];

	assert_true(index < fixture->config.param_count);
	const struct config_param *param = &fixture->config.params[index];
	if (model)
		assert_string_equal(param->model, model);
	else
		assert_null(param->model);
	assert_string_equal(param->key, key);
	assert_string_equal(param->value, value);
	snprintf(where, sizeof(where), "%s:%d", fixture->path, line);
	assert_string_equal(param->where, where);
}

static void test_config_load_keeps_params_in_order_with_their_lines(void **state)
{
	struct fixture *fixture = *state;

	assert_loads(fixture,
		"[defaults]\nRatio = 16:9\nweb search = Yes\n\n"
		"[model FLUX]\nratio=1:1\n"
		"[ MODEL  New-2.x ]\nmodes = text-to-image, image-to-image\nratio = 3:2\n");
	assert_int_equal(fixture->config.param_count, 5);
	assert_param(fixture, 0, NULL, "ratio", "16:9", 2);
	assert_param(fixture, 1, NULL, "web_search", "Yes", 3);
	assert_param(fixture, 2, "FLUX", "ratio", "1:1", 6);
	assert_param(fixture, 3, "New-2.x", "modes", "text-to-image, image-to-image", 8);
	assert_param(fixture, 4, "New-2.x", "ratio", "3:2", 9);
	assert_int_equal(config_set_option(&fixture->config, "ratio=4:3", &fixture->message), 0);
	assert_int_equal(fixture->config.param_count, 6);
	assert_null(fixture->config.params[5].model);
	assert_string_equal(fixture->config.params[5].value, "4:3");
	assert_string_equal(fixture->config.params[5].where, "-o");
}

static void test_config_load_takes_any_line_ends_and_indentation(void **state)
{
	struct fixture *fixture = *state;

	assert_loads(fixture, "\xef\xbb\xbf[submit]\r\n\tsettle = 2\r\n    submit_gap=4\r\n"
			      " # x ; y\r\n\r\n  max_active = 3");
	assert_int_equal(fixture->config.settle_ms, 2000);
	assert_int_equal(fixture->config.submit_gap_ms, 4000);
	assert_int_equal(fixture->config.max_active, 3);
	assert_loads(fixture, "");
	assert_loads(fixture, "\n\n;\n#\n");
	assert_int_equal(fixture->config.settle_ms, 2000);
}

static void test_config_load_bounds_lines_where_inih_would_cut_them(void **state)
{
	struct fixture *fixture = *state;
	char text[512], value[256];

	memset(value, 'x', sizeof(value));
	snprintf(text, sizeof(text), "[defaults]\nnegative = %.*s\n[submit]\nsettle=2\n", 179,
		value);
	assert_loads(fixture, text);
	assert_int_equal(strlen(fixture->config.params[0].value), 179);
	assert_int_equal(fixture->config.settle_ms, 2000);
	snprintf(text, sizeof(text), "[defaults]\nnegative = %.*s\n", 180, value);
	assert_int_equal(load(fixture, text), -EINVAL);
	assert_message(fixture, "conf:2: the line has 191 bytes; 190 is the most");
	snprintf(text, sizeof(text), "# %.*s = 3\n[submit]\nsettle=3\n", 250, value);
	assert_loads(fixture, text);
	assert_int_equal(fixture->config.settle_ms, 3000);
	snprintf(text, sizeof(text), "[model %.*s]\nratio=1:1\n", 64, value);
	assert_loads(fixture, text);
	assert_int_equal(strlen(fixture->config.params[1].model), 64);
	snprintf(text, sizeof(text), "[model %.*s]\nratio=1:1\n", 65, value);
	assert_int_equal(load(fixture, text), -EINVAL);
}

static void test_config_load_refuses_with_line_and_reason(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[submit]\nsetle = 1\n",
			"conf:2: unknown key 'setle' in [submit]; did you mean 'settle'?"},
		{"[submit]\nqwertyuiop = 1\n", "'weryaifs --help' lists them all"},
		{"[sumbit]\n", "conf:1: unknown section [sumbit]; did you mean [submit]?"},
		{"[xyzzyx]\n", "there are [api]"},
		{"[]\n", "unknown section []"},
		{"[api]\n\nsettle = 1\n",
			"conf:3: unknown key 'settle' in [api]; it belongs in [submit]"},
		{"settle = 1\n",
			"conf:1: 'settle' stands before any [section]; it belongs in [submit]"},
		{"[defaults]\nmodes = x\n", "it belongs in [model KEY]"},
		{"[model FLUX]\nsettle = 1\n",
			"unknown key 'settle' in [model FLUX]; it belongs in [submit]"},
		{"[api]\napi_key = sk-secret\n", "set key_file"},
		{"[submit]\nsettle=1\n[poll]\n[submit]\nSettle=2\n",
			"conf:5: 'settle' is already set in line 2"},
		{"[defaults]\nratio=1:1\nratio=1:1\n", "conf:3: 'ratio' is already set in line 2"},
		{"[model A]\nratio=1:1\n[model B]\nratio=1:1\n[model A]\nratio=1:1\n",
			"conf:6: 'ratio' is already set in line 2"},
		{"[model]\nratio=1:1\n", "which model?"},
		{"[model ..]\n", "a model's key"},
		{"[model a/b]\n", "a model's key"},
		{"[model \"A\"]\n", "a model's key"},
		{"[modell A]\n", "unknown section [modell A]"},
		{"[submit\nsettle=1\n", "conf:1: the ']' of the section is missing"},
		{"[submit] settle=1\n", "nothing may follow"},
		{"[submit]]\n", "nothing may follow"},
		{"[submit]\nsettle\n", "conf:2: neither a [section] nor 'key = value'"},
		{"\n\nsk-1234\n[submit]\nfoo=1\n", "conf:3: neither"},
		{"[submit]\nfoo=1\nsk-1234\n", "conf:2: unknown key 'foo'"},
		{"[submit]\n= 1\n", "nothing stands before the '='"},
		{"[submit]\nsettle =\n", "'settle' has no value"},
		{"[submit]\nsettle = 1 ; quick\n", "conf:2: a ';' after a blank"},
		{"[defaults]\nnegative = a\t;b\n", "a ';' after a blank"},
		{"[submit] ;x\n", "a ';' after a blank"},
		{"[submit]\nsettle = 1 # quick\n", "'1 # quick' cannot be the value of settle"},
		{"[submit]\nsettle = -1\n", "takes a time in seconds from 0 to 3600"},
		{"[submit]\nsettle = 3601\n", "'3601'"},
		{"[submit]\nsettle = 1s\n", "'1s'"},
		{"[submit]\nmax_active = 0\n", "takes a whole number from 1 to 1000"},
		{"[submit]\nmax_active = 1001\n", "'1001'"},
		{"[submit]\nunknown = ask\n", "takes refuse or allow"},
		{"[submit]\ndry_run = maybe\n", "takes yes or no"},
		{"[poll]\npoll_interval = 0\n", "from 0.01 to 3600"},
		{"[results]\nresults = lazily\n", "takes lazy, eager or lazy-only"},
		{"[results]\ncache_size = 10X\n", "'10X'"},
		{"[results]\ncache_dir = cache\n", "begins with / or ~/"},
		{"[results]\ncache_dir = ~other/cache\n", "begins with / or ~/"},
		{"[mount]\numask = 8\n", "octal"},
		{"[mount]\numask = 1000\n", "octal"},
		{"[mount]\nuid = root\n", "a numeric id"},
		{"[mount]\nuid = 4294967295\n", "a numeric id"},
		{"[api]\naccount = ../x\n", "the first a letter or a digit"},
		{"[api]\naccount = a/b\n", "A-Z a-z"},
		{"[api]\naccount = .a\n", "A-Z a-z"},
		{"[api]\nbase_url = http://example.org\n", "conf:2: base_url must use https://"},
		{"[defaults]\naudio = loud\n", "takes yes or no"},
		{"[defaults]\nnumber = 0\n", "takes a whole number"},
		{"[api]\n# \x01\n", "conf:2: the line contains the control character 0x01"},
		{"[api]\n# \xff\n", "conf:2: the line is not UTF-8"},
		{"[api]\naccount = a\rb\n", "the control character 0x0d"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_length(cases); i++) {
		int r = load(fixture, cases[i].text);
		if (r != -EINVAL)
			fail_msg("case %zu (\"%s\") gives %d", i, cases[i].text, r);
		assert_message(fixture, cases[i].message);
		assert_null(strstr(fixture->message, "sk-"));
	}
	write_file(fixture, "[api]\nacc\0unt = x\n", 18);
	free(steal(&fixture->message));
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -EINVAL);
	assert_message(fixture, "conf:2: the line contains the control character 0x00");
}

static void test_config_load_uses_nothing_of_a_file_with_an_error(void **state)
{
	struct fixture *fixture = *state;

	assert_loads(fixture, "[submit]\nsettle=2\n[defaults]\nratio=1:1\n");
	assert_int_equal(load(fixture, "[submit]\nsettle=5\n[api]\naccount=b\n[defaults]\n"
				       "ratio=3:2\n[model X]\nratio=3:2\n[poll]\nfirst_poll=x\n"),
		-EINVAL);
	assert_int_equal(fixture->config.settle_ms, 2000);
	assert_string_equal(fixture->config.account, "default");
	assert_int_equal(fixture->config.param_count, 1);
}

static void test_config_load_takes_regular_files_only(void **state)
{
	struct fixture *fixture = *state;
	char *megabyte = malloc((1 << 20) + 1);

	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -ENOENT);
	assert_message(fixture, fixture->path);
	free(steal(&fixture->message));
	assert_int_equal(
		config_load(&fixture->config, fixture->directory, &fixture->message), -EINVAL);
	assert_message(fixture, "not a regular file");
	free(steal(&fixture->message));
	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -EINVAL);
	assert_message(fixture, "not a regular file");
	free(steal(&fixture->message));
	unlink(fixture->path);
	assert_non_null(megabyte);
	memset(megabyte, '\n', (1 << 20) + 1);
	write_file(fixture, megabyte, 1 << 20);
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), 0);
	write_file(fixture, megabyte, (1 << 20) + 1);
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -EFBIG);
	free(megabyte);
}

/* It can name a command, and the place that the key is sent to. */
static void test_config_load_believes_nobody_else(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(load(fixture, "[api]\nkey_command = echo x\n"), 0);
	for (mode_t mode = 0600; mode <= 0666; mode++) {
		bool shared = (mode & 02) != 0;
		assert_int_equal(chmod(fixture->path, mode), 0);
		free(steal(&fixture->message));
		assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), shared ? -EACCES : 0);
		if (shared)
			assert_message(fixture, "chmod go-w");
	}
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(fixture->path, 0660), 0);
	assert_int_equal(chown(fixture->path, 0, 12345), 0);
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -EACCES);
	assert_int_equal(chmod(fixture->path, 0600), 0);
	assert_int_equal(chown(fixture->path, 12345, 0), 0);
	free(steal(&fixture->message));
	assert_int_equal(config_load(&fixture->config, fixture->path, &fixture->message), -EACCES);
	assert_message(fixture, "uid 12345");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_config_##name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_the_manual),
		TEST(load_sets_every_kind_of_value),
		TEST(load_keeps_params_in_order_with_their_lines),
		TEST(load_takes_any_line_ends_and_indentation),
		TEST(load_bounds_lines_where_inih_would_cut_them),
		TEST(load_refuses_with_line_and_reason),
		TEST(load_uses_nothing_of_a_file_with_an_error),
		TEST(load_takes_regular_files_only),
		TEST(load_believes_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
