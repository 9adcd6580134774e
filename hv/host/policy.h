/* SPDX-License-Identifier: MIT */
/* What this host allows: /etc/hotdom/hotdom.yaml; good without that file. */
#ifndef HD_HOST_POLICY_H
#define HD_HOST_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../store/host_view.h"
#include "../store/manifest.h"

enum hd_activation {
    HD_ACTIVATION_ASK,
    HD_ACTIVATION_AUTO,
    HD_ACTIVATION_DENY
};

struct hd_policy_signer {
    char name[HD_NAME_SIZE];  /* in trusted.d */
    char store[HD_NAME_SIZE]; /* only its store of this name; empty: all */
    uint32_t activation;
};

/* What holds for every NIC of a role. */
struct hd_net_limits {
    uint64_t rate;    /* bytes a second that the guest may send; 0: no limit */
    uint64_t mtu;     /* 0: the bridge's */
    uint8_t isolated; /* it reaches no other isolated one on the bridge */
};

struct hd_policy_network {
    char role[HD_NAME_SIZE];
    char bridge[16]; /* IFNAMSIZ */
    struct hd_net_limits limits;
};

/* Least that limits may say, where they say something. */
#define HD_NET_RATE_MIN 1024
#define HD_NET_RATE_MAX (1ull << 40)
#define HD_NET_MTU_MIN  68 /* RFC 791 */
#define HD_NET_MTU_MAX  65535

/* A USB or PCI device, by what it is, that guests which ask for the role may
 * have; one of the two is not empty. */
struct hd_policy_device {
    char role[HD_NAME_SIZE];
    char usb[16];   /* "1199:9071", vendor and product; or a class: "08" */
    char pci[16];   /* "0000:03:00.0"; or a class: "0403" */
    uint64_t speed; /* bits a second, should it be a serial adapter */
};

struct hd_policy_class {
    uint32_t class; /* enum hd_class */
};

struct hd_policy_path {
    char path[256]; /* absolute, without "." or ".." */
};

struct hd_policy_limits {
    uint64_t memory; /* bytes for all guests of all stores; 0: what there is */
    uint64_t vcpus;  /* of one guest; 0: what the host has */
    uint64_t guests; /* of one store */
    uint64_t all_guests; /* of all stores together; 0: no limit */
    uint64_t stores;
    uint64_t parallel; /* guests of all stores that are started at a time; 0: as
                          many as dom0 has processors */
    uint64_t weight;   /* of each guest, by Xen's credit schedulers */
    uint64_t kdf_memory, kdf_time; /* bytes, passes: of Argon2id */
    uint64_t pause; /* ms that a pulled guest is kept, at most; 0: not at all */
    uint64_t cache; /* bytes of kernels, ramdisks for the next store; 0: none */
    uint64_t dumps; /* bytes of HD_DUMP_DIR; 0: none is written */
};

struct hd_policy {
    uint32_t activation;   /* for signers not named below */
    uint64_t build_ahead;  /* milliseconds; 0: nothing is */
    uint64_t ask_password; /* ms that password agents are asked; 0: not */
    uint32_t n_signers, n_networks, n_devices, n_denied, n_host_paths;
    struct hd_policy_signer signers[64];
    struct hd_policy_network networks[32];
    struct hd_policy_device devices[32];
    struct hd_policy_class denied[16];    /* classes that no guest gets */
    struct hd_policy_path host_paths[32]; /* that guests may ever be shown */
    struct hd_policy_limits limits;
};

/* Errors carry line and column. */
int hd_policy_parse(const char *text, size_t len, struct hd_policy *ret,
                    struct hd_err *err);
/* A missing file gives the defaults.  Errors carry path, line and column. */
int hd_policy_load(const char *path, struct hd_policy *ret, struct hd_err *err);
/* The most specific wins: signer and store, signer, the default.  `store`: its
 * name in the manifest. */
enum hd_activation hd_policy_activation(const struct hd_policy *policy,
                                        const char *signer, const char *store);
bool hd_policy_denies(const struct hd_policy *policy, uint32_t class);
/* The bridge of a role and what holds there, or NULL when the policy says
 * nothing about it. */
const struct hd_policy_network *hd_policy_network(
    const struct hd_policy *policy, const char *role);
/* May guests be shown that path of the host?  It is as the tables have it. */
bool hd_policy_shows(const struct hd_policy *policy, const char *path);
/* Takes the exceptions that it does not show out of a guest's tables, the text
 * of host_view.h: how many they were, and `ret_first`, unless there was none.
 */
uint32_t hd_policy_narrow(const struct hd_policy *policy,
                          char tables[HD_VIEW_TEXT],
                          char ret_first[HD_TABLES_PATH]);
/* All that guests may be shown, as lines of hd_tables_parse. */
void hd_policy_shown(const struct hd_policy *policy, char ret[HD_SHOWN_TEXT]);
/* HD_E_LIMIT, with both numbers, when a keyslot asks for more than allowed. */
int hd_policy_check_kdf(const struct hd_policy *policy,
                        const struct hd_luks_facts *facts, struct hd_err *err);

extern const struct hd_table hd_policy_table;

#endif
