/* SPDX-License-Identifier: MIT */
/* What was meant as a setting and is none, and prose that looks like it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/prompt_probe.h"

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
		{"resoluton", "resolution"},
		{"qualtiy", "quality"},
		{"durration", "duration"},
		{"audoi", "audio"},
		{"websearch", "web search"},
		{"web hook", "webhook"},
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
		"theme", "format", "text", "caption", "model", "seed", "size", "size and place",
		"weather", "season", "summer", "winter", "spring", "autumn", "morning", "evening",
		"night", "day", "foreground object", "subject details", "in", "on", "no", "a", "he",
		"she", "it", "man", "woman", "child", "girl", "boy", "dog", "cat", "sign", "label",
		"poster", "logo", "music", "sound", "voice", "dialogue", "narrator", "speaker",
		"chapter", "act", "step", "first", "second", "last", "then", "finally", "important",
		"warning", "remember", "rule", "goal", "task", "context", "story", "plot", "hero",
		"face", "hair", "eyes", "clothes", "outfit", "pose", "gesture", "valley", "river",
		"forest", "mountain", "sea", "city", "street", "house", "room", "table", "chair",
		"window", "door", "wall", "floor", "ceiling", "center", "left", "right", "top",
		"bottom", "front", "back", "side", "inside", "outside", "smaller", "larger",
		"timber", "amber", "summary", "description", "example", "example text", "reference",
		"references", "aspects", "inspired by", "camera angle", "camera motion",
		"audio track", "video style", "image style", "negative space", "first shot",
		"opening", "closing", "frame", "frames", "panel", "layout", "grid", "rendering",
		"render", "engine", "quote", "http", "https"};

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

/* The service's own names mean what they say (API reference 3.2 to 3.7, 3.11, 3.15). */
static void test_prompt_the_services_names(void **state)
{
	static const struct {
		const char *dir, *line, *body;
	} names[] = {
		{"FLUX", "aspect_ratio: 16:9", "\"aspect_ratio\":\"16:9\""},
		{"FLUX", "negative_prompt: blur", "\"negative_prompt\":\"blur\""},
		{"FLUX", "image_number: 2", "\"image_number\":2"},
		{"FLUX", "num_images: 3", "\"image_number\":3"},
		{"FLUX", "webhook_url: https://h/w", "\"webhook_url\":\"https://h/w\""},
		{"FLUX", "caller_id: 7", "\"caller_id\":7"},
		{"FLUX", "images: https://h/a.png", "\"images\":[\"https://h/a.png\"]"},
		{"FLUX", "image_url: https://h/a.png", "\"images\":[\"https://h/a.png\"]"},
		{"FLUX", "img_url: https://h/a.png", "\"images\":[\"https://h/a.png\"]"},
		{"GPT_IMAGE_2", "quality: low", "\"quality\":\"low\""},
		{"GEMINI", "resolution: 2k", "\"resolution\":\"2k\""},
		{"GEMINI", "use_web_search: true", "\"use_web_search\":true"},
		{"SEEDANCE", "duration: 6", "\"duration\":6"},
		{"SEEDANCE", "video_number: 2", "\"video_number\":2"},
		{"SEEDANCE", "generate_audio: false", "\"generate_audio\":false"},
		{"SEEDANCE", "image_url: https://h/a.png", "\"image\":\"https://h/a.png\""},
		{"SEEDANCE", "first_frame_image: https://h/a.png", "\"image\":\"https://h/a.png\""},
		{"SEEDANCE", "first_pic_url: https://h/a.png\nend_pic_url: https://h/b.png",
			"\"first_pic_url\":\"https://h/a.png\",\"end_pic_url\":\"https://h/"
			"b.png\""},
		{"SEEDANCE", "videos: https://h/a.mp4", "\"videos\":[\"https://h/a.mp4\"]"},
		{"SEEDANCE", "video_url: https://h/a.mp4\naudios: https://h/a.mp3",
			"\"audios\":[\"https://h/a.mp3\"]"},
		/* what others call them, with an address */
		{"SEEDANCE", "start image: a.png\nend frame: b.png",
			"\"first_pic_url\":\"a.png\",\"end_pic_url\":\"b.png\""},
	};

	for (size_t i = 0; i < array_length(names); i++) {
		CLEANUP_FREE char *text = NULL, *body = NULL;
		assert_true(asprintf(&text, "a fox\n%s\n", names[i].line) > 0);
		struct prompt prompt = parse(names[i].dir, text);
		assert_string_equal(prompt.request.prompt, "a fox");
		for (size_t r = 0; r < prompt.ref_count; r++)
			assert_int_equal(
				prompt_add_input(&prompt, &prompt.refs[r], prompt.refs[r].value),
				0);
		assert_int_equal(prompt_encode(&prompt, &body), 0);
		if (!strstr(body, names[i].body))
			print_error("%s lacks %s\n", body, names[i].body);
		assert_non_null(strstr(body, names[i].body));
		prompt_finish(&prompt);
	}
	/* an address is no prose, wherever it stands */
	assert_refused_about(table, "FOUR", "fox\nimage_url: https://h/a",
		"line 2: image: FOUR makes pictures from text only");
	assert_refused_about(
		table, "FLUX", "fox\nvideo_url: https://h/a.mp4", "line 2: video: FLUX");
	assert_refused_about(
		table, "FLUX", "fox\nlast_frame_image: b.png", "line 2: last frame: FLUX");
	assert_refused("FLUX", "a fox\nimageurl: https://h/a",
		"line 2: 'imageurl' looks like the setting 'image'; correct it, or " ESCAPE);
	assert_refused("FLUX", "a fox\nimage number = 2", "line 2: write 'number: 2', or " ESCAPE);
}

