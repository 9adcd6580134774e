/* SPDX-License-Identifier: MIT */
/* Takes a device out of libxl's record of a domain; detaches nothing. */
#include <libxl.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>

#include "pci_config.h"

#define RECORD "libxl-json" /* libxl_internal.h: its own copy of the config */

static void drop_disk(libxl_domain_config *config, const char *vdev)
{
    int kept = 0;

    for (int i = 0; i < config->num_disks; i++) {
        libxl_device_disk disk = config->disks[i];

        if (disk.vdev && !strcmp(disk.vdev, vdev))
            libxl_device_disk_dispose(&disk);
        else
            config->disks[kept++] = disk;
    }
    config->num_disks = kept;
}

static void drop_nic(libxl_domain_config *config, const uint8_t *mac)
{
    int kept = 0;

    for (int i = 0; i < config->num_nics; i++) {
        libxl_device_nic nic = config->nics[i];

        if (!memcmp(nic.mac, mac, sizeof(nic.mac)))
            libxl_device_nic_dispose(&nic);
        else
            config->nics[kept++] = nic;
    }
    config->num_nics = kept;
}

/* A NUL ends what libxl keeps. */
static int record(libxl_ctx *ctx, uint32_t domid, const char *vdev,
                  const uint8_t *mac)
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
    if (!rc && vdev)
        drop_disk(&config, vdev);
    if (!rc && mac)
        drop_nic(&config, mac);
    if (!rc)
        new = libxl_domain_config_to_json(ctx, &config);
    libxl_domain_config_dispose(&config);
    return new ? libxl_userdata_store(ctx, domid, RECORD, (uint8_t *)new,
                                      (int)strlen(new) + 1)
               : ERROR_FAIL;
}

int hd_domain_forget(struct hd_toolstack *ts, uint32_t domid, const char *vdev,
                     const uint8_t *mac, struct hd_err *err)
{
    char name[32];

    snprintf(name, sizeof(name), "domain %u", domid);
    return hd_toolstack_check(ts,
                              record(hd_toolstack_begin(ts), domid, vdev, mac),
                              "change the record of", name, err);
}
