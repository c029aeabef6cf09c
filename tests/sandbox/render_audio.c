/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/render_audio.h"

#include <math.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define RATE 22050

static void put(unsigned char *at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

struct blob *audio_encode(uint64_t seed, unsigned seconds)
{
	static const int steps[] = {0, 2, 4, 7, 9, 12}; /* of a pentatonic scale */
	uint32_t samples = RATE * (seconds ? seconds : 1), size = 44 + 2 * samples;
	unsigned char *data = xcalloc(1, size);
	double phase = 0, pitch = 440;

	memcpy(data, "RIFF\0\0\0\0WAVEfmt ", 16);
	put(data + 4, size - 8, 4);
	put(data + 16, 16, 4);
	put(data + 20, 1, 2); /* PCM, one channel, 16 bits */
	put(data + 22, 1, 2);
	put(data + 24, RATE, 4);
	put(data + 28, RATE * 2, 4);
	put(data + 32, 2, 2);
	put(data + 34, 16, 2);
	memcpy(data + 36, "data", 4);
	put(data + 40, 2 * samples, 4);
	for (uint32_t i = 0; i < samples; i++) {
		double fade = 1 - (double)(i % (RATE / 2)) / (RATE / 2);

		if (i % (RATE / 2) == 0) {
			seed = util_mix(seed);
			pitch = 261.6 * pow(2, steps[seed % 6] / 12.0);
		}
		phase += 2 * M_PI * pitch / RATE;
		put(data + 44 + 2 * i, (uint32_t)(int32_t)(sin(phase) * fade * 12000), 2);
	}
	return blob_create(data, size);
}
