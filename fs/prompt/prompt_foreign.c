/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_keys.h"
#include "fs/prompt/prompt_text.h"
#include "fs/prompt/prompt_value.h"

#define SHORT_MAX 200 /* bytes of a value that can be a parameter's */

enum kind {
	NUMBER,
	SIZE,    /* 1024x768 */
	SHAPE,   /* 16:9 */
	TIME,    /* 5, 5s */
	SAMPLER, /* one of those that there are */
	WEIGHTS, /* the name of a file */
	DIGEST,
	FORMAT,
	SWITCH, /* yes, no */
	MODEL,
};

#define HAS_SHAPE "write 'ratio: 16:9', and 'resolution: 2k' where the model has resolutions"
#define HAS_NUMBER "here it is called 'number'"
#define HAS_DURATION "here it is called 'duration'"
#define HAS_NOTHING NULL

static const struct parameter {
	const char *word; /* folded */
	enum kind kind;
	const char *here; /* NULL: the service has no such thing */
} parameters[] = {
	{"seed", NUMBER, HAS_NOTHING},
	{"noise seed", NUMBER, HAS_NOTHING},
	{"variation seed", NUMBER, HAS_NOTHING},
	{"steps", NUMBER, HAS_NOTHING},
	{"num steps", NUMBER, HAS_NOTHING},
	{"sampling steps", NUMBER, HAS_NOTHING},
	{"inference steps", NUMBER, HAS_NOTHING},
	{"num inference steps", NUMBER, HAS_NOTHING},
	{"hires steps", NUMBER, HAS_NOTHING},
	{"hires upscale", NUMBER, HAS_NOTHING},
	{"cfg", NUMBER, HAS_NOTHING},
	{"cfg scale", NUMBER, HAS_NOTHING},
	{"cfg rescale", NUMBER, HAS_NOTHING},
	{"distilled cfg scale", NUMBER, HAS_NOTHING},
	{"guidance", NUMBER, HAS_NOTHING},
	{"guidance scale", NUMBER, HAS_NOTHING},
	{"clip skip", NUMBER, HAS_NOTHING},
	{"eta", NUMBER, HAS_NOTHING},
	{"ensd", NUMBER, HAS_NOTHING},
	{"denoise", NUMBER, HAS_NOTHING},
	{"denoising strength", NUMBER, HAS_NOTHING},
	{"prompt strength", NUMBER, HAS_NOTHING},
	{"image strength", NUMBER, HAS_NOTHING},
	{"controlnet conditioning scale", NUMBER, HAS_NOTHING},
	{"motion bucket id", NUMBER, HAS_NOTHING},
	{"motion strength", NUMBER, HAS_NOTHING},
	{"stylize", NUMBER, HAS_NOTHING},
	{"chaos", NUMBER, HAS_NOTHING},
	{"weird", NUMBER, HAS_NOTHING},
	{"safety tolerance", NUMBER, HAS_NOTHING},
	{"upscale", NUMBER, HAS_NOTHING},
	{"upscale factor", NUMBER, HAS_NOTHING},
	{"fps", NUMBER, HAS_NOTHING},
	{"frame rate", NUMBER, HAS_NOTHING},
	{"framerate", NUMBER, HAS_NOTHING},
	{"num frames", NUMBER, HAS_DURATION},
	{"batch size", NUMBER, HAS_NUMBER},
	{"batch count", NUMBER, HAS_NUMBER},
	{"count", NUMBER, HAS_NUMBER},
	{"num outputs", NUMBER, HAS_NUMBER},
	{"num samples", NUMBER, HAS_NUMBER},
	{"num results", NUMBER, HAS_NUMBER},
	{"samples", NUMBER, HAS_NUMBER},
	{"width", NUMBER, HAS_SHAPE},
	{"height", NUMBER, HAS_SHAPE},
	{"size", SIZE, HAS_SHAPE},
	{"image size", SIZE, HAS_SHAPE},
	{"output size", SIZE, HAS_SHAPE},
	{"dimensions", SIZE, HAS_SHAPE},
	{"ar", SHAPE, "here it is called 'ratio'"},
	{"length", TIME, HAS_DURATION},
	{"seconds", TIME, HAS_DURATION},
	{"sampler", SAMPLER, HAS_NOTHING},
	{"sampler name", SAMPLER, HAS_NOTHING},
	{"sampling method", SAMPLER, HAS_NOTHING},
	{"scheduler", SAMPLER, HAS_NOTHING},
	{"schedule type", SAMPLER, HAS_NOTHING},
	{"checkpoint", WEIGHTS, HAS_NOTHING},
	{"lora", WEIGHTS, HAS_NOTHING},
	{"loras", WEIGHTS, HAS_NOTHING},
	{"vae", WEIGHTS, HAS_NOTHING},
	{"model hash", DIGEST, HAS_NOTHING},
	{"vae hash", DIGEST, HAS_NOTHING},
	{"format", FORMAT, HAS_NOTHING},
	{"output format", FORMAT, HAS_NOTHING},
	{"response format", FORMAT, HAS_NOTHING},
	{"tiling", SWITCH, HAS_NOTHING},
	{"tile", SWITCH, HAS_NOTHING},
	{"safety checker", SWITCH, HAS_NOTHING},
	{"enable safety checker", SWITCH, HAS_NOTHING},
	{"prompt upsampling", SWITCH, HAS_NOTHING},
	{"enhance prompt", SWITCH, HAS_NOTHING},
	{"prompt extend", SWITCH, HAS_NOTHING},
	{"magic prompt", SWITCH, HAS_NOTHING},
	{"watermark", SWITCH, HAS_NOTHING},
	{"model", MODEL, NULL},
	{"model name", MODEL, NULL},
	{"model id", MODEL, NULL},
};

