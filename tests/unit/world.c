/* SPDX-License-Identifier: MIT */
#include "tests/unit/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/api/client.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop_private.h"
#include "fs/base/worker.h"
#include "fs/fetch/fetch.h"
#include "fs/net/http.h"
#include "fs/store/cache.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"
#include "tests/unit/gen_catalogue.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

struct world world;

static struct model_list models;
static struct model_table *table;
static struct http *http;
static struct api_client *api;
static struct loop_timer *pause_timer;
static char directory[64], state_dir[96], cache_dir[96];
static int64_t mono_ms, wall_ms;
static int generation, copies; /* of the account's directories */

static int64_t read_mono(void)
{
	return mono_ms;
}

static int64_t read_wall(void)
{
	return wall_ms;
}

/* --- time --- */

static void stop_loop(void *arg)
{
	loop_stop(world.loop, 0);
}

static bool is_due(void)
{
	struct loop *loop = world.loop;

	return !list_empty(&loop->deferred) || worker_pending(world.options.worker) > 0 ||
	       (loop->armed > 0 && loop->heap[0]->due_ms <= mono_ms);
}

void world_turn(void)
{
	loop_timer_arm(pause_timer, 0);
	assert_int_equal(loop_run(world.loop), 0);
}

void world_settle(void)
{
	int passes = 0;

	do {
		assert_true(passes++ < 10000);
		world_turn();
		worker_drain(world.options.worker);
	} while (is_due());
}

void world_wait(int64_t ms)
{
	int64_t until = mono_ms + ms;

	world_settle();
	for (;;) {
		struct loop *loop = world.loop;
		int64_t next = loop->armed > 0 ? loop->heap[0]->due_ms : INT64_MAX;
		bool last = next > until;
		if (last)
			next = until;
		wall_ms += next - mono_ms;
		mono_ms = next;
		world_settle();
		if (last)
			return;
	}
}

void world_jump(int64_t ms)
{
	wall_ms += ms;
}

/* --- from the beginning to the end --- */

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void name_directories(void)
{
	snprintf(state_dir, sizeof(state_dir), "%s/%d/state", directory, generation);
	snprintf(cache_dir, sizeof(cache_dir), "%s/%d/cache", directory, generation);
}

void world_begin(void)
{
	struct http_options http_options = {0};
	struct api_options api_options = {.base_url = "https://api.test",
		.models_base_url = "https://models.test",
		.request_timeout_ms = 60000};
	char *message = NULL;

	assert_int_equal(loop_create(&world.loop), 0);
	assert_int_equal(loop_timer_create(world.loop, stop_loop, NULL, &pause_timer), 0);
	assert_int_equal(worker_create(world.loop, &world.options.worker), 0);
	assert_int_equal(http_create(world.loop, &http_options, &http), 0);
	assert_int_equal(api_create(http, &api_options, &api), 0);
	assert_int_equal(api_set_key(api, "key"), 0);
	int r = store_open(state_dir, cache_dir, &world.store, &message);
	if (message != NULL)
		print_error("%s\n", message);
	assert_int_equal(r, 0);
	assert_int_equal(
		account_create(world.loop, world.store, http, api, table, &world.options, &world.account),
		0);
}

void world_end(void)
{
	account_destroy(world.account);
	world.account = NULL;
	worker_drain(world.options.worker);
	worker_destroy(world.options.worker);
	world.options.worker = NULL;
	cache_sync_all(world.store);
	store_close(world.store);
	world.store = NULL;
	api_destroy(api);
	http_destroy(http);
	loop_timer_destroy(pause_timer);
	loop_destroy(world.loop);
	world.loop = NULL;
}

void world_remount(void)
{
	world_end();
	world_begin();
}

/* In place where it is there already: the same file as before to who knows it by its number. */
static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	struct stat st;

	assert_true(in >= 0 && fstat(in, &st) == 0);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);
		assert_true(n > 0);
		left -= n;
	}
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	assert_int_equal(futimens(out, times), 0);
	close(in);
	close(out);
}

static void for_each_entry(const char *from, const char *to,
	void (*call)(const struct dirent *entry, const char *source, const char *target))
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	char source[512], target[512];

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		call(entry, source, target);
	}
	closedir(dir);
}

