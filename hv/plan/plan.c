/* SPDX-License-Identifier: MIT */
/* Makes and prints plans; pure: no file, no clock, no random number. */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"

#define MIB ((uint64_t)1 << 20)
#define RAW "+raw"

/* What Xen and its toolstack take beside a PV guest's own pages (page tables of
 * the pool, grant frames, the shared info); measured about 3 MiB. */
#define GUEST_OVERHEAD (8 * MIB)

/* What every part of the making needs; lives on hd_plan_make's stack. */
struct maker {
    const struct hd_answer *store;
    const struct hd_inventory *inventory;
    const struct hd_policy *policy;
    struct hd_plan *plan;
    uint64_t spare; /* bytes beyond what all guests' minimum takes */
};

size_t hd_plan_size(uint32_t n_steps)
{
    return sizeof(struct hd_plan) + n_steps * sizeof(struct hd_step);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Every guest gets its minimum or none starts: the first that does not fit is
 * named.  What is left is handed out by make_domain in the manifest's order. */
static int share_memory(struct maker *m, struct hd_err *err)
{
    const struct hd_manifest *mf = &m->store->manifest;
    uint64_t limit = m->policy->limits.memory;
    uint64_t have = m->inventory->memory_free;

    if (limit)
        have = least(have, limit);
    for (uint32_t i = 0; i < mf->n_guests; i++) {
        const struct hd_guest *g = &mf->guests[i];
        uint64_t need = g->memory.min + GUEST_OVERHEAD;

        if (need > have)
            return hd_fail(err, HD_E_NO_MEMORY,
                           "guest %s needs %" PRIu64 " MiB and %" PRIu64
                           " MiB are free%s; stop a guest or lower its "
                           "memory.min",
                           g->name, need / MIB, have / MIB,
                           limit ? " under the policy's limit" : "");
        have -= need;
    }
    m->spare = have;
    return 0;
}

static int choose_vcpus(const struct maker *m, const struct hd_guest *g,
                        uint32_t *ret, struct hd_err *err)
{
    uint64_t limit = m->policy->limits.vcpus;
    uint64_t have = m->inventory->cpus;

    if (limit)
        have = least(have, limit);
    if (g->vcpus.min > have)
        return hd_fail(err, HD_E_LIMIT,
                       "guest %s needs %" PRIu64
                       " vcpus and this host gives %" PRIu64,
                       g->name, g->vcpus.min, have);
    *ret = (uint32_t)least(g->vcpus.want, have);
    return 0;
}

static int has_bridge(const struct hd_inventory *inv, const char *name)
{
    for (uint32_t i = 0; i < inv->n_bridges; i++)
        if (!strcmp(inv->bridges[i], name))
            return 1;
    return 0;
}

/* The policy's bridge for the role; where the policy is silent, the host's
 * first.  NULL when the host has none. */
static const char *choose_bridge(const struct maker *m, const char *role)
{
    const char *named = hd_policy_bridge(m->policy, role);

    if (named)
        return has_bridge(m->inventory, named) ? named : NULL;
    return m->inventory->n_bridges ? m->inventory->bridges[0] : NULL;
}

static struct hd_step *add(struct maker *m, enum hd_step_kind kind,
                           const struct hd_guest *g)
{
    struct hd_step *step = &m->plan->steps[m->plan->n_steps++];

    step->kind = kind;
    snprintf(step->guest, sizeof(step->guest), "%s", g->name);
    return step;
}

void hd_plan_dm_name(const char *label, const char *volume,
                     char ret[HD_DM_NAME_SIZE])
{
    snprintf(ret, HD_DM_NAME_SIZE - (sizeof(RAW) - 1), "hotdom-%s-%s", label,
             volume);
}

/* Which of the LUKS2 headers, in the order that the reader sends them. */
static uint32_t header_of(const struct hd_manifest *mf, int volume)
{
    uint32_t n = 0;

    for (int v = hd_manifest_luks(mf, -1); v >= 0 && v < volume;
         v = hd_manifest_luks(mf, v))
        n++;
    return n;
}

static enum hd_mode mode_of(const struct maker *m, const struct hd_disk *disk)
{
    const struct hd_manifest *mf = &m->store->manifest;

    return mf->volumes[hd_manifest_volume(mf, disk->name)].kind ==
                   HD_VOLUME_IMAGE
               ? HD_MODE_RO
               : disk->mode;
}

static struct hd_step_volume *open_one(struct maker *m,
                                       const struct hd_guest *g,
                                       const struct hd_disk *disk)
{
    int v = hd_manifest_volume(&m->store->manifest, disk->name);
    struct hd_step_volume *s = &add(m, HD_STEP_OPEN_VOLUME, g)->u.volume;

    hd_plan_dm_name(m->plan->label, disk->name, s->dm_name);
    s->start = m->store->extents[v].start;
    s->length = m->store->extents[v].length;
    s->mode = mode_of(m, disk);
    return s;
}

static void open_image(struct maker *m, const struct hd_guest *g,
                       const struct hd_disk *disk,
                       const struct hd_verity *verity)
{
    struct hd_step_volume *raw = open_one(m, g, disk);
    struct hd_step_volume *s = open_one(m, g, disk);

    strcat(raw->dm_name, RAW);
    strcpy(s->over, raw->dm_name);
    s->target = HD_TARGET_VERITY;
    s->verity = *verity;
}

static void open_volumes(struct maker *m, const struct hd_guest *g)
{
    const struct hd_manifest *mf = &m->store->manifest;

    for (uint32_t i = 0; i < g->n_disks; i++) {
        int v = hd_manifest_volume(mf, g->disks[i].name);
        const struct hd_volume *volume = &mf->volumes[v];
        struct hd_step_volume *s;

        if (volume->kind == HD_VOLUME_IMAGE) {
            open_image(m, g, &g->disks[i], &volume->verity);
            continue;
        }
        s = open_one(m, g, &g->disks[i]);
        if (volume->encryption == HD_ENCRYPTION_NONE)
            continue;
        s->target = HD_TARGET_CRYPT;
        s->header = header_of(mf, v);
        s->luks = volume->luks;
    }
}

static int build_domain(struct maker *m, const struct hd_guest *g,
                        struct hd_err *err)
{
    const struct hd_manifest *mf = &m->store->manifest;
    struct hd_step_domain *s = &add(m, HD_STEP_BUILD_DOMAIN, g)->u.domain;
    uint64_t more = least(g->memory.want - g->memory.min, m->spare);

    if (choose_vcpus(m, g, &s->vcpus, err))
        return -1;
    m->spare -= more;
    s->memory = (g->memory.min + more) / MIB * MIB;
    snprintf(s->name, sizeof(s->name), "%s.%s", m->plan->label, g->name);
    s->uuid = g->id;
    s->kernel = (uint32_t)hd_manifest_file(mf, g->kernel);
    s->ramdisk = *g->ramdisk ? hd_manifest_file(mf, g->ramdisk) : -1;
    strcpy(s->cmdline, g->cmdline);
    return 0;
}

static void attach_disks(struct maker *m, const struct hd_guest *g)
{
    for (uint32_t i = 0; i < g->n_disks; i++) {
        struct hd_step_block *s = &add(m, HD_STEP_ATTACH_BLOCK, g)->u.block;

        hd_plan_dm_name(m->plan->label, g->disks[i].name, s->dm_name);
        strcpy(s->as, g->disks[i].as);
        s->mode = mode_of(m, &g->disks[i]);
    }
}

/* Xen's own OUI (docs/misc/xen-oui), then the guest's id: the same guest has
 * the same address on every host, so it keeps its lease. */
static void make_mac(const struct hd_uuid *id, uint32_t devid, uint8_t mac[6])
{
    mac[0] = 0x00;
    mac[1] = 0x16;
    mac[2] = 0x3e;
    mac[3] = id->byte[13];
    mac[4] = id->byte[14];
    mac[5] = (uint8_t)(id->byte[15] + devid);
}

static int attach_nics(struct maker *m, const struct hd_guest *g,
                       struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_nics; i++) {
        const struct hd_nic *nic = &g->nics[i];
        const char *bridge = choose_bridge(m, nic->role);
        struct hd_step_net *s;

        if (!bridge && nic->level == HD_LEVEL_REQUIRED)
            return hd_fail(err, HD_E_NO_NETWORK,
                           "guest %s requires a network of role %s and this "
                           "host has no bridge for it; name one under "
                           "`networks` in the policy",
                           g->name, nic->role);
        if (!bridge)
            continue;
        s = &add(m, HD_STEP_ATTACH_NET, g)->u.net;
        snprintf(s->bridge, sizeof(s->bridge), "%s", bridge);
        strcpy(s->as, nic->as);
        s->devid = i;
        make_mac(&g->id, i, s->mac);
    }
    return 0;
}

