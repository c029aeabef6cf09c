/* SPDX-License-Identifier: MIT */
#pragma once
/* tool: endpoints that are not models but take named fields (API reference 3.12-3.14), as data: where they are, what they
 * take, what comes back. A new one of this kind is an entry of config/tools.json or a section of the configuration.
 * Pure. Owns its strings. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/api/request.h"

#define TOOL_FIELDS_MAX 16

enum tool_type {
	TOOL_IMAGE,	 /* URL of input media, like the next three */
	TOOL_IMAGES,	 /* array */
	TOOL_VIDEO,
	TOOL_VIDEOS,	 /* array */
	TOOL_AUDIO,
	TOOL_PROMPT,	 /* the text of the prompt file */
	TOOL_TEXT,	 /* up to max code points */
	TOOL_TEXTS,	 /* array of such */
	TOOL_LINES,	 /* the same in several lines, each a value of its own */
	TOOL_WORD,	 /* one of words */
	TOOL_INTEGER,	 /* any int64, or one of words */
	TOOL_DECIMAL,	 /* a number from 0, sent as a string */
	TOOL_NAMED,	 /* any number from 1, or the name of one: words are "NAME=NUMBER" */
	TOOL_BOOLEAN,
	TOOL_COLOUR,	 /* #RRGGBB */
	TOOL_SIZE,	 /* "WxH" */
	TOOL_POINT,	 /* "x,y" */
	TOOL_OBJECT,	 /* a JSON object as it is */
	TOOL_RECTANGLES, /* array of {lt_x, lt_y, rb_x, rb_y} in 0..1; each value is four numbers */
	TOOL_KILOBYTES,	 /* integer: the size of the first input */
	TOOL_TYPE_COUNT
};

struct tool_field {
	char *name; /* on the wire */
	char *key;  /* in a prompt file: lower case, blanks */
	enum tool_type type;
	bool required;
	struct strlist words;
	int64_t max;	/* code points; of a list, how many */
	int64_t min;	/* of a list, how many */
	char *most_for; /* a word of another field with which the list has to have `max`; NULL none */
	char *note;	/* what is worth knowing of its values, for people; NULL none */
	char *standard; /* sent where nothing is given, as the official tools do; NULL none */
};

struct tool_spec {
	char *key, *name; /* the directory; words for people */
	char *endpoint;	  /* behind /v1/generation/ */
	enum api_kind kind;
	char *answer;	  /* NULL; else it answers at once, with a text in this member of data */
	char *then;	  /* NULL; else a second request follows, to this endpoint with the task for TOOL_TASK */
	bool callback;	  /* takes caller_id */
	bool webhook;	  /* takes webhook_url */
	struct tool_field fields[TOOL_FIELDS_MAX];
	size_t field_count;
	struct strlist one_of; /* names of fields of which one at least is needed; may be empty */
};

/* A request in the making: values by field, as text. */
struct tool_item {
	char *name;
	enum tool_type type;
	struct strlist values;
	char *standard; /* sent where there are no values; NULL none */
};

struct tool_request {
	struct tool_item items[TOOL_FIELDS_MAX + 2];
	size_t count; /* 0: this is no request of a tool */
	bool webhook; /* may have webhook_url */
};

#define TOOL_LIST_MAX 500

struct tool_list {
	struct tool_spec *items; /* owned */
	size_t count;
};

/* A JSON array (config/tools.json). -EBADMSG, -ENOMEM. */
int tool_list_parse(const char *json, size_t length, struct tool_list *ret_list);
void tool_list_finish(struct tool_list *list);
int tool_list_copy(struct tool_list *to, const struct tool_list *from);

void tool_spec_init(struct tool_spec *spec); /* callback, webhook, makes images */
void tool_spec_finish(struct tool_spec *spec);
/* Overwrites *to, which must own nothing; untouched on -ENOMEM. */
int tool_spec_copy(struct tool_spec *to, const struct tool_spec *from);
/* One more field; key NULL: the name with blanks. -ENOMEM, -EINVAL: one too many, or a bad name. */
int tool_spec_add(struct tool_spec *spec, const char *name, const char *key, enum tool_type type,
	bool required, struct tool_field **ret_field);
bool tool_endpoint_is_good(const char *endpoint); /* lower case, digits, - _ and single / */
#define TOOL_TASK "{task}"
bool tool_then_is_good(const char *then); /* the same with one TOOL_TASK in it */

const char *tool_type_name(enum tool_type type); /* "image", "boolean", … */
int tool_type_parse(const char *name, enum tool_type *ret_type); /* -EINVAL */
bool tool_type_is_input(enum tool_type type);
enum api_kind tool_type_kind(enum tool_type type); /* of an input */
/* The fields of which one is needed, as a prompt has them: "a text or styles". Caller frees; NULL: no memory. */
char *tool_spec_one_of(const struct tool_spec *spec);
bool tool_type_is_list(enum tool_type type); /* may be given several times */
/* What a value has to look like, for messages: "#RRGGBB, such as #ff8800"; NULL: any text, or a list of words. */
const char *tool_type_form(enum tool_type type);
/* Is this text one that the field takes? Words in any case; *ret_value (caller frees) is as it is sent. -EINVAL. */
int tool_field_read(const struct tool_field *field, const char *text, char **ret_value);

/* The body: compact, fields in their order; caller frees. -ENOMEM, -EILSEQ, -EINVAL: a value does not fit its type. */
int tool_request_encode(const struct tool_request *request, char **ret_json);
void tool_request_finish(struct tool_request *request);
