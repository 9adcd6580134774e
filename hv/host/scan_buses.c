/* SPDX-License-Identifier: MIT */
/* USB and PCI devices from sysfs; never opens or binds one. */
#include <stdio.h>
#include <string.h>

#include "scan.h"
#include "sysfs.h"

#define USB "sys/bus/usb/devices/%s"
#define PCI "sys/bus/pci/devices/%s"

#define USB_CLASS_HUB 9 /* USB-IF, "Defined Class Codes" */

struct interfaces {
    struct hd_host_usb *device;
    const char *address;
};

/* "1-2:1.0" is an interface of "1-2". */
static void add_interface(void *ctx, int root, const char *name)
{
    struct interfaces *in = ctx;
    size_t len = strlen(in->address);

    if (strncmp(name, in->address, len) || name[len] != ':')
        return;
    if (!in->device->class)
        in->device->class = (uint8_t)hd_sysfs_number(
            root, 16, USB "/%s/bInterfaceClass", in->address, name);
    if (!in->device->driver[0])
        hd_sysfs_link_name(root, in->device->driver, sizeof(in->device->driver),
                           USB "/%s/driver", in->address, name);
}

static void name_usb(struct hd_host_usb *usb, int root, const char *address)
{
    char maker[HD_HOST_TEXT / 2], product[HD_HOST_TEXT / 2];

    hd_sysfs_text(root, maker, sizeof(maker), USB "/manufacturer", address);
    hd_sysfs_text(root, product, sizeof(product), USB "/product", address);
    snprintf(usb->name, sizeof(usb->name), "%s%s%s", maker,
             *maker && *product ? " " : "", product);
}

static void add_usb(void *ctx, int root, const char *address)
{
    struct hd_inventory *inv = ctx;
    struct hd_host_usb usb = {0};
    struct interfaces in = {&usb, address};
    char path[128];

    /* Interfaces, and the host controllers' own hubs. */
    if (strchr(address, ':') || !strncmp(address, "usb", 3) ||
        strlen(address) >= sizeof(usb.address))
        return;
    usb.class =
        (uint8_t)hd_sysfs_number(root, 16, USB "/bDeviceClass", address);
    if (usb.class == USB_CLASS_HUB)
        return;
    if (inv->n_usb == HD_MAX_USB) {
        inv->left_out++;
        return;
    }
    strcpy(usb.address, address);
    usb.vendor = (uint16_t)hd_sysfs_number(root, 16, USB "/idVendor", address);
    usb.product =
        (uint16_t)hd_sysfs_number(root, 16, USB "/idProduct", address);
    usb.number = (uint32_t)hd_sysfs_number(root, 10, USB "/devnum", address);
    name_usb(&usb, root, address);
    snprintf(path, sizeof(path), USB, address);
    hd_sysfs_each(root, path, add_interface, &in);
    if (!hd_sysfs_exists(root, USB, address))
        return; /* pulled out meanwhile */
    inv->usb[inv->n_usb++] = usb;
}

void hd_scan_usb(struct hd_inventory *inv, int root)
{
    hd_sysfs_each(root, "sys/bus/usb/devices", add_usb, inv);
}

/* xl(1), pci-assignable-add: what pciback holds may be given away. */
static enum hd_host_pci_state state_of(const char *driver)
{
    if (!*driver)
        return HD_PCI_FREE;
    return !strcmp(driver, "pciback") || !strcmp(driver, "xen-pciback")
               ? HD_PCI_ASSIGNABLE
               : HD_PCI_IN_USE;
}

static void add_pci(void *ctx, int root, const char *address)
{
    struct hd_inventory *inv = ctx;
    struct hd_host_pci *pci = &inv->pci[inv->n_pci];

    if (strlen(address) >= sizeof(pci->address))
        return;
    if (inv->n_pci == HD_MAX_PCI) {
        inv->left_out++;
        return;
    }
    memset(pci, 0, sizeof(*pci));
    strcpy(pci->address, address);
    pci->vendor = (uint16_t)hd_sysfs_number(root, 16, PCI "/vendor", address);
    pci->device = (uint16_t)hd_sysfs_number(root, 16, PCI "/device", address);
    pci->class = (uint32_t)hd_sysfs_number(root, 16, PCI "/class", address);
    hd_sysfs_link_name(root, pci->driver, sizeof(pci->driver), PCI "/driver",
                       address);
    pci->state = state_of(pci->driver);
    if (hd_sysfs_exists(root, PCI, address))
        inv->n_pci++;
}

void hd_scan_pci(struct hd_inventory *inv, int root)
{
    inv->has_pciback = hd_sysfs_exists(root, "sys/bus/pci/drivers/pciback");
    hd_sysfs_each(root, "sys/bus/pci/devices", add_pci, inv);
}
