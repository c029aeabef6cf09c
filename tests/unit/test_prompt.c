/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt.h"
#include "tests/unit/gen_catalogue.h"
#include "tests/unit/source_file.h"

#define ESCAPE "begin the line with \\ to make it prompt text"

static struct model_table *table;

static struct model_table *create(const struct model_param *params, size_t count)
{
	struct model_list list = {0};
	struct model_table *made = NULL;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list), 0);
	assert_int_equal(model_table_create(&list, params, count, &made, &message), 0);
	model_list_finish(&list);
	return made;
}

static int load(void **state)
{
	static const struct model_param tool[] = {{"POSTER", "endpoint", "poster", "c:1"},
		{"POSTER", "fields", "prompt:prompt", "c:2"}};

	table = create(tool, array_length(tool));
	return 0;
}

static int unload(void **state)
{
	model_table_destroy(table);
	return 0;
}

static struct prompt parse_with(const struct model_table *from, const char *dir,
	const struct prompt_options *options, const char *text)
{
	struct prompt prompt;
	char *message = NULL;
	int r = prompt_parse(
		model_table_find(from, dir), options, text, strlen(text), &prompt, &message);

	if (message)
		print_error("%s\n", message);
	assert_int_equal(r, 0);
	assert_null(message);
	return prompt;
}

static struct prompt parse(const char *dir, const char *text)
{
	return parse_with(table, dir, &(struct prompt_options){0}, text);
}

static void assert_refused_bytes(
	const char *dir, const char *text, size_t length, const char *sentences)
{
	struct prompt prompt;
	CLEANUP_FREE char *message = NULL;

	assert_int_equal(prompt_parse(model_table_find(table, dir), &(struct prompt_options){0},
				 text, length, &prompt, &message),
		-EINVAL);
	assert_string_equal(message, sentences);
}

/* The file is refused with exactly these sentences. */
static void assert_refused(const char *dir, const char *text, const char *sentences)
{
	assert_refused_bytes(dir, text, strlen(text), sentences);
}

static void assert_blank(const char *text)
{
	struct prompt prompt;
	char *message = NULL;

	assert_int_equal(prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				 text, strlen(text), &prompt, &message),
		-ENODATA);
	assert_null(message);
}

/* The file is all prose: sent as it is, nothing set but the model's own ratio. */
static void assert_prose(const char *text)
{
	struct prompt prompt = parse("FLUX", text);

	assert_string_equal(prompt.request.prompt, text);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.number, API_UNSET);
	assert_int_equal(prompt.ref_count, 0);
	prompt_finish(&prompt);
}

static void test_prompt_plain_text_gets_the_models_own(void **state)
{
	struct prompt prompt = parse("FLUX", "a red fox\n");

	assert_string_equal(prompt.request.model, "FLUX");
	assert_string_equal(prompt.request.prompt, "a red fox");
	assert_int_equal(prompt.request.mode, API_TEXT_TO_IMAGE);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_null(prompt.request.negative_prompt);
	assert_null(prompt.request.resolution);
	assert_int_equal(prompt.request.number, API_UNSET);
	assert_int_equal(prompt.request.duration, API_UNSET);
	assert_int_equal(prompt.request.audio, API_UNSET);
	assert_false(prompt.request.has_caller);
	assert_false(prompt.dry_run);
	assert_null(prompt.warning);
	prompt_finish(&prompt);
}

static void test_prompt_directives_anywhere(void **state)
{
	struct prompt prompt =
		parse("FLUX", "\xef\xbb\xbfRatio: 16:9\r\n\r\na fox\r\n  N :2\r\n in snow\r\n"
			      "NEGATIVE_prompt:  blur, text \r\nwebhook: "
			      "http://127.0.0.1:80/x\r\ncaller: -5\r\n");

	assert_string_equal(prompt.request.prompt, "a fox\n in snow");
	assert_string_equal(prompt.request.aspect_ratio, "16:9");
	assert_int_equal(prompt.request.number, 2);
	assert_string_equal(prompt.request.negative_prompt, "blur, text");
	assert_string_equal(prompt.request.webhook_url, "http://127.0.0.1:80/x");
	assert_true(prompt.request.has_caller);
	assert_int_equal(prompt.request.caller_id, -5);
	prompt_finish(&prompt);
}

static void test_prompt_key_spellings(void **state)
{
	static const char *const same[] = {"ratio:16:9", "aspect_ratio: 16:9",
		"Aspect-Ratio : 16:9", "ASPECT  ratio:\t16:9", "- ratio: 16:9"};

	for (size_t i = 0; i < array_length(same); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\n%s", same[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.prompt, "fox");
		assert_string_equal(prompt.request.aspect_ratio, "16:9");
		prompt_finish(&prompt);
	}
}

