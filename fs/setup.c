/* SPDX-License-Identifier: MIT */
#include "fs/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/catalogue.h"
#include "fs/base/cleanup.h"
#include "fs/paths.h"
#include "fs/refuse.h"

/* What is said about the places of files must hold after chdir("/"), and for SIGHUP. */
static int make_absolute(char **path)
{
	if (!*path)
		return 0;
	char *absolute = paths_absolute(*path);
	if (!absolute)
		return -errno;
	free(*path);
	*path = absolute;
	return 0;
}

static int make_paths_absolute(struct options *options)
{
	const char *key_file = getenv("WERYAI_API_KEY_FILE");
	int r = make_absolute(&options->mountpoint);

	if (r == 0)
		r = make_absolute(&options->config_path);
	if (r < 0 || !key_file || key_file[0] == '\0')
		return r;
	CLEANUP_FREE char *absolute = paths_absolute(key_file);
	return !absolute || setenv("WERYAI_API_KEY_FILE", absolute, 1) < 0 ? -errno : 0;
}

static int load_file(const struct options *options, struct config *config, char **ret_message)
{
	if (options->config_path)
		return config_load(config, options->config_path, ret_message);
	CLEANUP_FREE char *path = config_default_path();
	if (!path || access(path, F_OK) < 0)
		return 0;
	return config_load(config, path, ret_message);
}

/* *ret_usage: the command line is to blame. *config is to be finished whatever happens. */
static int load_config(
	const struct options *options, struct config *config, bool *ret_usage, char **ret_message)
{
	int r = config_init(config, ret_message);

	if (r == 0)
		r = load_file(options, config, ret_message);
	if (r == 0 && !options->sandbox)
		r = config_environment(config, ret_message);
	for (size_t i = 0; r == 0 && i < options->item_count; i++) {
		r = config_set_option(config, options->items[i], ret_message);
		*ret_usage = r < 0;
	}
	if (r == 0 && options->account) {
		CLEANUP_FREE char *item = NULL;
		if (asprintf(&item, "account=%s", options->account) < 0) {
			item = NULL;
			return -ENOMEM;
		}
		r = config_set_option(config, item, ret_message);
		*ret_usage = r < 0;
	}
	if (r == 0 && options->sandbox) {
		free(steal(&config->key_file));
		free(steal(&config->key_command));
	}
	return r < 0 ? r : config_check(config, ret_message);
}

static void look_at_file(const struct options *options, struct stat *ret_status)
{
	CLEANUP_FREE char *otherwise = options->config_path ? NULL : config_default_path();
	const char *path = options->config_path ? options->config_path : otherwise;

	if (!path || stat(path, ret_status) < 0)
		*ret_status = (struct stat){0};
}

static int load_models(struct setup *setup, char **ret_message)
{
	size_t count = setup->config.param_count;

	setup->params = calloc(count + 1, sizeof(*setup->params));
	if (!setup->params)
		return -ENOMEM;
	setup->param_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct config_param *param = &setup->config.params[i];
		setup->params[i] = (struct model_param){.model = param->model,
			.key = param->key,
			.value = param->value,
			.where = param->where};
	}
	int r = registry_parse_catalogue(catalogue_json, catalogue_json_length, &setup->catalogue);
	if (r == 0)
		r = tool_list_parse(tools_json, tools_json_length, &setup->catalogue.tools);
	return r < 0 ? r
		     : model_table_create(&setup->catalogue, setup->params, count, &setup->models,
			       ret_message);
}

static bool has_environment_key(void)
{
	const char *key = getenv("WERYAI_API_KEY");

	return key && key[0] != '\0';
}

static int load_key(struct setup *setup, char **ret_message)
{
	if (setup->options.sandbox)
		return 0;
	setup->key_in_environment = has_environment_key();
	return secret_load(&setup->config, &setup->secret, ret_message);
}

static enum setup_outcome show(const char *text, char **ret_message)
{
	if (text == NULL)
		return SETUP_FAILED;
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return SETUP_DONE;
	refuse(ret_message, 0, "cannot write to standard output: %s", strerror(errno));
	return SETUP_FAILED;
}

static enum setup_outcome show_help(char **ret_message)
{
	CLEANUP_FREE char *help = options_help();

	return show(help, ret_message);
}

enum setup_outcome setup_load(int argc, char **argv, struct setup *ret_setup, char **ret_message)
{
	struct setup *setup = ret_setup;
	bool usage = false, later = false;

	*setup = (struct setup){0};
	if (options_parse(&setup->options, argc, argv, ret_message) < 0)
		return SETUP_USAGE;
	if (setup->options.help)
		return show_help(ret_message);
	if (setup->options.version)
		return show("weryaifs " WERYAIFS_VERSION "\n", ret_message);
	int r = make_paths_absolute(&setup->options);
	if (r == 0 && setup->options.restart)
		return SETUP_RESTART;
	look_at_file(&setup->options, &setup->config_file);
	if (r == 0)
		r = load_config(&setup->options, &setup->config, &usage, ret_message);
	if (r == 0 && (setup->options.set_key || setup->options.forget))
		return setup->options.set_key ? SETUP_SET_KEY : SETUP_FORGET;
	if (r == 0)
		r = load_models(setup, ret_message);
	if (r == 0) {
		r = load_key(setup, ret_message);
		later = r == -EAGAIN || r == -ETIMEDOUT;
	}
	if (r < 0 && setup->options.check && setup->models != NULL && *ret_message != NULL)
		return SETUP_CHECK;
	if (r < 0) {
		if (!*ret_message)
			*ret_message = strdup(strerror(-r));
		return usage ? SETUP_USAGE : later ? SETUP_LATER : SETUP_FAILED;
	}
	return setup->options.check ? SETUP_CHECK : SETUP_MOUNT;
}

int setup_reload_key(struct setup *setup, char **ret_message)
{
	struct config config = {0};
	struct secret secret;
	bool usage;

	int r = load_config(&setup->options, &config, &usage, ret_message);
	if (r == 0)
		r = secret_load(&config, &secret, ret_message);
	config_finish(&config);
	if (r < 0)
		return r;
	secret_finish(&setup->secret);
	setup->secret = secret;
	explicit_bzero(&secret, sizeof(secret));
	return 0;
}

bool setup_changed(const struct setup *setup)
{
	const struct stat *then = &setup->config_file;
	struct stat now;

	look_at_file(&setup->options, &now);
	return now.st_ino != then->st_ino || now.st_size != then->st_size ||
	       now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

void setup_finish(struct setup *setup)
{
	secret_finish(&setup->secret);
	model_table_destroy(setup->models);
	model_list_finish(&setup->catalogue);
	free(setup->params);
	config_finish(&setup->config);
	options_finish(&setup->options);
	*setup = (struct setup){0};
}
