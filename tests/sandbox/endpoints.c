/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/endpoints.h"

#include <stddef.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define REQUIRED true
#define OPTIONAL false

#define CALLBACK_FIELDS                                                                            \
	{"webhook_url", FIELD_WEBHOOK, OPTIONAL},                                                  \
	{                                                                                          \
		"caller_id", FIELD_CALLER, OPTIONAL                                                \
	}

#define IMAGE_FIELDS                                                                               \
	{"model", FIELD_MODEL, REQUIRED}, {"prompt", FIELD_PROMPT, REQUIRED},                      \
		{"aspect_ratio", FIELD_RATIO, REQUIRED},                                           \
		{"negative_prompt", FIELD_NEGATIVE, OPTIONAL},                                     \
		{"image_number", FIELD_IMAGE_NUMBER, OPTIONAL, 1, 4},                              \
		{"quality", FIELD_QUALITY, OPTIONAL}, {"resolution", FIELD_RESOLUTION, OPTIONAL},  \
		{"use_web_search", FIELD_WEB_SEARCH, OPTIONAL}, CALLBACK_FIELDS

#define VIDEO_FIELDS                                                                               \
	{"model", FIELD_MODEL, REQUIRED}, {"prompt", FIELD_PROMPT, REQUIRED},                      \
		{"duration", FIELD_DURATION, REQUIRED, 1, 60},                                     \
		{"aspect_ratio", FIELD_RATIO, REQUIRED},                                           \
		{"resolution", FIELD_RESOLUTION, OPTIONAL},                                        \
		{"generate_audio", FIELD_AUDIO, OPTIONAL},                                         \
		{"negative_prompt", FIELD_NEGATIVE, OPTIONAL},                                     \
		{"video_number", FIELD_VIDEO_NUMBER, OPTIONAL, 1, 4}, CALLBACK_FIELDS

static const struct field text_to_image[] = {IMAGE_FIELDS, {0}};

static const struct field image_to_image[] = {
	IMAGE_FIELDS, {"images", FIELD_INPUTS, REQUIRED, 1, 16, NULL, MEDIA_IMAGE}, {0}};

static const struct field text_to_video[] = {VIDEO_FIELDS, {0}};

static const struct field image_to_video[] = {
	VIDEO_FIELDS, {"image", FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_IMAGE}, {0}};

static const struct field multi_image_to_video[] = {
	VIDEO_FIELDS, {"images", FIELD_INPUTS, REQUIRED, 1, 3, NULL, MEDIA_IMAGE}, {0}};

static const struct field first_last_image_to_video[] = {VIDEO_FIELDS,
	{"first_pic_url", FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_IMAGE},
	{"end_pic_url", FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_IMAGE}, {0}};

/* The reference requires neither a prompt nor a ratio here, and wants audio as a string. */
static const struct field almighty[] = {{"model", FIELD_MODEL, REQUIRED},
	{"prompt", FIELD_PROMPT, OPTIONAL}, {"duration", FIELD_DURATION, REQUIRED, 4, 15},
	{"images", FIELD_INPUTS, OPTIONAL, 0, 9, NULL, MEDIA_IMAGE},
	{"videos", FIELD_INPUTS, OPTIONAL, 0, 3, NULL, MEDIA_VIDEO, true},
	{"audios", FIELD_INPUTS, OPTIONAL, 0, 3, NULL, MEDIA_AUDIO, true},
	{"aspect_ratio", FIELD_RATIO, OPTIONAL}, {"resolution", FIELD_RESOLUTION, OPTIONAL},
	{"generate_audio", FIELD_AUDIO_TEXT, OPTIONAL},
	{"video_number", FIELD_VIDEO_NUMBER, OPTIONAL, 1, 4}, CALLBACK_FIELDS, {0}};

#define STANDARD .standard = true
#define ALIAS(name, of)                                                                            \
	{                                                                                          \
		name, FIELD_ALIAS, OPTIONAL, .words = WORDS(of)                                    \
	}
