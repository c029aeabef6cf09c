/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/render_picture.h"

#include <cairo-svg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define LONG_SIDE 1024
#define VIDEO_SIDE_MAX 1280
#define BYTES_MAX ((size_t)256 << 20)
#define LINES_MAX 200
#define GLYPHS_MAX 12000

static unsigned even(double value)
{
	return value < 32 ? 32 : 2 * (unsigned)(value / 2 + 0.5);
}

/* "4k" or "(4k)" anywhere gives 4; 1 otherwise. */
static double thousands(const char *text)
{
	const char *k = text ? strpbrk(text, "kK") : NULL;

	return k && k > text && k[-1] >= '1' && k[-1] <= '8' ? k[-1] - '0' : 1;
}

static void set_size(struct picture *picture, const struct generation *generation)
{
	double width = 1, height = 1, side = LONG_SIDE, scale, lines = 0;

	if (generation->endpoint->kind == MEDIA_VIDEO) {
		width = 16;
		height = 9;
	}
	/* Where a model's ratios are not known any text is let through, "nan:inf" too. */
	if (generation->ratio && strchr(generation->ratio, ':') &&
		(sscanf(generation->ratio, "%3lf:%3lf", &width, &height) != 2 ||
			!(width >= 1 && width <= 100 && height >= 1 && height <= 100)))
		width = height = 1;
	if (generation->endpoint->kind == MEDIA_VIDEO) {
		if (generation->resolution)
			(void)sscanf(generation->resolution, "%4lf", &lines);
		side = !(lines >= 100) ? 854 : lines * 16 / 9;
		if (thousands(generation->resolution) > 1 || side > VIDEO_SIDE_MAX)
			side = VIDEO_SIDE_MAX;
	} else {
		double k = thousands(generation->ratio), by_resolution;

		by_resolution = thousands(generation->resolution);
		side *= k > by_resolution ? k : by_resolution;
	}
	scale = side / (width > height ? width : height);
	picture->width = even(width * scale);
	picture->height = even(height * scale);
}

void picture_init(
	struct picture *picture, const struct task *task, unsigned index, uint64_t version)
{
	*picture = (struct picture){
		.prompt = task->generation->prompt,
		.model = task->generation->model,
		.index = task->first + index,
		.count = task->generation->number > task->outputs ? task->generation->number
								  : task->outputs,
		.colour = util_hash_text(task->generation->prompt, version),
		.seed = util_mix(task->seed + index) + version,
	};
	set_size(picture, task->generation);
}

static double unit(uint64_t *dice)
{
	*dice = util_mix(*dice);
	return (double)(*dice >> 11) * 0x1p-53;
}

/* Hue in turns, saturation and value, to red, green and blue. */
static void from_hue(double hue, double saturation, double value, double rgb[3])
{
	for (int i = 0; i < 3; i++) {
		double k = fmod(5 - 2 * i + hue * 6 + 6, 6);
		double low = fmin(fmin(k, 4 - k), 1);

		rgb[i] = value - value * saturation * (low > 0 ? low : 0);
	}
}

static void draw_background(cairo_t *cr, const struct picture *picture)
{
	uint64_t dice = picture->colour;
	double hue = unit(&dice), rgb[3];
	/* Equal rows make large pictures several times faster to compress. */
	double slant = picture->width > 2 * LONG_SIDE - 2 ? 0 : picture->width;
	cairo_pattern_t *gradient = cairo_pattern_create_linear(0, 0, slant, picture->height);

	from_hue(hue, 0.65, 0.85, rgb);
	cairo_pattern_add_color_stop_rgb(gradient, 0, rgb[0], rgb[1], rgb[2]);
	from_hue(fmod(hue + 0.15 + 0.3 * unit(&dice), 1), 0.7, 0.45, rgb);
	cairo_pattern_add_color_stop_rgb(gradient, 1, rgb[0], rgb[1], rgb[2]);
	cairo_set_source(cr, gradient);
	cairo_paint(cr);
	cairo_pattern_destroy(gradient);
	dice = picture->seed;
	for (int i = 0; i < 7; i++) {
		double side = picture->width < picture->height ? picture->width : picture->height;
		double x = unit(&dice) * picture->width, y = unit(&dice) * picture->height;
		double size = (0.06 + 0.22 * unit(&dice)) * side;

		from_hue(unit(&dice), 0.5, 1, rgb);
		cairo_set_source_rgba(cr, rgb[0], rgb[1], rgb[2], 0.35);
		if (unit(&dice) < 0.6)
			cairo_arc(cr, x, y, size, 0, 2 * M_PI);
		else
			cairo_rectangle(cr, x - size, y - size / 2, 2 * size, size);
		cairo_fill(cr);
	}
}

