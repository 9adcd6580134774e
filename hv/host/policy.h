/* SPDX-License-Identifier: MIT */
/* What this host allows: /etc/hotdom/hotdom.yaml; good without that file. */
#ifndef HD_HOST_POLICY_H
#define HD_HOST_POLICY_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../store/manifest.h"

enum hd_activation {
    HD_ACTIVATION_ASK,
    HD_ACTIVATION_AUTO,
    HD_ACTIVATION_DENY
};

struct hd_policy_signer {
    char name[HD_NAME_SIZE]; /* in trusted.d */
    uint32_t activation;
};

struct hd_policy_network {
    char role[HD_NAME_SIZE];
    char bridge[16]; /* IFNAMSIZ */
};

struct hd_policy_limits {
    uint64_t memory; /* bytes for all guests; 0: what the host has */
    uint64_t vcpus;  /* of one guest; 0: what the host has */
    uint64_t guests, stores;
    uint64_t kdf_memory, kdf_time; /* bytes, passes: of Argon2id */
    uint64_t cache; /* bytes of kernels kept for the next store; 0: none */
};

struct hd_policy {
    uint32_t activation; /* for signers not named below */
    uint32_t n_signers, n_networks;
    struct hd_policy_signer signers[64];
    struct hd_policy_network networks[32];
    struct hd_policy_limits limits;
};

/* A missing file gives the defaults.  Errors carry path, line and column. */
int hd_policy_load(const char *path, struct hd_policy *ret, struct hd_err *err);
enum hd_activation hd_policy_activation(const struct hd_policy *policy,
                                        const char *signer);
/* The bridge of a role, or NULL when the policy says nothing about it. */
const char *hd_policy_bridge(const struct hd_policy *policy, const char *role);
/* HD_E_LIMIT, with both numbers, when a keyslot asks for more than allowed. */
int hd_policy_check_kdf(const struct hd_policy *policy,
                        const struct hd_luks_facts *facts, struct hd_err *err);

extern const struct hd_table hd_policy_table;

#endif
