/* SPDX-License-Identifier: MIT */
/* Disks: the store's volumes, and scratch disks; never one of the host's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mapper.h"

#define MIB ((uint64_t)1 << 20)

static void volume(const struct hd_mapper *m, const struct hd_guest *g,
                   struct hd_map_row *row)
{
    const struct hd_manifest *mf = &m->in->store->manifest;
    const struct hd_disk *disk = &g->disks[row->index];
    const struct hd_volume *v =
        &mf->volumes[hd_manifest_volume(mf, disk->name)];
    bool image = v->kind == HD_VOLUME_IMAGE;
    bool plain = v->encryption == HD_ENCRYPTION_NONE;

    row->how = HD_HOW_PV;
    row->given = row->wished = v->size;
    HD_SAY(row->vdev, "%s", disk->as);
    HD_SAY(row->host_name, "%s", disk->name);
    HD_SAY(row->wish, "the volume %s as %s%s%s", disk->name, disk->as,
           disk->mode == HD_MODE_RO && !image ? ", read-only" : "",
           hd_map_level(row));
    HD_SAY(row->found, "%s on the store",
           image   ? "an image"
           : plain ? "plain data"
                   : "encrypted data");
    HD_SAY(row->reason, "the guest's own volume%s",
           image ? "; every block is verified, so it is read-only"
           : v->discard && !plain
               ? "; what it discards is discarded on the medium"
               : "");
}

/* Its size is the row's, its name the guest's. */
static void scratch(struct hd_mapper *m, struct hd_map_row *row)
{
    HD_SAY(row->wish, "a scratch disk of %" PRIu64 " MiB as %s%s",
           row->wished / MIB, row->guest_name, hd_map_level(row));
    HD_SAY(row->found, "%" PRIu64 " MiB of dom0's memory for such disks",
           m->scratch / MIB);
    if (row->wished > m->scratch) {
        row->own = 0;
        HD_SAY(row->reason, "dom0 has not as much memory to spare");
        HD_SAY(row->change, "give dom0 more memory, or wish for less");
        return;
    }
    m->scratch -= row->wished;
    row->how = HD_HOW_EMULATED;
    row->given = row->wished;
    HD_SAY(row->vdev, "%s", row->guest_name);
    HD_SAY(row->reason, "hotdom makes it in memory; it is gone with the guest");
}

void hd_map_block(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    if (row->own)
        scratch(m, row);
    else
        volume(m, g, row);
}
