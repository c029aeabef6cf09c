/* SPDX-License-Identifier: MIT */
#pragma once
/* render_audio: a WAV of a few tones. */
#include "tests/sandbox/content.h"

struct blob *audio_encode(uint64_t seed, unsigned seconds);
