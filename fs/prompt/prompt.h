/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt: parses and checks a prompt file (design 1.2) against its model, before anything is spent. Pure.
 *
 * `key: value` lines with a known key are directives, anywhere in the file; a near miss of a known key and a parameter of another
 * tool are errors; lines that begin with "# " are comments; everything else, joined as written and trimmed, is the prompt.
 * weryaifs-prompt(5) has the whole grammar. Every message names the line, the wrong value and the right ones.
 * A wish is fulfilled whole or refused; `fallback: yes` alone makes it smaller, and then left_out says by what. */
#include "fs/model/model.h"
#include "fs/model/setting.h"
#include "fs/prompt/prompt_name.h"

#define PROMPT_MAX_BYTES (256 * 1024) /* of a prompt file */

enum prompt_ref_role { REF_IMAGE, REF_FIRST_FRAME, REF_LAST_FRAME, REF_VIDEO, REF_AUDIO };

struct prompt_ref {
	enum prompt_ref_role role;
	char *value; /* owned: an http(s) URL, or a path on the mount as written */
	bool is_url;
	int line;
	int item; /* of prompt.tool, where that is used */
};

/* Who said so, of a setting that is sent. */
enum prompt_origin {
	ORIGIN_NONE, /* it is not sent */
	ORIGIN_PROMPT,
	ORIGIN_DEFAULTS, /* a file .defaults */
	ORIGIN_CONFIGURATION,
	ORIGIN_CATALOGUE,
};

struct prompt {
	struct api_request request; /* all but images, videos, audios, which come from refs when they are resolved */
	struct prompt_ref refs[SETTING_REFS_MAX]; /* as they are sent: first frame, images, last frame, videos, audios */
	size_t ref_count;
	struct tool_request tool; /* of a tool's directory; then `request` is not used */
	bool dry_run; /* asked for by the prompt or by the options */
	struct model_defaults given; /* what the text itself says, before anything is filled in */
	enum prompt_origin origins[SETTING_COUNT]; /* of what is in the request */
	enum prompt_origin field_origins[TOOL_FIELDS_MAX + 2]; /* of tool.items */
	char *take;	/* NULL none: tells a wish from another one with the same words */
	bool fallback;	/* a smaller job will do, where the model cannot do the whole */
	struct strlist left_out; /* what the text says and the request has not: 'line 1 "# Heading"' */
	size_t left_out_more;	 /* beside those in the list */
};

/* A file .defaults: settings for all prompts below it. */
struct prompt_defaults {
	const char *text;
	size_t length;
	const char *where; /* its path, for messages */
};

struct prompt_options {
	bool allow_unknown; /* values that the catalogue does not know are sent as they are */
	bool dry_run;
	const struct model_table *models; /* to name others that can do what this one cannot; NULL: none is named */
	const struct prompt_defaults *defaults; /* the nearest one first: it wins, and the prompt before it */
	size_t defaults_count;
};

/* 0, -ENOMEM, -ENODATA (neither text nor settings: the file is blank: a draft), or -EINVAL with a sentence
 * or several, one a line, in *ret_message (caller frees). *ret_prompt is filled on 0 only. */
int prompt_parse(const struct model *model, const struct prompt_options *options, const char *text,
	size_t length, struct prompt *ret_prompt, char **ret_message);
void prompt_finish(struct prompt *prompt); /* zeroed memory is fine */
/* For people: what is left out, in one line, NULL where nothing is; and each setting that is sent with who said so, "ratio 16:9 (catalogue)",
 * likewise. The caller frees. -ENOMEM. */
int prompt_format_left_out(const struct prompt *prompt, char **ret_text);
int prompt_format_settings(const struct prompt *prompt, char **ret_text);
/* Inputs come and go while they are waited for: takes out all of them, puts one in, makes the body of the request. */
void prompt_clear_inputs(struct prompt *prompt);
int prompt_add_input(struct prompt *prompt, const struct prompt_ref *ref, const char *url);
/* A webhook gets a word of ours into its query, so that a callback can be tied to its job whatever became of the answer
 * (API reference 8). `url`: of prompts that have none of their own; NULL none. */
int prompt_sign_webhook(struct prompt *prompt, const char *url);
int prompt_encode(const struct prompt *prompt, char **ret_body); /* errors of api_request_encode() */
