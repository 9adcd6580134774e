/* SPDX-License-Identifier: MIT */
/* What the host has, read from Xen, sysfs and rtnetlink; never changes
 * anything. */
#ifndef HD_HOST_INVENTORY_H
#define HD_HOST_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../store/manifest.h"

/* At most; what is more is counted in `left_out`. */
#define HD_MAX_BRIDGES    32
#define HD_MAX_POOLS      16
#define HD_MAX_DISKS_SEEN 64
#define HD_MAX_LINKS      64
#define HD_MAX_USB        64
#define HD_MAX_PCI        256
#define HD_MAX_PARTS      64

/* All text is printable UTF-8: what a device says of itself is hostile. */
#define HD_HOST_TEXT 64
#define HD_HOST_FEATURES                                                       \
    4096 /* a line of /proc/cpuinfo: 1.5 KiB and growing                       \
          */

/* The PCI devices that something hangs on, from the root down, with a slash
 * behind each: "0000:00:1c.0/0000:03:00.0/"; or "". */
#define HD_HOST_PATH 128

struct hd_host_pool { /* xlcpupool.cfg(5) */
    uint32_t id, cpus, domains;
};

struct hd_host_disk {
    char name[32]; /* the kernel's: "sda" */
    char bus[16];  /* usb, ata, nvme, virtio, scsi, mmc or "" */
    char model[HD_HOST_TEXT];
    uint64_t size;    /* bytes */
    uint64_t diskseq; /* the kernel's, of this medium and no other since boot */
    uint8_t removable, read_only, rotational;
    uint8_t root;   /* the host's own root file system is on it */
    uint8_t in_use; /* it, or a part of it, is mounted, swap, or below LVM, md,
                       crypt or another dm device */
    uint8_t store;  /* a partition's name says that it is a store of hotdom */
    char usb[32];   /* the USB device it hangs on, as hd_host_usb, or "" */
    char pci[HD_HOST_PATH];
};

/* HD_LINK_*: one name each, as `hotdom info` prints them. */
#define HD_LINK_KINDS(X)                                                       \
    X(ETHERNET, "ethernet")                                                    \
    X(WIRELESS, "wireless")                                                    \
    X(BRIDGE, "bridge")                                                        \
    X(BOND, "bond")                                                            \
    X(OTHER, "other")

enum hd_host_link_kind {
#define HD_X(name, text) HD_LINK_##name,
    HD_LINK_KINDS(HD_X)
#undef HD_X
};

const char *hd_host_link_kind(uint32_t kind);

struct hd_host_link { /* a network interface of dom0; no guest's vif, no lo */
    char name[16];
    char master[16]; /* the bridge or bond that it is part of, or "" */
    uint32_t index;  /* the kernel's, of this one and no other since boot */
    uint32_t kind;   /* enum hd_host_link_kind */
    uint8_t mac[6];
    uint8_t up;          /* it has a carrier */
    uint8_t in_use;      /* it is set up, or has an address */
    uint8_t outside;     /* it leads out of this host */
    uint8_t only_uplink; /* ... and no other does, but what it is part of */
    char usb[32];        /* the USB device it hangs on, or "" */
    char pci[HD_HOST_PATH];
};

struct hd_host_usb {
    char address[32]; /* "1-2.3", as sysfs names it */
    char name[HD_HOST_TEXT];
    char driver[32]; /* of the first interface that has one, or "" */
    uint16_t vendor, product;
    uint8_t class; /* of the device, or of its first interface; USB-IF's */
    /* The kernel's, of this device on its bus: what is plugged in instead has
     * another. */
    uint32_t number;
};

/* Who has a PCI device. */
enum hd_host_pci_state { HD_PCI_FREE, HD_PCI_ASSIGNABLE, HD_PCI_IN_USE };

struct hd_host_pci {
    char address[16]; /* "0000:00:1f.0" */
    char driver[32];
    uint16_t vendor, device;
    uint32_t class; /* 24 bits, PCI-SIG's */
    uint32_t state; /* enum hd_host_pci_state */
};

