/* SPDX-License-Identifier: MIT */
/* The plan: ordered steps from the host as it is to the guests running.  Pure:
 * the same input gives the same bytes, and nothing is touched. */
#ifndef HD_PLAN_PLAN_H
#define HD_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../pv-drivers/base/err.h"
#include "../store/manifest.h"
#include "../store/reader.h"
#include "map.h"

/* hotdom-LABEL-VOLUME, as /dev/mapper shows it; "+raw" behind the name of what
 * lies under an image; hotdom-LABEL-GUEST+ram2, or +usb2, for the guest's
 * wish 2.
 * No volume's name has a "+". */
#define HD_DM_NAME_SIZE (8 + HD_LABEL_SIZE + HD_NAME_SIZE + 6)
/* LABEL.GUEST, as `xl list` shows it. */
#define HD_DOMAIN_NAME_SIZE (HD_LABEL_SIZE + HD_NAME_SIZE)

/* Undo of each step, by the ledger: remove the dm device or the bridge, free
 * the port, end the process and so free what it serves, give the PCI device
 * back to dom0, destroy the domain; what is attached and told goes with its
 * domain.
 */
enum hd_step_kind {
    HD_STEP_OPEN_VOLUME,
    HD_STEP_MAKE_BRIDGE,  /* without an uplink, for this guest alone */
    HD_STEP_ADD_PORT,     /* a NIC of the host's, to such a bridge */
    HD_STEP_SEIZE_PCI,    /* from dom0 to Xen's PCI backend */
    HD_STEP_BUILD_DOMAIN, /* leaves it paused */
    HD_STEP_ATTACH_BLOCK,
    HD_STEP_ATTACH_NET,
    HD_STEP_TELL,           /* a xenstore node below the guest's data/hotdom */
    HD_STEP_START_DOMAIN,   /* unpause */
    HD_STEP_SERVE_CONSOLE,  /* a process that has a serial port of the host's */
    HD_STEP_ATTACH_CONSOLE, /* which it serves to the guest */
    HD_STEP_SERVE_FILES,    /* a process that reads the host's files for it */
    HD_STEP_ATTACH_FILES,   /* over 9p */
};
#define HD_STEP_KINDS (HD_STEP_ATTACH_CONSOLE + 1)

enum hd_step_target { /* the device-mapper's */
                      HD_TARGET_LINEAR,
                      HD_TARGET_CRYPT,
                      HD_TARGET_VERITY,
                      HD_TARGET_RAM, /* zeros in memory, gone with the device */
                      HD_TARGET_DISK, /* a whole disk of the host's */
                      HD_TARGET_HOLD, /* what fails below waits, hv/run/hold.h
                                       */
};

struct hd_step_volume {
    char dm_name[HD_DM_NAME_SIZE];
    uint64_t start, length; /* bytes on the medium: the whole partition */
    uint32_t mode;          /* enum hd_mode */
    uint32_t target;        /* enum hd_step_target */
    uint32_t header;        /* CRYPT: which of the job's LUKS2 headers */
    uint32_t discard;       /* CRYPT: 1: discards reach the medium */
    struct hd_luks luks;    /* CRYPT */
    /* VERITY: dm-verity's data begins where its device does, so this one, a
     * linear of the step before, is the partition.  HOLD: the volume. */
    char over[HD_DM_NAME_SIZE];
    struct hd_verity verity;
    /* DISK: the kernel's name, and which medium it must be the name of. */
    char disk[32];
    uint64_t diskseq;
};

/* Where a PCI device is. */
struct hd_pci {
    uint32_t domain, bus, device, function;
};

