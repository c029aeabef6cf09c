/* SPDX-License-Identifier: MIT */
/* What a test does with the names and bytes of a world, as the mount would. */
#include "tests/unit/world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/fetch/fetch.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"

/* --- names --- */

/* The directory of a path, and its last name. */
static uint64_t parent_of(const char *path, const char **ret_name)
{
	uint64_t dir = TREE_ROOT;
	struct tree_entry entry;
	const char *slash;
	char name[256];

	while ((slash = strchr(path, '/')) != NULL) {
		snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		if (tree_lookup(account_tree(world.account), dir, name, &entry) < 0)
			fail_msg("no directory %s", name);
		dir = entry.ino;
		path = slash + 1;
	}
	*ret_name = path;
	return dir;
}

uint64_t world_ino(const char *path)
{
	struct tree_entry entry;
	const char *name;
	uint64_t dir = parent_of(path, &name);

	if (*name == '\0')
		return dir;
	return tree_lookup(account_tree(world.account), dir, name, &entry) == 0 ? entry.ino : 0;
}

bool world_exists(const char *path)
{
	return world_ino(path) != 0;
}

int world_open(const char *path)
{
	struct tree_owner owner = {getuid(), getgid()};
	struct tree_entry entry;
	const char *name;
	uint64_t dir = parent_of(path, &name), ino = world_ino(path);
	int r = ino != 0 ? tree_open(account_tree(world.account), ino, O_RDWR)
			 : tree_create(account_tree(world.account), dir, name, 0644, &owner, &entry);

	if (r == 0)
		r = tree_fd(account_tree(world.account), ino != 0 ? ino : entry.ino);
	return r < 0 ? r : fcntl(r, F_DUPFD_CLOEXEC, 3);
}

static int write_at(const char *path, int fd, const char *text, off_t offset)
{
	uint64_t ino = world_ino(path);
	int r = tree_will_write(account_tree(world.account), ino, world.writer);

	if (r == 0 && (ftruncate(fd, offset) < 0 ||
			      pwrite(fd, text, strlen(text), offset) != (ssize_t)strlen(text)))
		r = -errno;
	if (r < 0)
		tree_write_failed(account_tree(world.account), ino);
	return r;
}

int world_write(const char *path, int fd, const char *text)
{
	return write_at(path, fd, text, 0);
}

int world_append(const char *path, int fd, const char *text)
{
	return write_at(path, fd, text, lseek(fd, 0, SEEK_END));
}

void world_close(const char *path, int fd)
{
	close(fd);
	tree_close(account_tree(world.account), world_ino(path), O_RDWR);
}

void world_cut_short(const char *path, pid_t writer)
{
	tree_cut_short(account_tree(world.account), world_ino(path), writer);
}

void world_save(const char *path, const char *text)
{
	int fd = world_open(path);

	assert_true(fd >= 0);
	assert_int_equal(world_write(path, fd, text), 0);
	world_close(path, fd);
}

int world_mkdir(const char *path)
{
	struct tree_owner owner = {getuid(), getgid()};
	struct tree_entry entry;
	const char *name;
	uint64_t dir = parent_of(path, &name);

	return tree_mkdir(account_tree(world.account), dir, name, 0755, &owner, &entry);
}

int world_remove(const char *path)
{
	const char *name;
	uint64_t dir = parent_of(path, &name), ino = world_ino(path);
	int r = tree_unlink(account_tree(world.account), dir, name);

	if (r == 0)
		tree_forget(account_tree(world.account), ino);
	return r;
}

static int rename_with(const char *from, const char *to, unsigned flags)
{
	const char *name, *new_name;
	uint64_t dir = parent_of(from, &name), new_dir = parent_of(to, &new_name);
	uint64_t replaced = world_ino(to);
	int r = tree_rename(account_tree(world.account), dir, name, new_dir, new_name, flags);

	if (r == 0 && replaced != 0 && (flags & RENAME_EXCHANGE) == 0)
		tree_forget(account_tree(world.account), replaced);
	return r;
}

int world_rename(const char *from, const char *to)
{
	return rename_with(from, to, 0);
}

int world_exchange(const char *one, const char *other)
{
	return rename_with(one, other, RENAME_EXCHANGE);
}

