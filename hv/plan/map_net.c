/* SPDX-License-Identifier: MIT */
/* Networks: a role's bridge, or one that leads nowhere; never made here. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mapper.h"

static bool has_bridge(const struct hd_inventory *inv, const char *name)
{
    for (uint32_t i = 0; i < inv->n_bridges; i++)
        if (!strcmp(inv->bridges[i], name))
            return true;
    return false;
}

static bool leads_outside(const struct hd_inventory *inv, const char *bridge)
{
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (!strcmp(inv->links[i].name, bridge))
            return inv->links[i].outside;
    return false;
}

/* "the bridges xenbr0 (leads outside) and virbr0", as many as fit. */
static void say_found(const struct hd_inventory *inv, struct hd_map_row *row)
{
    size_t used, size = sizeof(row->found);
    uint32_t n = inv->n_bridges;

    HD_SAY(row->found, n == 0   ? "no bridge"
                       : n == 1 ? "the bridge "
                                : "the bridges ");
    for (uint32_t i = 0; i < n; i++) {
        const char *name = inv->bridges[i];
        const char *out = leads_outside(inv, name) ? " (leads outside)" : "";

        used = strlen(row->found);
        if (used + strlen(name) + strlen(out) + sizeof(" and ...") > size) {
            hd_map_say(row->found + used, size - used, " ...");
            return;
        }
        hd_map_say(row->found + used, size - used, "%s%s%s",
                   !i           ? ""
                   : i == n - 1 ? " and "
                                : ", ",
                   name, out);
    }
}

void hd_map_mac(const struct hd_uuid *id, uint32_t devid, uint8_t ret[6])
{
    ret[0] = 0x00;
    ret[1] = 0x16;
    ret[2] = 0x3e;
    ret[3] = id->byte[13];
    ret[4] = id->byte[14];
    ret[5] = (uint8_t)(id->byte[15] + devid);
}

/* One for all of the guest's networks that the host lacks. */
static void isolate(const struct hd_mapper *m, struct hd_map_row *row)
{
    const uint8_t *id = m->in->store->manifest.store.id.byte;

    row->how = HD_HOW_EMULATED;
    row->own = 1;
    HD_SAY(row->host_name, "hd%02x%02x%02x%02x%u", id[0], id[1], id[2], id[3],
           m->at);
}

/* ", at most 2048 KiB a second, mtu 1400, isolated", as much of it as is said.
 */
static void say_limits(struct hd_map_row *row)
{
    const struct hd_net_limits *l = &row->limits;
    size_t used = strlen(row->reason), size = sizeof(row->reason);

    if (l->rate)
        hd_map_say(row->reason + used, size - used,
                   ", at most %" PRIu64 " KiB a second", l->rate / 1024);
    used = strlen(row->reason);
    if (l->mtu)
        hd_map_say(row->reason + used, size - used, ", mtu %" PRIu64, l->mtu);
    used = strlen(row->reason);
    if (l->isolated)
        hd_map_say(row->reason + used, size - used, ", isolated");
}

static void join(struct hd_map_row *row, const char *bridge)
{
    row->how = HD_HOW_PV;
    HD_SAY(row->host_name, "%s", bridge);
}

void hd_map_net(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    const struct hd_inventory *inv = m->in->inventory;
    const struct hd_policy_network *network =
        hd_policy_network(m->in->policy, row->role);
    const char *named = network ? network->bridge : NULL;
    const char *then = "";

    hd_map_mac(&g->id, row->index, row->mac);
    HD_SAY(row->wish, "a network of role %s as %s%s", row->role,
           row->guest_name, hd_map_level(row));
    say_found(inv, row);
    if (named && has_bridge(inv, named)) {
        join(row, named);
        row->limits = network->limits;
        HD_SAY(row->reason, "the policy joins role %s to %s", row->role, named);
        say_limits(row);
        return;
    }
    HD_SAY(row->change,
           "name a bridge of this host for role %s under "
           "`networks` in /etc/hotdom/hotdom.yaml",
           row->role);
    if (!named && inv->n_bridges) {
        join(row, inv->bridges[0]);
        HD_SAY(row->reason,
               "the policy joins role %s to nothing, so it gets the host's "
               "first bridge",
               row->role);
        return;
    }
    if (row->level == HD_LEVEL_PREFERRED) {
        isolate(m, row);
        then = ": the guest gets a bridge of its own that leads nowhere";
    }
    if (named)
        HD_SAY(row->reason, "the policy's bridge %s is not there%s", named,
               then);
    else
        HD_SAY(row->reason, "the host has no bridge%s", then);
    if (row->level == HD_LEVEL_REQUIRED)
        hd_map_refuse(m, HD_E_NO_NETWORK,
                      "guest %s requires a network of role %s and this host "
                      "has no bridge %s; name one under `networks` in the "
                      "policy",
                      g->name, row->role, named ? named : "for it");
}
