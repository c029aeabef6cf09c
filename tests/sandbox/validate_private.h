/* SPDX-License-Identifier: MIT */
#pragma once
/* validate_private: what validate.c (which fields there are), validate_value.c (what each may be), validate_input.c (media
 * that are referred to) and validate_model.c (what the model decides) share. */
#include "tests/sandbox/cdn_url.h"
#include "tests/sandbox/validate.h"

#define WORD_MAX 64 /* of a value that is repeated in an answer */

struct check {
	struct sandbox *sandbox;
	const struct endpoint *endpoint;
	const json_t *model; /* NULL: the endpoint takes none */
	const char *model_key;
	struct generation *generation;
	struct validate_error *error;
	unsigned references;
};

/* Notes the refusal; returns -EINVAL. */
int check_refuse(struct check *check, enum wire_error error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int check_wrong_type(struct check *check, const struct field *field, const char *want);
/* A client's text is repeated only where it is short, so that no character is cut in two. */
const char *check_echo(const char *text);
/* What the catalogue says of the model in this mode; NULL: nothing. */
const json_t *check_mode_list(const struct check *check, const char *name);

int check_text(struct check *check, const struct field *field, const json_t *value, double min,
	double max);
int check_int(struct check *check, const struct field *field, const json_t *value, double min,
	double max);
/* A value held against a list: NULL knows nothing, an empty one forbids the field. */
int check_list(
	struct check *check, const struct field *field, const json_t *list, const json_t *value);
int check_url(struct check *check, const struct field *field, const json_t *value);
int check_input(struct check *check, const struct field *field, const json_t *value);
int check_inputs(struct check *check, const struct field *field, const json_t *value);
int check_base64(struct check *check, const struct field *field, const json_t *value);
int check_model_field(struct check *check, const struct field *field, const json_t *value);
int check_value(struct check *check, const struct field *field, const json_t *value);
