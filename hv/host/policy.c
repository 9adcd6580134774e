/* SPDX-License-Identifier: MIT */
/* Reads the host's policy by its field table; never creates or changes it. */
#include "policy.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/tables.h"
#include "../store/yaml_locate.h"
#include "policy_check.h"

#define POLICY_BYTES (1 << 16)

static const char *const activations[] = {
    [HD_ACTIVATION_ASK] = "ask",
    [HD_ACTIVATION_AUTO] = "auto",
    [HD_ACTIVATION_DENY] = "deny",
    NULL,
};

#define AT(tag, m)                                                             \
    .offset = offsetof(struct tag, m), .size = sizeof(((struct tag *)0)->m)
#define LIST(m)                                                                \
    AT(hd_policy, m), .count = offsetof(struct hd_policy, n_##m),              \
                      .max = HD_ARRAY_LEN(((struct hd_policy *)0)->m)
#define TABLE(tag, what, fields)                                               \
    {                                                                          \
        what, sizeof(struct tag), fields, HD_ARRAY_LEN(fields)                 \
    }
#define REQ HD_F_REQUIRED

static const struct hd_field signer_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_policy_signer, name),
     .doc = "of a key in /etc/hotdom/trusted.d, without .pub"},
    {"store", HD_T_NAME, 0, AT(hd_policy_signer, store),
     .doc = "only the signer's store of this name; default: all"},
    {"activation", HD_T_ENUM, REQ, AT(hd_policy_signer, activation),
     .names = activations,
     .doc = "what happens when a store of this signer appears"},
};

static const struct hd_field network_fields[] = {
    {"role", HD_T_NAME, REQ, AT(hd_policy_network, role),
     .doc = "as a guest's nic asks for it"},
    {"bridge", HD_T_TEXT, REQ, AT(hd_policy_network, bridge),
     .doc = "the bridge of this host that serves the role"},
    {"rate", HD_T_SIZE, 0, AT(hd_policy_network, limits.rate),
     .max = HD_NET_RATE_MAX,
     .doc = "bytes a second that a guest may send; 0: no limit"},
    {"mtu", HD_T_UINT, 0, AT(hd_policy_network, limits.mtu),
     .max = HD_NET_MTU_MAX, .doc = "bytes of a packet; 0: as the bridge has"},
    {"isolated", HD_T_BOOL, 0, AT(hd_policy_network, limits.isolated),
     .doc = "guests of the role do not reach each other there"},
};

static const struct hd_field device_fields[] = {
    {"role", HD_T_NAME, REQ, AT(hd_policy_device, role),
     .doc = "as a guest's wish asks for it"},
    {"usb", HD_T_TEXT, 0, AT(hd_policy_device, usb),
     .doc = "vendor and product, 1199:9071, or a class, 08"},
    {"pci", HD_T_TEXT, 0, AT(hd_policy_device, pci),
     .doc = "an address, 0000:03:00.0, or a class, 0403"},
    {"speed", HD_T_UINT, 0, AT(hd_policy_device, speed), .min = 50,
     .max = 4000000, .def = 115200,
     .doc = "of a serial adapter, bits a second"},
};

static const struct hd_field denied_fields[] = {
    {"class", HD_T_ENUM, REQ, AT(hd_policy_class, class),
     .names = hd_class_names, .doc = "of a wish"},
};

static const struct hd_field path_fields[] = {
    {"path", HD_T_TEXT, REQ, AT(hd_policy_path, path),
     .doc = "absolute, of a file or folder"},
};

static const struct hd_field limit_fields[] = {
    {"memory", HD_T_SIZE, 0, AT(hd_policy_limits, memory), .max = 1ull << 50,
     .doc = "for all guests of all stores together; 0: what the host has"},
    {"vcpus", HD_T_UINT, 0, AT(hd_policy_limits, vcpus), .max = 512,
     .doc = "of one guest; 0: what the host has"},
    {"guests", HD_T_UINT, 0, AT(hd_policy_limits, guests), .min = 1,
     .max = HD_MAX_GUESTS, .def = HD_MAX_GUESTS, .doc = "of one store"},
    {"all_guests", HD_T_UINT, 0, AT(hd_policy_limits, all_guests), .max = 65536,
     .doc = "of all stores together; 0: no limit"},
    {"stores", HD_T_UINT, 0, AT(hd_policy_limits, stores), .min = 1,
     .max = 1024, .def = 64, .doc = "attached at the same time"},
    {"parallel", HD_T_UINT, 0, AT(hd_policy_limits, parallel),
     .max = HD_MAX_GUESTS,
     .doc = "guests that start side by side; 0: as dom0 has processors"},
    {"weight", HD_T_UINT, 0, AT(hd_policy_limits, weight), .min = 1,
     .max = 65535, .def = 64,
     .doc = "of a guest in Xen's credit schedulers, where dom0 has 256"},
    {"kdf_memory", HD_T_SIZE, 0, AT(hd_policy_limits, kdf_memory),
     .min = 1 << 20, .max = (uint64_t)HD_LUKS_MEMORY_MAX << 10, .def = 1 << 30,
     .doc = "that an encrypted store's passwords may ask for"},
    {"kdf_time", HD_T_UINT, 0, AT(hd_policy_limits, kdf_time), .min = 1,
     .max = HD_LUKS_TIME_MAX, .def = 16, .doc = "passes over it"},
    {"pause", HD_T_DURATION, 0, AT(hd_policy_limits, pause), .max = 3600000,
     .def = 300000,
     .doc = "that a guest is kept whose store was pulled; 0: none is"},
    {"cache", HD_T_SIZE, 0, AT(hd_policy_limits, cache), .max = 1ull << 40,
     .def = 256 << 20,
     .doc = "memory for kernels and ramdisks that the next store may have; "
            "0: none"},
    {"dumps", HD_T_SIZE, 0, AT(hd_policy_limits, dumps), .max = 1ull << 50,
     .doc = "of the host's disk for the memory of guests that end; 0: none"},
};

