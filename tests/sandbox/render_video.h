/* SPDX-License-Identifier: MIT */
#pragma once
/* render_video: an MP4 of a picture with something that moves on it.
 *
 * Threads: one at a time. */
#include "tests/sandbox/render_picture.h"

/* NULL after a message on standard error. */
struct blob *video_encode(const struct picture *picture, unsigned seconds);
