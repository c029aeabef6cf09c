/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_text: what a prompt file is made of before it means anything: characters that cannot be seen, and lines.
 *
 * Texts come from editors, web pages, chats and word processors. They bring blanks that look like a blank or like nothing
 * (no-break, ideographic, zero width, byte order marks, marks of direction), and full-width and typographic
 * characters where a keyboard has ASCII ones. All functions take valid UTF-8. */
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the blank that data begins with; 0: it begins with none. Ends of lines count as blanks. */
size_t prompt_blank_width(const char *data, size_t length);
/* Takes the blanks off both ends. */
void prompt_trim(const char **data, size_t *length);
