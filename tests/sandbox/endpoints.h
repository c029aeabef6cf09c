/* SPDX-License-Identifier: MIT */
#pragma once
/* endpoints: which submissions exist and which fields each takes, as data (API reference 3.2-3.7
 * and 3.12-3.21). A new endpoint is a new row. */
#include <stdbool.h>

enum media { MEDIA_IMAGE, MEDIA_VIDEO, MEDIA_AUDIO, MEDIA_TEXT };

enum field_type {
	FIELD_MODEL,      /* key of the catalogue */
	FIELD_PROMPT,     /* text within the model's limit */
	FIELD_TEXT,       /* min..max code points */
	FIELD_TEXTS,      /* min..max texts */
	FIELD_SPEECH,     /* the same, and it is what is drawn */
	FIELD_NUMBER_TEXT, /* a number from 0 as a string */
	FIELD_BASE64,     /* inline media, with or without a data: prefix */
	FIELD_STYLES,     /* object of the music's style keys */
	FIELD_CALLER,     /* any int64 */
	FIELD_ALIAS,      /* anything; tools send it beside the field `words[0]` that they made of it */
	FIELD_WORD,       /* one of words */
	FIELD_INT,        /* min..max */
	FIELD_BOOL,       /* */
	FIELD_BOOL_TEXT,  /* the strings "true" and "false" */
	FIELD_INPUT,      /* one URL of input media */
	FIELD_INPUTS,     /* min..max URLs of input media */
	FIELD_WEBHOOK,    /* URL */
	FIELD_OBJECT,     /* any object */
	FIELD_RECTANGLES, /* array of {lt_x,lt_y,rb_x,rb_y} in 0..1 */
	FIELD_COLOUR,     /* #RRGGBB */
	FIELD_SIZE,       /* "WxH" */
	FIELD_POINT,      /* "x,y" */
	/* What follows is held against the model of the request, besides its type. */
	FIELD_RATIO,
	FIELD_RESOLUTION,
	FIELD_QUALITY,
	FIELD_DURATION,
	FIELD_IMAGE_NUMBER,
	FIELD_VIDEO_NUMBER,
	FIELD_NEGATIVE,
	FIELD_AUDIO,      /* boolean */
	FIELD_AUDIO_TEXT, /* string */
	FIELD_WEB_SEARCH,
};

struct field {
	const char *name;
	enum field_type type;
	bool required;
	double min, max;
	const char *const *words; /* ends with NULL */
	enum media media;         /* of input URLs */
	bool timed; /* of these: each plays for 2 to 15 s, all together for 15 s at most */
	bool standard; /* the official tools always send it: the page's default, or their own */
};

struct endpoint {
	const char *path; /* behind /v1/generation/ */
	const char *mode; /* of the catalogue; NULL: takes no model */
	enum media kind;
	bool single_id;            /* answers data.task_id, not data.task_ids */
	bool synchronous;          /* answers data.prompt at once, makes no task */
	const struct field *field; /* ends with name NULL */
	const char *const *one_of; /* at least one of these fields; NULL: no such rule */
};

/* path: what comes behind /v1/generation/. NULL: no such submission. */
const struct endpoint *endpoints_find(const char *path);
