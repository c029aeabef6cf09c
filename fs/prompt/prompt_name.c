/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_name.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "fs/base/cleanup.h"

#define SUFFIX ".txt"
#define SHADOW ".status" /* the longest of those that stand beside a prompt */

/* Syncthing: "fox.sync-conflict-20240131-095959-ABCDEFG.txt" */
static bool is_synced(const char *name)
{
	return strstr(name, ".sync-conflict-") != NULL;
}

/* Dropbox and others: "fox (conflicted copy 2024-01-31).txt", "fox (Ann's conflicted copy).txt" */
static bool is_conflicted(const char *name, size_t stem)
{
	const char *copy = strstr(name, "conflicted copy");

	if (!copy || name[stem - 1] != ')')
		return false;
	const char *open = memrchr(name, '(', (size_t)(copy - name));
	return open && open > name && open[-1] == ' ';
}

/* git mergetool: "fox_BACKUP_4711.txt" */
static bool is_merged(const char *name, size_t stem)
{
	static const char *const words[] = {"_BACKUP_", "_BASE_", "_LOCAL_", "_REMOTE_"};
	size_t digits = 0;

	while (digits < stem && strchr("0123456789", name[stem - digits - 1]))
		digits++;
	for (size_t i = 0; digits > 0 && i < array_length(words); i++) {
		size_t length = strlen(words[i]);
		if (stem - digits > length &&
			memcmp(name + stem - digits - length, words[i], length) == 0)
			return true;
	}
	return false;
}

static bool ends_as_one(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return length > suffix && strcmp(name + length - suffix, SUFFIX) == 0;
}

/* Is it a name that a person gives? `stem`: its length without the suffix. */
static bool is_chosen(const char *name, size_t stem)
{
	return !strchr(".~#", name[0]) && !is_synced(name) && !is_conflicted(name, stem) &&
	       !is_merged(name, stem);
}

bool prompt_is_name(const char *name)
{
	return ends_as_one(name) && is_chosen(name, strlen(name) - strlen(SUFFIX));
}

bool prompt_is_near_name(const char *name)
{
	static const char *const suffixes[] = {
		".txt", ".text", ".md", ".markdown", ".rtf", ".doc", ".docx", ".odt", ".prompt"};
	/* what file managers call a file that they make; other names without a suffix are those of tools */
	static const char *const fresh[] = {"new ", "new_", "new-", "untitled", "unnamed"};
	const char *suffix = strrchr(name, '.');

	if (prompt_is_name(name) || strchr(".~#", name[0]))
		return false;
	for (size_t i = 0; suffix && i < array_length(suffixes); i++)
		if (!strcasecmp(suffix, suffixes[i]))
			return is_chosen(name, (size_t)(suffix - name));
	for (size_t i = 0; !suffix && i < array_length(fresh); i++)
		if (!strncasecmp(name, fresh[i], strlen(fresh[i])))
			return true;
	return !suffix && !strcasecmp(name, "new");
}

bool prompt_is_table_name(const char *name)
{
	const char *suffix = strrchr(name, '.');

	if (!suffix || suffix == name || (strcasecmp(suffix, ".csv") && strcasecmp(suffix, ".tsv")))
		return false;
	return is_chosen(name, (size_t)(suffix - name)) && strlen(name) + strlen(SHADOW) <= NAME_MAX;
}

bool prompt_is_place(const char *name)
{
	static const char *const others[] = {"CVS", "lost+found", "@eaDir", "#recycle"};

	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < array_length(others); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return true;
}

bool prompt_is_trash(const char *name)
{
	static const char trash[] = ".Trash";

	if (strncmp(name, trash, strlen(trash)) != 0)
		return false;
	name += strlen(trash);
	return *name == '\0' || (*name == '-' && name[1] != '\0' && name[1 + strspn(name + 1, "0123456789")] == '\0');
}

bool prompt_name_is_too_long(const char *name)
{
	return prompt_is_name(name) &&
	       strlen(name) - strlen(SUFFIX) + strlen(SHADOW) > (size_t)NAME_MAX;
}
