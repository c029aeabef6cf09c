/* SPDX-License-Identifier: MIT */
#pragma once
/* keyring: the API key in the keyring of the desktop, by the program secret-tool (libsecret-tools). Reading it is
 * key_command's work. All of it waits: it is for the time before the loop runs. */
#include "config/secret.h"

/* "secret-tool lookup service weryaifs account NAME", what key_command is to be. Caller frees; NULL: no memory. */
char *keyring_command(const char *account);
/* 0, or a negative errno with a sentence. */
int keyring_store(const char *account, const struct secret *secret, char **ret_message);
