/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_wish: what a prompt asks for, as bytes that can be compared (design 1.3b, "The wish is what a text says"). Pure.
 *
 * Two texts that say the same give the same bytes: the directory, the words, the settings as they were written, `take`,
 * `fallback` and the origin of each input. Not part of it: ends of lines, byte order marks, blanks at the ends of lines and of the
 * text, how many blank lines follow each other, the order of directives, comments, other spellings of a key or a
 * value, webhook, caller, dry run, and whatever the catalogue, the configuration or `.defaults` fill in.
 * The endpoint is no part of it either: it follows from the inputs and from what the catalogue says today. */
#include "fs/prompt/prompt.h"

#define PROMPT_WISH_VERSION 1 /* with another form comes another number: wishes of two versions are never equal */

/* `directory`: of the model or tool, as struct model.dir. origins[i] says where the bytes of prompt->refs[i] come from, by
 * the caller's rules, such as "url https://…" or "bytes 9f86d0…"; there are prompt->ref_count. The text has no NUL; the caller
 * frees it. -ENOMEM. */
int prompt_wish(const char *directory, const struct prompt *prompt, const char *const *origins, char **ret_wish);
