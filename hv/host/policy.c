/* SPDX-License-Identifier: MIT */
/* Reads the host's policy by its field table; never creates or changes it. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define POLICY_BYTES (1 << 16)

static const char *const activations[] = {
    [HD_ACTIVATION_ASK] = "ask",
    [HD_ACTIVATION_AUTO] = "auto",
    [HD_ACTIVATION_DENY] = "deny",
    NULL,
};

#define MEMBER(type, m) offsetof(type, m), sizeof(((type *)0)->m)

#define S(m) MEMBER(struct hd_policy_signer, m)
static const struct hd_field signer_fields[] = {
    {"name", HD_T_NAME, HD_F_REQUIRED, S(name), 0, 0, 0, 0, NULL, NULL,
     "of a key in /etc/hotdom/trusted.d, without .pub"},
    {"activation", HD_T_ENUM, HD_F_REQUIRED, S(activation), 0, 0, 0, 0,
     activations, NULL, "what happens when a store of this signer appears"},
};
#undef S

#define N(m) MEMBER(struct hd_policy_network, m)
static const struct hd_field network_fields[] = {
    {"role", HD_T_NAME, HD_F_REQUIRED, N(role), 0, 0, 0, 0, NULL, NULL,
     "as a guest's nic asks for it"},
    {"bridge", HD_T_TEXT, HD_F_REQUIRED, N(bridge), 0, 0, 0, 0, NULL, NULL,
     "the bridge of this host that serves the role"},
};
#undef N

#define L(m) MEMBER(struct hd_policy_limits, m)
static const struct hd_field limit_fields[] = {
    {"memory", HD_T_SIZE, 0, L(memory), 0, 0, 1ull << 50, 0, NULL, NULL,
     "for all guests of one store together; 0: what the host has"},
    {"vcpus", HD_T_UINT, 0, L(vcpus), 0, 0, 512, 0, NULL, NULL,
     "of one guest; 0: what the host has"},
    {"guests", HD_T_UINT, 0, L(guests), 0, 1, HD_MAX_GUESTS, HD_MAX_GUESTS,
     NULL, NULL, "of one store"},
    {"stores", HD_T_UINT, 0, L(stores), 0, 1, 1024, 64, NULL, NULL,
     "attached at the same time"},
    {"kdf_memory", HD_T_SIZE, 0, L(kdf_memory), 0, 1 << 20,
     (uint64_t)HD_LUKS_MEMORY_MAX << 10, 1 << 30, NULL, NULL,
     "that an encrypted store's passwords may ask for"},
    {"kdf_time", HD_T_UINT, 0, L(kdf_time), 0, 1, HD_LUKS_TIME_MAX, 16, NULL,
     NULL, "passes over it"},
    {"cache", HD_T_SIZE, 0, L(cache), 0, 0, 1ull << 40, 256 << 20, NULL, NULL,
     "memory for kernels that the next store may have again; 0: none"},
};
#undef L

static const struct hd_table signer_table = {
    "signer", sizeof(struct hd_policy_signer), signer_fields,
    HD_ARRAY_LEN(signer_fields)};
static const struct hd_table network_table = {
    "network", sizeof(struct hd_policy_network), network_fields,
    HD_ARRAY_LEN(network_fields)};
static const struct hd_table limit_table = {
    "limits", sizeof(struct hd_policy_limits), limit_fields,
    HD_ARRAY_LEN(limit_fields)};

#define P(m) MEMBER(struct hd_policy, m)
static const struct hd_field policy_fields[] = {
    {"activation", HD_T_ENUM, 0, P(activation), 0, 0, 0, HD_ACTIVATION_ASK,
     activations, NULL, "for trusted signers that are not named below"},
    {"signers", HD_T_LIST, 0, P(signers), offsetof(struct hd_policy, n_signers),
     0, 64, 0, NULL, &signer_table, "exceptions by signer"},
    {"networks", HD_T_LIST, 0, P(networks),
     offsetof(struct hd_policy, n_networks), 0, 32, 0, NULL, &network_table,
     "which bridge serves which role"},
    {"limits", HD_T_MAP, 0, P(limits), 0, 0, 0, 0, NULL, &limit_table,
     "host quota; it beats the manifest"},
};
#undef P

const struct hd_table hd_policy_table = {"policy", sizeof(struct hd_policy),
                                         policy_fields,
                                         HD_ARRAY_LEN(policy_fields)};

/* An empty file and no file mean the same: the table's defaults. */
static const char defaults[] = "activation: ask\n";

int hd_policy_load(const char *path, struct hd_policy *ret, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));
    size_t len;

    if (!policy)
        return hd_fail_errno(err, HD_E_FAILED, "read the policy");
    if (access(path, F_OK) && errno == ENOENT) {
        text = strdup(defaults);
        len = sizeof(defaults) - 1;
        if (!text)
            return hd_fail_errno(err, HD_E_FAILED, "read the policy");
    } else if (hd_io_read_file(path, POLICY_BYTES, &text, &len, err)) {
        return -1;
    }
    if (hd_yaml_read(text, len, &hd_policy_table, 0, HD_E_FAILED, policy, err))
        return hd_wrap(err, "%s", path);
    *ret = *policy;
    return 0;
}

enum hd_activation hd_policy_activation(const struct hd_policy *policy,
                                        const char *signer, const char *store)
{
    uint32_t found = policy->activation;

    for (uint32_t i = 0; i < policy->n_signers; i++) {
        const struct hd_policy_signer *s = &policy->signers[i];

        if (strcmp(s->name, signer))
            continue;
        if (!strcmp(s->store, store))
            return s->activation;
        if (!*s->store)
            found = s->activation;
    }
    return found;
}

bool hd_policy_denies(const struct hd_policy *policy, uint32_t class)
{
    for (uint32_t i = 0; i < policy->n_denied; i++)
        if (policy->denied[i].class == class)
            return true;
    return false;
}

const char *hd_policy_bridge(const struct hd_policy *policy, const char *role)
{
    for (uint32_t i = 0; i < policy->n_networks; i++)
        if (!strcmp(policy->networks[i].role, role))
            return policy->networks[i].bridge;
    return NULL;
}

int hd_policy_check_kdf(const struct hd_policy *policy,
                        const struct hd_luks_facts *facts, struct hd_err *err)
{
    const struct hd_policy_limits *l = &policy->limits;

    if ((uint64_t)facts->memory_kib << 10 > l->kdf_memory)
        return hd_fail(err, HD_E_LIMIT,
                       "its passwords take %u MiB of memory to check and the "
                       "policy allows %llu MiB; raise limits.kdf_memory, or "
                       "pack the store with a lower --kdf-memory",
                       (facts->memory_kib + 1023) >> 10,
                       (unsigned long long)l->kdf_memory >> 20);
    if (facts->time > l->kdf_time)
        return hd_fail(err, HD_E_LIMIT,
                       "its passwords take %u passes to check and the policy "
                       "allows %llu; raise limits.kdf_time, or pack the store "
                       "with a lower --kdf-time",
                       facts->time, (unsigned long long)l->kdf_time);
    return 0;
}
