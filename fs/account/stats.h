/* SPDX-License-Identifier: MIT */
#pragma once
/* stats: the counters of .weryaifs: for people, and for Prometheus. Reads only. The caller frees the text. */

struct gen;

int stats_format(struct gen *gen, char **ret_text); /* `key: value` lines */
/* https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4 */
int stats_format_prometheus(struct gen *gen, char **ret_text);