/* Names of fields that no endpoint of a model has are words (API reference 3.12 to 3.23). */
static void test_prompt_fields_of_tools_are_prose(void **state)
{
	static const char *const lines[] = {"style: watercolor", "type: replace", "text: HELLO",
		"language: en", "mode: quick", "speed: 1.0", "vol: 4.0", "gender: f",
		"lyrics: la la la", "styles: POP", "description: a quiet song", "target_lang: en",
		"target_language: de", "bgm: yes", "voice_id: 85", "speakers: two", "query: cats",
		"background_color: RED", "bg_color: #ff8800", "area: 0.1 0.1 0.9 0.9",
		"audio_name: song", "input: a fox", "video_style: realistic_2",
		"template_config_id: 12", "canvas_size: large", "prompt_inputs: none",
		"face image: smiling", "tools: hammer and nails", "visualization: auto",
		"trace_id: 1", "batch_no: 7", "fixed: true"};

	for (size_t i = 0; i < array_length(lines); i++)
		assert_prose(lines[i]);
}

static void test_prompt_parameters_of_other_tools(void **state)
{
	static const char *const lines[] = {"seed: 42", "Seed: -1", "seed=42", "seed 42",
		"seed: random", "steps: 30",
		"Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768", "cfg: 7",
		"cfg scale: 7.5", "CFG_Scale = 7", "guidance_scale: 3.5", "guidance: 4",
		"num_inference_steps: 28", "clip skip: 2", "denoising strength: 0.5",
		"sampler: Euler a", "sampler: DPM++ 2M Karras", "scheduler: karras",
		"size: 1024x1024", "Size: 1024 \xc3\x97 768", "size: 1024x768px", "width: 1024",
		"height: 768", "model: FLUX", "model: flux", "model: DALL_E", "model: dall-e-3",
		"model: sdxl-1.0", "model: MIDJOURNEY", "model hash: 6ce0161689",
		"vae: x.safetensors", "lora: detail.safetensors", "batch size: 4", "num_outputs: 4",
		"fps: 24", "ar: 16:9", "output_format: png", "safety_tolerance: 2",
		"enhance_prompt: true", "watermark: false",
		"seed\xef\xbc\x9a\xef\xbc\x94\xef\xbc\x92", "\"seed\": 42,", "- seed: 42",
		"* steps: 30", "--ar 16:9", "--aspect 16:9", "--v 6", "--v 6.1", "--no text",
		"--q 2", "--chaos 20", "--stylize 250", "--s 750", "--seed=42", "--seed 42",
		"--niji 6", "--style raw", "--tile", "--iw 0.5", "--sref https://h/a.png",
		"--ar=3:2", "--AR 16:9", "in snow --ar 16:9", "in snow --v 6 --q 2",
		"in snow --no people, cars", "in snow --tile", "in snow, --ar 16:9",
		"in snow \xe2\x80\x94"
		"ar 16:9",
		"in snow \xe2\x80\x93\xe2\x80\x93"
		"v 6",
		"in snow -ar 16:9", "snow <lora:detail:0.8> night"};

	for (size_t i = 0; i < array_length(lines); i++) {
		CLEANUP_FREE char *text = NULL, *escaped = NULL;
		assert_true(asprintf(&text, "a fox\n%s\n", lines[i]) > 0);
		assert_refused_about(table, "FLUX", text, "line 2: ");
		assert_refused_about(table, "FLUX", text, ESCAPE);
		/* its own word makes it text */
		assert_true(asprintf(&escaped, "a fox\n\\%s", lines[i]) > 0);
		struct prompt prompt = parse("FLUX", escaped);
		assert_string_equal(prompt.request.prompt + strlen("a fox\n"), lines[i]);
		prompt_finish(&prompt);
	}
	assert_refused("FLUX", "a fox\nseed: 42",
		"line 2: 'seed: 42': this service has no such setting; remove it, or " ESCAPE);
	assert_refused("FLUX", "a fox --ar 16:9",
		"line 1: '--ar 16:9': write a line 'ratio: 16:9'; remove it, or " ESCAPE);
	assert_refused("FLUX", "a fox\nmodel: gemini",
		"line 2: 'model: gemini': the directory decides about the model; remove the line, "
		"or move the prompt to /GEMINI, or " ESCAPE);
	assert_refused("FLUX", "a fox\nmodel: FLUX",
		"line 2: 'model: FLUX': the directory says so already; remove the line, "
		"or " ESCAPE);
	assert_refused_about(
		table, "FLUX", "a fox\nnegative: blur --no text", "line 2: '--no text'");
	assert_refused_about(table, "FLUX", "prompt: a fox --v 6", "line 1: '--v 6'");
	assert_refused_about(
		table, "SEEDANCE", "a fox\nlength: 5s", "here it is called 'duration'");
}

