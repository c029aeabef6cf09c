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
	HEIGHT,  /* 1080p, 2k */
	TIME,    /* 5, 5s */
	SAMPLER, /* one of those that there are */
	WEIGHTS, /* the name of a file */
	DIGEST,
	FORMAT,
	SWITCH, /* yes, no */
	MODEL,
};

#define HAS_NUMBER "here it is called 'number'"
#define HAS_DURATION "here it is called 'duration'"

static const struct parameter {
	const char *word; /* folded */
	enum kind kind;
	const char *here; /* NULL: the service has no such thing */
} parameters[] = {
	{"seed", NUMBER, NULL},
	{"noise seed", NUMBER, NULL},
	{"variation seed", NUMBER, NULL},
	{"steps", NUMBER, NULL},
	{"num steps", NUMBER, NULL},
	{"sampling steps", NUMBER, NULL},
	{"inference steps", NUMBER, NULL},
	{"num inference steps", NUMBER, NULL},
	{"hires steps", NUMBER, NULL},
	{"hires upscale", NUMBER, NULL},
	{"cfg", NUMBER, NULL},
	{"cfg scale", NUMBER, NULL},
	{"cfg rescale", NUMBER, NULL},
	{"distilled cfg scale", NUMBER, NULL},
	{"guidance", NUMBER, NULL},
	{"guidance scale", NUMBER, NULL},
	{"clip skip", NUMBER, NULL},
	{"eta", NUMBER, NULL},
	{"ensd", NUMBER, NULL},
	{"denoise", NUMBER, NULL},
	{"denoising strength", NUMBER, NULL},
	{"prompt strength", NUMBER, NULL},
	{"image strength", NUMBER, NULL},
	{"controlnet conditioning scale", NUMBER, NULL},
	{"motion bucket id", NUMBER, NULL},
	{"motion strength", NUMBER, NULL},
	{"stylize", NUMBER, NULL},
	{"chaos", NUMBER, NULL},
	{"weird", NUMBER, NULL},
	{"safety tolerance", NUMBER, NULL},
	{"upscale", NUMBER, NULL},
	{"upscale factor", NUMBER, NULL},
	{"fps", NUMBER, NULL},
	{"frame rate", NUMBER, NULL},
	{"framerate", NUMBER, NULL},
	{"num frames", NUMBER, HAS_DURATION},
	{"batch size", NUMBER, HAS_NUMBER},
	{"batch count", NUMBER, HAS_NUMBER},
	{"count", NUMBER, HAS_NUMBER},
	{"num", NUMBER, HAS_NUMBER},
	{"amount", NUMBER, HAS_NUMBER},
	{"quantity", NUMBER, HAS_NUMBER},
	{"variations", NUMBER, HAS_NUMBER},
	{"variants", NUMBER, HAS_NUMBER},
	{"outputs", NUMBER, HAS_NUMBER},
	{"copies", NUMBER, HAS_NUMBER},
	{"batch", NUMBER, HAS_NUMBER},
	{"num outputs", NUMBER, HAS_NUMBER},
	{"num samples", NUMBER, HAS_NUMBER},
	{"num results", NUMBER, HAS_NUMBER},
	{"samples", NUMBER, HAS_NUMBER},
	{"width", NUMBER, PROMPT_HAS_SHAPE},
	{"height", NUMBER, PROMPT_HAS_SHAPE},
	{"size", SIZE, PROMPT_HAS_SHAPE},
	{"image size", SIZE, PROMPT_HAS_SHAPE},
	{"output size", SIZE, PROMPT_HAS_SHAPE},
	{"dimensions", SIZE, PROMPT_HAS_SHAPE},
	{"ar", SHAPE, "here it is called 'ratio'"},
	{"shape", SHAPE, "here it is called 'ratio'"},
	{"frame", SHAPE, "here it is called 'ratio'"},
	{"orientation", SHAPE, "here it is called 'ratio'"},
	{"proportions", SHAPE, "here it is called 'ratio'"},
	{"res", HEIGHT, "here it is called 'resolution'"},
	{"definition", HEIGHT, "here it is called 'resolution'"},
	{"sound", SWITCH, "here it is called 'audio'"},
	{"length", TIME, HAS_DURATION},
	{"seconds", TIME, HAS_DURATION},
	{"sampler", SAMPLER, NULL},
	{"sampler name", SAMPLER, NULL},
	{"sampling method", SAMPLER, NULL},
	{"scheduler", SAMPLER, NULL},
	{"schedule type", SAMPLER, NULL},
	{"checkpoint", WEIGHTS, NULL},
	{"lora", WEIGHTS, NULL},
	{"loras", WEIGHTS, NULL},
	{"vae", WEIGHTS, NULL},
	{"model hash", DIGEST, NULL},
	{"vae hash", DIGEST, NULL},
	{"format", FORMAT, NULL},
	{"output format", FORMAT, NULL},
	{"response format", FORMAT, NULL},
	{"tiling", SWITCH, NULL},
	{"tile", SWITCH, NULL},
	{"safety checker", SWITCH, NULL},
	{"enable safety checker", SWITCH, NULL},
	{"prompt upsampling", SWITCH, NULL},
	{"enhance prompt", SWITCH, NULL},
	{"prompt extend", SWITCH, NULL},
	{"magic prompt", SWITCH, NULL},
	{"watermark", SWITCH, NULL},
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
	size_t digits;

	switch (kind) {
	case NUMBER:
		return prompt_value_is_number(value);
	case SIZE:
		return prompt_value_is_pair(value, "xX*:");
	case HEIGHT:
		digits = strspn(value, "0123456789");
		return digits > 0 && strchr("pPkK", value[digits]) && value[digits] &&
		       value[digits + 1] == '\0';
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
		return is_one_of(value, formats) || prompt_value_is_pair(value, ":xX/");
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

int prompt_foreign_complain(const char *what, const char *between, const char *value,
	const char *here, char **ret_message)
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
		       : prompt_foreign_complain(folded, ": ", tidy, parameter->here, ret_message);
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
