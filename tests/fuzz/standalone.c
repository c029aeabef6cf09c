/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files given, and over the files of the directories given, so that the
 * corpus is checked in every build. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/holds.h"

#define INPUT_MAX_BYTES (8 << 20)

static int run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(INPUT_MAX_BYTES);
	uint8_t *exact;
	size_t size;

	if (!file || !data) {
		perror(path);
		free(data);
		return -1;
	}
	size = fread(data, 1, INPUT_MAX_BYTES, file);
	fclose(file);
	/* of the exact size, so that a sanitizer sees a read behind the end */
	exact = realloc(data, size ? size : 1);
	LLVMFuzzerTestOneInput(exact ? exact : data, size);
	free(exact ? exact : data);
	return 1;
}

static int run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return run_file(path);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(dir))) {
		char name[4096];
		int r = 0;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		r = run_file(name);
		if (r < 0 || count < 0)
			count = -1;
		else
			count += r;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int count = run_path(argv[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: no input was run\n", argv[i]);
			return 1;
		}
		printf("%s: %d inputs\n", argv[i], count);
	}
	return argc > 1 ? 0 : 2;
}
