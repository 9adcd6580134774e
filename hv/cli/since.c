/* SPDX-License-Identifier: MIT */
/* Points in time as people write them; no I/O. */
#include "since.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/mem.h"

static int bad(const char *text, struct hd_err *err)
{
    return hd_fail(err, HD_E_USAGE,
                   "\"%.40s\" is no time: give seconds, as 90, or "
                   "2026-11-27T08:30:00Z",
                   text);
}

/* "250Z" behind the dot; gives what follows the digits, or NULL. */
static const char *fraction(const char *text, uint64_t *ret_ms)
{
    uint64_t ms = 0, unit = 100;

    if (!isdigit((unsigned char)*text))
        return NULL;
    for (; isdigit((unsigned char)*text); text++, unit /= 10)
        ms += unit * (uint64_t)(*text - '0');
    *ret_ms = ms;
    return text;
}

static int parse_date(const char *text, uint64_t *ret_ms, struct hd_err *err)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                        "%Y-%m-%d %H:%M"};
    const char *end = NULL;
    uint64_t ms = 0;
    struct tm tm;
    time_t at;

    for (size_t i = 0; !end && i < HD_ARRAY_LEN(forms); i++) {
        tm = (struct tm){.tm_isdst = -1};
        end = strptime(text, forms[i], &tm);
    }
    if (end && *end == '.')
        end = fraction(end + 1, &ms);
    if (!end || (*end && strcmp(end, "Z")))
        return bad(text, err);
    at = *end ? timegm(&tm) : mktime(&tm);
    if (at < 0)
        return bad(text, err);
    *ret_ms = (uint64_t)at * 1000 + ms;
    return 0;
}

int hd_since_parse(const char *text, uint64_t now_ms, uint64_t *ret_ms,
                   struct hd_err *err)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t ago;

    if (!digits || text[digits])
        return parse_date(text, ret_ms, err);
    if (digits > 12)
        return bad(text, err);
    ago = strtoull(text, NULL, 10) * 1000;
    *ret_ms = now_ms > ago ? now_ms - ago : 0;
    return 0;
}