int world_submit(const char *path)
{
	return account_save_status(world.account, world_ino(path), "submit", 6);
}

int world_retry(const char *path)
{
	return account_save_status(world.account, world_ino(path), "retry", 5);
}

struct names {
	char *items[256];
	size_t count;
};

static int add_name(void *arg, const char *name, const struct tree_entry *entry, uint64_t next)
{
	struct names *names = arg;

	assert_true(names->count < 256);
	names->items[names->count++] = strdup(name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *world_list(const char *path)
{
	static char text[8192];
	struct names names = {0};
	size_t length = 0;
	uint64_t dir = *path == '\0' ? TREE_ROOT : world_ino(path);

	assert_int_equal(tree_list(account_tree(world.account), dir, 0, add_name, &names), 0);
	qsort(names.items, names.count, sizeof(*names.items), compare_names);
	text[0] = '\0';
	for (size_t i = 0; i < names.count; i++) {
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			i > 0 ? " " : "", names.items[i]);
		free(names.items[i]);
	}
	return text;
}

int world_pictures(const char *path, const char *stem)
{
	const char *name = world_list(path);
	int count = 0;

	while (*name != '\0') {
		size_t length = strcspn(name, " ");
		const char *png = strstr(name, "png");
		count += strncmp(name, stem, strlen(stem)) == 0 && png != NULL &&
			 png < name + length;
		name += length + (name[length] == ' ');
	}
	return count;
}

/* --- what is known of a prompt --- */

const char *world_status(const char *path, const char *key)
{
	static char value[4096];
	char *text = NULL, mark[64];
	size_t length;
	int r = tree_status_text(account_tree(world.account), world_ino(path), &text, &length);

	if (r < 0)
		fail_msg("no status of %s: %s", path, strerror(-r));
	snprintf(mark, sizeof(mark), "%s: ", key);
	value[0] = '\0';
	for (char *line = text; line != NULL && *line != '\0';) {
		char *stop = strchrnul(line, '\n');
		if (strncmp(line, mark, strlen(mark)) == 0) {
			snprintf(value, sizeof(value), "%.*s",
				(int)(stop - line - (long)strlen(mark)), line + strlen(mark));
			break;
		}
		line = *stop == '\0' ? NULL : stop + 1;
	}
	free(text);
	return value;
}

void world_assert_state(const char *path, const char *state)
{
	const char *now = world_status(path, "state");
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(now, " "), now);
	if (strcmp(word, state) != 0)
		fail_msg("%s is %s, not %s", path, word, state);
}

void world_job(const char *path, struct job_record *ret_record)
{
	struct node node;

	assert_int_equal(nodes_get(world.store, (int64_t)world_ino(path), &node), 0);
	assert_int_equal(jobs_get(world.store, node.job, ret_record), 0);
}

int64_t world_count(enum job_state state)
{
	int64_t counts[JOB_STATE_COUNT];

	assert_int_equal(jobs_count_states(world.store, counts), 0);
	return counts[state];
}

int64_t world_spent_today(void)
{
	char day[CLOCK_DAY];
	int64_t count;

	clock_day(clock_wall_ms(), day);
	assert_int_equal(spend_get(world.store, day, &count), 0);
	return count;
}

/* --- bytes --- */

struct reading {
	bool done;
	ssize_t length;
	char *data;
};

static void on_read(void *arg, ssize_t length, const char *data, struct block *held)
{
	struct reading *reading = arg;

	reading->done = true;
	reading->length = length;
	if (length > 0)
		memcpy(reading->data, data, (size_t)length);
	if (held != NULL)
		fetch_release(held);
}

ssize_t world_read(const char *path, int64_t offset, size_t length, char *data, int64_t ms)
{
	struct reading reading = {.data = data};
	struct fetch_read *read = NULL;
	struct fetch *fetch;
	int r = fetch_open(account_fetches(world.account), (int64_t)world_ino(path), &fetch);

	if (r < 0)
		return r;
	r = fetch_read(fetch, offset, length, on_read, &reading, &read);
	if (r < 0) {
		fetch_close(fetch);
		return r;
	}
	if (!reading.done)
		world_wait(ms);
	if (!reading.done)
		fetch_read_cancel(read);
	fetch_close(fetch);
	return reading.done ? reading.length : -EINPROGRESS;
}
