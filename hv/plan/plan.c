/* SPDX-License-Identifier: MIT */
/* Makes plans; pure: no file, no clock, no random number. */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/after.h"
#include "../store/host_view.h"
#include "plan_tell.h"
#include "plan_text.h"

#define MIB    ((uint64_t)1 << 20)
#define RAW    "+raw"
#define BEHIND 6 /* the longest of "+raw", "+ram15" and "+usb15" */

/* What every part of the making needs; lives on hd_plan_make's stack. */
struct maker {
    const struct hd_answer *store;
    const struct hd_map *map;
    struct hd_plan *plan;
};

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
    snprintf(ret, HD_DM_NAME_SIZE - BEHIND, "hotdom-%s-%s", label, volume);
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

/* What a guest writes is held back when it fails: `below` becomes the device
 * under the one that the guest gets. */
static void hold_back(struct maker *m, const struct hd_guest *g,
                      struct hd_step_volume *below)
{
    struct hd_step_volume *s = &add(m, HD_STEP_OPEN_VOLUME, g)->u.volume;

    strcpy(s->dm_name, below->dm_name);
    strcat(below->dm_name, RAW);
    strcpy(s->over, below->dm_name);
    s->target = HD_TARGET_HOLD;
    s->length = below->length;
    if (below->target == HD_TARGET_CRYPT)
        s->length -= below->luks.offset;
}

static void open_volume(struct maker *m, const struct hd_guest *g,
                        const struct hd_disk *disk)
{
    const struct hd_manifest *mf = &m->store->manifest;
    int v = hd_manifest_volume(mf, disk->name);
    const struct hd_volume *volume = &mf->volumes[v];
    struct hd_step_volume *s;

    if (volume->kind == HD_VOLUME_IMAGE) {
        open_image(m, g, disk, &volume->verity);
        return;
    }
    s = open_one(m, g, disk);
    if (volume->encryption != HD_ENCRYPTION_NONE) {
        s->target = HD_TARGET_CRYPT;
        s->header = header_of(mf, v);
        s->discard = volume->discard;
        s->luks = volume->luks;
    }
    if (s->mode == HD_MODE_RW)
        hold_back(m, g, s);
}

/* Of what a wish gives. */
static void wish_dm_name(const struct maker *m, const struct hd_map_row *row,
                         char ret[HD_DM_NAME_SIZE])
{
    size_t used;

    hd_plan_dm_name(m->plan->label, row->guest, ret);
    used = strlen(ret);
    snprintf(ret + used, HD_DM_NAME_SIZE - used, "+%s%u",
             row->class == HD_CLASS_USB ? "usb" : "ram", row->index % 100);
}

static bool is_disk(const struct hd_map_row *row)
{
    return row->how != HD_HOW_ABSENT && *row->vdev;
}

static bool is_volume(const struct hd_map_row *row)
{
    return row->class == HD_CLASS_BLOCK && !row->own;
}

static void open_row(struct maker *m, const struct hd_guest *g,
                     const struct hd_map_row *row)
{
    struct hd_step_volume *s;

    if (is_volume(row)) {
        open_volume(m, g, &g->disks[row->index]);
        return;
    }
    s = &add(m, HD_STEP_OPEN_VOLUME, g)->u.volume;
    wish_dm_name(m, row, s->dm_name);
    s->length = row->given / 512 * 512;
    s->target = HD_TARGET_RAM;
    if (row->class != HD_CLASS_USB)
        return;
    s->target = HD_TARGET_DISK;
    s->mode = row->read_only ? HD_MODE_RO : HD_MODE_RW;
    s->diskseq = row->device;
    snprintf(s->disk, sizeof(s->disk), "%.31s", row->host_name);
}

static bool is_pci(const struct hd_map_row *row)
{
    return row->class == HD_CLASS_PCI && row->how != HD_HOW_ABSENT;
}

static void seize_pci(struct maker *m, const struct hd_guest *g,
                      const struct hd_map_row *row)
{
    struct hd_pci at;

    if (hd_pci_parse(row->host_name, &at))
        add(m, HD_STEP_SEIZE_PCI, g)->u.pci.at = at;
}

