/* SPDX-License-Identifier: MIT */
#pragma once
/* keeper_become: this process becomes the keeper (fs/keeper), which starts us again as the daemon that it keeps. */
#include "fs/daemon.h"
#include "fs/setup.h"

/* The program is weryaifs-keeper beside our own, else the installed one. Does not return where it can be run. The daemon
 * gets the words of argv, as options_parse() has left them, with absolute paths, and the key where it was. */
void keeper_become(const struct daemon *daemon, const struct setup *setup, int argc, char **argv);
