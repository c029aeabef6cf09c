/* SPDX-License-Identifier: MIT */
#include "fs/model/describe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/media/media.h"
#include "fs/model/setting.h"

#define EXAMPLE "such as " /* in tool_type_form(): what follows is one */
#define EXAMPLE_HEAD "\nAn example, as the file fox.txt in this directory:\n\n"

static void add_list(struct buf *text, const char *head, const struct strlist *list)
{
	if (list->count == 0)
		return;
	buf_addf(text, "    %-16s", head);
	for (size_t i = 0; i < list->count; i++)
		buf_addf(text, "%s%s", i > 0 ? ", " : "", list->items[i]);
	buf_adds(text, "\n");
}

static void add_times(struct buf *text, const char *label, int count)
{
	buf_addf(text, "    %-16sup to %d, each playing for %d to %d s, together for %d s\n", label,
		count, MEDIA_SHORTEST_S, MEDIA_LONGEST_S, MEDIA_TOGETHER_S);
}

/* How many inputs; the counts that hold where the catalogue has none are those of prompt_mode.c. */
static void add_counts(struct buf *text, enum api_mode which, const struct mode_spec *mode)
{
	int pictures = mode->upload_limit;

	if (which == API_TEXT_TO_IMAGE || which == API_TEXT_TO_VIDEO || which == API_IMAGE_TO_VIDEO)
		return;
	if (which == API_ALMIGHTY)
		pictures = MEDIA_ALMIGHTY_IMAGES_MAX;
	else if (pictures <= 0)
		pictures = which == API_IMAGE_TO_IMAGE ? MEDIA_UNKNOWN_IMAGES_MAX
						       : MEDIA_MULTI_IMAGES_MAX;
	buf_addf(text, "    %-16sup to %d\n", "pictures:", pictures);
	if (which != API_ALMIGHTY)
		return;
	add_times(text, "videos:", MEDIA_ALMIGHTY_VIDEOS_MAX);
	add_times(text, "sounds:", MEDIA_ALMIGHTY_AUDIOS_MAX);
	buf_addf(
		text, "    %-16sup to %d; sounds never alone\n", "of all:", MEDIA_ALMIGHTY_ALL_MAX);
}

/* Of the files that can be named; takes: by kind. */
static void add_formats(struct buf *text, const bool takes[API_KIND_COUNT])
{
	char limits[80];

	for (unsigned kind = 0; kind < API_KIND_COUNT; kind++) {
		if (!takes[kind])
			continue;
		media_describe_limits(kind, limits, sizeof(limits));
		buf_addf(text, "A file as a %s: %s.\n", media_noun(kind), limits);
	}
}

static void add_mode(struct buf *text, enum api_mode which, const struct mode_spec *mode)
{
	static const char *const from[API_MODE_COUNT] = {
		[API_TEXT_TO_IMAGE] = "from text alone",
		[API_IMAGE_TO_IMAGE] = "from pictures: lines 'image: PATH'",
		[API_TEXT_TO_VIDEO] = "from text alone",
		[API_IMAGE_TO_VIDEO] = "from one picture: a line 'image: PATH'",
		[API_MULTI_IMAGE_TO_VIDEO] = "from several pictures: lines 'image: PATH'",
		[API_ALMIGHTY] =
			"from pictures, videos and sounds: 'image: ', 'video: ', 'audio ref: '",
		[API_FIRST_LAST] = "from two pictures: 'first frame: PATH' and 'last frame: PATH'",
	};

	buf_addf(text, "%s (%s)\n", from[which], api_mode_name(which));
	if (mode->unlisted)
		buf_adds(text, "    the service's list of models does not name it today: it may be "
			       "refused, which costs nothing\n");
	add_list(text, "ratio:", &mode->ratios);
	add_list(text, "resolution:", &mode->resolutions);
	add_list(text, "duration:", &mode->durations);
	if (api_mode_kind(which) == API_VIDEO && !mode->durations_known)
		buf_addf(text, "    %-16sin seconds; which ones it takes is not known\n",
			"duration:");
	add_counts(text, which, mode);
	if (mode->negative == 1)
		buf_addf(text, "    %-16swhat should not be there\n", "negative:");
}

static void add_limits(struct buf *text, const struct model *model)
{
	const struct model_spec *spec = model->spec;
	bool takes[API_KIND_COUNT] = {false};

	if (spec->number_min > 0 && spec->number_min == spec->number_max)
		buf_addf(text, "It always makes %d at once.\n", spec->number_min);
	else if (spec->number_max > 1 && model->kind == API_IMAGE)
		buf_addf(text, "number: from %d to %d.\n", spec->number_min, spec->number_max);
	if (spec->qualities.count > 0 && model->kind == API_IMAGE) {
		CLEANUP_FREE char *words = strlist_join(&spec->qualities, ", ");
		buf_addf(text, "quality: %s.\n", words != NULL ? words : "");
	}
	if (spec->audio == 1 && model->kind == API_VIDEO)
		buf_adds(text, "audio: yes or no.\n");
	if (spec->web_search == 1 && model->kind == API_IMAGE)
		buf_adds(text, "web search: yes or no.\n");
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
		if (spec->modes[mode].present && api_mode_kind(mode) == model->kind &&
			mode != API_TEXT_TO_IMAGE && mode != API_TEXT_TO_VIDEO)
			takes[API_IMAGE] = true;
	takes[API_VIDEO] = takes[API_AUDIO] =
		spec->modes[API_ALMIGHTY].present && model->kind == API_VIDEO;
	add_formats(text, takes);
	buf_addf(text, "A prompt has up to %d characters.\n", spec->prompt_limit);
}