static void test_prompt_backslash_makes_text(void **state)
{
	struct prompt prompt = parse("FLUX", "\\ratio: 16:9\n\\rato: x\n\\\\two\n\\dry run\n \\z");

	assert_string_equal(prompt.request.prompt, "ratio: 16:9\nrato: x\n\\two\ndry run\n \\z");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_false(prompt.dry_run);
	prompt_finish(&prompt);
}

static void test_prompt_blank_is_a_draft(void **state)
{
	assert_blank("");
	assert_blank("\n\r\n \t\n");
	assert_blank("\xef\xbb\xbf\n");
	assert_refused("FLUX", "ratio: 1:1\n", "no prompt text, only settings: write what to make");
	assert_refused("FLUX", "dry run\n", "no prompt text, only settings: write what to make");
}

static void test_prompt_dry_run(void **state)
{
	static const char *const yes[] = {"dry run", " Dry-Run ", "dry_run: yes", "dry run: ON"};

	for (size_t i = 0; i < array_length(yes); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\n%s\n", yes[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.prompt, "fox");
		assert_true(prompt.dry_run);
		prompt_finish(&prompt);
	}
	struct prompt prompt = parse("FLUX", "fox\ndry run: no");
	assert_false(prompt.dry_run);
	prompt_finish(&prompt);
	prompt = parse_with(
		table, "FLUX", &(struct prompt_options){.dry_run = true}, "fox\ndry run: no");
	assert_true(prompt.dry_run);
	prompt_finish(&prompt);
	assert_refused(
		"FLUX", "fox\ndry run: mabe", "line 2: dry run 'mabe' is neither yes nor no");
	assert_refused("FLUX", "fox\ndry rum",
		"line 2: 'dry rum' looks like the setting 'dry run'; correct "
		"it, or " ESCAPE);
}

static void test_prompt_bytes_that_are_no_text(void **state)
{
	static const char *const dirs[] = {"FLUX", "POSTER"};
	CLEANUP_FREE char *big = malloc(PROMPT_MAX_BYTES + 1);

	assert_non_null(big);
	memset(big, 'x', PROMPT_MAX_BYTES + 1);
	for (size_t i = 0; i < array_length(dirs); i++) {
		assert_refused_bytes(dirs[i], "fox\n\nred\0fox", 12,
			"line 3: a NUL byte; a prompt file is plain UTF-8 text");
		assert_refused(dirs[i], "fox\n\xff\n",
			"line 2: not valid UTF-8; save the file as UTF-8 text");
		assert_refused(dirs[i], "\xc3\n\xa9",
			"line 1: not valid UTF-8; save the file as UTF-8 text");
		assert_refused_bytes(dirs[i], big, PROMPT_MAX_BYTES + 1,
			"larger than 256 KiB; a prompt file is not");
	}
}

static void test_prompt_values_of_the_model(void **state)
{
	assert_refused("FLUX", "fox\nratio: 16:10",
		"line 2: ratio '16:10' is not one that FLUX takes: 9:16, 1:1, 16:9");
	assert_refused("FLUX", "fox\nn: 5", "line 2: number 5 is not one that FLUX takes: 1-4");
	assert_refused(
		"FLUX", "fox\nnumber: 0", "line 2: number '0' is not a number of results such as 2");
	assert_refused("FOUR", "fox\nnumber: 1", "line 2: number 1: FOUR always makes 4");
	assert_refused("FLUX", "fox\n\nquality: high",
		"line 3: quality: the catalogue lists none for FLUX; it takes ratio, negative, "
		"number "
		"('unknown = allow' sends it anyway)");
	assert_refused("GPT_IMAGE_2", "fox\nquality: best",
		"line 2: quality 'best' is not one that GPT_IMAGE_2 takes: low, medium, high");
	assert_refused("FLUX", "fox\nduration: 5",
		"line 2: duration: FLUX has no such setting in text-to-image; it takes ratio, "
		"negative, number");
	assert_refused("KLING_V3", "fox\nresolution: 720p",
		"line 2: resolution: KLING_V3 has no such setting in text-to-video; it takes "
		"ratio, "
		"negative, number, duration, audio");
	assert_refused("SEEDANCE", "fox\nduration: 9",
		"line 2: duration '9' is not one that SEEDANCE takes: 5-8, 10-12, 20");
	assert_refused("SEEDANCE", "fox\nduration: 5m",
		"line 2: duration '5m' is not whole seconds such as 5");
	assert_refused("WAN_2_5.video", "fox\naudio: yes",
		"line 2: audio: WAN_2_5 has no such setting in text-to-video; it takes ratio, "
		"number, "
		"resolution, duration");
	assert_refused("SEEDANCE", "fox\naudio: rain on tin",
		"line 2: audio 'rain on tin' is neither yes nor no; correct it, or " ESCAPE);
	assert_refused("WAN_2_5.video", "fox\nnegative: blur",
		"line 2: negative: WAN_2_5 has no such setting in text-to-video; it takes ratio, "
		"number, resolution, duration");
	assert_refused("FLUX", "fox\nwebhook: http://example.org/",
		"line 2: webhook 'http://example.org/' is not an https:// URL (http:// only to "
		"this "
		"machine)");
	assert_refused("FLUX", "fox\ncaller: 9223372036854775808",
		"line 2: caller '9223372036854775808' is not a whole number");
	assert_refused("GROK", "fox\nduration: 5\nratio: wide",
		"line 3: ratio 'wide' is not of the form WIDTH:HEIGHT, such as 16:9");
}