/* What people write who have not read the manual; all of it would be paid for as words. */
static void test_prompt_other_words_for_settings(void **state)
{
	static const struct {
		const char *dir, *line, *right;
	} lines[] = {
		{"FLUX", "ratio - 16:9", "write 'ratio: 16:9'"},
		{"FLUX", "Aspect ratio -> 16:9", "write 'aspect ratio: 16:9'"},
		{"FLUX", "[ratio: 16:9]", "write 'ratio: 16:9'"},
		{"FLUX", "(aspect ratio: 16:9)", "write 'aspect ratio: 16:9'"},
		{"FLUX", "**Ratio:** 16:9", "write 'ratio: 16:9'"},
		{"FLUX", "* number: 2", "write 'number: 2'"},
		{"FLUX", "\"aspect_ratio\": \"16:9\",", "write 'aspect ratio: 16:9'"},
		{"FLUX", "neg: blur", "looks like the setting 'negative'"},
		{"FLUX", "negative prompts: blur", "looks like the setting 'negative prompt'"},
		{"FLUX", "amount: 4", "here it is called 'number'"},
		{"FLUX", "format: 16:9", "'format: 16:9'"},
		{"FLUX", "size: 16:9", "write 'ratio: 16:9'"},
		{"FLUX", "res: 2k", "here it is called 'resolution'"},
		{"FLUX", "photo: ../me.jpg", "write 'image: ../me.jpg'"},
		{"FLUX", "reference image: https://h/a", "write 'image: https://h/a'"},
		{"GPT_IMAGE_2", "image 1: a.png", "write 'image: a.png'"},
		{"GPT_IMAGE_2", "image2: b.png", "write 'image: b.png'"},
		{"SEEDANCE", "last image: b.png", "write 'last frame: b.png'"},
		{"SEEDANCE", "sound: on", "here it is called 'audio'"},
	};

	for (size_t i = 0; i < array_length(lines); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "a fox\n%s\n", lines[i].line) > 0);
		assert_refused_about(table, lines[i].dir, text, lines[i].right);
	}
}

