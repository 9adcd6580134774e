/* SPDX-License-Identifier: MIT */
/* Blocks of images that dm-verity refused to give: told once each; the guest
 * got an error for them and goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../pv-drivers/base/log.h"
#include "../daemon/life.h"

/* TYPE is enum verity_block_type: 0 is data, 1 the hash tree. */
int hd_corrupt_parse(const char *text, struct hd_bad_block *ret,
                     struct hd_err *err)
{
    char *end;
    uint64_t block;

    if ((*text != '0' && *text != '1') || text[1] != ',' || text[2] < '0' ||
        text[2] > '9')
        return hd_fail(err, HD_E_FAILED, "%.40s is no block of dm-verity's",
                       text);
    errno = 0;
    block = strtoull(text + 2, &end, 10);
    if (*end || errno)
        return hd_fail(err, HD_E_FAILED, "%.40s is no block of dm-verity's",
                       text);
    *ret = (struct hd_bad_block){.block = block, .tree = *text == '1'};
    return 0;
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
    hd_life_note(store, hd_store_owner(store, block.volume),
                 hd_err_reason(why.code), why.msg);
}
