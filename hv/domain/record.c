/* SPDX-License-Identifier: MIT */
/* libxl's record of a domain: the devices that it did not attach are added, and
 * dropped; attaches and detaches nothing. */
#include <libxl.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/net/vif.h"
#include "toolstack.h"

#define RECORD "libxl-json" /* libxl_internal.h: its own copy of the config */

/* ---- added */

static int add_disk(libxl_domain_config *config,
                    const struct hd_step_block *step)
{
    libxl_device_disk *disk = reallocarray(
        config->disks, (size_t)config->num_disks + 1, sizeof(*disk));

    if (!disk)
        return -1;
    config->disks = disk;
    disk += config->num_disks++;
    libxl_device_disk_init(disk);
    if (asprintf(&disk->pdev_path, "/dev/mapper/%s", step->dm_name) < 0)
        disk->pdev_path = NULL;
    disk->vdev = strdup(step->as);
    disk->script = strdup(HD_HOTPLUG);
    disk->backend = LIBXL_DISK_BACKEND_PHY;
    disk->format = LIBXL_DISK_FORMAT_RAW;
    disk->readwrite = step->mode == HD_MODE_RW;
    libxl_defbool_set(&disk->discard_enable, disk->readwrite);
    return 0;
}

static int add_nic(libxl_domain_config *config, const struct hd_step_net *step)
{
    libxl_device_nic *nic =
        reallocarray(config->nics, (size_t)config->num_nics + 1, sizeof(*nic));

    if (!nic)
        return -1;
    config->nics = nic;
    nic += config->num_nics++;
    libxl_device_nic_init(nic);
    nic->devid = (int)step->devid;
    nic->nictype = LIBXL_NIC_TYPE_VIF;
    memcpy(nic->mac, step->mac, sizeof(nic->mac));
    if (step->limits.rate)
        hd_vif_rate(step->limits.rate, &nic->rate_bytes_per_interval,
                    &nic->rate_interval_usecs);
    nic->mtu = (int)step->limits.mtu;
    nic->bridge = strdup(step->bridge);
    nic->script = strdup(HD_HOTPLUG);
    return 0;
}

static int add_devices(libxl_domain_config *config, const struct hd_step *steps,
                       uint32_t n)
{
    int rc = 0;

    for (uint32_t i = 0; i < n && !rc; i++)
        if (steps[i].kind == HD_STEP_ATTACH_BLOCK)
            rc = add_disk(config, &steps[i].u.block);
        else if (steps[i].kind == HD_STEP_ATTACH_NET)
            rc = add_nic(config, &steps[i].u.net);
    return rc;
}

/* ---- dropped */

static void drop_disk(libxl_domain_config *config, uint32_t devid)
{
    int kept = 0;

    for (int i = 0; i < config->num_disks; i++) {
        libxl_device_disk disk = config->disks[i];

        if (disk.vdev && hd_vbd_devid(disk.vdev) == devid)
            libxl_device_disk_dispose(&disk);
        else
            config->disks[kept++] = disk;
    }
    config->num_disks = kept;
}

/* By its number, as libxl tells them apart. */
static void drop_nic(libxl_domain_config *config, uint32_t devid)
{
    int kept = 0;

    for (int i = 0; i < config->num_nics; i++) {
        libxl_device_nic nic = config->nics[i];

        if (nic.devid == (int)devid)
            libxl_device_nic_dispose(&nic);
        else
            config->nics[kept++] = nic;
    }
    config->num_nics = kept;
}

/* ---- the record */

/* What becomes of it: either steps that attach, or one device that is gone. */
struct change {
    const struct hd_step *steps;
    uint32_t n;
    const struct hd_xenbus_device *gone; /* or NULL */
};

static int apply(libxl_domain_config *config, const struct change *change)
{
    const struct hd_xenbus_device *gone = change->gone;

    if (gone && !strcmp(gone->class, HD_VBD_CLASS))
        drop_disk(config, gone->devid);
    if (gone && !strcmp(gone->class, HD_VIF_CLASS))
        drop_nic(config, gone->devid);
    return add_devices(config, change->steps, change->n);
}

/* A NUL ends what libxl keeps. */
static int rewrite(libxl_ctx *ctx, uint32_t domid, const struct change *change)
{
    hd_autofree uint8_t *old = NULL;
    hd_autofree char *new = NULL;
    libxl_domain_config config;
    int len = 0, rc;

    rc = libxl_userdata_retrieve(ctx, domid, RECORD, &old, &len);
    if (rc || len < 1 || old[len - 1])
        return rc ? rc : ERROR_FAIL;
    libxl_domain_config_init(&config);
    rc = libxl_domain_config_from_json(ctx, &config, (const char *)old);
    if (!rc)
        rc = apply(&config, change);
    if (!rc)
        new = libxl_domain_config_to_json(ctx, &config);
    libxl_domain_config_dispose(&config);
    return new ? libxl_userdata_store(ctx, domid, RECORD, (uint8_t *)new,
                                      (int)strlen(new) + 1)
               : ERROR_FAIL;
}

int hd_domain_record(struct hd_toolstack *ts, uint32_t domid,
                     const struct hd_step *steps, uint32_t n,
                     struct hd_err *err)
{
    const struct change change = {.steps = steps, .n = n};

    return hd_toolstack_check_id(
        ts, rewrite(hd_toolstack_begin(ts), domid, &change), "settle", domid,
        err);
}

int hd_domain_forget(struct hd_toolstack *ts,
                     const struct hd_xenbus_device *device, struct hd_err *err)
{
    const struct change change = {.gone = device};

    return hd_toolstack_check_id(
        ts, rewrite(hd_toolstack_begin(ts), device->domid, &change),
        "change the record of", device->domid, err);
}