/* What has a class and a name and is not more: see hd_host_part_class. */
#define HD_PART_CLASSES(X)                                                     \
    X(DISPLAY, "display")                                                      \
    X(INPUT, "input")                                                          \
    X(SOUND, "sound")                                                          \
    X(SERIAL, "serial")

enum hd_host_part_class {
#define HD_X(name, text) HD_PART_##name,
    HD_PART_CLASSES(HD_X)
#undef HD_X
};

const char *hd_host_part_class(uint32_t class);

struct hd_host_part {
    uint32_t class; /* enum hd_host_part_class */
    char name[32];
    char text[HD_HOST_TEXT];
    char usb[32];    /* SERIAL: the USB device that it is on, or "" */
    uint8_t console; /* SERIAL: the host's own console is on it */
};

struct hd_host_os {
    char name[HD_HOST_TEXT];    /* the host's, of uname(2) */
    char release[HD_HOST_TEXT]; /* PRETTY_NAME */
    char kernel[HD_HOST_TEXT];
    char machine[HD_HOST_TEXT]; /* the maker's name for the computer */
    char time_zone[HD_HOST_TEXT];
    char locale[HD_HOST_TEXT];
    char keyboard[HD_HOST_TEXT];
};

struct hd_host_xen {
    char version[HD_HOST_TEXT]; /* "4.17.3" */
    char options[1024];         /* its command line, XENVER_commandline */
    uint8_t pv, hvm, hap;
    uint8_t iommu; /* it can give a PCI device to a guest */
    uint32_t nodes, cores_per_socket, threads_per_core;
};

struct hd_inventory {
    uint64_t memory_total, memory_free; /* bytes; free counts scrubbing pages */
    uint64_t memory_scrubbing;          /* of free */
    uint64_t dom0_available; /* bytes of dom0's own that it could spare */
    uint32_t cpus;
    char cpu_model[HD_HOST_TEXT];
    char cpu_features[HD_HOST_FEATURES]; /* "fpu vme ...", as dom0 sees them */
    struct hd_host_xen xen;
    struct hd_host_os os;
    uint32_t n_bridges, n_pools, n_disks, n_links, n_usb, n_pci, n_parts;
    uint32_t left_out;
    uint8_t has_pciback; /* dom0 can give a PCI device to a guest */
    uint8_t has_qemu;    /* dom0's QEMU can serve a PV framebuffer */
    char bridges[HD_MAX_BRIDGES][16]; /* sorted; xenbr0 first when there */
    struct hd_host_pool pools[HD_MAX_POOLS];
    struct hd_host_disk disks[HD_MAX_DISKS_SEEN]; /* sorted, as all of these */
    struct hd_host_link links[HD_MAX_LINKS];
    struct hd_host_usb usb[HD_MAX_USB];
    struct hd_host_pci pci[HD_MAX_PCI];
    struct hd_host_part parts[HD_MAX_PARTS];
};

/* Parts of a scan.  What costs time grows with the host: some 30 us for a PCI
 * device and 100 us for a disk; the others are 0.1 ms together. */
enum hd_scan {
    HD_SCAN_DISKS = 1 << 0,
    HD_SCAN_USB = 1 << 1,
    HD_SCAN_PCI = 1 << 2,
    HD_SCAN_PARTS = 1 << 3,
    HD_SCAN_ALL = (1 << 4) - 1,
};

/* The parts that a plan for these guests looks at. */
unsigned hd_inventory_needed(const struct hd_manifest *m);
/* The same for one wish of enum hd_class. */
unsigned hd_inventory_needed_for(uint32_t class);
/* Xen, CPU, system, links, and the parts in `what`, of enum hd_scan; others are
 * as on a host that has none.  HD_E_NO_XEN unless this is dom0 of a running
 * Xen.  Hypercalls, sysfs and one netlink dump; what vanishes meanwhile is left
 * out.  Does not wait for anything. */
int hd_inventory_scan(unsigned what, struct hd_inventory *ret,
                      struct hd_err *err);

#endif
