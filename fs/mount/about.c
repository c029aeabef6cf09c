/* SPDX-License-Identifier: MIT */
#include "fs/mount/about.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/model/overview.h"

#define BALANCE_FORMAT "%.15g"

/* From ABOUT_ROOT_README on. */
static const char *const names[] = {"README.txt", "MODELS.txt",
	"README", "models.json", "balance", "stats", "stats.prom", "log", "wait", "gallery.html", "events",
	"spend", "spend.csv"};

/* gallery-2.html and so on: they are linked, not listed. */
static uint64_t older_page(const char *name)
{
	unsigned page = 0;
	char again[32];

	if (sscanf(name, "gallery-%3u.html", &page) != 1 || page < 2 || page > GALLERY_PAGES_MAX)
		return 0;
	snprintf(again, sizeof(again), "gallery-%u.html", page);
	return strcmp(name, again) == 0 ? ABOUT_OLDER + page : 0;
}

uint64_t about_find(uint64_t parent, const char *name)
{
	if (parent != TREE_ABOUT && parent != TREE_ROOT)
		return 0;
	for (size_t i = 0; i < array_length(names); i++) {
		uint64_t ino = ABOUT_ROOT_README + i;
		if (strcmp(names[i], name) == 0 && about_is_at_root(ino) == (parent == TREE_ROOT))
			return ino;
	}
	return parent == TREE_ABOUT ? older_page(name) : 0;
}

const char *about_name(uint64_t ino)
{
	return names[ino - ABOUT_ROOT_README];
}

bool about_is_listed(uint64_t ino)
{
	return ino != ABOUT_WAIT && ino != ABOUT_EVENTS;
}

static int gallery_text(struct account *account, uint64_t ino, char **ret_text)
{
	const char *text;
	size_t length;
	int r = account_gallery(
		account, 0, ino == ABOUT_GALLERY ? 1 : (unsigned)(ino - ABOUT_OLDER), &text, &length);

	if (r < 0)
		return r;
	*ret_text = strndup(text, length);
	return *ret_text == NULL ? -ENOMEM : 0;
}

static int readme_text(struct account *account, char **ret_text)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	buf_adds(&text, about_readme);
	tree_add_hints(account_tree(account), &text);
	*ret_text = buf_steal(&text);
	return *ret_text == NULL ? -ENOMEM : 0;
}

static int make_text(struct account *account, uint64_t ino, char **ret_text)
{
	if (ino == ABOUT_GALLERY || ino > ABOUT_OLDER)
		return gallery_text(account, ino, ret_text);
	switch (ino) {
	case ABOUT_ROOT_README:
		*ret_text = strdup(about_root_readme);
		break;
	case ABOUT_ROOT_MODELS:
		return overview_format(account_models(account), ret_text);
	case ABOUT_README:
		return readme_text(account, ret_text);
	case ABOUT_MODELS:
		return model_table_format(account_models(account), ret_text);
	case ABOUT_STATS:
		return account_stats(account, false, ret_text);
	case ABOUT_STATS_PROM:
		return account_stats(account, true, ret_text);
	case ABOUT_SPEND:
		return account_spend(account, false, ret_text);
	case ABOUT_SPEND_CSV:
		return account_spend(account, true, ret_text);
	case ABOUT_LOG:
		*ret_text = log_recent();
		break;
	default:
		return -ENOENT;
	}
	return *ret_text == NULL ? -ENOMEM : 0;
}

int about_text(struct account *account, uint64_t ino, char **ret_text, size_t *ret_length)
{
	char *text;
	int r = make_text(account, ino, &text);

	if (r < 0)
		return r;
	*ret_text = text;
	*ret_length = strlen(text);
	return 0;
}

size_t about_balance_length(const struct account *account)
{
	double credits;
	int length = account_balance_known(account, &credits)
			     ? snprintf(NULL, 0, BALANCE_FORMAT "\n", credits)
			     : 0;

	return length < 0 ? 0 : (size_t)length;
}

int about_balance_text(double credits, size_t told, char **ret_text)
{
	static const char ends[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
	int digits = snprintf(NULL, 0, BALANCE_FORMAT, credits);
	int lines = digits < 0 || told <= (size_t)digits ? 1 : (int)(told - (size_t)digits);

	return asprintf(ret_text, BALANCE_FORMAT "%.*s", credits, lines, ends);
}

int about_get(struct account *account, uint64_t ino, struct tree_entry *ret_entry)
{
	CLEANUP_FREE char *text = NULL;
	size_t length = 0;
	int r = tree_get(account_tree(account), TREE_ABOUT, ret_entry);

	/* the true size, for who reads no more than that (tar, rsync, NFS); the balance's is not worth a request */
	if (r == 0 && ino == ABOUT_BALANCE)
		length = about_balance_length(account);
	else if (r == 0 && about_is_listed(ino))
		r = about_text(account, ino, &text, &length);
	if (r < 0)
		return r;
	tree_entry_make(ret_entry, ino, TREE_STATUS, length);
	return 0;
}
