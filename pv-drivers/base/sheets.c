/* SPDX-License-Identifier: MIT */
/* Cuts a text into sheets; reads and writes no node. */
#include "sheets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (HD_SHEET_SIZE - 1u)

/* For people: an older agent says it. */
#define SENTENCE                                                               \
    "is for a newer agent than this guest has; take the host's, by "           \
    "packing its store again"

struct hd_sheets hd_sheets_of(const char *text, uint32_t number)
{
    size_t len = strlen(text);

    return (struct hd_sheets){
        .number = number,
        .n = len < HD_SHEETS_PLAIN ? 0 : (uint32_t)((len + ROOM - 1) / ROOM),
        .len = (uint32_t)len};
}

void hd_sheets_head(const struct hd_sheets *s, char ret[HD_SHEETS_HEAD])
{
    snprintf(ret, HD_SHEETS_HEAD, "=%u %u %u " SENTENCE "\n", s->number, s->n,
             s->len);
}

/* And the blank behind it. */
static bool take(const char **at, uint32_t *ret)
{
    unsigned long n;
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    n = strtoul(*at, &end, 10);
    if (*end != ' ' || n > UINT32_MAX)
        return false;
    *at = end + 1;
    *ret = (uint32_t)n;
    return true;
}

int hd_sheets_parse(const char *node, struct hd_sheets *ret, struct hd_err *err)
{
    const char *at = node + 1;
    struct hd_sheets s;

    if (*node != '=')
        return 0;
    if (!take(&at, &s.number) || !take(&at, &s.n) || !take(&at, &s.len) ||
        !s.number || !s.n || s.n > HD_SHEETS_MAX || s.len > s.n * ROOM ||
        s.len <= (s.n - 1) * ROOM)
        return hd_fail(err, HD_E_FAILED, "the tables have a bad head \"%.40s\"",
                       node);
    *ret = s;
    return 1;
}

size_t hd_sheets_len(const struct hd_sheets *s, uint32_t k)
{
    return k + 1 < s->n ? ROOM : s->len - (s->n - 1) * ROOM;
}

void hd_sheets_cut(const struct hd_sheets *s, const char *text, uint32_t k,
                   char ret[HD_SHEET_SIZE])
{
    size_t len = hd_sheets_len(s, k);

    memcpy(ret, text + k * ROOM, len);
    ret[len] = '\0';
}
