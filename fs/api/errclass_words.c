/* SPDX-License-Identifier: MIT */
#include "fs/api/errclass_words.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "fs/base/cleanup.h"

static bool mentions(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

/* A whole word: "rate" is in "generate" and "key" in "model_key". */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
		bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
		bool ends = !(isalnum((unsigned char)at[length]) || at[length] == '_');

		if (starts && ends)
			return true;
	}
	return false;
}

static bool has_any_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (has_word(text, *words))
			return true;
	return false;
}

bool errwords_rate(const char *text)
{
	static const char *const certain[] = {"rate limit", "rate_limit", "rate-limit", "ratelimit",
		"rate exceed", "frequency", "frequently", "too many request", "too many call",
		"too many task", "too fast", "频率", "频繁", "限流", "过快", NULL};

	return mentions(text, certain);
}

bool errwords_maybe_rate(const char *text)
{
	return has_word(text, "rate") || strcasestr(text, "too many") ||
	       (strcasestr(text, "limit") && strcasestr(text, "request"));
}

bool errwords_parameter(const char *text)
{
	static const char *const words[] = {"cannot be empty", "can not be empty",
		"should not be empty", "required", "invalid", "not support", "unsupported",
		"parameter", "must be", "must not", "is empty", "missing", "too long", "length",
		"frame rate", "too many image", "too many video", "too many audio", "too many char",
		"参数", "不能为空", "不支持", "无效", NULL};

	return mentions(text, words);
}

bool errwords_no_task(const char *text)
{
	static const char *const words[] = {"task not exist", "batch not exist",
		"task does not exist", "batch does not exist", "no tasks found", "task not found",
		"batch not found", "task id error", "任务不存在", NULL};

	return mentions(text, words);
}

bool errwords_content(const char *text)
{
	static const char *const parts[] = {"sensitive", "moderation", "content policy",
		"content safety", "content check", "content flag", "flagged", "inappropriate",
		"prohibited content", "policy violation", "content violation", "violates the",
		"violates our", "copyright", "safety system", "safety check", "敏感", "违规",
		"审核", "违禁", "色情", "暴力", "版权", NULL};
	static const char *const whole[] = {"nsfw", "unsafe", "pornographic", NULL};

	return mentions(text, parts) || has_any_word(text, whole);
}

bool errwords_credentials(const char *text)
{
	static const char *const parts[] = {"api key", "api_key", "apikey", "api-key", "unauthor",
		"authenticat", "authoriz", "密钥", "未授权", "鉴权", "认证", NULL};

	return mentions(text, parts) || has_word(text, "token") ||
	       (has_word(text, "key") && !strcasestr(text, "model key"));
}

bool errwords_no_model(const char *text)
{
	static const char *const words[] = {"model is not exist", "model not exist",
		"model does not exist", "model not support", "model is not support",
		"model not found", "no such model", "unknown model", "模型不存在", "不支持该模型",
		NULL};

	return mentions(text, words);
}

/* API reference 5.4; the longer of two that begin alike stands first. */
const char *errwords_field(const char *text)
{
	static const struct {
		const char *words, *field;
	} blames[] = {
		{"negative prompt", "negative_prompt"},
		{"prompt and bg_color", "bg_color"},
		{"aspect ratio", "aspect_ratio"},
		{"aspect_ratio", "aspect_ratio"},
		{"resolution", "resolution"},
		{"duration", "duration"},
		{"video number", "video_number"},
		{"image number", "image_number"},
		{"target language", "target_language"},
		{"template config id", "template_config_id"},
		{"template config is not available", "template_config_id"},
		{"rectvolist", "rect_vo_list"},
		{"rect_vo_list", "rect_vo_list"},
		{"upscale factor", "upscale_factor"},
		{"callerid", "caller_id"},
		{"caller id", "caller_id"},
		{"caller_id", "caller_id"},
		{"image url", "image"},
		{"video url", "video"},
		{"audio url", "audio"},
		{"images cannot", "images"},
		{"images exceeds", "images"},
		{"multiple images", "images"},
		{"image cannot", "image"},
		{"image type", "image"},
		{"model", "model"},
		{"prompt cannot", "prompt"},
		{"query cannot", "query"},
		{"speakers cannot", "speakers"},
		{"language cannot", "language"},
		{"music type", "type"},
		{"mode cannot", "mode"},
	};

	for (size_t i = 0; i < array_length(blames); i++)
		if (strcasestr(text, blames[i].words))
			return blames[i].field;
	return NULL;
}
