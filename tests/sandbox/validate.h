/* SPDX-License-Identifier: MIT */
#pragma once
/* validate: is a submission's body one that the service would take? (API reference 3.2-3.7)
 *
 * Strict: an unknown field, a wrong type or a value outside the model's list is refused, since the
 * service may refuse it. What the catalogue does not know is let through. */
#include "tests/sandbox/request.h"

struct validate_error {
	enum wire_error error;
	char text[256]; /* valid UTF-8, names the field */
};

/* 0, or -EINVAL with ret_error filled. */
int validate_request(struct sandbox *sandbox, const struct endpoint *endpoint, const json_t *body,
	struct generation **ret, struct validate_error *ret_error);