static void test_prompt_values_in_the_catalogues_spelling(void **state)
{
	struct prompt prompt = parse("GEMINI", "fox\nresolution: 2K\nweb search: yes");

	assert_string_equal(prompt.request.resolution, "2k");
	assert_int_equal(prompt.request.web_search, 1);
	prompt_finish(&prompt);
	prompt = parse("GPT_IMAGE_2", "fox\nratio: 16:9(4K)\nquality: LOW");
	assert_string_equal(prompt.request.aspect_ratio, "16:9(4k)");
	assert_string_equal(prompt.request.quality, "low");
	prompt_finish(&prompt);
}

static void test_prompt_webhooks(void **state)
{
	static const char *const good[] = {"https://example.org/a?b=1", "HTTPS://u:p@h:1/",
		"http://localhost:9/x", "http://127.9.9.9", "http://[::1]:80/",
		"http://u:p@localhost:9/"};
	static const char *const bad[] = {"ftp://h/", "https://", "https:///x", "h",
		"http://[::2]/", "http://127.example.org/", "http://localhost@example.org/",
		"https://a b/", "http://example.org\\@localhost/", "https://:80/",
		"http://localhost:80@example.org/"};

	for (size_t i = 0; i < array_length(good); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\nwebhook: %s", good[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.webhook_url, good[i]);
		prompt_finish(&prompt);
	}
	for (size_t i = 0; i < array_length(bad); i++) {
		CLEANUP_FREE char *text = NULL, *message = NULL;
		struct prompt prompt;
		assert_true(asprintf(&text, "fox\nwebhook: %s", bad[i]) > 0);
		assert_int_equal(
			prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				text, strlen(text), &prompt, &message),
			-EINVAL);
		assert_non_null(strstr(message, "line 2: webhook '"));
	}
}

static void test_prompt_lengths_count_characters(void **state)
{
	CLEANUP_FREE char *text = malloc(2 * 2001 + 1);
	CLEANUP_FREE char *file = NULL;

	assert_non_null(text);
	for (size_t i = 0; i < 2001; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	text[4000] = '\0';
	struct prompt prompt = parse("FLUX", text);
	assert_int_equal(strlen(prompt.request.prompt), 4000);
	prompt_finish(&prompt);
	text[4000] = '\xc3';
	text[4002] = '\0';
	assert_refused("FLUX", text, "the prompt has 2001 characters; FLUX takes at most 2000");
	prompt = parse("GPT_IMAGE_2", text);
	prompt_finish(&prompt);

	text[2002] = '\0';
	assert_true(asprintf(&file, "fox\nnegative: %s", text) > 0);
	assert_refused(
		"FLUX", file, "line 2: negative has 1001 characters; at most 1000 are taken");
	file[strlen(file) - 2] = '\0';
	prompt = parse("FLUX", file);
	prompt_finish(&prompt);
}

static void test_prompt_settings_once_each(void **state)
{
	assert_refused("FLUX", "ratio: 1:1\nfox\naspect ratio: 1:1",
		"line 3: ratio is already set on line 1; keep one of the two");
	assert_refused("KLING_O1", "fox\nlast frame: a.png\nlast-frame: b.png\nfirst frame: c.png",
		"line 3: last frame is already set on line 2; keep one of the two");
	assert_refused("FLUX", "dry run\nfox\ndry run: no",
		"line 3: dry run is already set on line 1; keep one of the two");
	assert_refused("FLUX", "fox\nratio:\n",
		"line 2: ratio has no value; write one, remove the line, or " ESCAPE);
}

static void test_prompt_all_errors_in_order_and_at_most_eight(void **state)
{
	assert_refused("FLUX", "rato: 1:1\nratio: 7:7\nquality: high\nn: x\nfox",
		"line 1: 'rato' looks like the setting 'ratio'; correct it, or " ESCAPE "\n"
		"line 2: ratio '7:7' is not one that FLUX takes: 9:16, 1:1, 16:9\n"
		"line 3: quality: the catalogue lists none for FLUX; it takes ratio, negative, "
		"number "
		"('unknown = allow' sends it anyway)\n"
		"line 4: number 'x' is not a number of results such as 2");

	struct prompt prompt;
	CLEANUP_FREE char *message = NULL;
	const char *many = "fox\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\n";
	size_t lines = 1;
	assert_int_equal(prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				 many, strlen(many), &prompt, &message),
		-EINVAL);
	for (const char *c = message; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 8);
}

