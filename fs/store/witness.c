/* SPDX-License-Identifier: MIT */
#include "fs/store/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/read_all.h"
#include "fs/store/store_private.h"

#define NAME "sent"
#define LINE 64

static int get_number(struct store *store, const char *key, int64_t *ret_value)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM meta WHERE key = ?", &row, "s", key);

	*ret_value = r == 1 ? sqlite3_column_int64(row, 0) : 0;
	return r < 0 ? r : 0;
}

static int set_number(struct store *store, const char *key, int64_t value)
{
	return db_run(store->db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", "si", key,
		value);
}

/* Tells this account's witness from that of another one of the same name. */
static int need_number(struct store *store)
{
	int r = get_number(store, "account", &store->account);

	if (r < 0 || store->account != 0)
		return r;
	if (getrandom(&store->account, sizeof(store->account), 0) != sizeof(store->account))
		return -EIO;
	store->account &= INT64_MAX;
	store->account |= 1;
	return set_number(store, "account", store->account);
}

static bool read_witness(struct store *store, int64_t *ret_account, int64_t *ret_sent)
{
	CLEANUP_CLOSE int fd = store->cache_fd < 0 ? -1 : openat(store->cache_fd, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char line[LINE];
	ssize_t length = fd < 0 ? -1 : read_all(fd, line, sizeof(line) - 1);

	if (length <= 0)
		return false;
	line[length] = '\0';
	return sscanf(line, "%" SCNd64 " %" SCNd64, ret_account, ret_sent) == 2;
}

int witness_compare(struct store *store, bool *ret_behind)
{
	int64_t account, sent;
	int r = need_number(store);

	if (r == 0)
		r = get_number(store, "sent", &store->sent);
	*ret_behind = r == 0 && read_witness(store, &account, &sent) && account == store->account &&
		      sent > store->sent;
	/* what the lost part of the ledger had sent stays counted */
	if (*ret_behind) {
		store->sent = sent;
		r = set_number(store, "sent", sent);
	}
	return r;
}

void witness_write(struct store *store)
{
	if (store->cache_fd < 0)
		return; /* the account is without a cache */
	char line[LINE];
	int length = snprintf(
		line, sizeof(line), "%019" PRId64 " %019" PRId64 "\n", store->account, store->sent);

	/* one write of one length: it is never half an old one */
	int r = disk_put(store->disk, store->cache_fd, NAME, line, (size_t)length);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "store: how much was sent is not noted in the cache directory");
}

int store_count_sent(struct store *store)
{
	return set_number(store, "sent", store->sent + 1);
}

void store_note_sent(struct store *store)
{
	store->sent++;
	witness_write(store);
}