/* The map says what the guest gets, the manifest what it is. */
static void build_domain(struct maker *m, const struct hd_guest *g,
                         const struct hd_map_row *rows, uint32_t n)
{
    const struct hd_manifest *mf = &m->store->manifest;
    struct hd_step_domain *s = &add(m, HD_STEP_BUILD_DOMAIN, g)->u.domain;

    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].class == HD_CLASS_CPU)
            s->vcpus = (uint32_t)rows[i].given;
        else if (rows[i].class == HD_CLASS_MEMORY)
            s->memory = rows[i].given;
        else if (rows[i].class == HD_CLASS_DISPLAY && rows[i].width) {
            s->width = (uint32_t)rows[i].width;
            s->height = (uint32_t)rows[i].height;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        if (is_pci(&rows[i]) && s->n_pci < HD_MAX_GUEST_PCI &&
            hd_pci_parse(rows[i].host_name, &s->pci[s->n_pci]))
            s->n_pci++;
    snprintf(s->name, sizeof(s->name), "%s.%s", m->plan->label, g->name);
    s->uuid = g->id;
    s->weight = m->map->weight;
    s->kernel = (uint32_t)hd_manifest_file(mf, g->kernel);
    s->ramdisk = *g->ramdisk ? hd_manifest_file(mf, g->ramdisk) : -1;
    s->on_poweroff = g->stop.on_poweroff;
    s->on_reboot = g->stop.on_reboot;
    s->on_crash = g->stop.on_crash;
    s->n_after = g->n_after;
    memcpy(s->after, g->after, sizeof(s->after));
}

static void attach_disk(struct maker *m, const struct hd_guest *g,
                        const struct hd_map_row *row)
{
    struct hd_step_block *s = &add(m, HD_STEP_ATTACH_BLOCK, g)->u.block;

    if (is_volume(row)) {
        hd_plan_dm_name(m->plan->label, g->disks[row->index].name, s->dm_name);
        s->mode = mode_of(m, &g->disks[row->index]);
    } else {
        wish_dm_name(m, row, s->dm_name);
        s->mode = row->read_only ? HD_MODE_RO : HD_MODE_RW;
    }
    strcpy(s->as, row->vdev);
}

static void attach_nic(struct maker *m, const struct hd_guest *g,
                       const struct hd_map_row *row)
{
    struct hd_step_net *s = &add(m, HD_STEP_ATTACH_NET, g)->u.net;

    snprintf(s->bridge, sizeof(s->bridge), "%.15s",
             *row->bridge ? row->bridge : row->host_name);
    strcpy(s->as, row->guest_name);
    s->devid = row->index + (*row->bridge ? HD_MAX_NICS : 0);
    memcpy(s->mac, row->mac, sizeof(s->mac));
    s->limits = row->limits;
}

/* Who serves it must know the domain, and be there before it is attached. */
static void add_console(struct maker *m, const struct hd_guest *g,
                        enum hd_step_kind kind, const struct hd_map_row *row)
{
    struct hd_step_console *s;

    if (!row->console)
        return;
    s = &add(m, kind, g)->u.console;
    s->devid = row->console;
    s->number = (uint32_t)row->device;
    s->speed = (uint32_t)row->speed;
    strcpy(s->usb, row->usb);
    snprintf(s->tty, sizeof(s->tty), "%.31s", row->host_name);
}

/* Its tables are filled in when all steps are there. */
static void add_files(struct maker *m, const struct hd_guest *g,
                      enum hd_step_kind kind, const struct hd_map_row *row)
{
    struct hd_step_files *s;

    if (row->class != HD_CLASS_FILES || row->how == HD_HOW_ABSENT)
        return;
    s = &add(m, kind, g)->u.files;
    snprintf(s->name, sizeof(s->name), "%s.%s", m->plan->label, g->name);
}

