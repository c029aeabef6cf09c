/* SPDX-License-Identifier: MIT */
#pragma once
/* wire: bounded reading of JSON from the service, common to envelope and registry; not for other
 * layers. Every json_t that is returned without "owned" is borrowed from its parent. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fs/api/errclass.h"
#include "fs/base/str.h"

/* Arrays, objects and elements of one text. jansson takes up to 300 bytes of memory for each, so
 * the size of a text alone would not bound what a hostile one costs. */
#define WIRE_MAX_NODES (1 << 17)

/* jansson 2.14 loses single characters in silence when memory runs out: a batch id comes out with a
 * digit less, a body goes out with half a key (its lexer and its dumper ignore what their string
 * buffer returns). So whoever parses or dumps asks whether an allocation of jansson's has failed
 * since the mark, and takes nothing if so. Sets the process-wide allocator of jansson. */
unsigned long wire_memory_mark(void);
bool wire_memory_failed(unsigned long mark);

/* Odd characters in strings become U+FFFD (json_mend.h). *ret_root is owned. -EBADMSG (not JSON, too large, too deep), -ENOMEM. */
int wire_parse(const char *text, size_t length, json_t **ret_root);

/* Reads an answer up to its verdict: 0 for HTTP 2xx whose body tells no refusal, with *ret_root
 * (owned) an object; else a negative errno as in envelope.h, with *error filled and *ret_root NULL. */
int wire_open(int http_status, const char *body, size_t length, json_t **ret_root,
	struct api_error *error);
/* The same for the model registry, where a `data` counts and the body's `status` does not (API
 * reference 3.11). */
int wire_open_data(int http_status, const char *body, size_t length, json_t **ret_root,
	struct api_error *error);
/* Fills *error as ERRCLASS_PROTOCOL with our own words and returns -EBADMSG. */
int wire_not_understood(struct api_error *error, int http_status, const char *text);
/* The same for -ENOMEM, which it returns. */
int wire_no_memory(struct api_error *error, int http_status);

/* The first member among `keys` (NULL-terminated) that is there and not null; NULL none. */
json_t *wire_get(const json_t *object, const char *const *keys);
/* A member that is a string and not empty; NULL otherwise. */
const char *wire_text(const json_t *object, const char *key);
/* An integer, also as 200.0, or a string that is one in decimal. */
bool wire_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret_value);
/* What the service says: the first of msg, message, desc (API reference 2), then the others; then what other services call it. */
void wire_message(const json_t *object, char *text, size_t size);
/* Copies printable UTF-8, cut at a code point. */
void wire_printable(const char *from, char *to, size_t size);
