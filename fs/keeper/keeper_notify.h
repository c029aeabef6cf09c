/* SPDX-License-Identifier: MIT */
#pragma once
/* keeper_notify: what systemd is told (sd_notify(3), without its library): a datagram to the socket in $NOTIFY_SOCKET.
 * Where there is none, all functions do nothing. */
#include <stdbool.h>
#include <stdint.h>

struct keeper_notify {
	int socket; /* owned; -1: nobody listens */
	bool ready; /* said */
	uint32_t running; /* said */
	int64_t watchdog_ms, alive_ms; /* how often it wants a sign, 0 never; the last one */
};

/* Takes $NOTIFY_SOCKET out of the environment: the daemon is not the unit's main process. */
int keeper_notify_create(struct keeper_notify *notify);
void keeper_notify_say(struct keeper_notify *notify, const char *line);
void keeper_notify_ready(struct keeper_notify *notify); /* once, and once more after each reload */
void keeper_notify_reloads(struct keeper_notify *notify);
void keeper_notify_running(struct keeper_notify *notify, uint32_t jobs); /* where it is another number */
void keeper_notify_alive(struct keeper_notify *notify); /* as often as it wants it */