static void test_prompt_slips_are_errors(void **state)
{
	static const struct {
		const char *key, *meant;
	} slips[] = {
		{"rato", "ratio"},
		{"Raito", "ratio"},
		{"ratios", "ratio"},
		{"aspect", "ratio"},
		{"aspectratio", "aspect ratio"},
		{"aspet_ratoi", "aspect ratio"},
		{"negativ", "negative"},
		{"neagtive promt", "negative prompt"},
		{"nubmer", "number"},
		{"image_number", "number"},
		{"resoluton", "resolution"},
		{"qualtiy", "quality"},
		{"durration", "duration"},
		{"audoi", "audio"},
		{"generate_audio", "audio"},
		{"websearch", "web search"},
		{"use_web_search", "web search"},
		{"web hook", "webhook"},
		{"webhook_url", "webhook"},
		{"caller_id", "caller"},
		{"images", "image"},
		{"frist frame", "first frame"},
		{"lastframe", "last frame"},
		{"vidoe", "video"},
		{"audio-rf", "audio ref"},
		{"dryrun", "dry run"},
	};

	for (size_t i = 0; i < array_length(slips); i++) {
		CLEANUP_FREE char *text = NULL, *sentence = NULL;
		assert_true(asprintf(&text, "a fox\n%s: 16:9\n", slips[i].key) > 0);
		assert_true(
			asprintf(&sentence,
				"line 2: '%s' looks like the setting '%s'; correct it, or " ESCAPE,
				slips[i].key, slips[i].meant) > 0);
		assert_refused("FLUX", text, sentence);
	}
}

static void test_prompt_wrong_separators_are_errors(void **state)
{
	static const struct {
		const char *dir, *line, *right;
	} slips[] = {
		{"FLUX", "ratio=16:9", "ratio: 16:9"},
		{"FLUX", "Ratio = wide", "ratio: wide"},
		{"FLUX", "ratio; 16:9", "ratio: 16:9"},
		{"FLUX", "ratio 16:9", "ratio: 16:9"},
		{"FLUX", "--aspect-ratio  16:9", "aspect ratio: 16:9"},
		{"FLUX",
			"ratio\xef\xbc\x9a"
			"16:9",
			"ratio: 16:9"},
		{"FLUX", "number 4", "number: 4"},
		{"GPT_IMAGE_2", "quality high", "quality: high"},
		{"SEEDANCE", "duration 5s", "duration: 5s"},
		{"SEEDANCE", "audio on", "audio: on"},
		{"FLUX", "image https://example.org/a.png", "image: https://example.org/a.png"},
		{"FLUX", "dry run yes", "dry run: yes"},
	};

	for (size_t i = 0; i < array_length(slips); i++) {
		CLEANUP_FREE char *text = NULL, *sentence = NULL;
		assert_true(asprintf(&text, "a fox\n%s\n", slips[i].line) > 0);
		assert_true(
			asprintf(&sentence, "line 2: write '%s', or " ESCAPE, slips[i].right) > 0);
		assert_refused(slips[i].dir, text, sentence);
	}
	assert_refused("FLUX", "a fox\nrato=16:9",
		"line 2: 'rato' looks like the setting 'ratio'; correct it, or " ESCAPE);
}