struct hd_step_domain {
    char name[HD_DOMAIN_NAME_SIZE];
    struct hd_uuid uuid;
    uint32_t kernel; /* index of a manifest file */
    int32_t ramdisk; /* the same, or -1 */
    uint32_t vcpus;
    uint32_t weight;  /* in Xen's credit schedulers, 1 to 65535 */
    uint64_t memory;  /* bytes */
    uint32_t cmdline; /* a place in the plan's text: hd_plan_cmdline */
    /* A PV framebuffer and keyboard, served by VNC on a socket in
     * /run/hotdom/display/DOMAIN; width 0: none. */
    uint32_t width, height;
    uint32_t on_poweroff, on_reboot, on_crash; /* hotdomd's to do, or xl's */
    /* Guests of the plan that run before it is started. */
    uint32_t n_after;
    struct hd_name after[HD_MAX_AFTER];
    uint32_t n_pci; /* devices of the host's that it has to itself */
    struct hd_pci pci[HD_MAX_GUEST_PCI];
};

struct hd_step_pci {
    struct hd_pci at;
};

struct hd_step_bridge {
    char name[16];
};

struct hd_step_port {
    char bridge[16];
    char name[16];
    uint32_t index; /* the interface that the name must be of */
};

struct hd_step_console {
    uint32_t devid;  /* which of the guest's: 1 for hvc1 */
    char tty[32];    /* the kernel's name: "ttyUSB0" */
    char usb[32];    /* where its device is plugged in */
    uint32_t number; /* the one that must be plugged in there */
    uint32_t speed;  /* bits a second */
};

struct hd_step_files {
    char name[HD_DOMAIN_NAME_SIZE]; /* of the domain, and of the process */
    uint32_t tables, shown;         /* where they begin in the plan's text */
};

struct hd_step_tell {
    /* "map/net/lan0", and "pv xenbr0 00:16:3e:01:02:03": how and, if it has
     * one, the host's name; of a NIC also the MAC, of other USB devices the
     * disk or the console, "pv sdb xvdc". xenstore knows no ".": it is "@"
     * here.  Also "map/user" and what the user's settings name:
     * "settings/locale", "keyboard", "time-zone" and "display"
     * ("1280x800").  "host/..." and "store/..." are entries of the registry,
     * the value behind its letter: "host/cpus" and "i8"; "bind/0" is a key and
     * a file: "guest/net/resolv /etc/resolv.conf". */
    char path[64];
    char value[128];
};

struct hd_step_block {
    char dm_name[HD_DM_NAME_SIZE];
    char as[8];
    uint32_t mode;
};

struct hd_step_net {
    char bridge[16];
    char as[HD_NAME_SIZE];
    uint32_t devid;
    uint8_t mac[6];
    struct hd_net_limits limits;
};

struct hd_step {
    uint32_t kind; /* enum hd_step_kind */
    char guest[HD_NAME_SIZE];
    union {
        struct hd_step_volume volume;
        struct hd_step_domain domain;
        struct hd_step_block block;
        struct hd_step_net net;
        struct hd_step_bridge bridge;
        struct hd_step_port port;
        struct hd_step_pci pci;
        struct hd_step_tell tell;
        struct hd_step_console console; /* both steps */
        struct hd_step_files files;     /* both steps */
    } u;
};

/* Plain data, sent to the job as bytes: hd_plan_bytes of them.  Behind the
 * steps are `n_text` bytes of text. */
struct hd_plan {
    struct hd_uuid store;
    char label[HD_LABEL_SIZE];
    struct hd_luks luks; /* of the key volume; offset 0: none is encrypted */
    uint32_t n_steps, n_text;
    struct hd_step steps[];
};

/* Bytes of texts: of each guest its command line, its tables, and what the
 * policy shows, which is all guests' but while one that was read anew has not
 * reached them all. */
#define HD_PLAN_MAX_TEXT                                                       \
    (HD_MAX_GUESTS * (HD_CMDLINE_SIZE + HD_VIEW_TEXT + HD_SHOWN_TEXT))

/* A volume is one step or two, a row of the map is told in one or two, and each
 * of the eight settings, of the eight facts of the host, of what the guests
 * share and of what is bound. */
