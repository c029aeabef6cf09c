/* SPDX-License-Identifier: MIT */
#pragma once
/* errclass_words: what the text of a refusal speaks of. The service says under codes 1001 and 1002 alone what is wrong, in
 * English or Chinese (API reference 5.2, 5.4). For errclass.c and errclass_text.c. Pure. */
#include <stdbool.h>

bool errwords_rate(const char *text);        /* certainly a limit on requests */
bool errwords_maybe_rate(const char *text);  /* likely one, where nothing speaks of a parameter */
bool errwords_parameter(const char *text);   /* a value that is missing or wrong */
bool errwords_no_task(const char *text);     /* no such task or batch */
bool errwords_content(const char *text);     /* refused for what is shown or said */
bool errwords_credentials(const char *text); /* the key */
bool errwords_no_model(const char *text);    /* no such model, or not for this kind of request */
/* The parameter to blame as the service calls it, such as "aspect_ratio"; NULL: the text does not tell. */
const char *errwords_field(const char *text);
