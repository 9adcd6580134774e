/* SPDX-License-Identifier: MIT */
/* Reads a store, looks at the host and maps one to the other; changes neither.
 */
#include "mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/dom0.h"
#include "../host/policy.h"

static int find_user(const struct hd_manifest *m, const char *name,
                     const struct hd_user **ret, struct hd_err *err)
{
    int i = name ? hd_manifest_user(m, name) : -1;

    if (name && i < 0)
        return hd_fail(err, HD_E_NO_USER, "its manifest has no user %s", name);
    if (!name && m->n_users == 1)
        i = 0;
    *ret = i < 0 ? NULL : &m->users[i];
    return 0;
}

static int make_map(struct hd_mapped *mapped, const char *user,
                    struct hd_err *err)
{
    const struct hd_manifest *m = &mapped->store->answer->manifest;
    hd_autofree struct hd_inventory *inventory = malloc(sizeof(*inventory));
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));
    hd_autofree char *real = realpath(mapped->store->path, NULL);
    const struct hd_commitments none = {0};
    struct hd_map_input in = {
        .store = mapped->store->answer,
        .label = m->store.name,
        .inventory = inventory,
        .policy = policy,
        .commitments = &none,
    };

    if (!inventory || !policy)
        return hd_fail_errno(err, HD_E_FAILED, "make a resource map");
    if (find_user(m, user, &in.user, err) ||
        hd_policy_load(HD_POLICY, policy, err) ||
        hd_inventory_scan(hd_inventory_needed(m), inventory, err))
        return -1;
    if (real && !strncmp(real, "/dev/", 5))
        snprintf(in.device, sizeof(in.device), "%.31s", real + 5);
    return hd_map_make(&in, &mapped->map, err);
}

int hd_mapped_open(const char *store, const char *user, struct hd_mapped **ret,
                   struct hd_err *err)
{
    hd_auto(hd_mapped) mapped = calloc(1, sizeof(*mapped));

    if (!mapped)
        return hd_fail_errno(err, HD_E_FAILED, "read %s", store);
    if (hd_dom0_check(err) || hd_open_store(store, &mapped->store, err) ||
        hd_open_store_idle(mapped->store, err) || make_map(mapped, user, err))
        return -1;
    *ret = hd_steal(&mapped);
    return 0;
}

void hd_mapped_free(struct hd_mapped *mapped)
{
    if (mapped->store)
        hd_open_store_free(mapped->store);
    hd_map_free(mapped->map);
    free(mapped);
}
