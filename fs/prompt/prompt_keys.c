/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_keys.h"

#include <stdint.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "fs/model/setting.h"
#include "fs/prompt/prompt.h"
#include "fs/prompt/prompt_text.h"

#define WORDS_MAX 6
#define NEAR_MIN 4     /* letters: shorter keys resemble too many words */
#define NEAR_TWO_MIN 6 /* letters of a key in which two slips are seen */

struct entry {
	const char *word;
	enum prompt_key_kind kind;
	int which;
	enum prompt_key_trust trust;
	const char *name; /* NULL: the word */
};

/* What every model's directory has. */
static const struct entry common[] = {
	{"ratio", KEY_SETTING, SETTING_RATIO, KEY_OURS, NULL},
	{"aspect ratio", KEY_SETTING, SETTING_RATIO, KEY_OURS, NULL},
	{"negative", KEY_SETTING, SETTING_NEGATIVE, KEY_OURS, NULL},
	{"negative prompt", KEY_SETTING, SETTING_NEGATIVE, KEY_OURS, NULL},
	{"number", KEY_SETTING, SETTING_NUMBER, KEY_OURS, NULL},
	{"n", KEY_SETTING, SETTING_NUMBER, KEY_OURS, NULL},
	{"resolution", KEY_SETTING, SETTING_RESOLUTION, KEY_OURS, NULL},
	{"quality", KEY_SETTING, SETTING_QUALITY, KEY_OURS, NULL},
	{"duration", KEY_SETTING, SETTING_DURATION, KEY_OURS, NULL},
	{"audio", KEY_SETTING, SETTING_AUDIO, KEY_OURS, NULL},
	{"web search", KEY_SETTING, SETTING_WEB_SEARCH, KEY_OURS, NULL},
	{"image", KEY_REF, REF_IMAGE, KEY_OURS, NULL},
	{"first frame", KEY_REF, REF_FIRST_FRAME, KEY_OURS, NULL},
	{"last frame", KEY_REF, REF_LAST_FRAME, KEY_OURS, NULL},
	{"video", KEY_REF, REF_VIDEO, KEY_OURS, NULL},
	{"audio ref", KEY_REF, REF_AUDIO, KEY_OURS, NULL},
	{"aspect", KEY_SETTING, SETTING_RATIO, KEY_SLIP, "ratio"},
	{"neg", KEY_SETTING, SETTING_NEGATIVE, KEY_SLIP, "negative"},
	{"neg prompt", KEY_SETTING, SETTING_NEGATIVE, KEY_SLIP, "negative"},
	/* the service's own names (API reference 3.2 to 3.7, 3.11) */
	{"prompt", KEY_WORDS, 0, KEY_SERVICES, NULL},
	{"image number", KEY_SETTING, SETTING_NUMBER, KEY_SERVICES, "number"},
	{"video number", KEY_SETTING, SETTING_NUMBER, KEY_SERVICES, "number"},
	{"num images", KEY_SETTING, SETTING_NUMBER, KEY_SERVICES, "number"},
	{"num videos", KEY_SETTING, SETTING_NUMBER, KEY_SERVICES, "number"},
	{"number of images", KEY_SETTING, SETTING_NUMBER, KEY_IF_FITS, "number"},
	{"number of videos", KEY_SETTING, SETTING_NUMBER, KEY_IF_FITS, "number"},
	{"generate audio", KEY_SETTING, SETTING_AUDIO, KEY_SERVICES, "audio"},
	{"use web search", KEY_SETTING, SETTING_WEB_SEARCH, KEY_SERVICES, "web search"},
	/* what people call a picture that they go by, with a path behind it */
	{"img", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"picture", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"photo", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"ref", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"reference", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"ref image", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"image ref", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"reference image", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"input", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"input image", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"source", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"source image", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"init image", KEY_REF, REF_IMAGE, KEY_SLIP_IF_FITS, "image"},
	{"first image", KEY_REF, REF_FIRST_FRAME, KEY_SLIP_IF_FITS, "first frame"},
	{"last image", KEY_REF, REF_LAST_FRAME, KEY_SLIP_IF_FITS, "last frame"},
	{"reference video", KEY_REF, REF_VIDEO, KEY_SLIP_IF_FITS, "video"},
	{"video ref", KEY_REF, REF_VIDEO, KEY_SLIP_IF_FITS, "video"},
	/* what others call the two ends of a film */
	{"start frame", KEY_REF, REF_FIRST_FRAME, KEY_IF_FITS, "first frame"},
	{"start image", KEY_REF, REF_FIRST_FRAME, KEY_IF_FITS, "first frame"},
	{"end frame", KEY_REF, REF_LAST_FRAME, KEY_IF_FITS, "last frame"},
	{"end image", KEY_REF, REF_LAST_FRAME, KEY_IF_FITS, "last frame"},
};

