/* SPDX-License-Identifier: MIT */
#pragma once
/* measure: how long an uploaded video or sound plays, by libav.
 *
 * Threads: any. */
#include "tests/sandbox/content.h"

/* Seconds; NAN: it cannot be played. */
double measure_seconds(const struct blob *blob);
