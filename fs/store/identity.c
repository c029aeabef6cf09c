/* SPDX-License-Identifier: MIT */
#include "fs/store/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"
#include "fs/base/hash.h"
#include "fs/base/log.h"
#include "fs/store/witness.h"

#define IDENTITY 96
#define NUMBER 24

/* machine-id(5), which programs are asked not to show: a hash of it. 0: the machine has none. */
static uint64_t machine(void)
{
	CLEANUP_CLOSE int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	char id[64];
	ssize_t length = fd < 0 ? 0 : read(fd, id, sizeof(id));

	return length > 0 ? hash_add(HASH_START, id, (size_t)length) : 0;
}

/* Device numbers change from boot to boot, so they are left out. */
static int describe(struct store *store, char text[IDENTITY])
{
	struct statx st;

	if (statx(store->state_fd, STORE_DATABASE, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME,
		    &st) < 0)
		return -errno;
	bool born = (st.stx_mask & STATX_BTIME) != 0;
	snprintf(text, IDENTITY, "machine %016" PRIx64 " file %llu born %lld.%09u", machine(),
		(unsigned long long)st.stx_ino, born ? (long long)st.stx_btime.tv_sec : 0,
		born ? st.stx_btime.tv_nsec : 0);
	return 0;
}

static int get_text(struct store *store, const char *key, char **ret_value)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM meta WHERE key = ?", &row, "s", key);

	*ret_value = NULL;
	if (r <= 0)
		return r;
	*ret_value = db_column_text(row, 0);
	return *ret_value == NULL ? -ENOMEM : 0;
}

static int get_number(struct store *store, const char *key, int64_t *ret_value)
{
	CLEANUP_FREE char *text = NULL;
	int r = get_text(store, key, &text);

	*ret_value = text == NULL ? 0 : strtoll(text, NULL, 10);
	return r;
}

static int set_text(struct store *store, const char *key, const char *value)
{
	return db_run(store->db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", "ss", key,
		value);
}

static int set_number(struct store *store, const char *key, int64_t value)
{
	return db_run(store->db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", "si", key,
		value);
}

/* The count of mounts in the lock file; -1: none is there. */
static int64_t read_lock_count(struct store *store)
{
	char text[NUMBER];
	ssize_t length = pread(store->lock_fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return -1;
	text[length] = '\0';
	return strtoll(text, NULL, 10);
}

static int write_lock_count(struct store *store, int64_t count)
{
	char text[NUMBER];
	int length = snprintf(text, sizeof(text), "%020" PRId64 "\n", count);

	if (pwrite(store->lock_fd, text, (size_t)length, 0) != length)
		return errno != 0 ? -errno : -EIO;
	return fdatasync(store->lock_fd) < 0 ? -errno : 0;
}

/* What was unsent may have been sent from where this copy was made of. */
static int hold_unsent(struct store *store)
{
	int r = db_run(store->db,
		"INSERT OR REPLACE INTO meta(key, value) SELECT 'hold_up_to', ifnull(max(id), 0) "
		"FROM job",
		"");

	/* one by one they would be held when their turn comes; saved again before, they would be new ones */
	if (r == 0)
		r = db_run(store->db,
			"UPDATE wish SET hold = 2 WHERE job IN"
			" (SELECT id FROM job INDEXED BY job_open WHERE ended = 0 AND state IN (2, 3))",
			"");
	/* a `submit` of then was for the one time that it was sent, perhaps */
	if (r == 0)
		r = db_run(store->db,
			"UPDATE wish SET asked = 0 WHERE asked != 0 AND job IN"
			" (SELECT id FROM job INDEXED BY job_open WHERE ended = 0 AND state IN (2, 3, 4, 12))",
			"");
	if (r == 0)
		r = db_run(store->db,
			"UPDATE job INDEXED BY job_open SET unmade = (state = 2), state = 4, trouble = 'this account was copied or put back"
			" from a backup, so this prompt may have been sent from there already: look"
			" at the call history of your account, then, to send it: echo submit into"
			" this file'"
			" WHERE ended = 0 AND state IN (2, 3)",
			"");
	/* texts that were not examined yet: a person decides, as after an unfinished write (enum draft_state) */
	if (r == 0)
		r = db_run(
			store->db, "UPDATE node SET draft = 1 WHERE draft != 0 AND draft >= 2", "");
	return r;
}

/* A machine that had no machine-id(5), as in a container, may have got one since: that is no other machine. */
static bool is_same_identity(const char *known, const char *identity)
{
	static const char none[] = "machine 0000000000000000";
	size_t length = strlen(none);

	if (strncmp(known, none, length) == 0 || strncmp(identity, none, length) == 0)
		return strlen(known) > length && strlen(identity) > length &&
		       strcmp(known + length, identity + length) == 0;
	return strcmp(known, identity) == 0;
}

static int examine(struct store *store, int64_t *ret_count)
{
	CLEANUP_FREE char *known = NULL;
	char identity[IDENTITY];
	int64_t count = 0, locked = read_lock_count(store);
	int r = describe(store, identity);

	if (r == 0)
		r = get_text(store, "identity", &known);
	if (r == 0)
		r = get_number(store, "mounts", &count);
	if (r < 0)
		return r;
	bool behind;
	r = witness_compare(store, &behind);
	if (r < 0)
		return r;
	/* the database is the first to be written: the process may have died between the two */
	bool same =
		known == NULL || (is_same_identity(known, identity) &&
					 (locked < 0 || locked == count || locked == count - 1));
	if (!same || behind) {
		log_warning(
			"store: this account was copied or restored from a copy: prompts that it "
			"has not sent yet are held, since they may have been sent from there");
		r = hold_unsent(store);
	}
	if (r == 0)
		r = set_text(store, "identity", identity);
	if (r == 0)
		r = set_number(store, "mounts", count + 1);
	*ret_count = count + 1;
	return r;
}

int identity_check(struct store *store)
{
	int64_t count = 0;
	int r = db_begin(store->db, true);

	if (r == 0)
		r = examine(store, &count);
	r = db_end(store->db, r);
	if (r == 0)
		r = get_number(store, "hold_up_to", &store->hold_up_to);
	if (r == 0)
		witness_write(store);
	return r < 0 ? r : write_lock_count(store, count);
}
