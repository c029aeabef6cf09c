/* SPDX-License-Identifier: MIT */
#pragma once
/* json_text: text as a JSON string, for who writes lines of JSON (RFC 8259). */
struct buf;

/* Adds "...", with its quotes; the text is UTF-8. -ENOMEM, -EFBIG; -EINVAL: it is no UTF-8, nothing was added. */
int json_text_add(struct buf *out, const char *text);
