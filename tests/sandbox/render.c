/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/render.h"

#include <fontconfig/fontconfig.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/cdn_url.h"
#include "tests/sandbox/render_audio.h"
#include "tests/sandbox/render_picture.h"
#include "tests/sandbox/render_video.h"

#define KEPT_MAX ((size_t)256 << 20)
#define PNG_SIDE_MAX 8192

struct kept {
	struct kept *next;
	struct blob *blob;
	char key[];
};

struct render {
	pthread_mutex_t lock; /* of all below, and of cairo's and libav's work */
	struct kept *first;   /* most recently asked for first */
	size_t total;
};

struct render *render_create(void)
{
	struct render *render = xcalloc(1, sizeof(*render));

	pthread_mutex_init(&render->lock, NULL);
	return render;
}

void render_destroy(struct render *render)
{
	struct kept *next;

	if (!render)
		return;
	for (struct kept *kept = render->first; kept; kept = next) {
		next = kept->next;
		blob_unref(kept->blob);
		free(kept);
	}
	pthread_mutex_destroy(&render->lock);
	free(render);
	/* What both keep for the next drawing, which a leak checker would report. */
	cairo_debug_reset_static_data();
	FcFini();
}

static struct kept *take_locked(struct render *render, const char *key)
{
	for (struct kept **at = &render->first; *at; at = &(*at)->next) {
		struct kept *kept = *at;

		if (strcmp(kept->key, key) == 0) {
			*at = kept->next;
			return kept;
		}
	}
	return NULL;
}

static void keep_locked(struct render *render, struct kept *kept)
{
	size_t total = 0;

	kept->next = render->first;
	render->first = kept;
	for (struct kept **at = &render->first; *at;) {
		struct kept *old = *at;

		total += old->blob->size;
		if (total <= KEPT_MAX || old == kept) {
			at = &old->next;
			continue;
		}
		total -= old->blob->size;
		*at = old->next;
		blob_unref(old->blob);
		free(old);
	}
}

/* The side lengths in a PNG's header are read before cairo is trusted with it. */
static bool png_is_sane(const struct blob *blob)
{
	const unsigned char *at = blob->data;

	return blob->size > 24 && memcmp(at, "\x89PNG\r\n\x1a\n", 8) == 0 && at[16] == 0 &&
	       at[17] == 0 && at[20] == 0 && at[21] == 0 &&
	       (at[18] << 8 | at[19]) <= PNG_SIDE_MAX && (at[22] << 8 | at[23]) <= PNG_SIDE_MAX;
}

/* What the first input picture looks like: our own result drawn again (without its own input, so
 * that chains end), or an uploaded PNG. NULL: nothing that can be drawn. */
static cairo_surface_t *draw_input(struct sandbox *sandbox, const char *url)
{
	cairo_surface_t *surface = NULL;
	const struct task *task;
	struct blob *blob;
	unsigned index;

	task = cdn_find_task(sandbox, url, &index);
	if (task) {
		struct picture picture;

		picture_init(&picture, task, index, 0);
		return picture_surface(&picture);
	}
	blob = cdn_find_upload(sandbox, url);
	if (blob && png_is_sane(blob))
		surface = picture_read_png(blob);
	blob_unref(blob);
	return surface;
}

static struct blob *draw(
	const struct task *task, unsigned index, uint64_t version, cairo_surface_t *input)
{
	const struct generation *generation = task->generation;
	struct blob *blob = NULL;
	struct picture picture;

	picture_init(&picture, task, index, version);
	picture.input = input;
	if (cdn_is_cover(task, index))
		blob = picture_png(&picture);
	else if (generation->endpoint->kind == MEDIA_VIDEO)
		blob = video_encode(&picture, generation->duration);
	else if (generation->endpoint->kind == MEDIA_AUDIO)
		blob = audio_encode(picture.seed, generation->duration);
	else if (generation->vector)
		blob = picture_svg(&picture);
	else
		blob = picture_png(&picture);
	if (!blob) {
		fprintf(stderr, "weryaifs-sandbox: task %s could not be drawn\n", task->id);
		blob = blob_create(NULL, 0);
	}
	return blob;
}

struct blob *render_get(
	struct sandbox *sandbox, const struct task *task, unsigned index, uint64_t version)
{
	struct render *render = sandbox->render;
	const char *url = task->generation->input;
	cairo_surface_t *input = NULL;
	struct kept *kept;
	struct blob *blob;
	char key[64];

	snprintf(key, sizeof(key), "%s/%u/%llu", task->id, index, (unsigned long long)version);
	pthread_mutex_lock(&render->lock);
	kept = take_locked(render, key);
	if (!kept) {
		kept = xcalloc(1, sizeof(*kept) + sizeof(key));
		memcpy(kept->key, key, sizeof(key));
		if (url)
			input = draw_input(sandbox, url);
		kept->blob = draw(task, index, version, input);
		if (input)
			cairo_surface_destroy(input);
	}
	keep_locked(render, kept);
	blob = blob_ref(kept->blob);
	pthread_mutex_unlock(&render->lock);
	return blob;
}
