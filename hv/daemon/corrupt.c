/* SPDX-License-Identifier: MIT */
/* Blocks of images that dm-verity refused to give: told once each; the guest
 * got an error for them and goes on. */
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "life.h"
#include "listen.h"

#define TAG       "hotdom-volume"          /* 54-hotdom.rules */
#define BAD_BLOCK "DM_VERITY_ERR_BLOCK_NR" /* dm-verity-target.c */

/* A socket of its own: of a disk that was missed a list tells later, of a bad
 * block nothing does. */
struct watch {
    struct hd_daemon *daemon;
    struct udev_monitor *udev;
    uv_poll_t poll;
};

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

static void on_volume(struct hd_daemon *d, struct udev_device *dev)
{
    const char *bad = udev_device_get_property_value(dev, BAD_BLOCK);
    const char *name = udev_device_get_property_value(dev, "DM_NAME");
    struct hd_bad_block block;
    struct hd_err err;

    if (!bad)
        return;
    if (!name)
        name = udev_device_get_sysattr_value(dev, "dm/name");
    if (!name || hd_corrupt_parse(bad, &block, &err))
        hd_log(HD_LOG_WARNING, "%s: %s=%.40s is not understood",
               udev_device_get_sysname(dev), BAD_BLOCK, bad);
    else
        hd_corrupt_told(d, name, &block);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct udev_device *dev = udev_monitor_receive_device(w->udev);

    (void)events;
    /* Said once; those that came before are still there to be read. */
    if (!dev && errno == ENOBUFS)
        hd_log(HD_LOG_WARNING, "udev's events of volumes came too fast; bad "
                               "blocks may be among those that are lost");
    hd_listen_on(poll, status, on_event);
    if (!dev)
        return;
    on_volume(w->daemon, dev);
    udev_device_unref(dev);
}

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
    hd_life_note(store, owner(store, block.volume), hd_err_reason(why.code),
                 why.msg);
}

int hd_corrupt_start(struct hd_daemon *d, struct hd_err *err)
{
    hd_autofree struct watch *w = calloc(1, sizeof(*w));

    if (!w)
        return hd_fail_errno(err, HD_E_FAILED, "listen to volumes");
    w->daemon = d;
    w->udev = hd_listen_disks("udev", TAG, err);
    if (!w->udev)
        return -1;
    w->poll.data = w;
    uv_poll_init(d->loop, &w->poll, udev_monitor_get_fd(w->udev));
    uv_poll_start(&w->poll, UV_READABLE, on_event);
    (void)hd_steal(&w); /* the loop has it */
    return 0;
}