static void draw_input(cairo_t *cr, const struct picture *picture)
{
	double width = cairo_image_surface_get_width(picture->input);
	double height = cairo_image_surface_get_height(picture->input);
	double scale = fmin(picture->width * 0.4 / width, picture->height * 0.4 / height);
	double margin = fmin(picture->width, picture->height) * 0.04;

	if (width < 1 || height < 1)
		return;
	cairo_save(cr);
	cairo_translate(cr, margin, margin);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_rectangle(cr, -2, -2, width * scale + 4, height * scale + 4);
	cairo_fill(cr);
	cairo_scale(cr, scale, scale);
	cairo_set_source_surface(cr, picture->input, 0, 0);
	cairo_paint(cr);
	cairo_restore(cr);
}

/* One line of the prompt: where it begins and how many bytes it has. */
struct line {
	const char *at;
	int size;
};

struct layout {
	const char *text;
	float *advance; /* of the code point that begins at this byte, at size 1 */
	size_t size;
	struct line line[LINES_MAX];
	unsigned count;
	bool overflow;
};

static size_t point_size(const char *at)
{
	size_t size = 1;

	while ((at[size] & 0xc0) == 0x80)
		size++;
	return size;
}

static void measure(cairo_t *cr, struct layout *layout)
{
	float known[128] = {0};

	cairo_set_font_size(cr, 100);
	for (size_t i = 0; i < layout->size; i += point_size(layout->text + i)) {
		unsigned char first = (unsigned char)layout->text[i];
		cairo_text_extents_t extents;
		char point[8] = {0};

		if (first < 128 && known[first] > 0) {
			layout->advance[i] = known[first];
			continue;
		}
		memcpy(point, layout->text + i, point_size(layout->text + i));
		cairo_text_extents(cr, point, &extents);
		layout->advance[i] = (float)(extents.x_advance / 100);
		if (first < 128)
			known[first] = layout->advance[i];
	}
}

static void add_line(struct layout *layout, size_t from, size_t to)
{
	if (layout->count == LINES_MAX) {
		layout->overflow = true;
		return;
	}
	layout->line[layout->count].at = layout->text + from;
	layout->line[layout->count++].size = (int)(to - from);
}

static void wrap(struct layout *layout, double width)
{
	size_t start = 0, space = 0, i = 0;
	double x = 0;

	layout->count = 0;
	layout->overflow = false;
	while (i < layout->size) {
		size_t size = point_size(layout->text + i);

		if (layout->text[i] == '\n') {
			add_line(layout, start, i);
			start = i = i + 1;
			x = 0;
			continue;
		}
		if (layout->text[i] == ' ')
			space = i;
		x += layout->advance[i];
		if (x <= width || i == start) {
			i += size;
			continue;
		}
		if (space > start) {
			add_line(layout, start, space);
			start = i = space + 1;
		} else {
			add_line(layout, start, i);
			start = i;
		}
		x = 0;
	}
	if (start < layout->size)
		add_line(layout, start, layout->size);
}

/* The prompt without what would draw as a box: control characters but the newline. */
static char *printable(const char *prompt)
{
	char *text = strndup(prompt, GLYPHS_MAX);
	size_t size;

	if (!text)
		return xstrdup("");
	size = strlen(text);
	/* Never in the middle of a code point. */
	if (size == GLYPHS_MAX)
		while (size && (prompt[size] & 0xc0) == 0x80)
			size--;
	text[size] = '\0';
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\n')
			*at = ' ';
	return text;
}

static void show_line(cairo_t *cr, const struct line *line, double x, double y)
{
	char *text = strndup(line->at, (size_t)line->size);

	if (!text)
		return;
	cairo_move_to(cr, x, y);
	cairo_show_text(cr, text);
	free(text);
}

