/* SPDX-License-Identifier: MIT */
/* Who is kept behind a pull, and how long; plain data, no I/O. */
#include "keep.h"

#include <string.h>

static const struct hd_stop *stop_of(const struct hd_store *store,
                                     const char *guest)
{
    int i =
        store->answer ? hd_manifest_guest(&store->answer->manifest, guest) : -1;

    return i < 0 ? NULL : &store->answer->manifest.guests[i].stop;
}

void hd_keep_choose(struct hd_store *store, uint64_t limit_ms, uint64_t now_ms)
{
    for (size_t i = 0; i < store->n_guests; i++) {
        struct hd_guest_life *g = &store->guests[i];
        const struct hd_stop *stop = stop_of(store, g->name);

        if (!stop || stop->on_yank != HD_YANK_PAUSE || g->kept_until_ms ||
            !limit_ms || !hd_store_guest_lives(g))
            continue;
        g->kept_until_ms =
            now_ms + (stop->pause < limit_ms ? stop->pause : limit_ms);
    }
}

static bool is_kept(const struct hd_guest_life *g, uint64_t now_ms)
{
    return g->kept_until_ms > now_ms && g->domid >= 0;
}

void hd_keep_name(const struct hd_store *store, uint64_t now_ms,
                  struct hd_job_request *ret)
{
    ret->n_kept = 0;
    for (size_t i = 0; i < store->n_guests; i++)
        if (is_kept(&store->guests[i], now_ms))
            strcpy(ret->kept[ret->n_kept++].name, store->guests[i].name);
}

uint64_t hd_keep_until(const struct hd_store *store, uint64_t now_ms)
{
    uint64_t first = 0;

    for (size_t i = 0; i < store->n_guests; i++) {
        uint64_t until = store->guests[i].kept_until_ms;

        if (is_kept(&store->guests[i], now_ms) && (!first || until < first))
            first = until;
    }
    return first;
}

bool hd_keep_any(const struct hd_store *store)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].kept_until_ms)
            return true;
    return false;
}

void hd_keep_nobody(struct hd_store *store)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].kept_until_ms)
            store->guests[i].kept_until_ms = 1; /* over */
}