static void copy_entry(const struct dirent *entry, const char *source, const char *target)
{
	if (entry->d_type != DT_DIR) {
		copy_file(source, target);
		return;
	}
	assert_true(mkdir(target, 0700) == 0 || errno == EEXIST);
	for_each_entry(source, target, copy_entry);
}

/* What came after the copy. */
static void remove_newer(const struct dirent *entry, const char *source, const char *target)
{
	if (entry->d_type == DT_DIR)
		for_each_entry(source, target, remove_newer);
	else if (access(target, F_OK) < 0)
		unlink(source);
}

static void copy_account(int number)
{
	char from[80], to[80];

	snprintf(from, sizeof(from), "%s/%d", directory, generation);
	snprintf(to, sizeof(to), "%s/%d", directory, number);
	assert_int_equal(mkdir(to, 0700), 0);
	for_each_entry(from, to, copy_entry);
}

void world_kill(void)
{
	char now[80], then[80];

	copy_account(++copies);
	world_end();
	snprintf(now, sizeof(now), "%s/%d", directory, generation);
	snprintf(then, sizeof(then), "%s/%d", directory, copies);
	for_each_entry(now, then, remove_newer);
	for_each_entry(then, now, copy_entry);
	world_begin();
}

void world_copy(void)
{
	copy_account(++copies);
	world_end();
	generation = copies;
	name_directories();
	world_begin();
}

/* Beside the models of the catalogue: a tool that answers with a text at once, and one with two requests; and a model of which it is said
 * what its results cost. */
static const struct model_param params[] = {
	{"WORDS", "endpoint", "words", "test:1"},
	{"WORDS", "fields", "prompt:prompt!", "test:2"},
	{"WORDS", "answer", "words", "test:3"},
	{"WORDS", "makes", "text", "test:4"},
	{"TALK", "endpoint", "talk", "test:5"},
	{"TALK", "fields", "prompt:prompt!", "test:6"},
	{"TALK", "makes", "audio", "test:7"},
	{"TALK", "then", "talk/{task}/audio", "test:8"},
	{"GPT_IMAGE_2", "credits", "2.5", "test:9"},
};

int world_setup(void **state)
{
	char *message = NULL;

	/* WORLD_LOG=1: what the program says while a test runs */
	log_setup(getenv("WORLD_LOG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		getenv("WORLD_LOG") != NULL, false);
	own_disk_reset();
	own_http_reset();
	mono_ms = 1000000;
	wall_ms = INT64_C(1790000000000);
	clock_replace(read_mono, read_wall);
	snprintf(directory, sizeof(directory), "%s/weryaifs-unit.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(directory));
	generation = copies = 0;
	name_directories();
	assert_int_equal(
		registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &models), 0);
	assert_int_equal(
		model_table_create(&models, params, array_length(params), &table, &message), 0);
	world.options = (struct account_options){.settle_ms = 1000,
		.settle_max_ms = 30000,
		.ask_above = 50,
		.max_active = 20,
		.submit_gap_ms = 500,
		.submissions_per_day = 1000,
		.first_poll_ms = 3000,
		.poll_interval_ms = 3000,
		.slow_poll_interval_ms = 5000,
		.slow_poll_after_ms = 30000,
		.stall_timeout_ms = 30000,
		.cache = true,
		.along = true,
		.uid = getuid(),
		.gid = getgid()};
	world_begin();
	record_clear();
	return 0;
}

void world_set_tools(bool there)
{
	char *message = NULL;

	world_end();
	model_table_destroy(table);
	assert_int_equal(model_table_create(&models, params, there ? array_length(params) : 0, &table, &message), 0);
	world_begin();
}

/* Whatever a test has done: the ledger that it leaves is in order. */
static bool is_in_order(void)
{
	char *report = NULL;
	int problems = 0;
	int r = store_check(state_dir, cache_dir, &report, &problems);

	if (r < 0 || problems > 0)
		print_error("%s\n", report != NULL ? report : strerror(-r));
	free(report);
	return r == 0 && problems == 0;
}

int world_teardown(void **state)
{
	own_disk_reset();
	if (world.account != NULL)
		world_end();
	bool good = is_in_order();
	model_table_destroy(table);
	table = NULL;
	model_list_finish(&models);
	clock_replace(NULL, NULL);
	nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return good ? 0 : -1;
}

const char *world_directory(void)
{
	return directory;
}