static const struct hd_table signer_table =
    TABLE(hd_policy_signer, "signer", signer_fields);
static const struct hd_table network_table =
    TABLE(hd_policy_network, "network", network_fields);
static const struct hd_table device_table =
    TABLE(hd_policy_device, "device", device_fields);
static const struct hd_table denied_table =
    TABLE(hd_policy_class, "class", denied_fields);
static const struct hd_table path_table =
    TABLE(hd_policy_path, "path", path_fields);
static const struct hd_table limit_table =
    TABLE(hd_policy_limits, "limits", limit_fields);

static const struct hd_field policy_fields[] = {
    {"activation", HD_T_ENUM, 0, AT(hd_policy, activation),
     .def = HD_ACTIVATION_ASK, .names = activations,
     .doc = "for trusted signers that are not named below"},
    {"build_ahead", HD_T_DURATION, 0, AT(hd_policy, build_ahead),
     .max = 24 * 3600 * 1000,
     .doc = "how long a locked store's guests wait, built, for the password"},
    {"ask_password", HD_T_DURATION, 0, AT(hd_policy, ask_password),
     .max = 24 * 3600 * 1000, .def = 300000,
     .doc = "how long password agents are asked for a locked store; 0s: not"},
    {"signers", HD_T_LIST, 0, LIST(signers), .sub = &signer_table,
     .doc = "exceptions by signer, or by signer and store"},
    {"networks", HD_T_LIST, 0, LIST(networks), .sub = &network_table,
     .doc = "which bridge serves which role"},
    {"devices", HD_T_LIST, 0, LIST(devices), .sub = &device_table,
     .doc = "which USB and PCI devices serve which role"},
    {"denied", HD_T_LIST, HD_F_BARE, LIST(denied), .sub = &denied_table,
     .doc = "classes that no guest gets"},
    {"host_paths", HD_T_LIST, HD_F_BARE, LIST(host_paths), .sub = &path_table,
     .doc = "what guests may ever be shown of the host's files"},
    {"limits", HD_T_MAP, 0, AT(hd_policy, limits), .sub = &limit_table,
     .doc = "host quota; it beats the manifest"},
};

const struct hd_table hd_policy_table =
    TABLE(hd_policy, "policy", policy_fields);

/* No file: the table's defaults. */
static const char defaults[] = "activation: ask\n";

int hd_policy_parse(const char *text, size_t len, struct hd_policy *ret,
                    struct hd_err *err)
{
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));
    const char *list = NULL;
    size_t line, column;
    uint32_t index = 0;

    if (!policy)
        return hd_fail_errno(err, HD_E_FAILED, "read the policy");
    if (hd_yaml_read(text, len, &hd_policy_table, 0, HD_E_FAILED, policy, err))
        return -1;
    if (hd_policy_check(policy, &list, &index, err))
        return hd_yaml_locate(text, len, list, index, &line, &column)
                   ? -1
                   : hd_wrap(err, "line %zu, column %zu", line, column);
    *ret = *policy;
    return 0;
}

int hd_policy_load(const char *path, struct hd_policy *ret, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;

    if (access(path, F_OK) && errno == ENOENT)
        return hd_policy_parse(defaults, sizeof(defaults) - 1, ret, err);
    if (hd_io_read_file(path, POLICY_BYTES, &text, &len, err))
        return -1;
    return hd_policy_parse(text, len, ret, err) ? hd_wrap(err, "%s", path) : 0;
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

const struct hd_policy_network *hd_policy_network(
    const struct hd_policy *policy, const char *role)
{
    for (uint32_t i = 0; i < policy->n_networks; i++)
        if (!strcmp(policy->networks[i].role, role))
            return &policy->networks[i];
    return NULL;
}

bool hd_policy_shows(const struct hd_policy *policy, const char *path)
{
    for (uint32_t i = 0; i < policy->n_host_paths; i++)
        if (hd_tables_is_below(path, policy->host_paths[i].path))
            return true;
    return false;
}

uint32_t hd_policy_narrow(const struct hd_policy *policy,
                          char tables[HD_VIEW_TEXT],
                          char ret_first[HD_TABLES_PATH])
{
    const char *line = tables, *next = tables;
    struct hd_view_entry e;
    char *to = tables;
    uint32_t n = 0;

    for (; hd_host_view_next(&next, &e); line = next)
        if (e.side == HD_SIDE_GUEST || hd_policy_shows(policy, e.path)) {
            memmove(to, line, (size_t)(next - line));
            to += next - line;
        } else if (!n++) {
            strcpy(ret_first, e.path);
        }
    *to = '\0';
    return n;
}

void hd_policy_shown(const struct hd_policy *policy, char ret[HD_SHOWN_TEXT])
{
    size_t len = 0;

    ret[0] = '\0';
    for (uint32_t i = 0; i < policy->n_host_paths; i++)
        len += (size_t)snprintf(ret + len, HD_SHOWN_TEXT - len, "+%s\n",
                                policy->host_paths[i].path);
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