static void make_bridge(struct maker *m, const struct hd_guest *g,
                        const char *name)
{
    struct hd_step_bridge *s = &add(m, HD_STEP_MAKE_BRIDGE, g)->u.bridge;

    snprintf(s->name, sizeof(s->name), "%.15s", name);
}

static void add_port(struct maker *m, const struct hd_guest *g,
                     const struct hd_map_row *row)
{
    struct hd_step_port *s = &add(m, HD_STEP_ADD_PORT, g)->u.port;

    strcpy(s->bridge, row->bridge);
    snprintf(s->name, sizeof(s->name), "%.15s", row->host_name);
    s->index = (uint32_t)row->device;
}

/* One bridge without a port serves all of the guest's rows that need one. */
static void make_bridges(struct maker *m, const struct hd_guest *g,
                         const struct hd_map_row *rows, uint32_t n)
{
    bool made = false;

    for (uint32_t i = 0; i < n; i++)
        if (*rows[i].bridge) {
            make_bridge(m, g, rows[i].bridge);
            add_port(m, g, &rows[i]);
        } else if (rows[i].class == HD_CLASS_NET && rows[i].own && !made) {
            make_bridge(m, g, rows[i].host_name);
            made = true;
        }
}

static void add_guest(struct maker *m, const struct hd_guest *g,
                      const struct hd_map_guest *in)
{
    const struct hd_map_row *rows = &m->map->rows[in->first_row];

    for (uint32_t i = 0; i < in->n_rows; i++)
        if (is_pci(&rows[i]) && rows[i].seize)
            seize_pci(m, g, &rows[i]);
    /* The longest; all that needs no domain is done beside it. */
    if (!m->map->hot)
        build_domain(m, g, rows, in->n_rows);
    for (uint32_t i = 0; i < in->n_rows; i++)
        if (is_disk(&rows[i]))
            open_row(m, g, &rows[i]);
    make_bridges(m, g, rows, in->n_rows);
    for (uint32_t i = 0; i < in->n_rows; i++)
        add_console(m, g, HD_STEP_SERVE_CONSOLE, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        add_files(m, g, HD_STEP_SERVE_FILES, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        add_files(m, g, HD_STEP_ATTACH_FILES, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        add_console(m, g, HD_STEP_ATTACH_CONSOLE, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        if (is_disk(&rows[i]))
            attach_disk(m, g, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        if (hd_plan_is_nic(&rows[i]))
            attach_nic(m, g, &rows[i]);
    for (uint32_t i = 0; i < in->n_rows; i++)
        hd_plan_tell_row(m->plan, &rows[i]);
    if (m->map->hot)
        return;
    hd_plan_tell_guest(m->plan, m->map, &m->store->manifest, g);
    add(m, HD_STEP_START_DOMAIN, g);
}

/* Why not even one guest can start. */
static int why_none(const struct hd_map *map, struct hd_err *err)
{
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (hd_map_starts(&map->guests[i]))
            return 0;
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (map->guests[i].why.code) {
            if (err)
                *err = map->guests[i].why;
            return -1;
        }
    return hd_fail(err, HD_E_NO_GUEST, "no guest of %s is to be started",
                   map->label);
}

/* Behind the steps, which are all there. */
static int add_texts(struct maker *m, struct hd_err *err)
{
    const struct hd_manifest *mf = &m->store->manifest;
    hd_autofree char *text = malloc(HD_VIEW_TEXT);

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "make a plan");

    for (uint32_t i = 0; i < m->plan->n_steps; i++) {
        struct hd_step *s = &m->plan->steps[i];
        const struct hd_guest *g = &mf->guests[hd_manifest_guest(mf, s->guest)];

        if (s->kind == HD_STEP_BUILD_DOMAIN)
            hd_plan_put_cmdline(m->plan, s, g->cmdline);
        if (!hd_step_is_view(s))
            continue;
        /* The manifest is checked. */
        *text = '\0';
        (void)hd_host_view_text(mf, g, text, NULL);
        hd_plan_put_view(m->plan, s, text, m->map->shown);
    }
    return 0;
}

/* Of all that is made below: what the largest plan may have is twenty MiB,
 * which hotdomd's allocator writes to, and it plans often. */
static size_t room_for(const struct hd_manifest *mf, const struct hd_map *map)
{
    uint32_t steps = 0, views = 0;

    for (uint32_t i = 0; i < map->n_guests; i++) {
        const struct hd_map_guest *g = &map->guests[i];

        if (!hd_map_starts(g))
            continue;
        steps += HD_PLAN_GUEST_STEPS + HD_PLAN_ROW_STEPS * g->n_rows +
                 mf->n_shared + mf->guests[i].n_binds;
        for (uint32_t k = 0; k < g->n_rows; k++)
            views += map->rows[g->first_row + k].class == HD_CLASS_FILES;
    }
    return hd_plan_size(steps) + map->n_guests * HD_CMDLINE_SIZE +
           (views ? views * HD_VIEW_TEXT + HD_SHOWN_TEXT : 0);
}

int hd_plan_make(const struct hd_answer *store, const struct hd_map *map,
                 struct hd_plan **ret, struct hd_err *err)
{
    const struct hd_manifest *mf = &store->manifest;
    hd_autofree struct hd_plan *plan = NULL;
    struct maker m = {store, map, NULL};
    int key_volume = hd_manifest_luks(mf, -1);
    uint32_t order[HD_MAX_GUESTS];

    if (why_none(map, err))
        return -1;
    plan = calloc(1, room_for(mf, map));
    if (!plan)
        return hd_fail_errno(err, HD_E_FAILED, "make a plan");
    m.plan = plan;
    plan->store = mf->store.id;
    snprintf(plan->label, sizeof(plan->label), "%s", map->label);
    if (key_volume >= 0)
        plan->luks = mf->volumes[key_volume].luks;
    hd_after_order(mf, order);
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (hd_map_starts(&map->guests[order[i]]))
            add_guest(&m, &mf->guests[order[i]], &map->guests[order[i]]);
    if (add_texts(&m, err))
        return -1;
    *ret = hd_steal(&plan);
    return 0;
}

struct hd_plan *hd_plan_part(const struct hd_plan *plan,
                             bool (*wants)(const struct hd_step *step,
                                           const void *arg),
                             const void *arg)
{
    struct hd_plan *part = calloc(1, hd_plan_bytes(plan));

    if (!part)
        return NULL;
    part->store = plan->store;
    memcpy(part->label, plan->label, sizeof(part->label));
    for (uint32_t i = 0; i < plan->n_steps; i++)
        if (wants(&plan->steps[i], arg))
            part->steps[part->n_steps++] = plan->steps[i];
    if (!part->n_steps)
        free(hd_steal(&part));
    else
        hd_plan_copy_text(plan, part);
    return part;
}

bool hd_step_is_again(const struct hd_step *step)
{
    return step->kind != HD_STEP_OPEN_VOLUME &&
           step->kind != HD_STEP_MAKE_BRIDGE &&
           step->kind != HD_STEP_ADD_PORT && step->kind != HD_STEP_SEIZE_PCI;
}

int hd_plan_absent(const struct hd_uuid *store, const char *label,
                   const char *guest, const char *class, const char *name,
                   struct hd_plan **ret, struct hd_err *err)
{
    hd_autofree struct hd_plan *plan = calloc(1, hd_plan_size(1));
    char folder[32];

    if (!plan)
        return hd_fail_errno(err, HD_E_FAILED, "make a plan");
    plan->store = *store;
    snprintf(plan->label, sizeof(plan->label), "%s", label);
    if (*name) {
        plan->n_steps = 1;
        plan->steps->kind = HD_STEP_TELL;
        snprintf(plan->steps->guest, sizeof(plan->steps->guest), "%s", guest);
        snprintf(folder, sizeof(folder), "map/%s", class);
        hd_plan_say(&plan->steps->u.tell, folder, name,
                    hd_how_name(HD_HOW_ABSENT));
    }
    *ret = hd_steal(&plan);
    return 0;
}
