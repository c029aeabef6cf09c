/* SPDX-License-Identifier: MIT */
#pragma once
/* render_picture: what a result looks like: a gradient and shapes made of hashes, the prompt, a
 * caption. PNG and SVG.
 *
 * Threads: one at a time. */
#include <cairo.h>
#include <stdint.h>

#include "tests/sandbox/content.h"
#include "tests/sandbox/state.h"

struct picture {
	const char *prompt;     /* borrowed */
	const char *model;      /* borrowed */
	cairo_surface_t *input; /* borrowed; NULL: none */
	unsigned index, count;  /* this is number `index` from 0 of `count` */
	unsigned width, height; /* even */
	uint64_t colour, seed;  /* colour: of the prompt alone */
};

void picture_init(
	struct picture *picture, const struct task *task, unsigned index, uint64_t version);

/* NULL: out of memory. */
cairo_surface_t *picture_surface(const struct picture *picture);
cairo_surface_t *picture_read_png(const struct blob *blob); /* NULL: not a PNG */
struct blob *picture_png(const struct picture *picture);
struct blob *picture_svg(const struct picture *picture);