/* The service's names for inputs, in directories whose endpoints take such ones. */
static const struct entry images[] = {
	{"images", KEY_REF, REF_IMAGE, KEY_SERVICES, "image"},
	{"image url", KEY_REF, REF_IMAGE, KEY_SERVICES, "image"},
	{"image urls", KEY_REF, REF_IMAGE, KEY_SERVICES, "image"},
	{"img url", KEY_REF, REF_IMAGE, KEY_SERVICES, "image"},
	{"first pic url", KEY_REF, REF_FIRST_FRAME, KEY_SERVICES, "first frame"},
	{"first frame image", KEY_REF, REF_FIRST_FRAME, KEY_SERVICES, "first frame"},
	{"first frame url", KEY_REF, REF_FIRST_FRAME, KEY_SERVICES, "first frame"},
};

static const struct entry last_frames[] = {
	{"end pic url", KEY_REF, REF_LAST_FRAME, KEY_SERVICES, "last frame"},
	{"last pic url", KEY_REF, REF_LAST_FRAME, KEY_SERVICES, "last frame"},
	{"last frame image", KEY_REF, REF_LAST_FRAME, KEY_SERVICES, "last frame"},
	{"last frame url", KEY_REF, REF_LAST_FRAME, KEY_SERVICES, "last frame"},
};

static const struct entry films_and_sounds[] = {
	{"videos", KEY_REF, REF_VIDEO, KEY_SERVICES, "video"},
	{"video url", KEY_REF, REF_VIDEO, KEY_SERVICES, "video"},
	{"video urls", KEY_REF, REF_VIDEO, KEY_SERVICES, "video"},
	{"audios", KEY_REF, REF_AUDIO, KEY_SERVICES, "audio ref"},
	{"audio url", KEY_REF, REF_AUDIO, KEY_SERVICES, "audio ref"},
	{"audio urls", KEY_REF, REF_AUDIO, KEY_SERVICES, "audio ref"},
	{"reference audio", KEY_REF, REF_AUDIO, KEY_IF_FITS, "audio ref"},
};

/* About the prompt itself, in models and tools. */
static const struct entry everywhere[] = {
	{"dry run", KEY_DRY_RUN, 0, KEY_OURS, NULL},
	{"take", KEY_TAKE, 0, KEY_OURS, NULL},
	{"fallback", KEY_FALLBACK, 0, KEY_OURS, NULL},
};

static const struct entry callbacks[] = {
	{"webhook", KEY_SETTING, SETTING_WEBHOOK, KEY_OURS, NULL},
	{"caller", KEY_SETTING, SETTING_CALLER, KEY_OURS, NULL},
	{"webhook url", KEY_SETTING, SETTING_WEBHOOK, KEY_SERVICES, "webhook"},
	{"caller id", KEY_SETTING, SETTING_CALLER, KEY_SERVICES, "caller"},
};