static void test_prompt_prose_is_left_alone(void **state)
{
	static const char *const headings[] = {"title", "scene", "note", "notes", "style",
		"subject", "camera", "lighting", "light", "mood", "color", "colour", "colors",
		"palette", "background", "foreground", "setting", "time", "place", "location",
		"character", "characters", "action", "composition", "atmosphere", "lens", "angle",
		"shot", "texture", "material", "details", "detail", "medium", "artist", "genre",
		"theme", "format", "text", "caption", "prompt", "model", "seed", "size",
		"size and place", "weather", "season", "summer", "winter", "spring", "autumn",
		"morning", "evening", "night", "day", "foreground object", "subject details", "in",
		"on", "no", "a", "he", "she", "it", "man", "woman", "child", "girl", "boy", "dog",
		"cat", "sign", "label", "poster", "logo", "music", "sound", "voice", "dialogue",
		"narrator", "speaker", "chapter", "act", "step", "first", "second", "last", "then",
		"finally", "important", "warning", "remember", "rule", "goal", "task", "context",
		"story", "plot", "hero", "face", "hair", "eyes", "clothes", "outfit", "pose",
		"gesture", "valley", "river", "forest", "mountain", "sea", "city", "street",
		"house", "room", "table", "chair", "window", "door", "wall", "floor", "ceiling",
		"center", "left", "right", "top", "bottom", "front", "back", "side", "inside",
		"outside", "smaller", "larger", "timber", "amber", "summary", "description",
		"example", "example text", "reference", "references", "aspects", "inspired by",
		"camera angle", "camera motion", "audio track", "video style", "image style",
		"negative space", "first shot", "opening", "closing", "frame", "frames", "panel",
		"layout", "grid", "rendering", "render", "engine", "quote", "http", "https"};

	for (size_t i = 0; i < array_length(headings); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "%s: a red fox", headings[i]) > 0);
		assert_prose(text);
	}
	assert_prose("a fox; ratio of fox to snow: small");
	assert_prose("image of a fox");
	assert_prose("video game art, resolution 8k, quality high");
	assert_prose("quality high");
	assert_prose("resolution 4k");
	assert_prose("number nine");
	assert_prose("n");
	assert_prose("ratio");
	assert_prose("dry running shoes");
	assert_prose("the ratio: golden");
	assert_prose("\"ratio\": golden");
	assert_prose("negative space, no text");
	assert_prose("at 10:30 o'clock");
	assert_prose("caller on a phone");
	assert_prose("image; of a fox");
	assert_prose(":");
	assert_prose("=");
	assert_prose("- a\n- b\n---");
}

static void test_prompt_modes_of_pictures(void **state)
{
	struct prompt prompt = parse("FLUX", "fox\nimage: ../sea.png");

	assert_int_equal(prompt.request.mode, API_IMAGE_TO_IMAGE);
	assert_int_equal(prompt.ref_count, 1);
	assert_int_equal(prompt.refs[0].role, REF_IMAGE);
	assert_string_equal(prompt.refs[0].value, "../sea.png");
	assert_false(prompt.refs[0].is_url);
	assert_int_equal(prompt.refs[0].line, 2);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.images.count, 0);
	prompt_finish(&prompt);
	prompt = parse("GPT_IMAGE_2", "fox\nimage: HTTPS://h/a\nfirst frame: b.png");
	assert_int_equal(prompt.ref_count, 2);
	assert_string_equal(prompt.refs[0].value, "b.png");
	assert_true(prompt.refs[1].is_url);
	prompt_finish(&prompt);

	assert_refused("SEEDREAM", "fox",
		"SEEDREAM makes pictures only from pictures: add a line 'image: URL or path'");
	assert_refused("FOUR", "fox\nimage: a.png",
		"line 2: image: FOUR makes pictures from text only; remove the line");
	assert_refused("FLUX", "fox\nvideo: a.mp4",
		"line 2: video: FLUX makes pictures here, and only videos take one; remove the "
		"line");
	assert_refused("GPT_IMAGE_2", "fox\nimage: a\nimage: b\nimage: c",
		"line 4: 3 images: GPT_IMAGE_2 takes at most 2 here; remove some");
	assert_refused("FLUX", "fox\nimage: a\nimage: b",
		"line 3: 2 images: FLUX takes at most 1 here; remove some, or raise image_limit in "
		"its "
		"[model] section");
	assert_refused("FLUX", "fox\nimage: ftp://h/a",
		"line 2: image 'ftp://h/a' is neither an http(s) URL nor a path on the mount");
	assert_refused("FLUX", "fox\nimage: https://h/a b",
		"line 2: image 'https://h/a b' is neither an http(s) URL nor a path on the mount");
}

static enum api_mode mode_of(const char *dir, const char *text)
{
	struct prompt prompt = parse(dir, text);
	enum api_mode mode = prompt.request.mode;

	assert_null(prompt.warning);
	prompt_finish(&prompt);
	return mode;
}

