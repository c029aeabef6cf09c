/* SPDX-License-Identifier: MIT */
#include "fs/gen/input.h"

#include <errno.h>
#include <stdio.h>

static struct strlist *list_for(struct prompt *prompt, enum prompt_ref_role role)
{
	switch (role) {
	case REF_VIDEO:
		return &prompt->request.videos;
	case REF_AUDIO:
		return &prompt->request.audios;
	default:
		return &prompt->request.images;
	}
}

int input_resolve(struct prompt *prompt, char **ret_message)
{
	/* the first frame goes in front whatever the order of the lines (API reference 3.6) */
	static const enum prompt_ref_role order[] = {
		REF_FIRST_FRAME, REF_IMAGE, REF_LAST_FRAME, REF_VIDEO, REF_AUDIO};

	for (size_t role = 0; role < sizeof(order) / sizeof(order[0]); role++) {
		for (size_t i = 0; i < prompt->ref_count; i++) {
			const struct prompt_ref *ref = &prompt->refs[i];
			if (ref->role != order[role])
				continue;
			if (!ref->is_url) {
				if (asprintf(ret_message,
					    "line %d: '%s' is a path; this version takes only "
					    "https:// addresses here",
					    ref->line, ref->value) < 0)
					return -ENOMEM;
				return -EINVAL;
			}
			if (strlist_add(list_for(prompt, ref->role), ref->value) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}
