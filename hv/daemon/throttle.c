/* SPDX-License-Identifier: MIT */
/* Wrong passwords per store: a few are free, then each costs a longer wait. */
#include "throttle.h"

#include <stdlib.h>

struct entry {
    struct hd_uuid id;
    uint32_t tries; /* 0: the entry is not in use */
    uint64_t until_ms;
};

struct hd_throttle {
    struct entry entries[HD_THROTTLE_STORES];
};

static struct entry *find(struct hd_throttle *t, const struct hd_uuid *id)
{
    for (size_t i = 0; i < HD_THROTTLE_STORES; i++)
        if (t->entries[i].tries && hd_uuid_equal(&t->entries[i].id, id))
            return &t->entries[i];
    return NULL;
}

/* A free entry, or else the one whose wait ends first: of all stores that is
 * the cheapest to forget. */
static struct entry *make(struct hd_throttle *t, const struct hd_uuid *id)
{
    struct entry *best = &t->entries[0];

    for (size_t i = 0; i < HD_THROTTLE_STORES; i++) {
        struct entry *e = &t->entries[i];

        if (!e->tries) {
            best = e;
            break;
        }
        if (e->until_ms < best->until_ms)
            best = e;
    }
    *best = (struct entry){.id = *id};
    return best;
}

static uint64_t delay_ms(uint32_t tries)
{
    uint32_t doubled;

    if (tries < HD_THROTTLE_FREE)
        return 0;
    doubled = tries - HD_THROTTLE_FREE;
    if (doubled > 9 || (1000u << doubled) > HD_THROTTLE_MAX_MS)
        return HD_THROTTLE_MAX_MS;
    return 1000u << doubled;
}

struct hd_throttle *hd_throttle_new(void)
{
    return calloc(1, sizeof(struct hd_throttle));
}

void hd_throttle_free(struct hd_throttle *throttle)
{
    free(throttle);
}

int hd_throttle_charge(struct hd_throttle *throttle, const struct hd_uuid *id,
                       uint64_t now_ms, struct hd_err *err)
{
    struct entry *e = find(throttle, id);

    if (e && now_ms < e->until_ms)
        return hd_fail(err, HD_E_THROTTLED,
                       "too many wrong passwords for this store; wait %llu s",
                       (unsigned long long)(e->until_ms - now_ms + 999) / 1000);
    if (!e)
        e = make(throttle, id);
    if (e->tries < UINT32_MAX)
        e->tries++;
    e->until_ms = now_ms + delay_ms(e->tries);
    return 0;
}

void hd_throttle_wrong(struct hd_throttle *throttle, const struct hd_uuid *id,
                       uint64_t now_ms)
{
    struct entry *e = find(throttle, id);

    if (e)
        e->until_ms = now_ms + delay_ms(e->tries);
}

void hd_throttle_clear(struct hd_throttle *throttle, const struct hd_uuid *id)
{
    struct entry *e = find(throttle, id);

    if (e)
        e->tries = 0;
}