static void test_prompt_modes_of_videos(void **state)
{
	assert_int_equal(mode_of("SEEDANCE", "fox"), API_TEXT_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a"), API_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nfirst frame: a"), API_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a\nimage: b"), API_MULTI_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nlast frame: a\nfirst frame: b"),
		API_MULTI_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nvideo: a"), API_ALMIGHTY);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a\naudio ref: b"), API_ALMIGHTY);
	assert_int_equal(
		mode_of("SEEDANCE", "fox\nimage: a\nimage: b\nimage: c\nimage: d"), API_ALMIGHTY);
	assert_refused("KLING_O1", "fox",
		"KLING_O1 makes videos only from pictures: add a line 'image: URL or path'");
	assert_refused("KLING_O1", "fox\nimage: x\nvideo: a",
		"line 3: video: KLING_O1 makes videos from a picture, from several pictures only; "
		"remove the line");
	assert_refused("GROK", "fox\nduration: 5\nimage: a",
		"line 3: image: GROK makes videos from text only; remove the line");
	assert_refused("SEEDANCE", "fox\nlast frame: a",
		"line 2: last frame: needs a first one; add a line 'first frame: URL or path'");
	assert_refused("SEEDANCE", "fox\naudio ref: a",
		"line 2: audio ref: never alone; add a line 'image: URL or path' or 'video: URL or "
		"path'");
	assert_refused("SEEDANCE", "fox\nvideo: a\nvideo: b\nvideo: c\nvideo: d",
		"line 5: 4 videos: SEEDANCE takes at most 3 here; remove some");
	assert_refused("KLING_O1", "fox\nimage: a\nimage: b\nimage: c\nimage: d",
		"line 5: 4 images: KLING_O1 takes at most 3 here; remove some");
	assert_refused("SEEDANCE", "fox\nvideo: a\nnegative: blur",
		"line 3: negative: SEEDANCE has no such setting in almighty-reference-to-video; it "
		"takes ratio, number, resolution, duration, audio");
}

static void test_prompt_refs_are_in_the_order_of_sending(void **state)
{
	struct prompt prompt = parse("SEEDANCE",
		"fox\naudio ref: s\nlast frame: l\nimage: i1\nvideo: v\nimage: i2\nfirst frame: f");
	static const char *const order[] = {"f", "i1", "i2", "l", "v", "s"};

	assert_int_equal(prompt.ref_count, array_length(order));
	for (size_t i = 0; i < array_length(order); i++)
		assert_string_equal(prompt.refs[i].value, order[i]);
	prompt_finish(&prompt);
}

static void test_prompt_falls_back_to_one_picture_and_says_so(void **state)
{
	struct prompt prompt = parse("KLING_V3", "fox\nlast frame: b.png\nfirst frame: a.png");

	assert_int_equal(prompt.request.mode, API_IMAGE_TO_VIDEO);
	assert_int_equal(prompt.ref_count, 1);
	assert_string_equal(prompt.refs[0].value, "a.png");
	assert_string_equal(prompt.warning,
		"KLING_V3 takes one picture: only 'a.png' (line 3) is sent, 1 left out");
	prompt_finish(&prompt);
	prompt = parse("HAILUO", "fox\nimage: a\nimage: b\nimage: c");
	assert_int_equal(prompt.request.mode, API_IMAGE_TO_VIDEO);
	assert_string_equal(
		prompt.warning, "HAILUO takes one picture: only 'a' (line 2) is sent, 2 left out");
	prompt_finish(&prompt);
	prompt = parse("PIKA", "fox\nfirst frame: a\nlast frame: b");
	assert_int_equal(prompt.request.mode, API_MULTI_IMAGE_TO_VIDEO);
	assert_int_equal(prompt.ref_count, 2);
	assert_string_equal(
		prompt.warning, "PIKA knows no first and last frame: sent as pictures to go by");
	prompt_finish(&prompt);
	assert_int_equal(mode_of("PIKA", "fox\nimage: a"), API_MULTI_IMAGE_TO_VIDEO);
}

static void test_prompt_too_many_refs(void **state)
{
	char text[1024] = "fox\n";

	for (size_t i = 0; i <= SETTING_REFS_MAX; i++)
		strcat(text, "image: a\n");
	assert_refused("GPT_IMAGE_2", text,
		"line 4: 30 images: GPT_IMAGE_2 takes at most 2 here; remove some\n"
		"line 32: image: more than 30 reference inputs; remove some");
}

