/* SPDX-License-Identifier: MIT */
#pragma once
/* remove_tree: a directory of ours with all that is in it. */

/* Follows no symbolic link and enters no other file system. What cannot be removed is logged and stays. 0, or negative
 * errno of the directory itself; one that is not there is fine. */
int remove_tree(const char *path);