static void draw_text(cairo_t *cr, const struct picture *picture)
{
	char *text = printable(picture->prompt);
	struct layout layout = {.text = text, .size = strlen(text)};
	double width = picture->width * 0.84,
	       height = picture->height * (picture->input ? 0.4 : 0.72);
	double size = fmin(picture->width, picture->height) / 11, y, top;

	layout.advance = xcalloc(layout.size + 1, sizeof(float));
	measure(cr, &layout);
	for (;; size *= 0.9) {
		wrap(&layout, width / size);
		if ((!layout.overflow && layout.count * size * 1.3 <= height) || size < 9)
			break;
	}
	if (layout.count * size * 1.3 > height)
		layout.count = (unsigned)(height / (size * 1.3));
	height = layout.count * size * 1.3;
	/* The input picture takes the upper left. */
	top = picture->height * (picture->input ? 0.7 : 0.46) - height / 2;
	cairo_set_source_rgba(cr, 0, 0, 0, 0.45);
	cairo_rectangle(cr, picture->width * 0.05, top - size * 0.5, picture->width * 0.9,
		height + size * 0.9);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_set_font_size(cr, size);
	y = top + size;
	for (unsigned i = 0; i < layout.count; i++, y += size * 1.3)
		show_line(cr, &layout.line[i], picture->width * 0.08, y);
	free(layout.advance);
	free(text);
}

static void draw_caption(cairo_t *cr, const struct picture *picture)
{
	char *text = xformat(
		"%s  %u/%u  weryaifs sandbox", picture->model, picture->index + 1, picture->count);
	double size = fmax(9, fmin(picture->width, picture->height) / 28);
	cairo_text_extents_t extents;

	cairo_set_font_size(cr, size);
	cairo_text_extents(cr, text, &extents);
	if (extents.x_advance > picture->width * 0.94)
		size *= picture->width * 0.94 / extents.x_advance;
	cairo_set_font_size(cr, size);
	cairo_set_source_rgba(cr, 1, 1, 1, 0.9);
	cairo_move_to(cr, picture->width * 0.03, picture->height - size * 0.7);
	cairo_show_text(cr, text);
	free(text);
}

static void draw_picture(cairo_surface_t *surface, const struct picture *picture)
{
	cairo_t *cr = cairo_create(surface);

	draw_background(cr, picture);
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	draw_text(cr, picture);
	if (picture->input)
		draw_input(cr, picture);
	draw_caption(cr, picture);
	cairo_destroy(cr);
}

cairo_surface_t *picture_surface(const struct picture *picture)
{
	cairo_surface_t *surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, (int)picture->width, (int)picture->height);

	draw_picture(surface, picture);
	cairo_surface_flush(surface);
	if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
		return surface;
	cairo_surface_destroy(surface);
	return NULL;
}

static cairo_status_t write_bytes(void *arg, const unsigned char *data, unsigned size)
{
	return bytes_append(arg, data, size, BYTES_MAX) < 0 ? CAIRO_STATUS_WRITE_ERROR
							    : CAIRO_STATUS_SUCCESS;
}

struct reading {
	const struct blob *blob;
	size_t at;
};

static cairo_status_t read_bytes(void *arg, unsigned char *data, unsigned size)
{
	struct reading *reading = arg;

	if (size > reading->blob->size - reading->at)
		return CAIRO_STATUS_READ_ERROR;
	memcpy(data, reading->blob->data + reading->at, size);
	reading->at += size;
	return CAIRO_STATUS_SUCCESS;
}

cairo_surface_t *picture_read_png(const struct blob *blob)
{
	struct reading reading = {.blob = blob};
	cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_bytes, &reading);

	if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
		return surface;
	cairo_surface_destroy(surface);
	return NULL;
}

static struct blob *finish(struct bytes *bytes, cairo_status_t status)
{
	if (status == CAIRO_STATUS_SUCCESS)
		return blob_create(bytes->data, bytes->size);
	bytes_finish(bytes);
	return NULL;
}

struct blob *picture_png(const struct picture *picture)
{
	cairo_surface_t *surface = picture_surface(picture);
	struct bytes bytes = {0};
	cairo_status_t status;

	if (!surface)
		return NULL;
	status = cairo_surface_write_to_png_stream(surface, write_bytes, &bytes);
	cairo_surface_destroy(surface);
	return finish(&bytes, status);
}

struct blob *picture_svg(const struct picture *picture)
{
	struct bytes bytes = {0};
	cairo_surface_t *surface = cairo_svg_surface_create_for_stream(
		write_bytes, &bytes, picture->width, picture->height);
	cairo_status_t status;

	draw_picture(surface, picture);
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return finish(&bytes, status);
}
