/* SPDX-License-Identifier: MIT */
#pragma once
/* shadow_text: what somebody writes as X.status or X.wait: a word that a person means, or what a copy or a restore brings back
 * (design 1.1), which is dropped. Pure. */
#include <stdbool.h>
#include <stddef.h>

enum shadow_text {
	SHADOW_BLANK,  /* line ends of programs that write them separately */
	SHADOW_SUBMIT, /* the word */
	SHADOW_RETRY,
	SHADOW_COPY,   /* it begins like the text of such a shadow, and no line of it is anything else */
	SHADOW_OTHER
};

/* Of X.wait, else of X.status. The text may be the beginning of a longer one. */
enum shadow_text shadow_text_of(bool is_wait, const char *text, size_t length);