#define HD_PLAN_GUEST_STEPS 21 /* without those of its rows */
#define HD_PLAN_ROW_STEPS   5  /* two to make it, one to attach it, two told */
#define HD_PLAN_MAX_STEPS                                                      \
    (HD_MAX_GUESTS *                                                           \
         (HD_PLAN_GUEST_STEPS + 3 * HD_MAX_NICS + 5 * HD_MAX_WISHES +          \
          HD_MAX_DISKS + HD_MAX_SHARED + HD_MAX_BINDS) +                       \
     3 * HD_MAX_VOLUMES)

size_t hd_plan_size(uint32_t n_steps); /* of one without text */
size_t hd_plan_bytes(const struct hd_plan *plan);
/* Are the `bytes` at `plan`, at least hd_plan_size(0) of them, a plan that can
 * be looked into? */
bool hd_plan_is_whole(const struct hd_plan *plan, size_t bytes);

/* What a process serves a guest; borrowed from the plan. */
struct hd_plan_view {
    const char *name;   /* of the domain, and of the process */
    const char *tables; /* hv/store/host_view.h */
    const char *shown;  /* hd_policy_shown */
};
/* Of a step that serves or attaches files. */
struct hd_plan_view hd_plan_view(const struct hd_plan *plan,
                                 const struct hd_step *step);
/* Of a step that builds a domain, its kernel's; borrowed from the plan. */
const char *hd_plan_cmdline(const struct hd_plan *plan,
                            const struct hd_step *step);
/* Of a guest's; false: it has none, or `plan` is NULL. */
bool hd_plan_find_view(const struct hd_plan *plan, const char *guest,
                       struct hd_plan_view *ret);
/* The same plan with others for `guest`; NULL without memory.  The caller frees
 * it. */
struct hd_plan *hd_plan_with_view(const struct hd_plan *plan, const char *guest,
                                  const char *tables, const char *shown);

/* How to get from the map to its guests: those that can start and are wanted,
 * each after the other, in the map's order.  The caller frees `*ret`.  Fails
 * with the first guest's reason when none can, and without memory. */
int hd_plan_make(const struct hd_answer *store, const struct hd_map *map,
                 struct hd_plan **ret, struct hd_err *err);

/* The steps of it that `wants`, in a plan of their own that needs no password;
 * NULL when there is none, or no memory.  The caller frees it. */
struct hd_plan *hd_plan_part(const struct hd_plan *plan,
                             bool (*wants)(const struct hd_step *step,
                                           const void *arg),
                             const void *arg);
/* It is done again when its guest restarts: what the others made, the guest
 * keeps. */
bool hd_step_is_again(const struct hd_step *step);

/* A plan of one step: the guest is told that it does without; of none when
 * there is no name.  The caller frees `*ret`. */
int hd_plan_absent(const struct hd_uuid *store, const char *label,
                   const char *guest, const char *class, const char *name,
                   struct hd_plan **ret, struct hd_err *err);

/* "hotdom-LABEL-VOLUME". */
void hd_plan_dm_name(const char *label, const char *volume,
                     char ret[HD_DM_NAME_SIZE]);

/* "0000:03:00.0", as sysfs names it. */
#define HD_PCI_SIZE 16
void hd_pci_format(const struct hd_pci *pci, char ret[HD_PCI_SIZE]);
/* Anything else is false. */
bool hd_pci_parse(const char *text, struct hd_pci *ret);

/* "open-volume". */
const char *hd_step_kind_name(uint32_t kind);
/* "destroy-domain travel.desk", as the ledger does it; empty: what undoes the
 * domain undoes this. */
#define HD_STEP_UNDO_SIZE (16 + HD_DM_NAME_SIZE)
void hd_step_undo(const struct hd_step *step, char ret[HD_STEP_UNDO_SIZE]);

/* One line a step and its undo, for people and golden files. */
void hd_plan_print(const struct hd_plan *plan, FILE *out);

#endif
