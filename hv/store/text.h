/* SPDX-License-Identifier: MIT */
/* UTF-8 that is safe to show: no control, no reordering, no odd encoding. */
#ifndef HD_STORE_TEXT_H
#define HD_STORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the first character of `text` and its code point, or 0 when
 * they are no valid UTF-8 (RFC 3629: shortest form, no surrogates). */
size_t hd_text_next(const char *text, size_t len, uint32_t *ret_char);

/* False for control characters, line and paragraph separators, the byte order
 * mark, and what turns the direction of the text around. */
bool hd_text_printable(uint32_t c);

/* How many of the leading bytes are printable UTF-8; `len` when all are. */
size_t hd_text_span(const char *text, size_t len);

/* A name, as HD_T_NAME says: [a-z0-9][a-z0-9._-]*, of any length. */
bool hd_text_is_name(const char *text, size_t len);

/* Replaces what is not printable by "?", in place, which may shorten it; gives
 * the new length. */
size_t hd_text_clean(char *text, size_t len);

/* Hostile text for a message: quoted, cut behind the character that reaches 40
 * bytes, what is not printable replaced by "?".  Returns `buf`. */
#define HD_TEXT_QUOTED (1 + 39 + 4 + sizeof("\"..."))
const char *hd_text_quote(char buf[HD_TEXT_QUOTED], const char *text,
                          size_t len);

#endif
