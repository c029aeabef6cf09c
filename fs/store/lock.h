/* SPDX-License-Identifier: MIT */
#pragma once
/* lock: one mount an account. Held twice: on the file `lock` of the state directory, and on a name of an abstract socket
 * (unix(7)) that is made of the directory's path: when somebody removes the directory of a running mount, the file is gone and
 * the name is not. Both end with the process. Seen by fs/store alone. */

struct store;

/* Sets store->lock_fd and store->name_fd. -EBUSY: it is mounted, with a sentence. */
int lock_take(struct store *store, const char *state_dir, char **ret_message);
