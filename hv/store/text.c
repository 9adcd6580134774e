/* SPDX-License-Identifier: MIT */
/* Decodes and judges UTF-8 byte by byte; never looks behind the length. */
#include "text.h"

#include <string.h>

static const struct {
    uint32_t first, last;
} unprintable[] = {
    {0x0000, 0x001f}, /* C0 */
    {0x007f, 0x009f}, /* DEL, C1 */
    {0x061c, 0x061c}, /* direction of Arabic */
    {0x200b, 0x200f}, /* zero width, direction */
    {0x2028, 0x202e}, /* separators, direction */
    {0x2060, 0x206f}, /* invisible, direction */
    {0xfdd0, 0xfdef}, /* no characters */
    {0xfeff, 0xfeff}, /* byte order mark */
    {0xfff0, 0xfffb}, /* specials */
};

/* By the number of continuation bytes: RFC 3629, section 3. */
static const struct {
    uint8_t mask, lead;
    uint32_t min;
} forms[] = {
    {0x80, 0x00, 0x0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

size_t hd_text_next(const char *text, size_t len, uint32_t *ret_char)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t more = 0;
    uint32_t c;

    if (!len)
        return 0;
    while (more < 4 && (s[0] & forms[more].mask) != forms[more].lead)
        more++;
    if (more == 4 || more >= len)
        return 0;
    c = s[0] & (uint8_t)~forms[more].mask;
    for (size_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < forms[more].min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret_char = c;
    return more + 1;
}

bool hd_text_printable(uint32_t c)
{
    for (size_t i = 0; i < sizeof(unprintable) / sizeof(*unprintable); i++)
        if (c >= unprintable[i].first && c <= unprintable[i].last)
            return false;
    return (c & 0xfffe) != 0xfffe;
}

size_t hd_text_span(const char *text, size_t len)
{
    size_t at = 0, n;
    uint32_t c;

    while (at < len && (n = hd_text_next(text + at, len - at, &c)) &&
           hd_text_printable(c))
        at += n;
    return at;
}

const char *hd_text_quote(char buf[HD_TEXT_QUOTED], const char *text,
                          size_t len)
{
    size_t at = 0, used = 0, n;
    uint32_t c;

    buf[used++] = '"';
    while (at < len && used <= 40) {
        n = hd_text_next(text + at, len - at, &c);
        if (n && hd_text_printable(c)) {
            memcpy(buf + used, text + at, n);
            used += n;
        } else {
            buf[used++] = '?';
        }
        at += n ? n : 1;
    }
    strcpy(buf + used, at < len ? "\"..." : "\"");
    return buf;
}

size_t hd_text_clean(char *text, size_t len)
{
    size_t from = 0, to = 0;

    while (from < len) {
        uint32_t c;
        size_t n = hd_text_next(text + from, len - from, &c);

        if (n && hd_text_printable(c))
            memmove(text + to, text + from, n), to += n;
        else
            text[to++] = '?';
        from += n ? n : 1;
    }
    return to;
}

bool hd_text_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", text[i]) ||
            !text[i])
            return false;
    return len && !strchr("._-", text[0]);
}
