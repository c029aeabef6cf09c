/* SPDX-License-Identifier: MIT */
#pragma once
/* limits: how long the reference videos and sounds of a prompt may play, each and together (API reference 3.7). */
#include "fs/input/reference.h"

/* Of a file or a result that was found, where the service limits it: input->duration_ms or input->unmeasured. */
void limits_measure(
	struct store *store, const struct job *job, const struct prompt_ref *ref, struct reference *input);
/* `inputs` by ref, as reference_look() has them: those that play for too short or too long become REFERENCE_WRONG. *ret_warning:
 * sentences about those whose duration is not known, which the caller frees; NULL none. -ENOMEM. */
int limits_check(const struct prompt *prompt, struct reference *inputs, char **ret_warning);