static int add_guest(struct maker *m, const struct hd_guest *g,
                     struct hd_err *err)
{
    open_volumes(m, g);
    if (build_domain(m, g, err))
        return -1;
    attach_disks(m, g);
    if (attach_nics(m, g, err))
        return -1;
    add(m, HD_STEP_START_DOMAIN, g);
    return 0;
}

int hd_plan_make(const struct hd_answer *store, const char *label,
                 const struct hd_inventory *inventory,
                 const struct hd_policy *policy, struct hd_plan **ret,
                 struct hd_err *err)
{
    const struct hd_manifest *mf = &store->manifest;
    hd_autofree struct hd_plan *plan =
        calloc(1, hd_plan_size(HD_PLAN_MAX_STEPS));
    struct maker m = {store, inventory, policy, plan, 0};
    int key_volume = hd_manifest_luks(mf, -1);

    if (!plan)
        return hd_fail_errno(err, HD_E_FAILED, "make a plan");
    plan->store = mf->store.id;
    snprintf(plan->label, sizeof(plan->label), "%s", label);
    if (key_volume >= 0)
        plan->luks = mf->volumes[key_volume].luks;
    if (mf->n_guests > policy->limits.guests)
        return hd_fail(err, HD_E_LIMIT,
                       "the store has %u guests and the policy allows %" PRIu64,
                       mf->n_guests, policy->limits.guests);
    if (share_memory(&m, err))
        return -1;
    for (uint32_t i = 0; i < mf->n_guests; i++)
        if (add_guest(&m, &mf->guests[i], err))
            return -1;
    *ret = hd_steal(&plan);
    return 0;
}

