/* SPDX-License-Identifier: MIT */
#include "fs/confinement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/confine.h"
#include "fs/net/http.h"
#include "fs/store/store.h"

#define DNS_PORT 53 /* an answer that is too long for UDP */
#define LINE_MAX_BYTES 1024

/* What the libraries read: themselves, names of hosts, certificates, and what the kernel tells of processes. */
static const char *const read_places[] = {"/usr", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/nix/store",
	"/gnu/store", "/var/lib/ca-certificates", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/dev/urandom", "/dev/random"};
static const char *const written_places[] = {"/dev/null", "/dev/zero"};

/* NULL: nothing is in the way. */
static const char *find_obstacle(const struct setup *setup, bool kept)
{
	int version = confine_version();

	if (setup->config.confine == CONFIG_CONFINE_NO)
		return "confine = no";
	if (setup->options.sandbox)
		return "all that a sandbox reads is its own";
	if (!kept)
		return "without a keeper the daemon itself has to unmount, and to start a program";
	if (version == -ENOSYS)
		return "this kernel has no Landlock (Linux 5.13)";
	if (version == -EOPNOTSUPP)
		return "Landlock is switched off in this kernel (lsm= of its command line)";
	return version < 0 ? strerror(-version) : NULL;
}

/* Where the service is one's own, so may be those that it sends us to. */
static size_t find_ports(const struct setup *setup, uint16_t ports[HTTP_PORTS_MAX])
{
	const struct config *config = &setup->config;
	const char *const urls[] = {config->base_url, config->models_base_url};

	if (config->confine != CONFIG_CONFINE_YES || !http_is_usual(config->base_url))
		return 0;
	return http_ports(urls, array_length(urls), config->proxy, ports);
}

static int allow_ports(struct confine *confine, const struct setup *setup)
{
	const char *listen = setup->config.webhook_listen;
	const char *colon = listen ? strrchr(listen, ':') : NULL;
	uint16_t ports[HTTP_PORTS_MAX];
	size_t count = find_ports(setup, ports);
	int r = confine_allow_port(confine, DNS_PORT, false);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = confine_allow_port(confine, ports[i], false);
	if (r == 0 && colon)
		r = confine_allow_port(confine, (uint16_t)strtoul(colon + 1, NULL, 10), true);
	return r;
}

/* Files that users name are replaced, by programs and by themselves, so that it is their directories that count. */
static int allow_named(struct confine *confine, const struct setup *setup)
{
	CLEANUP_FREE char *otherwise = config_default_path();
	const char *const files[] = {setup->options.config_path, otherwise, setup->secret.file, setup->config.key_file,
		setup->config.ca_file, getenv("SSL_CERT_FILE"), "/etc/resolv.conf"};
	const char *directory = getenv("SSL_CERT_DIR");
	int r = directory ? confine_allow(confine, directory, CONFINE_READ) : 0;

	for (size_t i = 0; r == 0 && i < array_length(files); i++)
		r = files[i] ? confine_allow_beside(confine, files[i], CONFINE_READ) : 0;
	/* it is turned over */
	if (r == 0 && setup->config.trace)
		r = confine_allow_beside(confine, setup->config.trace, CONFINE_ALL);
	return r;
}

/* Reports of the sanitizers that this program was built with. */
static int allow_reports(struct confine *confine)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	static const char *const variables[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};

	for (size_t i = 0; i < array_length(variables); i++) {
		const char *options = getenv(variables[i]);
		const char *path = options ? strstr(options, "log_path=") : NULL;
		CLEANUP_FREE char *copy = path ? strdup(path + strlen("log_path=")) : NULL;
		if (copy) {
			copy[strcspn(copy, ":")] = '\0';
			int r = confine_allow_beside(confine, copy, CONFINE_ALL);
			if (r < 0)
				return r;
		}
	}
#endif
	(void)confine;
	return 0;
}

static int allow_all(struct confine *confine, const struct setup *setup, const struct store *store)
{
	int state, cache, r = 0;

	store_places(store, &state, &cache);
	for (size_t i = 0; r == 0 && i < array_length(read_places); i++)
		r = confine_allow(confine, read_places[i], CONFINE_READ);
	for (size_t i = 0; r == 0 && i < array_length(written_places); i++)
		r = confine_allow(confine, written_places[i], CONFINE_WRITE);
	if (r == 0)
		r = confine_allow_fd(confine, state, CONFINE_ALL);
	if (r == 0 && cache >= 0)
		r = confine_allow_fd(confine, cache, CONFINE_ALL);
	if (r == 0)
		r = allow_named(confine, setup);
	if (r == 0)
		r = allow_reports(confine);
	return r == 0 ? allow_ports(confine, setup) : r;
}

int confinement_apply(const struct setup *setup, bool kept, const struct store *store)
{
	uint16_t ports[HTTP_PORTS_MAX];
	struct confine confine;

	if (find_obstacle(setup, kept))
		return 0;
	int r = confine_begin(&confine, find_ports(setup, ports) > 0);
	if (r == 0)
		r = allow_all(&confine, setup, store);
	if (r == 0)
		r = confine_apply(&confine);
	confine_finish(&confine);
	return r;
}

char *confinement_describe(const struct setup *setup, bool kept)
{
	const char *obstacle = find_obstacle(setup, kept);
	uint16_t ports[HTTP_PORTS_MAX];
	size_t count = find_ports(setup, ports);
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	if (obstacle) {
		buf_addf(&line, "not confined: %s", obstacle);
		return buf_steal(&line);
	}
	buf_adds(&line, "confined: no files but its own and what the system's libraries read, no programs, ");
	if (count == 0 || !confine_has_ports())
		buf_adds(&line, "any TCP port");
	else
		buf_addf(&line, "TCP ports %d", DNS_PORT);
	for (size_t i = 0; confine_has_ports() && i < count; i++)
		buf_addf(&line, " %u", (unsigned)ports[i]);
	buf_addf(&line, " (Landlock %d)", confine_version());
	return buf_steal(&line);
}