static void test_prompt_own_defaults(void **state)
{
	static const struct {
		const char *dir, *text, *ratio;
		int number, duration;
	} cases[] = {
		{"FOUR", "fox", "1:1", 4, API_UNSET},
		{"SEEDREAM", "fox\nimage: a", "9:16", API_UNSET, API_UNSET},
		{"WAN_2_5.video", "fox", "9:16", API_UNSET, 5},
		{"WAN_2_5.video", "fox\nimage: a", NULL, API_UNSET, 5},
		/* Unknown for multi-image: those of image-to-video, then those of text-to-video. */
		{"SEEDANCE", "fox\nimage: a\nimage: b", "16:9", API_UNSET, 5},
		{"KLING_V3", "fox\nimage: a", "9:16", API_UNSET, 5},
		{"HAILUO", "fox", NULL, API_UNSET, 6},
		{"HAILUO", "fox\nratio: 4:3", "4:3", API_UNSET, 6},
		{"GROK", "fox\nduration: 7 s", NULL, API_UNSET, 7},
		{"WAN_2_5.video", "fox\naudio: no\nn: 1", "9:16", 1, 5},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct prompt prompt = parse(cases[i].dir, cases[i].text);
		if (cases[i].ratio)
			assert_string_equal(prompt.request.aspect_ratio, cases[i].ratio);
		else
			assert_null(prompt.request.aspect_ratio);
		assert_int_equal(prompt.request.number, cases[i].number);
		assert_int_equal(prompt.request.duration, cases[i].duration);
		assert_int_equal(prompt.request.audio, API_UNSET);
		assert_null(prompt.request.resolution);
		prompt_finish(&prompt);
	}
	assert_refused("GROK", "fox",
		"duration: needed, and the catalogue does not know GROK's values; write duration: "
		"SECONDS");
}

static void test_prompt_configured_defaults_where_they_fit(void **state)
{
	const struct model_param params[] = {{NULL, "ratio", "16:9", "f:1"},
		{NULL, "duration", "10", "f:2"}, {NULL, "audio", "on", "f:3"},
		{NULL, "resolution", "480P", "f:4"}, {"FLUX", "ratio", "1:1", "f:5"},
		{NULL, "quality", "low", "f:6"}, {"GROK", "numbers", "2", "f:7"},
		{"WAN_2_5", "numbers", "4", "f:8"}};
	struct model_table *configured = create(params, array_length(params));
	struct prompt_options none = {0};

	struct prompt prompt = parse_with(configured, "FLUX", &none, "fox");
	assert_string_equal(prompt.request.aspect_ratio, "1:1");
	assert_null(prompt.request.resolution);
	assert_null(prompt.request.quality);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "FLUX", &none, "fox\nratio: 9:16");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	prompt_finish(&prompt);
	/* 16:9 fits image-to-video alone, so text-to-video has its own first. */
	prompt = parse_with(configured, "SEEDANCE", &none, "fox");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.duration, 10);
	assert_int_equal(prompt.request.audio, 1);
	assert_string_equal(prompt.request.resolution, "480p");
	prompt_finish(&prompt);
	prompt = parse_with(configured, "SEEDANCE", &none, "fox\nimage: a\naudio: off");
	assert_string_equal(prompt.request.aspect_ratio, "16:9");
	assert_int_equal(prompt.request.audio, 0);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "GPT_IMAGE_2", &none, "fox");
	assert_string_equal(prompt.request.quality, "low");
	assert_string_equal(prompt.request.aspect_ratio, "1:1");
	prompt_finish(&prompt);
	prompt = parse_with(configured, "GROK", &none, "fox");
	assert_int_equal(prompt.request.duration, 10);
	assert_int_equal(prompt.request.number, 2);
	prompt_finish(&prompt);
	/* Of a model that makes both, numbers are about its pictures. */
	prompt = parse_with(configured, "WAN_2_5", &none, "fox");
	assert_int_equal(prompt.request.number, 4);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "WAN_2_5.video", &none, "fox");
	assert_int_equal(prompt.request.number, API_UNSET);
	prompt_finish(&prompt);
	model_table_destroy(configured);
}

static void test_prompt_unknown_allowed(void **state)
{
	const struct prompt_options allow = {.allow_unknown = true};
	struct prompt prompt = parse_with(table, "FLUX", &allow,
		"fox\nratio: 7:5\nresolution: 8k\nquality: best\nweb search: yes\nimage: a\nimage: "
		"b");

	assert_string_equal(prompt.request.aspect_ratio, "7:5");
	assert_string_equal(prompt.request.resolution, "8k");
	assert_string_equal(prompt.request.quality, "best");
	assert_int_equal(prompt.request.web_search, 1);
	assert_int_equal(prompt.ref_count, 2);
	prompt_finish(&prompt);
	prompt = parse_with(table, "SEEDANCE", &allow, "fox\nduration: 9");
	assert_int_equal(prompt.request.duration, 9);
	prompt_finish(&prompt);

	/* What the catalogue knows to be refused stays refused. */
	struct prompt refused;
	CLEANUP_FREE char *message = NULL;
	const char *text = "fox\nresolution: 720p\nquality: high";
	assert_int_equal(prompt_parse(model_table_find(table, "KLING_V3"), &allow, text,
				 strlen(text), &refused, &message),
		-EINVAL);
	assert_non_null(strstr(message, "line 2: resolution: KLING_V3 has no such setting"));
	assert_non_null(strstr(message, "line 3: quality: KLING_V3 has no such setting"));
}

