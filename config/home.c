/* SPDX-License-Identifier: MIT */
/* Where this user's files are. */
#include "config/table.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *config_home(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

char *config_user_path(const char *name)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = config_home();
	char *path = NULL;
	int r;

	/* The XDG base directory specification: a relative path is to be ignored. */
	if (base && base[0] == '/')
		r = asprintf(&path, "%s/weryaifs/%s", base, name);
	else if (home)
		r = asprintf(&path, "%s/.config/weryaifs/%s", home, name);
	else
		return NULL;
	return r < 0 ? NULL : path;
}