/* What any tool calls an input of this kind: the first field that takes one. */
static const struct {
	const char *word;
	enum api_kind kind;
} inputs[] = {{"image", API_IMAGE}, {"image url", API_IMAGE}, {"img url", API_IMAGE},
	{"video", API_VIDEO}, {"video url", API_VIDEO}, {"audio ref", API_AUDIO},
	{"audio", API_AUDIO}, {"audio url", API_AUDIO}};

/* The first to come is the one that counts: a tool's field may have the name of a common key. */
static void add(struct prompt_keys *keys, const char *word, enum prompt_key_kind kind, int which,
	enum prompt_key_trust trust, const char *name)
{
	struct prompt_key *key = &keys->items[keys->count];

	if (keys->count == PROMPT_KEYS_MAX || !prompt_key_fold(word, strlen(word), key->word) ||
		prompt_key_find(keys, key->word))
		return;
	key->kind = kind;
	key->which = which;
	key->trust = trust;
	key->name = name;
	keys->count++;
}

static void add_entries(
	struct prompt_keys *keys, const struct entry *entries, size_t count, bool here)
{
	for (size_t i = 0; i < count; i++)
		add(keys, entries[i].word, entries[i].kind, entries[i].which,
			here ? entries[i].trust : KEY_IF_FITS,
			entries[i].name ? entries[i].name : entries[i].word);
}

static bool has(const struct model *model, enum api_mode mode)
{
	return model->spec->modes[mode].present && api_mode_kind(mode) == model->kind;
}

static void add_model(struct prompt_keys *keys, const struct model *model)
{
	bool several = has(model, API_MULTI_IMAGE_TO_VIDEO) || has(model, API_FIRST_LAST) ||
		       has(model, API_ALMIGHTY);

	add_entries(keys, common, array_length(common), true);
	add_entries(keys, callbacks, array_length(callbacks), true);
	add_entries(keys, images, array_length(images),
		several || has(model, API_IMAGE_TO_IMAGE) || has(model, API_IMAGE_TO_VIDEO));
	add_entries(keys, last_frames, array_length(last_frames), several);
	add_entries(
		keys, films_and_sounds, array_length(films_and_sounds), has(model, API_ALMIGHTY));
}

static void add_tool(struct prompt_keys *keys, const struct tool_spec *tool)
{
	for (size_t i = 0; i < tool->field_count; i++) {
		const struct tool_field *field = &tool->fields[i];
		bool words = field->type == TOOL_PROMPT;
		enum prompt_key_kind kind = words ? KEY_WORDS : KEY_FIELD;

		add(keys, field->key, kind, (int)i, words ? KEY_SERVICES : KEY_OURS, field->key);
		add(keys, field->name, kind, (int)i, KEY_SERVICES, field->key);
		if (words)
			add(keys, "prompt", kind, (int)i, KEY_SERVICES, "prompt");
	}
	for (size_t k = 0; k < array_length(inputs); k++)
		for (size_t i = 0; i < tool->field_count; i++)
			if (tool_type_is_input(tool->fields[i].type) &&
				tool_type_kind(tool->fields[i].type) == inputs[k].kind)
				add(keys, inputs[k].word, KEY_FIELD, (int)i, KEY_SERVICES,
					tool->fields[i].key);
	for (size_t i = 0; i < array_length(callbacks); i++)
		if (callbacks[i].which == SETTING_WEBHOOK ? tool->webhook : tool->callback)
			add_entries(keys, &callbacks[i], 1, true);
		else if (callbacks[i].trust == KEY_OURS)
			add(keys, callbacks[i].word, KEY_ELSEWHERE, 0, KEY_SERVICES, callbacks[i].word);
	for (size_t i = 0; i < array_length(common); i++)
		if (common[i].trust == KEY_OURS)
			add(keys, common[i].word, KEY_ELSEWHERE, 0, KEY_SERVICES, common[i].word);
}

