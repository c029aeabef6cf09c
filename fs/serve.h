/* SPDX-License-Identifier: MIT */
#pragma once
/* serve: one mount, from its settings to its end: the loop, the rooms bottom-up, signals, the key's file, and down again. */
#include "fs/daemon.h"
#include "fs/setup.h"

struct kept;

/* Takes over kept (NULL: no keeper); setup and daemon are borrowed. Whoever waits for `daemon` is told when the mount is usable, or
 * why it is not. Returns the exit code of the process; a mount that its keeper goes on with is left as it is, and the
 * process ends in here. */
int serve(struct setup *setup, struct daemon *daemon, struct kept *kept);
