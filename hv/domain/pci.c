/* SPDX-License-Identifier: MIT */
/* PCI devices of the host that guests have to themselves, through libxl; never
 * takes one from a driver. */
#include "pci.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../host/sysfs.h"
#include "toolstack.h"

#define DEVICE  "sys/bus/pci/devices/%s"
#define PCIBACK "sys/bus/pci/drivers/pciback/%s"

static void take(const struct hd_pci *pci, libxl_device_pci *ret)
{
    libxl_device_pci_init(ret);
    ret->domain = (int)pci->domain;
    ret->bus = (uint8_t)pci->bus;
    ret->dev = (uint8_t)pci->device;
    ret->func = (uint8_t)pci->function;
}

int hd_pci_check_free(const struct hd_pci *pci, struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(err);
    char at[HD_PCI_SIZE], driver[32];

    if (root < 0)
        return -1;
    hd_pci_format(pci, at);
    if (!hd_sysfs_exists(root, DEVICE, at))
        return hd_fail(err, HD_E_GONE, "there is no PCI device %s any more",
                       at);
    if (hd_sysfs_link_name(root, driver, sizeof(driver), DEVICE "/driver", at))
        return hd_fail(err, HD_E_BUSY,
                       "the host's driver %s uses the PCI device %s", driver,
                       at);
    return 0;
}

int hd_pci_seize(struct hd_toolstack *ts, const struct hd_pci *pci,
                 struct hd_err *err)
{
    libxl_device_pci device;
    char at[HD_PCI_SIZE];
    int rc;

    hd_pci_format(pci, at);
    take(pci, &device);
    rc = libxl_device_pci_assignable_add(hd_toolstack_begin(ts), &device, 1);
    libxl_device_pci_dispose(&device);
    return hd_toolstack_check(ts, rc, "seize the PCI device", at, err);
}

int hd_pci_give_back(struct hd_toolstack *ts, const char *address,
                     struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(err);
    libxl_device_pci device;
    struct hd_pci pci;
    int rc;

    if (root < 0)
        return -1;
    if (!hd_pci_parse(address, &pci))
        return hd_fail(err, HD_E_FAILED,
                       "the ledger's PCI device \"%s\" is bad", address);
    if (!hd_sysfs_exists(root, PCIBACK, address))
        return 0;
    take(&pci, &device);
    rc = libxl_device_pci_assignable_remove(hd_toolstack_begin(ts), &device, 1);
    libxl_device_pci_dispose(&device);
    return hd_toolstack_check(ts, rc, "give back the PCI device", address, err);
}

/* A PV guest sees the host's map of memory, or its devices' registers would lie
 * where it believes to have memory (xl.cfg(5), e820_host). */
int hd_pci_fill(libxl_domain_config *config, const struct hd_step_domain *step)
{
    config->pcidevs = calloc(step->n_pci, sizeof(*config->pcidevs));
    if (!config->pcidevs)
        return -1;
    config->num_pcidevs = (int)step->n_pci;
    for (uint32_t i = 0; i < step->n_pci; i++)
        take(&step->pci[i], &config->pcidevs[i]);
    libxl_defbool_set(&config->b_info.u.pv.e820_host, true);
    return 0;
}