static void print_volume(const struct hd_step_volume *v, FILE *out)
{
    fprintf(out, "open-volume %s start=%" PRIu64 " length=%" PRIu64 " %s",
            v->dm_name, v->start, v->length,
            v->mode == HD_MODE_RO ? "ro" : "rw");
    switch ((enum hd_step_target)v->target) {
    case HD_TARGET_LINEAR:
        return;
    case HD_TARGET_RAM:
        fputs(" ram", out);
        return;
    case HD_TARGET_CRYPT:
        fprintf(out, " crypt header=%u offset=%" PRIu64, v->header,
                v->luks.offset);
        return;
    case HD_TARGET_VERITY:
        fprintf(out, " verity over=%s blocks=%" PRIu64 " root=", v->over,
                v->verity.blocks);
        for (size_t i = 0; i < sizeof(v->verity.root); i++)
            fprintf(out, "%02x", v->verity.root[i]);
        return;
    }
}

static void print_step(const struct hd_step *s, FILE *out)
{
    switch ((enum hd_step_kind)s->kind) {
    case HD_STEP_OPEN_VOLUME:
        print_volume(&s->u.volume, out);
        return;
    case HD_STEP_MAKE_BRIDGE:
        fprintf(out, "make-bridge %s", s->u.bridge.name);
        return;
    case HD_STEP_TELL:
        fprintf(out, "tell %s = %s", s->u.tell.path, s->u.tell.value);
        return;
    case HD_STEP_BUILD_DOMAIN:
        fprintf(out, "build-domain %s memory=%" PRIu64 "M vcpus=%u",
                s->u.domain.name, s->u.domain.memory / MIB, s->u.domain.vcpus);
        return;
    case HD_STEP_ATTACH_BLOCK:
        fprintf(out, "attach-block %s as=%s %s", s->u.block.dm_name,
                s->u.block.as, s->u.block.mode == HD_MODE_RO ? "ro" : "rw");
        return;
    case HD_STEP_ATTACH_NET:
        fprintf(out, "attach-net %s as=%s mac=%02x:%02x:%02x:%02x:%02x:%02x",
                s->u.net.bridge, s->u.net.as, s->u.net.mac[0], s->u.net.mac[1],
                s->u.net.mac[2], s->u.net.mac[3], s->u.net.mac[4],
                s->u.net.mac[5]);
        return;
    case HD_STEP_START_DOMAIN:
        fprintf(out, "start-domain");
        return;
    }
}

void hd_plan_print(const struct hd_plan *plan, FILE *out)
{
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        fprintf(out, "%2u  %-12s ", i + 1, plan->steps[i].guest);
        print_step(&plan->steps[i], out);
        fputc('\n', out);
    }
}
