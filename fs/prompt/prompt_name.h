/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_name: which files are prompts, by their names and where they lie (design 1.1). Other files are plain ones: nothing is
 * paid for what an editor, a version control or a synchroniser puts beside the prompts. Pure. */
#include <stdbool.h>

/* Is this the name of a prompt file: ends in ".txt", more than that, begins with none of . ~ # and is not the name that a
 * tool gives to a copy of its own. */
bool prompt_is_name(const char *name);
/* Is this none, but one that a person may well take for one: "fox.md", "FOX.TXT", "New Empty File"? */
bool prompt_is_near_name(const char *name);
/* May this file be a table of prompts (prompt_table.h): "sets.csv", "SETS.TSV", likewise no copy of a tool's own? */
bool prompt_is_table_name(const char *name);
/* May prompts lie in a directory of this name, below a model's? Asked of each component. */
bool prompt_is_place(const char *name);
/* ".Trash", ".Trash-1000": what file managers make at a mount's root (freedesktop.org's trash specification). */
bool prompt_is_trash(const char *name);
/* Is the name so long that the status beside it would have none? Such a prompt is not made. */
bool prompt_name_is_too_long(const char *name);
