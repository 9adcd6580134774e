/* SPDX-License-Identifier: MIT */
/* hotdom policy: checks the host's policy; never changes it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/net/links.h"
#include "../host/policy.h"
#include "../host/trust.h"
#include "cmd.h"

static bool has_signer(const struct hd_trusted *list, size_t n,
                       const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, name))
            return true;
    return false;
}

/* What is allowed to be so, and yet is likely a slip of the pen. */
static int warn(const struct hd_policy *policy, struct hd_err *err)
{
    hd_autofree struct hd_trusted *trusted = NULL;
    hd_autofree struct hd_link *links = NULL;
    size_t n_trusted, n_links;

    if (hd_trust_list(HD_TRUSTED_DIR, &trusted, &n_trusted, NULL, err) ||
        hd_links_list(&links, &n_links, err))
        return -1;
    for (uint32_t i = 0; i < policy->n_signers; i++)
        if (!has_signer(trusted, n_trusted, policy->signers[i].name))
            printf("warning: signer %s is not trusted here; see "
                   "`hotdom trust list`\n",
                   policy->signers[i].name);
    for (uint32_t i = 0; i < policy->n_networks; i++)
        if (!hd_links_has_bridge(links, n_links, policy->networks[i].bridge))
            printf("warning: this host has no bridge %s, for role %s\n",
                   policy->networks[i].bridge, policy->networks[i].role);
    return 0;
}

static int check(const char *path, struct hd_err *err)
{
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));

    if (!policy)
        return hd_fail_errno(err, HD_E_FAILED, "check the policy");
    if (hd_policy_load(path, policy, err))
        return -1;
    printf("ok: %u signers, %u networks, %u devices, %u denied classes, %u "
           "host paths\n",
           policy->n_signers, policy->n_networks, policy->n_devices,
           policy->n_denied, policy->n_host_paths);
    return warn(policy, err);
}

int hd_cmd_policy(int argc, char **argv, struct hd_err *err)
{
    const char *path = argc > 2 ? argv[2] : HD_POLICY;

    if (argc < 2 || argc > 3 || strcmp(argv[1], "check") || *path == '-')
        return hd_fail(err, HD_E_USAGE,
                       "it takes \"check\" and perhaps a file");
    /* Without its own file the host has the defaults; any other was meant. */
    if (argc == 3 && access(path, R_OK))
        return hd_fail_errno(err, HD_E_FAILED, "cannot read %s", path);
    if (argc == 2 && access(path, F_OK))
        puts("there is no " HD_POLICY "; these are the defaults");
    return check(path, err);
}
