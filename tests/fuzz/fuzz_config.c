/* SPDX-License-Identifier: MIT */
/* libFuzzer: any bytes as weryaifs.conf, and their first line as an -o item. What must hold: no error
 * without a sentence, nothing taken from a refused file, and what was taken stays within its bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "config/url.h"
#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "tests/fuzz/holds.h"

static void assert_sane(const struct config *config)
{
	HOLDS(config->max_active >= 1 && config->max_active <= 1000);
	HOLDS(config->poll_interval_ms >= 10);
	HOLDS(config->umask >= -1 && config->umask <= 0777);
	HOLDS(strlen(config->account) <= 64 && !strchr(config->account, '/'));
	HOLDS(!url_refusal(config->base_url) && !url_refusal(config->models_base_url));
	for (size_t i = 0; i < config->param_count; i++)
		HOLDS(str_is_utf8(config->params[i].value, strlen(config->params[i].value)));
}

static void check_option(const uint8_t *data, size_t size)
{
	struct config config;
	char *message = NULL;
	const uint8_t *newline = memchr(data, '\n', size);
	CLEANUP_FREE char *item =
		strndup((const char *)data, newline ? newline - data : (long)size);

	HOLDS(item && config_init(&config, &message) == 0);
	int r = config_set_option(&config, item, &message);
	HOLDS((r < 0) == (message != NULL));
	assert_sane(&config);
	free(message);
	config_finish(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	char path[32], *message = NULL;
	CLEANUP_CLOSE int fd = memfd_create("weryaifs.conf", MFD_CLOEXEC);

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	HOLDS(config_init(&config, &message) == 0);
	int r = config_load(&config, path, &message);
	HOLDS((r < 0) == (message != NULL));
	HOLDS(r == 0 || (config.param_count == 0 && config.settle_ms == 1000));
	assert_sane(&config);
	free(message);
	config_finish(&config);
	check_option(data, size);
	return 0;
}
