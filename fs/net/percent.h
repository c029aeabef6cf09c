/* SPDX-License-Identifier: MIT */
#pragma once
/* percent: percent-encoding (RFC 3986, section 2.1), as libcurl reads it. Pure. */

/* The text with each %XX as its byte; caller frees. -EINVAL: a byte of it is NUL; -ENOMEM. */
int percent_decode(const char *text, char **ret_decoded);
