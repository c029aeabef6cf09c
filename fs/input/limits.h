/* SPDX-License-Identifier: MIT */
#pragma once
/* input_limits: how long the reference videos and sounds of a prompt may play, each and together (API reference 3.7). */
#include "fs/input/reference.h"

/* Of a file or a result, where the service limits it: input->duration_ms or input->unmeasured. */
void input_limits_measure(
	struct gen *gen, const struct job *job, const struct prompt_ref *ref, struct input *input);
/* `inputs` by ref, as input_look() has them: those that play for too short or too long become INPUT_WRONG. *ret_warning:
 * sentences about those whose duration is not known, which the caller frees; NULL none. -ENOMEM. */
int input_limits_check(const struct prompt *prompt, struct input *inputs, char **ret_warning);