static const struct parameter *find(const char *folded)
{
	for (size_t i = 0; i < array_length(parameters); i++)
		if (strcmp(parameters[i].word, folded) == 0)
			return &parameters[i];
	return NULL;
}

static bool is_one_of(const char *value, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

static bool begins_with_one_of(const char *value, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strncasecmp(value, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* One word, of the catalogue, in capitals, or with letters, digits and a mark in it, as keys of models have. */
static bool is_model(const struct model_table *models, const char *value)
{
	size_t capitals = 0, smalls = 0, digits = 0, marks = 0;

	for (size_t i = 0; models && i < model_table_count(models); i++) {
		const struct model *model = model_table_at(models, i);
		if (strcasecmp(model->spec->key, value) == 0 || strcasecmp(model->dir, value) == 0)
			return true;
	}
	for (const char *c = value; *c; c++) {
		capitals += *c >= 'A' && *c <= 'Z';
		smalls += *c >= 'a' && *c <= 'z';
		digits += *c >= '0' && *c <= '9';
		marks += strchr("_-./:", *c) != NULL;
		if (!strchr("_-./:", *c) && !(*c >= '0' && *c <= '9') &&
			!((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'))
			return false;
	}
	return (capitals > 1 && smalls == 0) ||
	       (digits > 0 && marks > 0 && capitals + smalls > 0) ||
	       (digits > 0 && capitals > 0 && smalls == 0);
}

static bool fits(const struct model *model, const struct model_table *models, enum kind kind,
	const char *value)
{
	static const char *const samplers[] = {"euler", "heun", "ddim", "ddpm", "dpm", "lms",
		"plms", "unipc", "lcm", "karras", "exponential", "sgm", "simple", "normal", "beta",
		"uniform", NULL};
	static const char *const formats[] = {
		"png", "jpg", "jpeg", "webp", "gif", "mp4", "url", "b64_json", "base64", NULL};
	static const char *const switches[] = {
		"yes", "no", "true", "false", "on", "off", "enabled", "disabled", NULL};
	static const char *const weights[] = {
		".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", NULL};
	CLEANUP_FREE char *time = NULL;
	const char *dot = strrchr(value, '.');
	char *end = NULL;

	switch (kind) {
	case NUMBER:
		return prompt_value_is_number(value);
	case SIZE:
		return prompt_value_is_pair(value, "xX*");
	case SHAPE:
		return prompt_value_is_pair(value, ":xX/");
	case TIME:
		/* "length: 5" of a snake in a picture */
		time = prompt_value_tidy(VALUE_SECONDS, value, strlen(value));
		return model->kind == API_VIDEO && time && prompt_value_is_number(time);
	case SAMPLER:
		return begins_with_one_of(value, samplers);
	case WEIGHTS:
		return dot && is_one_of(dot, weights);
	case DIGEST:
		strtoull(value, &end, 16);
		return strlen(value) >= 6 && *end == '\0';
	case FORMAT:
		return is_one_of(value, formats);
	case SWITCH:
		return is_one_of(value, switches);
	default:
		return is_model(models, value);
	}
}

static int complain_model(const struct model *model, const struct model_table *models,
	const char *value, char **ret_message)
{
	CLEANUP_FREE char *shown = message_quote(value);
	const struct model *other = NULL;
	int r;

	if (!shown)
		return -ENOMEM;
	for (size_t i = 0; models && i < model_table_count(models) && !other; i++)
		if (strcasecmp(model_table_at(models, i)->spec->key, value) == 0 ||
			strcasecmp(model_table_at(models, i)->dir, value) == 0)
			other = model_table_at(models, i);
	if (other && strcmp(other->spec->key, model->spec->key) == 0)
		r = message_refuse(ret_message,
			"'model: %s': the directory says so already; remove the line", shown);
	else if (other)
		r = message_refuse(ret_message,
			"'model: %s': the directory decides about the model; remove the line, or "
			"move the prompt to /%s",
			shown, other->dir);
	else
		r = message_refuse(ret_message,
			"'model: %s': the directory decides about the model, and this one is %s; "
			"remove the line",
			shown, model->spec->key);
	return r == -EINVAL ? 1 : r;
}

static int complain(const char *what, const char *between, const char *value, const char *here,
	char **ret_message)
{
	CLEANUP_FREE char *name = message_quote(what);
	CLEANUP_FREE char *shown = message_quote(value);

	if (!name || !shown)
		return -ENOMEM;
	int r = message_refuse(ret_message, "'%s%s%s': %s; remove it", name, between, shown,
		here ? here : "this service has no such setting");
	return r == -EINVAL ? 1 : r;
}

/* The value alone, or the first of a list of parameters: "20, Sampler: Euler a, CFG scale: 7". */
static bool take_first(char *value)
{
	char *comma = strchr(value, ',');

	if (!comma || !strchr(comma, ':') || comma == value)
		return false;
	*comma = '\0';
	return true;
}

int prompt_foreign_key(const struct model *model, const struct model_table *models,
	const char *folded, const char *value, size_t length, char **ret_message)
{
	const struct parameter *parameter = find(folded);

	if (!parameter || length == 0 || length > 8 * SHORT_MAX)
		return 0;
	CLEANUP_FREE char *tidy =
		prompt_value_tidy(parameter->kind == SIZE ? VALUE_SIZE : VALUE_WORD, value, length);
	if (!tidy)
		return -ENOMEM;
	bool yes = strlen(tidy) <= SHORT_MAX && fits(model, models, parameter->kind, tidy);
	if (!yes && take_first(tidy))
		yes = fits(model, models, parameter->kind, tidy);
	if (!yes && parameter->kind == NUMBER && strcasecmp(tidy, "random") == 0)
		yes = strcmp(folded, "seed") == 0;
	if (!yes)
		return 0;
	return parameter->kind == MODEL
		       ? complain_model(model, models, tidy, ret_message)
		       : complain(folded, ": ", tidy, parameter->here, ret_message);
}

int prompt_foreign_words(const struct model *model, const struct model_table *models,
	const char *line, size_t length, char **ret_message)
{
	char plain[SHORT_MAX], folded[PROMPT_KEY_MAX + 1];

	if (!prompt_plain_into(line, length, plain, sizeof(plain)))
		return 0;
	char *value = strrchr(plain, ' ');
	if (!value || !prompt_key_fold(plain, (size_t)(value - plain), folded))
		return 0;
	const struct parameter *parameter = find(folded);
	/* "sampler simple", "model T", "tile off": too near to prose without the colon */
	if (!parameter || parameter->kind > SIZE)
		return 0;
	return prompt_foreign_key(model, models, folded, value + 1, strlen(value + 1), ret_message);
}

/* --- options --- */

enum argument { RATIO_OF, NUMBER_OF, WORD_OF, ADDRESS_OF, NOTHING_OF, TEXT_OF };

static const struct option {
	const char *name;
	enum argument argument;
	const char *here;
} options[] = {
	{"ar", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"aspect", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"aspect-ratio", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"ratio", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"size", RATIO_OF, HAS_SHAPE},
	{"no", TEXT_OF, "write a line 'negative: …'"},
	{"neg", TEXT_OF, "write a line 'negative: …'"},
	{"negative", TEXT_OF, "write a line 'negative: …'"},
	{"negative-prompt", TEXT_OF, "write a line 'negative: …'"},
	{"n", NUMBER_OF, "write a line 'number: 2'"},
	{"num", NUMBER_OF, "write a line 'number: 2'"},
	{"number", NUMBER_OF, "write a line 'number: 2'"},
	{"r", NUMBER_OF, "write a line 'number: 2'"},
	{"repeat", NUMBER_OF, "write a line 'number: 2'"},
	{"duration", NUMBER_OF, "write a line 'duration: 5'"},
	{"quality", WORD_OF, "write a line 'quality: high' where the model has that"},
	{"q", NUMBER_OF, HAS_NOTHING},
	{"resolution", WORD_OF, "write a line 'resolution: 2k' where the model has that"},
	{"image", ADDRESS_OF, "write a line 'image: …'"},
	{"v", NUMBER_OF, HAS_NOTHING},
	{"version", NUMBER_OF, HAS_NOTHING},
	{"niji", NUMBER_OF, HAS_NOTHING},
	{"s", NUMBER_OF, HAS_NOTHING},
	{"stylize", NUMBER_OF, HAS_NOTHING},
	{"c", NUMBER_OF, HAS_NOTHING},
	{"chaos", NUMBER_OF, HAS_NOTHING},
	{"w", NUMBER_OF, HAS_NOTHING},
	{"h", NUMBER_OF, HAS_NOTHING},
	{"weird", NUMBER_OF, HAS_NOTHING},
	{"width", NUMBER_OF, HAS_SHAPE},
	{"height", NUMBER_OF, HAS_SHAPE},
	{"seed", NUMBER_OF, HAS_NOTHING},
	{"sameseed", NUMBER_OF, HAS_NOTHING},
	{"steps", NUMBER_OF, HAS_NOTHING},
	{"cfg", NUMBER_OF, HAS_NOTHING},
	{"cfg-scale", NUMBER_OF, HAS_NOTHING},
	{"guidance", NUMBER_OF, HAS_NOTHING},
	{"fps", NUMBER_OF, HAS_NOTHING},
	{"stop", NUMBER_OF, HAS_NOTHING},
	{"iw", NUMBER_OF, HAS_NOTHING},
	{"sw", NUMBER_OF, HAS_NOTHING},
	{"cw", NUMBER_OF, HAS_NOTHING},
	{"ow", NUMBER_OF, HAS_NOTHING},
	{"sv", NUMBER_OF, HAS_NOTHING},
	{"exp", NUMBER_OF, HAS_NOTHING},
	{"bs", NUMBER_OF, HAS_NOTHING},
	{"sref", WORD_OF, HAS_NOTHING},
	{"cref", ADDRESS_OF, HAS_NOTHING},
	{"oref", ADDRESS_OF, HAS_NOTHING},
	{"style", WORD_OF, HAS_NOTHING},
	{"profile", WORD_OF, HAS_NOTHING},
	{"p", WORD_OF, HAS_NOTHING},
	{"motion", WORD_OF, HAS_NOTHING},
	{"camera", WORD_OF, HAS_NOTHING},
	{"model", WORD_OF, "the directory decides about the model"},
	{"sampler", WORD_OF, HAS_NOTHING},
	{"tile", NOTHING_OF, HAS_NOTHING},
	{"fast", NOTHING_OF, HAS_NOTHING},
	{"relax", NOTHING_OF, HAS_NOTHING},
	{"turbo", NOTHING_OF, HAS_NOTHING},
	{"draft", NOTHING_OF, HAS_NOTHING},
	{"raw", NOTHING_OF, HAS_NOTHING},
	{"video", NOTHING_OF, HAS_NOTHING},
	{"loop", NOTHING_OF, HAS_NOTHING},
	{"hd", NOTHING_OF, HAS_NOTHING},
	{"niji", NOTHING_OF, HAS_NOTHING},
	{"creative", NOTHING_OF, HAS_NOTHING},
	{"test", NOTHING_OF, HAS_NOTHING},
	{"testp", NOTHING_OF, HAS_NOTHING},
	{"uplight", NOTHING_OF, HAS_NOTHING},
	{"upbeta", NOTHING_OF, HAS_NOTHING},
	{"public", NOTHING_OF, HAS_NOTHING},
	{"stealth", NOTHING_OF, HAS_NOTHING},
	{"p", NOTHING_OF, HAS_NOTHING},
};

/* Does `text` begin with an argument of this sort? One word of it is copied. */
static bool has_argument(enum argument argument, const char *text, char word[SHORT_MAX])
{
	size_t length = strcspn(text, " ,;");

	if (length >= SHORT_MAX)
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	switch (argument) {
	case RATIO_OF:
		return prompt_value_is_pair(word, ":xX/");
	case NUMBER_OF:
		if (length > 1 && (word[length - 1] == 's' || word[length - 1] == '.'))
			word[length - 1] = '\0';
		return prompt_value_is_number(word);
	case ADDRESS_OF:
		return prompt_value_is_place(word);
	case WORD_OF:
	case TEXT_OF:
		return length > 0;
	default:
		return length == 0 || strncmp(text, "--", 2) == 0;
	}
}

/* The option whose name is at `name`; *ret_word is its argument. */
static const struct option *find_option(const char *name, bool sure, char word[SHORT_MAX])
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
	const char *text = name + length;

	if (*text && !strchr(" =:", *text))
		return NULL;
	text += strspn(text, " =:");
	for (size_t i = 0; i < array_length(options); i++) {
		enum argument argument = options[i].argument;
		if (strlen(options[i].name) != length ||
			strncasecmp(options[i].name, name, length) != 0)
			continue;
		/* a dash that a word processor made of two, or a single one, is one of prose, too */
		if (!sure && argument != RATIO_OF && argument != NUMBER_OF)
			continue;
		if (has_argument(argument, text, word))
			return &options[i];
	}
	return NULL;
}

/* Bytes of the dashes at `text` that may begin an option; *ret_sure: nothing but an option begins with them. */
static size_t dashes(const char *text, bool *ret_sure)
{
	static const char *const others[] = {"\xe2\x80\x94", "\xe2\x80\x93\xe2\x80\x93",
		"\xe2\x80\x93", "\xe2\x88\x92\xe2\x88\x92", "\xe2\x80\x90\xe2\x80\x90",
		"\xef\xbc\x8d\xef\xbc\x8d"};

	*ret_sure = strncmp(text, "--", 2) == 0;
	if (*ret_sure)
		return 2;
	for (size_t i = 0; i < array_length(others); i++)
		if (strncmp(text, others[i], strlen(others[i])) == 0)
			return strlen(others[i]);
	return strncasecmp(text, "-ar", 3) == 0 ? 1 : 0;
}

/* "<lora:name:0.8>", as Stable Diffusion's programs have it. */
static const char *find_network(const char *line)
{
	static const char *const kinds[] = {"<lora:", "<lyco:", "<hypernet:"};

	for (size_t i = 0; i < array_length(kinds); i++) {
		const char *start = strcasestr(line, kinds[i]);
		if (start && strchr(start, '>'))
			return start;
	}
	return NULL;
}

int prompt_foreign_option(const char *line, size_t length, char **ret_message)
{
	CLEANUP_FREE char *text = strndup(line, length);
	char word[SHORT_MAX];
	bool sure;

	if (!text)
		return -ENOMEM;
	char *network = (char *)find_network(text);
	if (network) {
		strchr(network, '>')[1] = '\0';
		return complain(network, "", "", HAS_NOTHING, ret_message);
	}
	for (const char *at = text; *at; at++) {
		size_t width = dashes(at, &sure);
		if (width == 0 || (at > text && !strchr(" \t", at[-1])))
			continue;
		const struct option *option = find_option(at + width, sure, word);
		if (!option)
			continue;
		CLEANUP_FREE char *name = NULL;
		if (asprintf(&name, "--%s", option->name) < 0)
			return -ENOMEM;
		return complain(name, *word ? " " : "", word, option->here, ret_message);
	}
	return 0;
}
