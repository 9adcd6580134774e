/* SPDX-License-Identifier: MIT */
/* JSON on standard output, with nothing in it that a terminal obeys. */
#include "show_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../store/text.h"

#define ESCAPED 13 /* bytes of the longest, with the NUL */

/* RFC 8259, 7: above 16 bits as a pair of surrogates. */
static const char *escape(uint32_t c, char ret[ESCAPED])
{
    bool pair = c >= 0x10000;
    unsigned first = pair ? 0xd800 + ((c - 0x10000) >> 10 & 0x3ff) : c & 0xffff;

    snprintf(ret, ESCAPED, "\\u%04x", first);
    if (pair)
        snprintf(ret + 6, ESCAPED - 6, "\\u%04x", 0xdc00 + (c & 0x3ff));
    return ret;
}

/* json-c has escaped what is below a blank in strings; what is so between them
 * is its own. */
void hd_show_json_escape(const char *json, char *ret)
{
    size_t left = strlen(json), len;
    char one[ESCAPED];
    uint32_t c;

    for (; left; json += len, left -= len) {
        len = hd_text_next(json, left, &c);
        if (!len) {
            c = 0xfffd; /* no UTF-8: Unicode's own sign for that */
            len = 1;
        }
        if (len == 1 && c < 0x7f) {
            *ret++ = *json;
        } else if (c != 0xfffd && hd_text_printable(c)) {
            memcpy(ret, json, len);
            ret += len;
        } else {
            ret = stpcpy(ret, escape(c, one));
        }
    }
    *ret = '\0';
}

static void show(struct json_object *o, int flags)
{
    const char *json = json_object_to_json_string_ext(
        o, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
    hd_autofree char *text = malloc(6 * strlen(json) + 1);

    if (text)
        hd_show_json_escape(json, text);
    puts(text ? text : "null");
}

void hd_show_json(struct json_object *o)
{
    show(o, JSON_C_TO_STRING_PRETTY);
}

void hd_show_json_line(struct json_object *o)
{
    show(o, JSON_C_TO_STRING_PLAIN);
}