void prompt_keys_init(struct prompt_keys *keys, const struct model *model)
{
	*keys = (struct prompt_keys){0};
	add_entries(keys, everywhere, array_length(everywhere), true);
	if (model->tool)
		add_tool(keys, model->tool);
	else
		add_model(keys, model);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '_';
}

bool prompt_key_fold(const char *data, size_t length, char ret_folded[PROMPT_KEY_MAX + 1])
{
	char plain[4 * PROMPT_KEY_MAX];
	size_t used = 0, words = 0;

	if (!prompt_plain_into(data, length, plain, sizeof(plain)))
		return false;
	for (size_t i = 0; plain[i]; i++) {
		char c = plain[i];
		if (is_blank(c))
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		bool letter = c >= 'a' && c <= 'z';
		if (!letter && !(used > 0 && c >= '0' && c <= '9'))
			return false;
		if (i == 0 || is_blank(plain[i - 1])) {
			if (++words > WORDS_MAX)
				return false;
			if (used > 0 && used < PROMPT_KEY_MAX)
				ret_folded[used++] = ' ';
		}
		if (used == PROMPT_KEY_MAX)
			return false;
		ret_folded[used++] = c;
	}
	ret_folded[used] = '\0';
	return words > 0;
}

const struct prompt_key *prompt_key_find(const struct prompt_keys *keys, const char *folded)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i].word, folded) == 0)
			return &keys->items[i];
	return NULL;
}

/* Equal but for the blanks: "webhookurl" */
static bool is_squashed(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

/* English words that look like a key of ours and stand before colons in prose. */
static bool is_word(const struct prompt_key *key, const char *folded)
{
	static const char *const words[] = {"patio", "radio", "ration", "ratios", "native",
		"negation", "negatives", "dumber", "lumber", "numbed", "numbers", "umber",
		"resolutions", "revolution", "revolutions", "duality", "equality", "quantity",
		"donation", "dilation", "audi", "audit", "audios", "images", "mage", "videos",
		"fallacy", "fullback"};

	/* "lake", "cellar" and hundreds more; and who knows what a tool's fields resemble */
	if (key->kind == KEY_TAKE || key->kind == KEY_FIELD ||
		(key->kind == KEY_SETTING && key->which == SETTING_CALLER))
		return true;
	for (size_t i = 0; i < array_length(words); i++)
		if (strcmp(words[i], folded) == 0)
			return true;
	return false;
}

const struct prompt_key *prompt_key_near(
	const struct prompt_keys *keys, const char *folded, bool *ret_is_word)
{
	const struct prompt_key *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (size_t i = 0; i < keys->count; i++) {
		const struct prompt_key *key = &keys->items[i];
		size_t distance = str_distance(key->word, folded);
		/* Two slips, one of them in the first letter, are rather another word: "summer", "valley". */
		bool two = strlen(key->word) >= NEAR_TWO_MIN && key->word[0] == folded[0];
		bool near = strlen(key->word) >= NEAR_MIN && distance <= (two ? 2U : 1U);
		if (key->trust != KEY_OURS)
			near = key->kind != KEY_ELSEWHERE && is_squashed(key->word, folded);
		if (near && distance < best_distance) {
			best = key;
			best_distance = distance;
		}
	}
	*ret_is_word = best && best->trust == KEY_OURS && is_word(best, folded);
	return best;
}

const struct prompt_key *prompt_key_begin(
	const struct prompt_keys *keys, const char *line, size_t length, size_t *ret_length)
{
	const struct prompt_key *best = NULL;
	char folded[PROMPT_KEY_MAX + 1];

	for (size_t i = 1; i < length; i++) {
		if (prompt_blank_width(line + i, length - i) == 0 || is_blank(line[i - 1]))
			continue;
		if (!prompt_key_fold(line, i, folded))
			break;
		const struct prompt_key *key = prompt_key_find(keys, folded);
		if (key) {
			best = key;
			*ret_length = i;
		}
	}
	return best;
}
