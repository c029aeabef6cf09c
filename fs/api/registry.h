/* SPDX-License-Identifier: MIT */
#pragma once
/* registry: decodes a list of models, the built-in catalogue or a live registry answer (API reference 3.11),
 * into model_spec, and writes the catalogue in force as JSON. Pure. Owns its strings. */
#include "fs/api/errclass.h"
#include "fs/api/request.h"
#include "fs/api/tool.h"

/* What one model takes in one mode. "known" false: the catalogue says nothing, so nothing is checked;
 * known and empty: the model lists none, so the field must not be sent. */
struct mode_spec {
	bool present;
	bool ratios_known, resolutions_known, durations_known;
	struct strlist ratios, resolutions;
	struct strlist durations; /* decimal seconds */
	int negative;             /* 1 accepts a negative prompt, 0 not, API_UNSET unknown */
	int upload_limit;         /* reference images; API_UNSET unknown */
	int prompt_limit; /* code points, in this mode alone; API_UNSET: that of the model */
	bool unlisted;	  /* the live registry was asked and does not name it: it may be refused */
};

struct model_spec {
	char *key, *name; /* name: for people */
	struct mode_spec modes[API_MODE_COUNT];
	struct strlist qualities;   /* empty: not sent */
	int number_min, number_max; /* API_UNSET unknown */
	int audio;                  /* 1, 0, API_UNSET */
	int web_search;             /* 1, 0 or API_UNSET = 0 */
	int first_last_frame;       /* 1, 0, API_UNSET */
	int prompt_limit;           /* code points */
};

struct model_list {
	struct model_spec *items; /* owned; entries without any mode are left out */
	size_t count;
	struct tool_list tools; /* owned */
};

#define REGISTRY_MAX_MODELS 1000
#define REGISTRY_DEFAULT_PROMPT 2000 /* code points; API reference 8 */

/* The built-in catalogue: a JSON array (config/models.json). -EBADMSG, -ENOMEM. */
int registry_parse_catalogue(const char *json, size_t length, struct model_list *ret_list);
/* A live answer of the image (or video) registry. Same errors, and *error filled on a refusal (-EREMOTEIO). */
int registry_parse_live(enum api_kind kind, int http_status, const char *body, size_t length,
	struct model_list *ret_list, struct api_error *error);
/* The list as pretty JSON in the catalogue's own shape, the tools (fs/api/tool.h) behind the models; caller frees. */
int registry_format(const struct model_list *list, char **ret_json);
/* Overwrites *to, which must own nothing; untouched on -ENOMEM. */
int model_spec_copy(struct model_spec *to, const struct model_spec *from);
void model_spec_init(struct model_spec *spec); /* everything unknown, no modes, prompt_limit 2000 */
void model_spec_finish(struct model_spec *spec);
void model_list_finish(struct model_list *list);
bool model_spec_has_kind(const struct model_spec *spec, enum api_kind kind);
