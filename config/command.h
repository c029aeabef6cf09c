/* SPDX-License-Identifier: MIT */
#pragma once
/* command: runs key_command and takes what it prints. Blocks, so it is for the time before the loop
 * runs. The command has our terminal and standard error, for it may ask for a passphrase. */
#include <stddef.h>

/* Up to `size` bytes of output. -ETIMEDOUT, -EFBIG (more than that), -ENOKEY (it failed), or the
 * errno of what could not be done; with a sentence in *ret_message. */
int command_run(const char *command, int timeout_ms, char *data, size_t size, size_t *ret_length,
	char **ret_message);
