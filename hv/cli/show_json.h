/* SPDX-License-Identifier: MIT */
/* JSON on standard output, for programs, and for the person at the terminal. */
#ifndef HD_CLI_SHOW_JSON_H
#define HD_CLI_SHOW_JSON_H

#include <json-c/json.h>
#include <stddef.h>

/* With a newline behind it; what comes of guests and stores may hold what a
 * terminal obeys, and that is \u0085 then, which a parser reads as the same. */
void hd_show_json(struct json_object *o);
void hd_show_json_line(struct json_object *o); /* all of it on one line */

/* The same of a text that is JSON already; `ret` has six bytes for each of its,
 * and one. */
void hd_show_json_escape(const char *json, char *ret);

#endif
