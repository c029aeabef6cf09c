/* SPDX-License-Identifier: MIT */
#pragma once
/* confinement: what a daemon can reach once it serves a mount, and what one cannot be confined (fs/base/confine.h): its state, its
 * cache, its key and settings, what the system's libraries read, and the ports of the service. The bytes of images, films and
 * JSON that come from outside are looked at behind it only. What needs more than that is the keeper's to do: mounting, unmounting,
 * and starting programs. */
#include <stdbool.h>

#include "fs/setup.h"

struct store;

/* To be called while there is one thread. A kernel that cannot is no error. `kept`: there is a keeper. */
int confinement_apply(const struct setup *setup, bool kept, const struct store *store);
/* "confined: ..." or "not confined: why": of a mount with these settings. Caller frees; NULL: out of memory. */
char *confinement_describe(const struct setup *setup, bool kept);
