/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_reading: a prompt file while it is being read; shared by the parts of prompt, seen by nobody else. A tool's is read by
 * prompt_tool, which has the lines from here. */
#include "fs/base/buf.h"
#include "fs/prompt/prompt.h"
#include "fs/model/setting.h"

#define PROMPT_ERRORS_MAX 8

struct prompt_error {
	int line; /* 0: of the file as a whole */
	char *text;
};

struct prompt_reading {
	const struct model *model;
	struct model_defaults given;
	int lines[SETTING_COUNT];  /* where; 0 not given */
	bool wordy[SETTING_COUNT]; /* the value has blanks: the line may have been meant as prose */
	struct prompt_ref refs[SETTING_REFS_MAX];
	size_t ref_count;
	bool dry_run;
	int dry_run_line;
	char *take;
	int take_line;
	bool fallback;
	int fallback_line;
	struct buf text;
	bool unreadable; /* not text: nothing else can be said about it */
	struct prompt_error errors[PROMPT_ERRORS_MAX];
	size_t error_count; /* the first ones found; what is beyond is left out */
};

#define PROMPT_ESCAPE_HINT "begin the line with \\ to make it prompt text"

void prompt_reading_init(struct prompt_reading *reading, const struct model *model);
void prompt_reading_finish(struct prompt_reading *reading);
/* 0 or -ENOMEM. */
int prompt_reading_error(struct prompt_reading *reading, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The lines of a prompt file, one after the other; starts as {.data, .length}. */
struct prompt_lines {
	const char *data; /* what is left */
	size_t length;
	int number; /* of the line read last, from 1 */
};

/* 1 and the line without its end; 0: there is no more; -EILSEQ: it is no text, as *ret_why (static) says. */
int prompt_lines_next(
	struct prompt_lines *lines, const char **ret_line, size_t *ret_length, const char **ret_why);

/* Sorts the lines of a file into settings, refs and text. 0 or -ENOMEM; complaints go into the reading. */
int prompt_reading_read(struct prompt_reading *reading, const char *data, size_t length);

/* Which endpoint these refs need, whether the model has it, and whether it takes so many. Orders the refs as
 * they are sent, and drops those that are not. 0 or -ENOMEM; complaints go into the reading. *ret_warning is
 * left alone, or owned by the caller. */
int prompt_choose_mode(struct prompt_reading *reading, bool allow_unknown, enum api_mode *ret_mode,
	char **ret_warning);
