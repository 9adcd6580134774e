/* SPDX-License-Identifier: MIT */
/* How a person types a recovery key; makes none (hd_luks_recovery_key does). */
#include "recovery.h"

#include <string.h>

#define GROUP 8

/* The next letter of `typed` from `*at` on, lower case; 0 at the end, -1 for
 * what is neither a letter of a key nor what stands between them. */
static int next_letter(const struct hd_secret *typed, size_t *at)
{
    while (*at < typed->len) {
        int c = (unsigned char)typed->data[(*at)++];

        if (c == '-' || c == ' ')
            continue;
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        return c && strchr(HD_RECOVERY_LETTERS, c) ? c : -1;
    }
    return 0;
}

/* Writes the printed form; false when it is no recovery key. */
static bool print(const struct hd_secret *typed, struct hd_secret *to)
{
    size_t at = 0;
    int c;

    to->len = 0;
    while ((c = next_letter(typed, &at)) > 0) {
        if (to->len == HD_RECOVERY_TEXT)
            return false;
        to->data[to->len++] = (char)c;
        if (to->len < HD_RECOVERY_TEXT && to->len % (GROUP + 1) == GROUP)
            to->data[to->len++] = '-';
    }
    return c == 0 && to->len == HD_RECOVERY_TEXT;
}

int hd_recovery_normal(const struct hd_secret *typed, struct hd_secret **ret,
                       struct hd_err *err)
{
    size_t room = typed->len > HD_RECOVERY_TEXT ? typed->len : HD_RECOVERY_TEXT;
    hd_auto(hd_secret) normal = hd_secret_new(room);

    if (!normal)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for the key");
    if (!print(typed, normal)) {
        memcpy(normal->data, typed->data, typed->len);
        normal->len = typed->len;
    }
    *ret = hd_steal(&normal);
    return 0;
}

bool hd_recovery_is_key(const struct hd_secret *text)
{
    hd_auto(hd_secret) normal = hd_secret_new(HD_RECOVERY_TEXT);

    return normal && print(text, normal);
}
