/* SPDX-License-Identifier: MIT */
#pragma once
/* restart: `weryaifs --restart MOUNTPOINT`: asks the keeper of a mount for another daemon, of the program and with the
 * settings of now. */

/* Says what went wrong. The exit code. */
int restart_mount(const char *mountpoint);
