/* SPDX-License-Identifier: MIT */
/* config_load(): inih splits the lines of weryaifs.conf, this feeds it. The reader hands over
 * lines that inih cannot misread: as Debian builds it, inih cuts lines at 200 bytes, takes an
 * indented line for a continuation and " ;" for a comment, and goes on after each of these.
 * Sections are read here, since inih cuts their names at 49 bytes and does not report those
 * without keys. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <ini.h>

#include "config/sentence.h"
#include "config/table.h"
#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/base/str.h"
#include "fs/base/trust.h"

#define FILE_MAX (1024 * 1024)
#define LINE_MAX_BYTES 190
#define MODEL_MAX 64

struct file {
	const char *path, *at, *end;
	int line;
	const char *section; /* of the table; NULL before the first */
	char model[MODEL_MAX + 1];
	struct config config;
	int seen[CONFIG_ENTRIES]; /* by entry: line that set it, 0 none */
	int error, error_line;
	char *message;
};

__attribute__((format(printf, 3, 4))) static void file_fail(
	struct file *file, int error, const char *format, ...)
{
	CLEANUP_FREE char *sentence = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	va_end(arguments);
	file->error_line = file->line;
	file->error = sentence_fail(&file->message, error, "%s:%d: %s", file->path, file->line,
		sentence ? sentence : strerror(-error));
}

static void check_model(struct file *file, const char *key, size_t length)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	str_trim(&key, &length);
	if (length == 0) {
		file_fail(file, -EINVAL, "which model? Write [model KEY], as in [model FLUX]");
		return;
	}
	memcpy(file->model, key, length < MODEL_MAX ? length : MODEL_MAX);
	file->model[length < MODEL_MAX ? length : MODEL_MAX] = '\0';
	if (length > MODEL_MAX || key[0] == '.' || strspn(file->model, allowed) < length)
		file_fail(file, -EINVAL,
			"a model's key has up to %d of the characters A-Z a-z 0-9 . _ -, the first "
			"not a dot",
			MODEL_MAX);
	file->section = config_table_section("model", NULL);
}

static void check_section(struct file *file, const char *text, size_t length)
{
	const char *close = memchr(text, ']', length), *nearest = NULL;
	char name[LINE_MAX_BYTES + 1];

	if (!close) {
		file_fail(file, -EINVAL, "the ']' of the section is missing");
		return;
	}
	if (close != text + length - 1) {
		file_fail(file, -EINVAL, "nothing may follow the ']' of a section");
		return;
	}
	text++;
	length -= 2;
	str_trim(&text, &length);
	if (length >= 5 && strncasecmp(text, "model", 5) == 0 &&
		(length == 5 || text[5] == ' ' || text[5] == '\t')) {
		check_model(file, text + 5, length - 5);
		return;
	}
	memcpy(name, text, length);
	name[length] = '\0';
	file->section = config_table_section(name, &nearest);
	if (file->section)
		return;
	if (nearest)
		file_fail(file, -EINVAL, "unknown section [%s]; did you mean [%s]?", name, nearest);
	else
		file_fail(file, -EINVAL,
			"unknown section [%s]; there are [api] [submit] [poll] [results] [webhook] [mount] "
			"[defaults] and [model KEY]",
			name);
}

static bool has_comment_trap(const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (text[i] == ';' && (text[i - 1] == ' ' || text[i - 1] == '\t'))
			return true;
	return false;
}

static void check_line(struct file *file, const char *text, size_t length)
{
	if (length > LINE_MAX_BYTES)
		file_fail(file, -EINVAL, "the line has %zu bytes; %d is the most", length,
			LINE_MAX_BYTES);
	else if (has_comment_trap(text, length))
		file_fail(file, -EINVAL,
			"a ';' after a blank would cut the line there; put the comment on a line "
			"of its own, or take the blank away");
	else if (text[0] == '[')
		check_section(file, text, length);
}

static void check_bytes(struct file *file, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		file_fail(file, -EINVAL, "the line contains the control character 0x%02x", c);
		return;
	}
	if (!str_is_utf8(text, length))
		file_fail(file, -EINVAL, "the line is not UTF-8");
}