#define MODEL_FREE(...)                                                                            \
	{                                                                                          \
		__VA_ARGS__, CALLBACK_FIELDS,                                                      \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define IMAGE_URL(name)                                                                            \
	{                                                                                          \
		name, FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_IMAGE                               \
	}
#define VIDEO_URL                                                                                  \
	{                                                                                          \
		"video_url", FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_VIDEO                        \
	}

static const struct field image_to_prompt[] = {IMAGE_URL("img_url"),
	{"image_size", FIELD_INT, REQUIRED, 1, 1e9}, {"language", FIELD_TEXT, OPTIONAL, 1, 64},
	{"model", FIELD_TEXT, OPTIONAL, 1, 64}, {0}};
static const struct field image_bg_change[] =
	MODEL_FREE(IMAGE_URL("img_url"), {"prompt", FIELD_PROMPT, OPTIONAL},
		{"bg_color", FIELD_COLOUR, OPTIONAL}, ALIAS("background_color", "bg_color"));
static const struct field image_alone[] = MODEL_FREE(IMAGE_URL("img_url"));
static const struct field image_expand[] = MODEL_FREE(IMAGE_URL("img_url"),
	{"original_image_size", FIELD_SIZE, REQUIRED}, {"canvas_size", FIELD_SIZE, REQUIRED},
	{"original_image_location", FIELD_POINT, REQUIRED});
static const struct field image_face_swap[] =
	MODEL_FREE(IMAGE_URL("img_url"), IMAGE_URL("face_img_url"));
static const struct field image_reframe[] = MODEL_FREE(IMAGE_URL("img_url"),
	{"aspect_ratio", FIELD_WORD, REQUIRED,
		.words = WORDS("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")});
static const struct field image_text_erase[] =
	MODEL_FREE(IMAGE_URL("img_url"), {"model", FIELD_TEXT, OPTIONAL, 1, 64});
static const struct field image_translate[] =
	MODEL_FREE(IMAGE_URL("img_url"), {"target_lang", FIELD_TEXT, REQUIRED, 1, 64},
		{"type", FIELD_WORD, OPTIONAL, .words = WORDS("text", "image"), STANDARD},
		ALIAS("target_language", "target_lang"));

static const struct field video_anime_replace[] = MODEL_FREE(VIDEO_URL, IMAGE_URL("image_url"),
	{"type", FIELD_WORD, OPTIONAL, .words = WORDS("move", "replace"), STANDARD},
	{"resolution", FIELD_WORD, OPTIONAL, .words = WORDS("480p", "580p", "720p"), STANDARD},
	ALIAS("mode", "type"));
static const struct field video_background_remove[] = MODEL_FREE(
	VIDEO_URL, {"background_color", FIELD_WORD, OPTIONAL,
			   .words = WORDS("TRANSPARENT", "BLACK", "WHITE", "GRAY", "RED", "GREEN",
				   "BLUE", "YELLOW", "CYAN", "MAGENTA", "ORANGE"),
			   STANDARD});
/* Neither a webhook nor a number in its page. */
static const struct field video_extend[] = {VIDEO_URL, {"prompt", FIELD_PROMPT, REQUIRED},
	{"style", FIELD_WORD, OPTIONAL,
		.words = WORDS("anime", "3d_animation", "cyberpunk", "comic"), STANDARD},
	{"resolution", FIELD_WORD, OPTIONAL, .words = WORDS("360p", "540p", "720p", "1080p"),
		STANDARD},
	{"duration", FIELD_INT, OPTIONAL, 5, 8, STANDARD}, {"caller_id", FIELD_CALLER, OPTIONAL},
	{0}};
static const struct field video_face_change[] = MODEL_FREE(VIDEO_URL, IMAGE_URL("image_url"));
static const struct field video_lips_change[] =
	MODEL_FREE(VIDEO_URL, {"audio_url", FIELD_INPUT, REQUIRED, 1, 1, NULL, MEDIA_AUDIO});
static const struct field video_magic[] = MODEL_FREE(VIDEO_URL,
	{"video_style", FIELD_WORD, OPTIONAL,
		.words = WORDS("realistic_2", "anime_style_3", "anime_style_4"), STANDARD});
static const struct field video_rectangles[] = MODEL_FREE(
	VIDEO_URL, {"rect_vo_list", FIELD_RECTANGLES, OPTIONAL}, ALIAS("rects", "rect_vo_list"));
static const struct field video_subtitle_translate[] =
	MODEL_FREE(VIDEO_URL, {"target_language", FIELD_TEXT, REQUIRED, 1, 64});
static const struct field video_upscaler[] = MODEL_FREE(VIDEO_URL,
	{"resolution", FIELD_WORD, OPTIONAL, .words = WORDS("1080p", "2k", "4k"), STANDARD});

/* API reference 3.16: no webhook in its page. */
static const struct field video_merge[] = {
	{"video_urls", FIELD_INPUTS, REQUIRED, 2, 30, NULL, MEDIA_VIDEO},
	{"caller_id", FIELD_CALLER, OPTIONAL}, {0}};

/* trace_id is in no page; a client that sends it gets its result. */
static const struct field text_to_audio[] = MODEL_FREE({"text", FIELD_SPEECH, REQUIRED, 1, 500},
	{"voice_id", FIELD_INT, REQUIRED, 1, 0x1p62}, {"speed", FIELD_NUMBER_TEXT, OPTIONAL},
	{"vol", FIELD_NUMBER_TEXT, OPTIONAL}, {"trace_id", FIELD_TEXT, OPTIONAL, 0, 200});

static const struct field speech_recognize[] =
	MODEL_FREE({"audio_url", FIELD_INPUT, OPTIONAL, 1, 1, NULL, MEDIA_AUDIO},
		{"audio_base64", FIELD_BASE64, OPTIONAL}, {"language", FIELD_TEXT, OPTIONAL, 1, 16},
		{"trace_id", FIELD_TEXT, OPTIONAL, 0, 200});

static const struct field effect_template[] =
	MODEL_FREE({"template_config_id", FIELD_INT, REQUIRED, 0, 0x1p63},
		{"image_url", FIELD_INPUTS, REQUIRED, 1, 16, NULL, MEDIA_IMAGE},
		{"bgm", FIELD_BOOL, OPTIONAL}, {"aspect_ratio", FIELD_TEXT, OPTIONAL, 1, 64},
		{"prompt_inputs", FIELD_OBJECT, OPTIONAL});

static const struct field music[] =
	MODEL_FREE({"type", FIELD_WORD, REQUIRED, .words = WORDS("VOCAL_SONG", "ONLY_MUSIC")},
		{"description", FIELD_PROMPT, OPTIONAL}, {"styles", FIELD_STYLES, OPTIONAL},
		{"lyrics", FIELD_TEXT, OPTIONAL, 0, 10000},
		{"reference_audio", FIELD_INPUT, OPTIONAL, 1, 1, NULL, MEDIA_AUDIO},
		{"audio_name", FIELD_TEXT, OPTIONAL, 0, 200},
		{"gender", FIELD_WORD, OPTIONAL, .words = WORDS("m", "f")});

static const struct field podcast[] = MODEL_FREE({"query", FIELD_PROMPT, REQUIRED},
	{"speakers", FIELD_TEXTS, REQUIRED, 1, 2}, {"language", FIELD_TEXT, REQUIRED, 1, 16},
	{"mode", FIELD_WORD, REQUIRED, .words = WORDS("quick", "debate", "deep")});

#define IMAGE_TOOL(path, fields)                                                                   \
	{                                                                                          \
		path, NULL, MEDIA_IMAGE, .single_id = true, .field = fields                        \
	}
#define VIDEO_TOOL(path, fields)                                                                   \
	{                                                                                          \
		path, NULL, MEDIA_VIDEO, .single_id = true, .field = fields                        \
	}

static const struct endpoint endpoints[] = {
	{"text-to-image", "text-to-image", MEDIA_IMAGE, .field = text_to_image},
	{"image-to-image", "image-to-image", MEDIA_IMAGE, .field = image_to_image},
	{"text-to-video", "text-to-video", MEDIA_VIDEO, .field = text_to_video},
	{"image-to-video", "image-to-video", MEDIA_VIDEO, .field = image_to_video},
	{"multi-image-to-video", "multi-image-to-video", MEDIA_VIDEO,
		.field = multi_image_to_video},
	{"first-last-image-to-video", "first-last-image-to-video", MEDIA_VIDEO,
		.field = first_last_image_to_video},
	{"almighty-reference-to-video", "almighty-reference-to-video", MEDIA_VIDEO,
		.single_id = true, .field = almighty, .one_of = WORDS("images", "videos")},
	{"image-to-prompt", NULL, MEDIA_IMAGE, .synchronous = true, .field = image_to_prompt},
	{"image-bg-change", NULL, MEDIA_IMAGE, .single_id = true, .field = image_bg_change,
		.one_of = WORDS("prompt", "bg_color")},
	IMAGE_TOOL("image-bg-remove", image_alone),
	IMAGE_TOOL("image-expand", image_expand),
	IMAGE_TOOL("image-face-swap", image_face_swap),
	IMAGE_TOOL("image-reframe", image_reframe),
	IMAGE_TOOL("image-repair", image_alone),
	IMAGE_TOOL("image-text-erase", image_text_erase),
	IMAGE_TOOL("image-translate", image_translate),
	IMAGE_TOOL("image-upscale", image_alone),
	VIDEO_TOOL("video-anime-replace", video_anime_replace),
	VIDEO_TOOL("video-background-remove", video_background_remove),
	VIDEO_TOOL("video-extend", video_extend),
	VIDEO_TOOL("video-face-change", video_face_change),
	VIDEO_TOOL("video-lips-change", video_lips_change),
	VIDEO_TOOL("video-magic", video_magic),
	VIDEO_TOOL("video-subtitle-erase", video_rectangles),
	VIDEO_TOOL("video-subtitle-translate", video_subtitle_translate),
	VIDEO_TOOL("video-upscaler", video_upscaler),
	VIDEO_TOOL("video-watermark-remove", video_rectangles),
	VIDEO_TOOL("video-merge", video_merge),
	{"text-to-audio", NULL, MEDIA_AUDIO, .single_id = true, .field = text_to_audio},
	{"speech-recognize", NULL, MEDIA_TEXT, .single_id = true, .field = speech_recognize,
		.one_of = WORDS("audio_url", "audio_base64")},
	{"effect-template", NULL, MEDIA_VIDEO, .field = effect_template},
	{"music/generate", NULL, MEDIA_AUDIO, .single_id = true, .field = music,
		.one_of = WORDS("description", "styles")},
	{"podcast/generate/text", NULL, MEDIA_AUDIO, .single_id = true, .field = podcast},
};

const struct endpoint *endpoints_find(const char *path)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (strcmp(endpoints[i].path, path) == 0)
			return &endpoints[i];
	return NULL;
}
