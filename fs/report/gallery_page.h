/* SPDX-License-Identifier: MIT */
#pragma once
/* gallery_page: an HTML page that shows what was made, newest first. Pure: items in, text out.
 *
 * The page asks no network for anything and can be read without scripts. Pictures and films are links relative to the page, which the
 * browser loads when they come into view; a few lines of script filter what is shown. Whatever comes from a prompt or a name is written
 * as text: markup characters are escaped, bytes that are no UTF-8 and control characters are replaced, and a Content-Security-Policy lets
 * nothing run but the page's own script.
 *
 * Errors are kept in the buf (buf_ok()). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/buf.h"
#include "fs/base/clock.h"

enum gallery_kind {
	GALLERY_NOTHING, /* no file: it failed, or runs still */
	GALLERY_PICTURE,
	GALLERY_FILM,
	GALLERY_SOUND,
	GALLERY_FILE
};

struct gallery_item { /* all borrowed; NULL: not known */
	enum gallery_kind kind;
	const char *path;   /* from the page's directory, bytes of names joined by '/' */
	const char *poster; /* GALLERY_FILM: a picture of it, likewise */
	const char *prompt;
	size_t prompt_length;
	const char *model, *state;
	const char *reason; /* why there is nothing, or what is wrong with it */
	int64_t when_ms;    /* wall clock; 0: unknown */
	double credits;     /* NAN: unknown */
};

struct gallery_page {
	struct buf *out;     /* borrowed */
	char day[CLOCK_DAY]; /* of the section that is open; "": none */
	size_t count;
};

void gallery_page_begin(struct gallery_page *page, struct buf *out, const char *title);
/* Items come newest first. */
void gallery_page_add(struct gallery_page *page, const struct gallery_item *item);
/* next: the number of the page with older ones, 0 none; cut: there are older ones, and no such page. */
void gallery_page_end(struct gallery_page *page, unsigned next, bool cut);
