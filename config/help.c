/* SPDX-License-Identifier: MIT */
/* options_help(): --help, made from the table of keys. */
#include "config/options.h"

#include <stdio.h>
#include <string.h>

#include "config/table.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"

#define HELP_MAX (64 * 1024)
#define HELP_COLUMN 32
#define HELP_WIDTH 96

static const char usage[] =
	"Usage: weryaifs [OPTION]... MOUNTPOINT\n"
	"       weryaifs [OPTION]... SOURCE MOUNTPOINT     (as mount and fstab call it)\n"
	"       weryaifs --set-key                         (to store the API key)\n"
	"       fusermount3 -u MOUNTPOINT                  (to unmount)\n"
	"\n"
	"Images and videos by prompt, as files: write MOUNTPOINT/FLUX/fox.txt, read fox.png.\n"
	"\n"
	"Options:\n";

static const struct {
	const char *left, *right;
} options_text[] = {
	{"-o KEY[=VALUE][,...]", "settings of the list below, and mount options (ro, nosuid, ...)"},
	{"-f, --foreground", "stay in the foreground"},
	{"-d, --debug", "log more; implies -f"},
	{"--config FILE", "read FILE, not ~/.config/weryaifs/weryaifs.conf"},
	{"--account NAME", "the same as -o account=NAME"},
	{"--sandbox",
		"try it out: no key, no network, no costs; files are made by a small server here"},
	{"--check",
		"check configuration, API key and the account's ledger and files; mount nothing"},
	{"--repair",
		"with --check: put right what needs no guessing; what has lost its place goes to .weryaifs/lost+found"},
	{"--online",
		"with --check: also ask the service what is free to ask, and say how its answers differ"},
	{"--set-key", "ask for the API key, try it, and store it in the key file, for you alone"},
	{"--keyring", "with --set-key: store it in the desktop's keyring (secret-tool)"},
	{"--forget ACCOUNT",
		"show what this machine has of an account, ask, and remove it; nothing at the "
		"service changes"},
	{"--restart MOUNTPOINT",
		"go on with the program and the settings of now; open files and waiting programs stay"},
	{"-h, --help", "show this and exit"},
	{"-V, --version", "show the version and exit"},
};

/* Where the API key comes from, and who says more. */
static const char closing[] =
	"\n"
	"In [model KEY] the keys of [defaults] can stand too. '-' and '_' are the same.\n"
	"\n"
	"The API key comes from the first of these that is there: $WERYAI_API_KEY,\n"
	"$WERYAI_API_KEY_FILE, key_file, key_command, a systemd credential 'weryai_api_key',\n"
	"the file ~/.config/weryaifs/key.\n"
	"\n"
	"Manuals: weryaifs(1), weryaifs.conf(5), weryaifs-prompt(5). Inside the mount: .weryaifs/README.\n";

static void add_blanks(struct buf *buf, size_t count)
{
	while (count-- > 0)
		buf_add(buf, " ", 1);
}

/* `left` in its column, then `right` in words, with `initial` in brackets. */
static void add_row(struct buf *buf, const char *left, const char *right, const char *initial)
{
	size_t column = 2 + strlen(left);

	buf_addf(buf, "  %s", left);
	if (column + 2 > HELP_COLUMN) {
		buf_adds(buf, "\n");
		column = 0;
	}
	add_blanks(buf, HELP_COLUMN - column);
	column = HELP_COLUMN;
	while (*right) {
		size_t length = strcspn(right, " ");
		if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
			buf_adds(buf, "\n");
			add_blanks(buf, HELP_COLUMN);
			column = HELP_COLUMN;
		}
		if (column > HELP_COLUMN) {
			buf_adds(buf, " ");
			column++;
		}
		buf_add(buf, right, length);
		column += length;
		right += length + (right[length] == ' ');
	}
	if (initial && column + strlen(initial) + 3 > HELP_WIDTH) {
		buf_adds(buf, "\n");
		add_blanks(buf, HELP_COLUMN - 1);
	}
	if (initial)
		buf_addf(buf, " [%s]", initial);
	buf_adds(buf, "\n");
}

static void add_entry(struct buf *buf, const struct config_entry *entry)
{
	char left[64];

	snprintf(left, sizeof(left), "%s=%s", entry->key, entry->type->placeholder);
	add_row(buf, left, entry->help, entry->initial);
}

char *options_help(void)
{
	size_t count;
	const struct config_entry *entries = config_table(&count);
	const char *section = "";
	struct buf buf;

	buf_init(&buf, HELP_MAX);
	buf_adds(&buf, usage);
	for (size_t i = 0; i < array_length(options_text); i++)
		add_row(&buf, options_text[i].left, options_text[i].right, NULL);
	buf_adds(&buf, "\nSettings, with -o or in the configuration file, and their defaults:\n");
	for (size_t i = 0; i < count; i++) {
		bool model = strcmp(entries[i].section, "model") == 0;
		if (strcmp(section, entries[i].section) != 0)
			buf_addf(&buf, "\n[%s]%s\n", model ? "model KEY" : entries[i].section,
				model ? "  (in the file only)" : "");
		section = entries[i].section;
		add_entry(&buf, &entries[i]);
	}
	buf_adds(&buf, closing);
	char *text = buf_steal(&buf);
	buf_finish(&buf);
	return text;
}
