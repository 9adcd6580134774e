/* SPDX-License-Identifier: MIT */
/* Blocks of images that dm-verity refused to give: told once each; the guest
 * got an error for them and goes on. */
#include <stdio.h>

#include "../../pv-drivers/base/log.h"
#include "life.h"

/* Whose disk it is, or NULL. */
static const struct hd_guest_life *owner(struct hd_store *store,
                                         uint32_t volume)
{
    const struct hd_manifest *m = &store->answer->manifest;

    for (uint32_t g = 0; g < m->n_guests; g++)
        for (uint32_t d = 0; d < m->guests[g].n_disks; d++)
            if (hd_manifest_volume(m, m->guests[g].disks[d].name) ==
                (int)volume)
                return hd_store_guest(store, m->guests[g].name);
    return NULL;
}

void hd_corrupt_told(struct hd_daemon *d, const char *dm_name,
                     const struct hd_bad_block *seen)
{
    struct hd_bad_block block = *seen;
    struct hd_store *store =
        hd_stores_by_dm_name(&d->stores, dm_name, &block.volume);
    struct hd_err why = {0};

    if (!store || !hd_store_bad_block(store, &block))
        return;
    hd_fail(&why, HD_E_BAD_VOLUME,
            "image %s: block %llu%s is not what was signed%s",
            store->answer->manifest.volumes[block.volume].name,
            (unsigned long long)block.block,
            block.tree ? ", of its hash tree," : "",
            store->n_bad == HD_STORE_BAD_BLOCKS ? "; no more are told" : "");
    hd_log(HD_LOG_WARNING, "%s: %s", hd_store_title(store), why.msg);
    hd_life_note(store, owner(store, block.volume), hd_err_reason(why.code),
                 why.msg);
}
