/* SPDX-License-Identifier: MIT */
/* Processors and memory: who gets how much; never more than there is. */
#include <inttypes.h>

#include "mapper.h"
#include "need.h"

#define MIB ((uint64_t)1 << 20)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t hd_map_vcpus_wanted(const struct hd_mapper *m,
                             const struct hd_guest *g)
{
    uint64_t user = m->map->settings.vcpus;

    return user ? most(user, g->vcpus.min) : g->vcpus.want;
}

uint64_t hd_map_memory_wanted(const struct hd_mapper *m,
                              const struct hd_guest *g)
{
    uint64_t user = m->map->settings.memory;

    return (user ? most(user, g->memory.min) : g->memory.want) / MIB * MIB;
}

static const char *whose(uint64_t setting)
{
    return setting ? ", as the user wants" : "";
}

void hd_map_cpu(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    uint64_t limit = m->in->policy->limits.vcpus;
    uint64_t cpus = m->in->inventory->cpus;
    uint64_t have = limit ? least(cpus, limit) : cpus;

    row->wished = hd_map_vcpus_wanted(m, g);
    HD_SAY(row->wish, "%" PRIu64 " vcpus, at least %" PRIu64 "%s", row->wished,
           g->vcpus.min, whose(m->map->settings.vcpus));
    HD_SAY(row->found, "%" PRIu64 " processors", cpus);
    if (row->wished > have)
        HD_SAY(row->change, "%s",
               limit && limit < cpus
                   ? "raise limits.vcpus in the policy"
                   : "nothing on this host: it has no more processors");
    if (g->vcpus.min > have) {
        HD_SAY(row->reason, "this host gives %" PRIu64 ", the guest needs more",
               have);
        hd_map_refuse(m, HD_E_LIMIT,
                      "guest %s needs %" PRIu64
                      " vcpus and this host gives %" PRIu64,
                      g->name, g->vcpus.min, have);
        return;
    }
    row->how = HD_HOW_PV;
    row->given = least(row->wished, have);
    if (row->given == row->wished)
        HD_SAY(row->reason, "the host has as many as were wished");
    else if (limit && limit < cpus)
        HD_SAY(row->reason, "the policy gives a guest %" PRIu64 " at most",
               limit);
    else
        HD_SAY(row->reason, "the host has no more");
}

/* hd_map_admit and hd_map_share do the rest. */
void hd_map_memory(struct hd_mapper *m, const struct hd_guest *g,
                   struct hd_map_row *row)
{
    row->wished = hd_map_memory_wanted(m, g);
    HD_SAY(row->wish, "%" PRIu64 " MiB of memory, at least %" PRIu64 " MiB%s",
           row->wished / MIB, g->memory.min / MIB,
           whose(m->map->settings.memory));
}

/* Its first two rows, map.c makes them: vcpus and memory. */
static struct hd_map_row *row_of(const struct hd_mapper *m,
                                 const struct hd_map_guest *out, int n)
{
    return &m->map->rows[out->first_row + (uint32_t)n];
}

static uint64_t have(const struct hd_mapper *m)
{
    return least(m->free, m->quota);
}

static const char *by_limit(const struct hd_mapper *m)
{
    return m->quota < m->free ? " under the policy's limit" : "";
}

static void take(struct hd_mapper *m, uint64_t bytes)
{
    m->free -= bytes;
    if (m->quota != UINT64_MAX)
        m->quota -= bytes;
}

static bool guest_too_many(struct hd_mapper *m, const struct hd_guest *g)
{
    uint64_t limit = m->in->policy->limits.all_guests;

    if (!limit || m->guests < limit)
        return false;
    hd_map_refuse(m, HD_E_LIMIT,
                  "guest %s would be number %" PRIu64
                  " of all stores' guests and the policy allows %" PRIu64
                  "; stop a guest or raise limits.all_guests",
                  g->name, m->guests + 1, limit);
    return true;
}

void hd_map_admit(struct hd_mapper *m, const struct hd_guest *g)
{
    struct hd_map_row *row = row_of(m, m->out, 1);
    uint64_t vcpus = row_of(m, m->out, 0)->given;
    uint64_t need = hd_need_bytes(g->memory.min, vcpus ? vcpus : g->vcpus.min);
    uint64_t missing = need > have(m) ? need - have(m) / MIB * MIB : 0;

    HD_SAY(row->found, "%" PRIu64 " MiB free%s", have(m) / MIB, by_limit(m));
    if (missing) {
        HD_SAY(row->reason,
               "it needs %" PRIu64 " MiB with what Xen takes: %" PRIu64
               " MiB are missing",
               (need + MIB - 1) / MIB, (missing + MIB - 1) / MIB);
        HD_SAY(row->change, "%s",
               m->quota < m->free
                   ? "stop a guest, lower memory.min, or raise limits.memory "
                     "in the policy"
                   : "stop a guest or lower its memory.min");
        hd_map_refuse(m, HD_E_NO_MEMORY,
                      "guest %s needs %" PRIu64 " MiB and %" PRIu64
                      " MiB are free%s: %" PRIu64
                      " MiB are missing; stop a guest or lower its memory.min",
                      g->name, (need + MIB - 1) / MIB, have(m) / MIB,
                      by_limit(m), (missing + MIB - 1) / MIB);
    }
    if (m->out->why.code || guest_too_many(m, g)) {
        if (!*row->reason)
            HD_SAY(row->reason, "the guest is not started");
        return;
    }
    row->how = HD_HOW_PV;
    row->given = g->memory.min / MIB * MIB;
    take(m, need);
    m->guests++;
}

static void share(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row, uint64_t vcpus)
{
    uint64_t base = hd_need_bytes(g->memory.min, vcpus);
    uint64_t given =
        hd_need_most(row->given, row->wished, vcpus, have(m) + base);

    row->given = given;
    if (given == row->wished) {
        HD_SAY(row->reason, "there is as much as was wished");
    } else {
        HD_SAY(row->reason,
               "what Xen takes beside and the other guests' minimum leave no "
               "more%s",
               by_limit(m));
        HD_SAY(row->change, "%s",
               m->quota < m->free ? "raise limits.memory in the policy"
                                  : "stop a guest before this one starts");
    }
    if (hd_need_bytes(given, vcpus) > base)
        take(m, hd_need_bytes(given, vcpus) - base);
}

void hd_map_share(struct hd_mapper *m)
{
    for (uint32_t i = 0; i < m->map->n_guests; i++) {
        const struct hd_map_guest *out = &m->map->guests[i];

        if (hd_map_starts(out))
            share(m, &m->in->store->manifest.guests[i], row_of(m, out, 1),
                  row_of(m, out, 0)->given);
    }
}
