/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_reading: a prompt file while it is being read; shared by the parts of prompt, seen by nobody else. The files read top
 * down: prompt.c (the whole) → prompt_lines.c (what each line is) → prompt_line.c (lines that may be directives)
 * → prompt_directive.c (what a directive says). The same reader serves models and tools; prompt_keys.h is the difference. */
#include "fs/base/buf.h"
#include "fs/model/setting.h"
#include "fs/prompt/prompt.h"
#include "fs/prompt/prompt_keys.h"

#define PROMPT_ERRORS_MAX 8
#define PROMPT_LEFT_OUT_MAX 8

struct prompt_error {
	int line; /* 0: of the file as a whole */
	char *text;
};

/* The one value that goes on in the lines below it. */
struct prompt_negative {
	bool open;
	size_t indent; /* columns in front of its key: deeper lines belong to it */
	struct buf text;
};

struct prompt_reading {
	const struct model *model;
	const struct model_table *models; /* for what can be said of others; NULL: unknown */
	bool settings_only;	      /* a file of defaults, in which there are no words */
	struct prompt_keys keys;
	struct model_defaults given;
	int lines[SETTING_COUNT];  /* where; 0 not given */
	bool wordy[SETTING_COUNT]; /* the value has blanks: the line may have been meant as prose */
	struct tool_request tool;  /* of a tool: its fields in their order, with what is given */
	int field_lines[TOOL_FIELDS_MAX]; /* where a field was given first; 0 not */
	struct prompt_ref refs[SETTING_REFS_MAX];
	size_t ref_count;
	bool dry_run, fallback;
	char *take;
	int dry_run_line, fallback_line, take_line;
	struct prompt_negative negative;
	struct buf text; /* free words */
	int text_line;	 /* of the first of them */
	char *words;	 /* those of a line "prompt:" */
	int words_line;
	int conflict_line; /* of git's first mark */
	struct strlist left_out;
	size_t left_out_more; /* that the list has no room for */
	bool unreadable;      /* not text: nothing else can be said about it */
	struct prompt_error errors[PROMPT_ERRORS_MAX];
	size_t error_count; /* the first ones found; what is beyond is left out */
};

#define PROMPT_ESCAPE_HINT "begin the line with \\ to make it prompt text"

int prompt_reading_init(struct prompt_reading *reading, const struct model *model,
	const struct model_table *models); /* -ENOMEM; to be finished then, too */
void prompt_reading_finish(struct prompt_reading *reading);
/* 0 or -ENOMEM. */
int prompt_reading_error(struct prompt_reading *reading, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What the file says and the request will not have. */
int prompt_reading_leave_out(struct prompt_reading *reading, int line, const char *text, size_t length);
/* The complaints in the order of their lines, one a line. Caller frees; NULL: no memory. */
char *prompt_reading_errors(struct prompt_reading *reading);
/* Neither words nor settings: a draft. */
bool prompt_reading_is_blank(const struct prompt_reading *reading);

/* Sorts the lines of a file into settings, refs, fields and text. 0 or -ENOMEM; complaints go into the reading. */
int prompt_lines_read(struct prompt_reading *reading, const char *data, size_t length);

/* A line, trimmed: 1: it was a directive, or a slip that has been complained about; 0: it is prompt text. `indent`: the columns in
 * front of it. */
int prompt_line_read(struct prompt_reading *reading, int line, size_t indent, const char *data, size_t length);

/* A directive. 0 or -ENOMEM. */
int prompt_directive_read(struct prompt_reading *reading, int line, size_t indent,
	const struct prompt_key *key, const char *value, size_t length);
/* A tool's settings, by name: "image, bg color". */
void prompt_directive_list(const struct tool_spec *tool, struct buf *text);
/* The negative prompt is complete. */
int prompt_directive_close(struct prompt_reading *reading);
/* Could this be a value of the key? Asked of lines that may as well be prose. `roughly`: its form is enough. */
bool prompt_directive_fits(const struct prompt_reading *reading, const struct prompt_key *key, bool roughly,
	const char *value, size_t length);

/* Which endpoint these refs need, whether the model has it, and whether it takes so many. Orders the refs as
 * they are sent, and leaves out those that are not. 0 or -ENOMEM; complaints go into the reading. */
int prompt_choose_mode(struct prompt_reading *reading, bool allow_unknown, enum api_mode *ret_mode);