static const struct mode_spec *first_mode(const struct model *model, enum api_mode *ret_mode)
{
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++) {
		if (!model->spec->modes[mode].present ||
			api_mode_kind((enum api_mode)mode) != model->kind)
			continue;
		*ret_mode = (enum api_mode)mode;
		return &model->spec->modes[mode];
	}
	return NULL;
}

static void add_model_example(struct buf *text, const struct model *model)
{
	enum api_mode which = API_TEXT_TO_IMAGE;
	const struct mode_spec *mode = first_mode(model, &which);

	buf_adds(text, EXAMPLE_HEAD "    a red fox in the snow, low sun\n");
	if (mode == NULL)
		return;
	if (mode->ratios.count > 0)
		buf_addf(text, "    ratio: %s\n", mode->ratios.items[0]);
	if (mode->durations.count > 0)
		buf_addf(text, "    duration: %s\n", mode->durations.items[0]);
	else if (model->kind == API_VIDEO && !mode->durations_known)
		buf_adds(text, "    duration: 5\n");
	if (which != API_TEXT_TO_IMAGE && which != API_TEXT_TO_VIDEO)
		buf_adds(text, "    image: /FLUX/fox.png\n");
}

static void add_model(struct buf *text, const struct model *model)
{
	buf_addf(text, "Makes %s:\n\n", model->kind == API_IMAGE ? "pictures" : "videos");
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
		if (model->spec->modes[mode].present &&
			api_mode_kind((enum api_mode)mode) == model->kind)
			add_mode(text, (enum api_mode)mode, &model->spec->modes[mode]);
	buf_adds(text, "\n");
	add_limits(text, model);
	add_model_example(text, model);
}

static const char *example_of(const struct tool_field *field)
{
	const char *form = tool_type_form(field->type);
	const char *such = form != NULL ? strstr(form, EXAMPLE) : NULL;

	if (field->type == TOOL_NAMED && field->words.count > 0)
		return strrchr(field->words.items[0], '=') + 1;
	if (field->words.count > 0)
		return field->words.items[0];
	if (field->note != NULL && strstr(field->note, EXAMPLE) != NULL)
		return strstr(field->note, EXAMPLE) + strlen(EXAMPLE);
	return such != NULL ? such + strlen(EXAMPLE) : "English";
}

static void add_field(struct buf *text, const struct tool_field *field)
{
	CLEANUP_FREE char *words = strlist_join(&field->words, ", ");
	const char *takes =
		tool_type_form(field->type) != NULL ? tool_type_form(field->type) : "text";
	const char *more = "", *need = field->required ? " (needed)" : "";

	if (field->type == TOOL_PROMPT) {
		buf_addf(text, "    %-28swhat to make%s\n", "text", need);
		return;
	}
	if (tool_type_is_input(field->type))
		takes = "PATH or URL";
	else if (field->words.count > 0)
		takes = words != NULL ? words : "";
	if (field->type == TOOL_LINES)
		more = "; a line for each line of it";
	else if (tool_type_is_list(field->type))
		more = "; may be repeated";
	if (field->note != NULL)
		takes = field->note;
	if (field->type == TOOL_KILOBYTES)
		need = " (needed with a URL)";
	/* a key that is too long for its column has one blank behind it all the same */
	int gap = 27 - (int)strlen(field->key);
	buf_addf(text, "    %s:%*s%s%s%s\n", field->key, gap > 1 ? gap : 1, "", takes, more, need);
}

/* As many lines as the tool needs. */
static void add_input_example(struct buf *text, const struct tool_field *field)
{
	const char *file = tool_type_kind(field->type) == API_VIDEO ? "/VEO_3_1/fox.mp4"
			   : field->type == TOOL_AUDIO		    ? "/MUSIC/fox.mp3"
								    : "/FLUX/fox.png";

	for (int64_t i = 0; i == 0 || i < field->min; i++)
		buf_addf(text, "    %s: %s\n", field->key, file);
}

static void add_tool_example(struct buf *text, const struct tool_spec *tool)
{
	for (size_t i = 0; i < tool->field_count; i++) {
		const struct tool_field *field = &tool->fields[i];
		if (field->type == TOOL_PROMPT)
			buf_adds(text, "    what to make of it\n");
		else if (tool_type_is_input(field->type) && field->required)
			add_input_example(text, field);
		else if (field->required && field->type != TOOL_KILOBYTES)
			buf_addf(text, "    %s: %s\n", field->key, example_of(field));
	}
}

static void add_tool(struct buf *text, const struct tool_spec *tool)
{
	bool takes[API_KIND_COUNT] = {false};
	CLEANUP_FREE char *one_of = tool_spec_one_of(tool);

	buf_addf(text, "A tool (%s). What it takes:\n", tool->endpoint);
	for (size_t i = 0; i < tool->field_count; i++) {
		add_field(text, &tool->fields[i]);
		if (tool_type_is_input(tool->fields[i].type))
			takes[tool_type_kind(tool->fields[i].type)] = true;
	}
	if (tool->one_of.count > 0)
		buf_addf(text, "At least one of: %s.\n", one_of != NULL ? one_of : "");
	add_formats(text, takes);
	buf_adds(text, EXAMPLE_HEAD);
	add_tool_example(text, tool);
}

int describe_model(const char *dir, const struct model *model, const char *note, char **ret_text)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	if (model == NULL) {
		buf_addf(&text,
			"%s\n\nThe service no longer has this model. What is here stays; to make "
			"more, move a prompt\nto another directory.\n",
			dir);
	} else {
		buf_addf(&text, "%s: %s\n\n", dir, model->spec->name);
		if (note != NULL)
			buf_addf(&text, "%s\n", note);
		if (model->tool != NULL)
			add_tool(&text, model->tool);
		else
			add_model(&text, model);
	}
	*ret_text = buf_steal(&text);
	return *ret_text == NULL ? -ENOMEM : 0;
}