/* fgets(3) for inih: one line a call, so that `line` is right when the handler runs. */
static char *read_line(char *target, int size, void *stream)
{
	struct file *file = stream;

	if (file->error || file->at == file->end)
		return NULL;
	const char *text = file->at;
	const char *newline = memchr(text, '\n', (size_t)(file->end - text));
	size_t length = (size_t)((newline ? newline : file->end) - text);
	file->at = newline ? newline + 1 : file->end;
	file->line++;
	if (file->line == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	str_trim(&text, &length);
	check_bytes(file, text, length);
	bool skip = length == 0 || text[0] == '#' || text[0] == ';';
	if (!file->error && !skip)
		check_line(file, text, length);
	if (file->error)
		return NULL;
	if (skip)
		length = 0;
	if (size < 2 || length > (size_t)size - 2) {
		file_fail(file, -EINVAL, "the line is too long for this libinih");
		return NULL;
	}
	memcpy(target, text, length);
	target[length] = '\n';
	target[length + 1] = '\0';
	return target;
}

static int earlier_model_line(const struct file *file, const struct config_entry *entry)
{
	for (size_t i = 0; i < file->config.param_count; i++) {
		const struct config_param *param = &file->config.params[i];
		if (param->model && strcmp(param->model, file->model) == 0 &&
			strcmp(param->key, entry->key) == 0)
			return (int)strtol(strrchr(param->where, ':') + 1, NULL, 10);
	}
	return 0;
}

static void fail_unknown(struct file *file, const char *key)
{
	const char *section = file->section;
	CLEANUP_FREE char *hint = config_table_hint(section ? section : "", key);

	if (!section)
		file_fail(
			file, -EINVAL, "'%s' stands before any [section]%s", key, hint ? hint : "");
	else if (strcmp(section, "model") == 0)
		file_fail(file, -EINVAL, "unknown key '%s' in [model %s]%s", key, file->model,
			hint ? hint : "");
	else
		file_fail(file, -EINVAL, "unknown key '%s' in [%s]%s", key, section,
			hint ? hint : "");
}

static void set_key(struct file *file, const char *key, const char *value)
{
	size_t count;
	CLEANUP_FREE char *where = NULL;

	if (key[0] == '\0') {
		file_fail(file, -EINVAL, "nothing stands before the '='");
		return;
	}
	const struct config_entry *entry =
		file->section ? config_table_find(file->section, key) : NULL;
	if (!entry) {
		fail_unknown(file, key);
		return;
	}
	bool model = strcmp(file->section, "model") == 0;
	int *seen = &file->seen[entry - config_table(&count)];
	int earlier = model ? earlier_model_line(file, entry) : *seen;
	if (earlier) {
		file_fail(file, -EINVAL, "'%s' is already set in line %d", entry->key, earlier);
		return;
	}
	if (!model)
		*seen = file->line;
	if (asprintf(&where, "%s:%d", file->path, file->line) < 0) {
		where = NULL;
		file_fail(file, -ENOMEM, "out of memory");
		return;
	}
	file->error = config_apply(
		&file->config, entry, model ? file->model : NULL, value, where, &file->message);
	file->error_line = file->line;
}

static int handle_pair(void *user, const char *section, const char *key, const char *value)
{
	struct file *file = user;

	set_key(file, key, value);
	return file->error == 0;
}

/* Moves what the file set into the caller's settings; what it replaces goes to file->config. */
static int commit(struct file *file, struct config *config)
{
	size_t count, total = config->param_count + file->config.param_count;
	const struct config_entry *entries = config_table(&count);

	if (file->config.param_count > 0) {
		struct config_param *params = reallocarray(config->params, total, sizeof(*params));
		if (!params)
			return -ENOMEM;
		memcpy(params + config->param_count, file->config.params,
			file->config.param_count * sizeof(*params));
		config->params = params;
		config->param_count = total;
		file->config.param_count = 0;
	}
	for (size_t i = 0; i < count; i++) {
		char old[sizeof(uint64_t)], *ours = (char *)config + entries[i].offset;
		char *theirs = (char *)&file->config + entries[i].offset;
		if (!file->seen[i] || entries[i].size == 0)
			continue;
		memcpy(old, ours, entries[i].size);
		memcpy(ours, theirs, entries[i].size);
		memcpy(theirs, old, entries[i].size);
	}
	return 0;
}

static int parse(const char *path, const char *data, size_t length, struct config *config,
	char **ret_message)
{
	struct file file = {.path = path, .at = data, .end = data + length};
	int r = config_init(&file.config, ret_message);

	if (r < 0)
		return r;
	int bad_line = ini_parse_stream(read_line, &file, handle_pair, &file);
	if (bad_line > 0 && (!file.error || bad_line < file.error_line)) {
		/* The line is not quoted: it may be an API key that was pasted here. */
		free(steal(&file.message));
		file.line = bad_line;
		file_fail(&file, -EINVAL, "neither a [section] nor 'key = value'");
	} else if (bad_line < 0 && !file.error) {
		file_fail(&file, -ENOMEM, "out of memory");
	}
	r = file.error ? file.error : commit(&file, config);
	if (r == -ENOMEM && !file.message)
		sentence_fail(&file.message, r, "%s: out of memory", path);
	config_finish(&file.config);
	*ret_message = file.message;
	return r;
}

/* The whole file, opened once; *ret_data is owned by the caller. */
static int read_file(const char *path, char **ret_data, size_t *ret_length, char **ret_message)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP_FREE char *data = NULL;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		int error = -errno;
		return sentence_fail(
			ret_message, error, "cannot read %s: %s", path, strerror(-error));
	}
	if (!S_ISREG(status.st_mode))
		return sentence_fail(ret_message, -EINVAL, "%s is not a regular file", path);
	/* it can name a command that runs as we do, and the place that the key is sent to */
	if (!trust_owner(status.st_uid))
		return sentence_fail(ret_message, -EACCES,
			"%s belongs to another user (uid %u), who could change what it says, so it is not "
			"read; make a copy of your own, or: chown it to yourself",
			path, status.st_uid);
	if (trust_is_shared(&status))
		return sentence_fail(ret_message, -EACCES,
			"%s can be written to by others, so it is not read; chmod go-w it", path);
	data = malloc(FILE_MAX + 1);
	if (!data)
		return sentence_fail(ret_message, -ENOMEM, "%s: out of memory", path);
	ssize_t length = read_all(fd, data, FILE_MAX + 1);
	if (length < 0)
		return sentence_fail(ret_message, (int)length, "cannot read %s: %s", path,
			strerror((int)-length));
	if (length > FILE_MAX)
		return sentence_fail(ret_message, -EFBIG,
			"%s is larger than 1 MiB, too large for a configuration", path);
	*ret_data = steal(&data);
	*ret_length = (size_t)length;
	return 0;
}

int config_load(struct config *config, const char *path, char **ret_message)
{
	CLEANUP_FREE char *data = NULL;
	size_t length = 0;
	int r = read_file(path, &data, &length, ret_message);

	return r < 0 ? r : parse(path, data, length, config, ret_message);
}
