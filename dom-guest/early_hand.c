/* SPDX-License-Identifier: MIT */
/* Begins the agent's hand before there is a root; waits for no host but by
 * it. */
#include "early_hand.h"

#include <string.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "modules.h"
#include "overlay.h"
#include "table.h"

/* What the host has to answer in. */
#define AHEAD_MS 3000

/* ---- in the hand */

static int meet_host(void *view, const void *wanted, size_t len, void *answer,
                     struct hd_err *err)
{
    (void)view, (void)len, (void)answer;
    if (!*(const bool *)wanted)
        return 0;
    hd_modules_load(HD_MODULES_VIEW);
    /* Of one that was left behind, where the host view is to be is elsewhere.
     */
    hd_hand_heed();
    return hd_overlay_mount_host(err);
}

static int go_to(void *view, const void *root, size_t len, void *answer,
                 struct hd_err *err)
{
    (void)view, (void)len, (void)answer;
    return chdir(root) || chroot(".")
               ? hd_fail_errno(err, HD_E_IO, "go to the root")
               : 0;
}

/* ---- the agent */

/* What could not be mounted is tried again, and told, with the rest. */
void hd_early_hand_begin(struct hd_duty *d)
{
    char tables[HD_XSDEV_PAYLOAD + 1] = "";
    bool wanted;

    /* Be it a head. */
    (void)hd_xsdev_read(d->x, HD_TABLE_NODE, tables, sizeof(tables), NULL);
    wanted = *tables;
    (void)hd_hand_do(&d->hand, meet_host, &wanted, sizeof(wanted), NULL, 0,
                     hd_io_now_ms() + AHEAD_MS, NULL);
    if (d->hand.late)
        hd_hand_fini(&d->hand);
}

void hd_early_hand_follow(struct hd_duty *d, const char *root)
{
    if (d->hand.fd >= 0 && hd_hand_do(&d->hand, go_to, root, strlen(root) + 1,
                                      NULL, 0, hd_io_now_ms() + AHEAD_MS, NULL))
        hd_hand_fini(&d->hand);
}