/* Texts as people write them, with colons, dashes and numbers: none of it may be taken for anything but words. */
static void test_prompt_natural_prose(void **state)
{
	static const char *const texts[] = {"(steps:1.3), fox", "(ratio:1.2)", "[fox: red]",
		"(quality: high)", "picture: a fox", "photo: of a fox by the sea",
		"reference: the old masters", "source: unknown", "image 1 of 3 on the wall",
		"input: output", "first image: the fox; last image: the hill", "shape: round",
		"frame: gilded 3:2", "definition: high", "sound: of the sea", "res publica",
		"copies: of old keys", "batch: of bread", "neglected garden", "ratio - golden",
		"img: lost", "orientation: towards the sun", "a fox => a wolf", "seed: of doubt",
		"seed of doubt", "seeds: scattered on dark soil",
		"steps: worn marble, leading down", "steps leading to a temple",
		"model: a tall woman in a red dress", "model: Kate, smiling",
		"Model T Ford in the rain", "size: small", "size: life-size, 3 m tall",
		"size and scale: enormous", "width: narrow", "height: towering",
		"lake: calm, misty", "cake: three layers, strawberries", "tale: once upon a time",
		"tape: old cassette, worn label", "radio: vintage, bakelite, on a shelf",
		"revolution: crowds in the streets", "patio: terracotta tiles",
		"mage: old wizard with a staff", "cellar: wine racks, dim light",
		"collar: white lace", "taller: the man on the left", "audi: parked under a bridge",
		"native: a woman of the islands", "lumber: stacked in the yard",
		"equality: two hands", "duality: light and dark", "quantity: many, many birds",
		"images: of a distant past on the wall", "videos: playing on a wall of screens",
		"numbers: painted on the doors", "donation: a coin in a bowl",
		"sampler: a box of chocolates", "scheduler: a woman at a desk",
		"format: square poster with a border", "count: Dracula in his castle",
		"guidance: an angel's hand", "chaos: paint everywhere", "weird: yes, but friendly",
		"length: down to her waist", "frame: gilded, baroque", "frames: four, side by side",
		"end frame: the fox sleeps", "start frame: the fox looks up",
		"strength: a bear on its hind legs", "Strength: 18",
		"temperature: 20 degrees below zero", "version: a darker one of the same scene",
		"quality high, resolution 8k, award winning", "resolution 8k",
		"quote: \"less is more\"", "sign says: NO ENTRY", "on the sign: seed 42 for sale",
		"title: The Fox, subtitle: A Story", "at 16:9 in the evening", "time: 10:30",
		"10:30 in the morning", "score 3:2 on the board", "Psalm 23:1 in gold letters",
		"ratio of fox to snow: small", "the ratio: golden", "\"ratio\": golden",
		"golden ratio, rule of thirds", "image of a fox; video of a bear",
		"image; of a fox", "video game art", "audio cassette, 1980s", "number nine",
		"negative space, no text", "aspects: light, dark",
		"a well-known fox -- the red one -- sleeps",
		"a fox \xe2\x80\x94 no, a wolf \xe2\x80\x94 in snow",
		("a fox\xe2\x80\x94" "no wolf"),
		"the fox - v 6 painted on its side", "v6 engine, chrome", "a -very- small fox",
		"stop --, said the fox", "a fox--no wolf--in snow",
		"(masterpiece:1.2), (best quality:1.3), fox", "[fox:wolf:0.5] in snow",
		"fox BREAK snow", "{red|blue} fox", "fox::2 snow::1", "<fox> in <snow>",
		"https://example.org on a billboard", "call 0800:123", "https://example.org/a.png",
		"C:\\temp on a screen", "foo=bar written on a wall", "E = mc2 on a blackboard",
		"a=b", "x: 5, y: 7 on graph paper", "Act 1: the fox wakes", "Scene 2: the fox runs",
		"Shot 3: close-up", "1: fox", "2: snow", "1) a fox\n2) snow", "- a fox\n- snow",
		"* fox\n* snow", "> a quoted line", "| a | b |", "---\nfox\n---",
		"= fox =", "Fox: I am hungry.\nBear: Me, too.", "camera: dolly in, 35mm, f/1.8",
		"lens: 85mm f/1.4, iso: 200", "iso: 100", "f: 1.4", "shutter: 1/250",
		"lighting: 3-point", "style: 1:1 copy of a Vermeer",
		"color palette: #ff8800, #00ff88", "palette: teal; accent: orange",
		"mood: melancholy; time: dusk", "Style = baroque", "theme=space", "subject; a fox",
		"tiling: blue azulejos", "tile: hexagonal, white", "watermark: faint, of a stag",
		"upscale: a loft in Soho", "upscale restaurant", "vae: victis, carved in stone",
		"lora: a girl from Lisbon", "eta: the letter in bronze", "samples: of fabric",
		"dimensions: parallel", "checkpoint: soldiers at night",
		"model name: Aurora, a ship", "\xe8\x83\x8c\xe6\x99\xaf\xef\xbc\x9a\xe6\xb5\xb7",
		"\xd1\x84\xd0\xbe\xd0\xbd: \xd0\xbc\xd0\xbe\xd1\x80\xd0\xb5", "estilo: acuarela",
		"Hintergrund: Meer", "format d'image: paysage", "n\xc3\xa9gatif: photo", "n\nfox",
		"ratio\nfox", "take five jazz poster", "fallback plan on a whiteboard",
		"dry running shoes", "dry runway", "caller on a phone", "model: 1967 Mustang",
		"model: 911 turbo, red", "a steps 3 dance", "cfg is written on the wall",
		"ar: an area of the map"};

	for (size_t i = 0; i < array_length(texts); i++)
		assert_prose(texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_slips_are_errors),
		cmocka_unit_test(test_prompt_wrong_separators_are_errors),
		cmocka_unit_test(test_prompt_prose_is_left_alone),
		cmocka_unit_test(test_prompt_the_services_names),
		cmocka_unit_test(test_prompt_fields_of_tools_are_prose),
		cmocka_unit_test(test_prompt_parameters_of_other_tools),
		cmocka_unit_test(test_prompt_other_words_for_settings),
		cmocka_unit_test(test_prompt_natural_prose),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
