/* SPDX-License-Identifier: MIT */
#pragma once
/* restart: asks the keeper of a mount for another daemon, of the program and with the settings of now. */

/* `weryaifs --restart MOUNTPOINT`: says what went wrong. The exit code. */
int restart_mount(const char *mountpoint);
/* The daemon asks its own keeper, which says in the log what went wrong. 0, or negative errno: it could not be asked. */
int restart_self(void);
