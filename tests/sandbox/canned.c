/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/canned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

struct canned {
	char **line; /* owned */
	size_t count;
};

int canned_create(const char *file, struct canned **ret)
{
	struct canned *canned = xcalloc(1, sizeof(*canned));
	FILE *stream = file ? fopen(file, "re") : NULL;
	char *line = NULL;
	size_t space = 0;
	ssize_t size;

	if (file && !stream) {
		fprintf(stderr, "weryaifs-sandbox: --answers %s: %s\n", file, strerror(errno));
		free(canned);
		return -1;
	}
	while (stream && (size = getline(&line, &space, stream)) > 0) {
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		canned->line = xrealloc(canned->line, (canned->count + 1) * sizeof(*canned->line));
		canned->line[canned->count++] = xstrdup(line);
	}
	free(line);
	if (stream)
		fclose(stream);
	*ret = canned;
	return 0;
}

void canned_destroy(struct canned *canned)
{
	if (!canned)
		return;
	for (size_t i = 0; i < canned->count; i++)
		free(canned->line[i]);
	free(canned->line);
	free(canned);
}

void canned_answer(const struct canned *canned, unsigned line, struct answer *ret)
{
	const char *text = line >= 1 && line <= canned->count ? canned->line[line - 1] : "";
	const char *status = strchr(text, '\t'), *body = status ? strchr(status + 1, '\t') : NULL;
	char *copy;

	if (!body) {
		answer_text(ret, 500, "text/plain", "no such line of answers\n");
		return;
	}
	copy = strndup(body + 1, strcspn(body + 1, "\t"));
	answer_text(ret, (int)strtol(status + 1, NULL, 10),
		copy && *copy == '{' ? "application/json" : "text/html",
		copy && strcmp(copy, "-") ? copy : "");
	free(copy);
}
