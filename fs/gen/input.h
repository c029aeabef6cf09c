/* SPDX-License-Identifier: MIT */
#pragma once
/* input: from the reference lines of a prompt to the addresses that its request carries (design 1.4). */
#include "fs/gen/prompt.h"

/* Fills request.images, videos, audios. 0, -ENOMEM, or -EINVAL with a sentence in *ret_message (caller frees). */
int input_resolve(struct prompt *prompt, char **ret_message);
