/* SPDX-License-Identifier: MIT */
#include "fs/store/soundness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/compat.h"
#include "fs/base/log.h"
#include "fs/store/cache_private.h"
#include "fs/store/store_private.h"

#define NOTE_AT 64 /* behind the count of mounts (identity.c) */
#define NOTE 256
#define FILE_WORDS 192
#define CLOSED "closed"

/* The file that it is, by its birth, and, where it is closed, what is in it and in data/. False: the file system does not tell. */
static bool describe(const struct store *store, bool closed, char words[FILE_WORDS])
{
	struct statx st;
	struct stat data;
	int length;

	if (statx(store->state_fd, STORE_DATABASE, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &st) < 0 ||
		(st.stx_mask & STATX_BTIME) == 0)
		return false;
	length = snprintf(words, FILE_WORDS, "file %llu born %lld.%09u", (unsigned long long)st.stx_ino,
		(long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	if (!closed)
		return true;
	if (fstat(store->data_fd, &data) < 0)
		return false;
	snprintf(words + length, FILE_WORDS - (size_t)length, " of %llu at %lld.%09u, data at %lld.%09ld",
		(unsigned long long)st.stx_size, (long long)st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec,
		(long long)data.st_mtim.tv_sec, data.st_mtim.tv_nsec);
	return true;
}

/* Changes that are in no database yet. */
static bool has_log(const struct store *store)
{
	struct stat st;

	return fstatat(store->state_fd, STORE_DATABASE "-wal", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0;
}

static bool make_note(const struct store *store, bool closed, char note[NOTE])
{
	char words[FILE_WORDS];

	if (!describe(store, closed, words) || (closed && has_log(store)))
		return false;
	snprintf(note, NOTE, "%s %s", closed ? CLOSED : cache_boot_id(), words);
	return true;
}

static int write_note(const struct store *store, const char *note)
{
	char text[NOTE + 1];

	snprintf(text, sizeof(text), "%-*s\n", NOTE - 1, note);
	if (pwrite(store->lock_fd, text, NOTE, NOTE_AT) != NOTE)
		return errno != 0 ? -errno : -EIO;
	return fdatasync(store->lock_fd) < 0 ? -errno : 0;
}

static void read_note(const struct store *store, char noted[NOTE + 1])
{
	ssize_t length = pread(store->lock_fd, noted, NOTE, NOTE_AT);
	char *end = noted + (length > 0 ? length : 0);

	while (end > noted && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	*end = '\0';
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

enum db_reading soundness_of(const struct store *store, bool *ret_untouched)
{
	char noted[NOTE + 1], note[NOTE];

	read_note(store, noted);
	*ret_untouched = make_note(store, true, note) && strcmp(noted, note) == 0;
	if (*ret_untouched)
		return DB_READ_NOTHING;
	bool is_of_boot = strcmp(cache_boot_id(), "?") != 0 && begins_with(noted, cache_boot_id());
	if (is_of_boot && make_note(store, false, note) && strcmp(noted, note) == 0)
		return DB_READ_NOTHING;
	/* a new account, one from an older version, a copy, or others have written to it */
	if (is_of_boot || noted[0] == '\0' || begins_with(noted, CLOSED))
		return DB_READ_SMALL;
	return DB_READ_ALL;
}

int soundness_opened(const struct store *store)
{
	char noted[NOTE + 1], note[NOTE] = "";

	read_note(store, noted);
	make_note(store, false, note);
	/* a daemon has died a moment ago, and the next one goes on */
	if (note[0] != '\0' && strcmp(noted, note) == 0)
		return 0;
	/* what was made just now has its name on the disk as well */
	if (fsync(store->state_fd) < 0)
		return -errno;
	return write_note(store, note);
}

void soundness_closed(const struct store *store)
{
	char note[NOTE];

	if (!store->is_doubted && make_note(store, true, note))
		write_note(store, note); /* else the next mount reads it whole */
}

void soundness_doubted(struct store *store)
{
	store->is_doubted = true;
	if (write_note(store, "doubted") < 0)
		log_error("store: the next mount will not know that the database is damaged: unmount, and look at it: weryaifs --check");
}