static void test_prompt_encodes(void **state)
{
	struct prompt prompt = parse("SEEDANCE", "fox \"q\"\nduration: 6\nratio: 1:1\naudio: yes");
	CLEANUP_FREE char *json = NULL;

	assert_int_equal(api_request_encode(&prompt.request, &json), 0);
	assert_non_null(strstr(json, "\"fox \\\"q\\\"\""));
	prompt_finish(&prompt);
}

/* The built-in catalogue as it is: text alone or with one picture gives a request that can be sent, or a
 * sentence about what is missing. */
static void test_prompt_every_model_of_the_catalogue(void **state)
{
	size_t length, sent = 0;
	CLEANUP_FREE char *json = read_source("config/models.json", &length);
	struct model_list list = {0};
	struct model_table *all;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(json, length, &list), 0);
	assert_int_equal(model_table_create(&list, NULL, 0, &all, &message), 0);
	model_list_finish(&list);
	for (size_t i = 0; i < model_table_count(all); i++) {
		const struct model *model = model_table_at(all, i);
		bool image = model->spec->modes[API_IMAGE_TO_IMAGE].present ||
			     model->spec->modes[API_IMAGE_TO_VIDEO].present;
		bool text = model->spec->modes[API_TEXT_TO_IMAGE].present ||
			    model->spec->modes[API_TEXT_TO_VIDEO].present;
		const char *prompts[] = {text ? "fox" : NULL, image ? "fox\nimage: a" : NULL};
		for (size_t p = 0; p < array_length(prompts); p++) {
			struct prompt prompt;
			CLEANUP_FREE char *why = NULL, *body = NULL;
			if (!prompts[p])
				continue;
			int r = prompt_parse(model, &(struct prompt_options){0}, prompts[p],
				strlen(prompts[p]), &prompt, &why);
			if (r == -EINVAL) {
				assert_non_null(strstr(why, model->spec->key));
				continue;
			}
			assert_int_equal(r, 0);
			for (size_t ref = 0; ref < prompt.ref_count; ref++)
				assert_int_equal(
					strlist_add(&prompt.request.images, "https://h/a"), 0);
			assert_int_equal(api_request_encode(&prompt.request, &body), 0);
			prompt_finish(&prompt);
			sent++;
		}
	}
	assert_true(sent > model_table_count(all));
	model_table_destroy(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_plain_text_gets_the_models_own),
		cmocka_unit_test(test_prompt_directives_anywhere),
		cmocka_unit_test(test_prompt_key_spellings),
		cmocka_unit_test(test_prompt_backslash_makes_text),
		cmocka_unit_test(test_prompt_blank_is_a_draft),
		cmocka_unit_test(test_prompt_dry_run),
		cmocka_unit_test(test_prompt_bytes_that_are_no_text),
		cmocka_unit_test(test_prompt_values_of_the_model),
		cmocka_unit_test(test_prompt_values_in_the_catalogues_spelling),
		cmocka_unit_test(test_prompt_webhooks),
		cmocka_unit_test(test_prompt_lengths_count_characters),
		cmocka_unit_test(test_prompt_settings_once_each),
		cmocka_unit_test(test_prompt_all_errors_in_order_and_at_most_eight),
		cmocka_unit_test(test_prompt_slips_are_errors),
		cmocka_unit_test(test_prompt_wrong_separators_are_errors),
		cmocka_unit_test(test_prompt_prose_is_left_alone),
		cmocka_unit_test(test_prompt_modes_of_pictures),
		cmocka_unit_test(test_prompt_modes_of_videos),
		cmocka_unit_test(test_prompt_refs_are_in_the_order_of_sending),
		cmocka_unit_test(test_prompt_falls_back_to_one_picture_and_says_so),
		cmocka_unit_test(test_prompt_too_many_refs),
		cmocka_unit_test(test_prompt_own_defaults),
		cmocka_unit_test(test_prompt_configured_defaults_where_they_fit),
		cmocka_unit_test(test_prompt_unknown_allowed),
		cmocka_unit_test(test_prompt_encodes),
		cmocka_unit_test(test_prompt_every_model_of_the_catalogue),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
