/* SPDX-License-Identifier: MIT */
/* Makes and prints resource maps; pure: no file, no clock, no random number. */
#include "map.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/after.h"
#include "mapper.h"

/* One row a class (STYLE T1). */
static const struct {
    hd_map_fill *fill;
    const char *what; /* "guest desk requires ..." */
    bool always;      /* no domain is without: the policy cannot deny it */
} classes[] = {
    [HD_CLASS_CPU] = {hd_map_cpu, "processors", true},
    [HD_CLASS_MEMORY] = {hd_map_memory, "memory", true},
    [HD_CLASS_BLOCK] = {hd_map_block, "a disk", false},
    [HD_CLASS_NET] = {hd_map_net, "a network", false},
    [HD_CLASS_CONSOLE] = {hd_map_console, "a console", true},
    [HD_CLASS_DISPLAY] = {hd_map_display, "a display", false},
    [HD_CLASS_INPUT] = {hd_map_input, "keyboard and pointer", false},
    [HD_CLASS_SOUND] = {hd_map_sound, "sound", false},
    [HD_CLASS_USB] = {hd_map_usb, "a USB device", false},
    [HD_CLASS_PCI] = {hd_map_pci, "a PCI device", false},
    [HD_CLASS_TIME] = {hd_map_time, "the time", true},
    [HD_CLASS_FILES] = {hd_map_files, "files of the host", false},
};

const char *hd_how_name(uint32_t how)
{
    static const char *const names[] = {
#define HD_X(name, text) [HD_HOW_##name] = text,
        HD_HOWS(HD_X)
#undef HD_X
    };

    return how < HD_ARRAY_LEN(names) ? names[how] : "unknown";
}

const char *hd_map_level_name(uint32_t level)
{
    switch ((enum hd_level)level) {
    case HD_LEVEL_PREFERRED:
        return "preferred";
    case HD_LEVEL_REQUIRED:
        return "required";
    case HD_LEVEL_OPTIONAL:
        return "optional";
    }
    return "unknown";
}

const char *hd_map_level(const struct hd_map_row *row)
{
    switch ((enum hd_level)row->level) {
    case HD_LEVEL_PREFERRED:
        return ", preferred";
    case HD_LEVEL_REQUIRED:
        return ", required";
    case HD_LEVEL_OPTIONAL:
        return ", optional";
    }
    return "";
}

void hd_map_say(char *to, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(to, size, fmt, ap);
    va_end(ap);
}

void hd_map_refuse(struct hd_mapper *m, enum hd_code code, const char *fmt, ...)
{
    struct hd_err *why = &m->out->why;
    va_list ap;

    if (why->code)
        return;
    why->code = (int)code;
    va_start(ap, fmt);
    vsnprintf(why->msg, sizeof(why->msg), fmt, ap);
    va_end(ap);
}

bool hd_map_starts(const struct hd_map_guest *guest)
{
    return !guest->why.code && !guest->left_out;
}

bool hd_map_is_device(const struct hd_map_row *row)
{
    return (row->class == HD_CLASS_USB || row->class == HD_CLASS_PCI) &&
           row->how != HD_HOW_ABSENT;
}

const char *hd_map_promised(const struct hd_mapper *m, const char *host_name)
{
    const struct hd_commitments *others = m->in->commitments;
    const struct hd_map *map = m->map;

    if (others->n_devices == HD_MAX_GIVEN)
        return "too many devices of the host are given away";
    for (uint32_t i = 0; i < others->n_devices; i++)
        if (!strcmp(others->devices[i], host_name))
            return m->map->hot ? "a guest has it"
                               : "a guest of another store has it";
    for (uint32_t g = 0; g < map->n_guests; g++)
        for (uint32_t i = 0; i < map->guests[g].n_rows; i++) {
            const struct hd_map_row *row =
                &map->rows[map->guests[g].first_row + i];

            if (hd_map_starts(&map->guests[g]) && hd_map_is_device(row) &&
                !strcmp(row->host_name, host_name))
                return g == m->at ? "another wish of the guest has it"
                                  : "another guest of the store has it";
        }
    return NULL;
}

/* A denied class asks the host for nothing; the wish is said all the same, as
 * another row that is thrown away tells it with all that it was given. */
static void say_denied(const struct hd_mapper *m, const struct hd_guest *g,
                       struct hd_map_row *row)
{
    struct hd_map_row asked = *row;
    struct hd_mapper copy = *m;
    struct hd_map_guest nobody = *m->out;

    copy.out = &nobody;
    classes[row->class].fill(&copy, g, &asked);
    HD_SAY(row->wish, "%s", asked.wish);
    HD_SAY(row->found, "%s", asked.found);
    memcpy(row->mac, asked.mac, sizeof(row->mac));
    row->own = 0;
    row->vdev[0] = '\0';
}

static void deny(struct hd_mapper *m, const struct hd_guest *g,
                 struct hd_map_row *row)
{
    const char *class = hd_class_name(row->class);

    HD_SAY(row->reason, "the policy denies every guest the class %s", class);
    HD_SAY(row->change, "take %s out of `denied` in /etc/hotdom/hotdom.yaml",
           class);
    if (row->level == HD_LEVEL_REQUIRED)
        hd_map_refuse(m, HD_E_DENIED,
                      "guest %s requires %s as %s and the policy denies the "
                      "class %s",
                      g->name, classes[row->class].what, row->guest_name,
                      class);
}

void hd_map_row_fill(struct hd_mapper *m, const struct hd_guest *g,
                     struct hd_map_row *row)
{
    bool denied = !classes[row->class].always &&
                  hd_policy_denies(m->in->policy, row->class);

    if (denied) {
        say_denied(m, g, row);
        deny(m, g, row);
        return;
    }
    classes[row->class].fill(m, g, row);
    if (row->how != HD_HOW_ABSENT || row->level != HD_LEVEL_REQUIRED ||
        row->class == HD_CLASS_MEMORY)
        return;
    hd_map_refuse(m, HD_E_NO_DEVICE, "guest %s requires %s%s%s as %s: %s%s%s",
                  g->name, classes[row->class].what,
                  *row->role ? " of role " : "", row->role, row->guest_name,
                  row->reason, *row->change ? "; " : "", row->change);
}

static struct hd_map_row *add(struct hd_mapper *m, const struct hd_guest *g,
                              enum hd_class class, uint32_t level,
                              const char *as)
{
    struct hd_map_row *row = &m->map->rows[m->map->n_rows++];

    m->out->n_rows++;
    HD_SAY(row->guest, "%s", g->name);
    HD_SAY(row->guest_name, "%s", as);
    row->class = class;
    row->level = level;
    row->how = HD_HOW_ABSENT;
    return row;
}

static void add_wish(struct hd_mapper *m, const struct hd_guest *g, uint32_t i)
{
    const struct hd_wish *wish = &g->wishes[i];
    struct hd_map_row *row =
        add(m, g, wish->class, wish->level,
            *wish->as ? wish->as : hd_class_name(wish->class));

    row->index = i;
    row->own = wish->class == HD_CLASS_BLOCK;
    row->wished = wish->size;
    HD_SAY(row->role, "%s", wish->role);
    hd_map_row_fill(m, g, row);
}

/* A wish for it has its row, else this one. */
static void add_console(struct hd_mapper *m, const struct hd_guest *g)
{
    for (uint32_t i = 0; i < g->n_wishes; i++)
        if (g->wishes[i].class == HD_CLASS_CONSOLE)
            return;
    hd_map_row_fill(m, g,
                    add(m, g, HD_CLASS_CONSOLE, HD_LEVEL_PREFERRED, "hvc0"));
}

static void add_rows(struct hd_mapper *m, const struct hd_guest *g)
{
    struct hd_map_row *row;

    /* These two first: map_room.c counts on it. */
    hd_map_row_fill(m, g, add(m, g, HD_CLASS_CPU, HD_LEVEL_REQUIRED, "vcpus"));
    hd_map_row_fill(m, g,
                    add(m, g, HD_CLASS_MEMORY, HD_LEVEL_REQUIRED, "memory"));
    for (uint32_t i = 0; i < g->n_disks; i++) {
        row = add(m, g, HD_CLASS_BLOCK, HD_LEVEL_REQUIRED, g->disks[i].as);
        row->index = i;
        hd_map_row_fill(m, g, row);
    }
    for (uint32_t i = 0; i < g->n_nics; i++) {
        row = add(m, g, HD_CLASS_NET, g->nics[i].level, g->nics[i].as);
        row->index = i;
        HD_SAY(row->role, "%s", g->nics[i].role);
        hd_map_row_fill(m, g, row);
    }
    add_console(m, g);
    for (uint32_t i = 0; i < g->n_wishes; i++)
        add_wish(m, g, i);
    if (g->tables.n_exception)
        hd_map_row_fill(
            m, g, add(m, g, HD_CLASS_FILES, HD_LEVEL_PREFERRED, "hostview"));
}

static bool is_wanted(const struct hd_settings *s, const char *guest)
{
    for (uint32_t i = 0; i < s->n_guests; i++)
        if (!strcmp(s->guests[i].name, guest))
            return true;
    return !s->n_guests;
}

/* One that it is after does not run. */
static bool waits_in_vain(struct hd_mapper *m, const struct hd_guest *g)
{
    for (uint32_t i = 0; i < g->n_after; i++) {
        const struct hd_map_guest *other =
            hd_map_guest(m->map, g->after[i].name);

        if (other && hd_map_starts(other))
            continue;
        hd_map_refuse(m, HD_E_DEPENDENCY,
                      "guest %s is after %s, which is not started%s%s", g->name,
                      g->after[i].name, other && *other->why.msg ? ": " : "",
                      other ? other->why.msg : "");
        return true;
    }
    return false;
}

static void add_guest(struct hd_mapper *m, const struct hd_guest *g)
{
    m->out = &m->map->guests[m->at];
    HD_SAY(m->out->name, "%s", g->name);
    m->out->first_row = m->map->n_rows;
    m->out->left_out = !is_wanted(&m->map->settings, g->name);
    if (m->out->left_out || waits_in_vain(m, g))
        return;
    add_rows(m, g);
    hd_map_admit(m, g);
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

uint64_t hd_map_scratch_left(const struct hd_map_input *in)
{
    /* dom0 keeps half of what it has left. */
    return less(in->inventory->dom0_available / 2, in->commitments->scratch);
}

static size_t count_rows(const struct hd_manifest *mf)
{
    size_t n = 0;

    for (uint32_t i = 0; i < mf->n_guests; i++)
        n += 4u + mf->guests[i].n_disks + mf->guests[i].n_nics +
             mf->guests[i].n_wishes;
    return n;
}

void hd_map_memory_left(const struct hd_map_input *in, uint64_t *ret_free,
                        uint64_t *ret_quota)
{
    uint64_t limit = in->policy->limits.memory;

    *ret_free = less(in->inventory->memory_free + in->commitments->own,
                     in->commitments->reserved);
    *ret_quota = limit ? less(limit, in->commitments->memory) : UINT64_MAX;
}

int hd_map_make(const struct hd_map_input *in, struct hd_map **ret,
                struct hd_err *err)
{
    const struct hd_manifest *mf = &in->store->manifest;
    const struct hd_policy_limits *limits = &in->policy->limits;
    hd_auto(hd_map) map = calloc(1, sizeof(*map));
    struct hd_mapper m = {.in = in, .map = map};
    uint32_t order[HD_MAX_GUESTS];

    if (map)
        map->rows = calloc(count_rows(mf) + 1, sizeof(*map->rows));
    if (!map || !map->rows)
        return hd_fail_errno(err, HD_E_FAILED, "make a resource map");
    if (mf->n_guests > limits->guests)
        return hd_fail(err, HD_E_LIMIT,
                       "the store has %u guests and the policy allows %" PRIu64,
                       mf->n_guests, limits->guests);
    HD_SAY(map->label, "%s", in->label);
    if (in->user) {
        HD_SAY(map->user, "%s", in->user->name);
        map->settings = in->user->settings;
    }
    map->weight = (uint32_t)limits->weight;
    hd_map_host(in->inventory, &map->host);
    hd_map_memory_left(in, &m.free, &m.quota);
    m.guests = in->commitments->guests;
    m.scratch = hd_map_scratch_left(in);
    map->n_guests = mf->n_guests;
    hd_after_order(mf, order);
    for (uint32_t i = 0; i < mf->n_guests; i++) {
        m.at = order[i];
        add_guest(&m, &mf->guests[m.at]);
    }
    hd_map_share(&m);
    *ret = hd_steal(&map);
    return 0;
}

void hd_map_free(struct hd_map *map)
{
    if (map)
        free(map->rows);
    free(map);
}

const struct hd_map_guest *hd_map_guest(const struct hd_map *map,
                                        const char *name)
{
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (!strcmp(map->guests[i].name, name))
            return &map->guests[i];
    return NULL;
}

static void print_row(const struct hd_map_row *r, FILE *out)
{
    char mac[HD_MAC_SIZE];

    fprintf(out, "%s %s %s %s %s", r->guest, hd_class_name(r->class),
            r->guest_name, hd_map_level_name(r->level), hd_how_name(r->how));
    if (*r->host_name)
        fprintf(out, " %s%s", r->host_name, r->own ? " own" : "");
    if (*r->vdev && strcmp(r->vdev, r->guest_name))
        fprintf(out, " vdev=%s", r->vdev);
    if (r->wished || r->given)
        fprintf(out, " %" PRIu64 "/%" PRIu64, r->given, r->wished);
    if (r->width)
        fprintf(out, " %" PRIu64 "x%" PRIu64, r->width, r->height);
    if (r->seize)
        fputs(" seized", out);
    if (*r->bridge)
        fprintf(out, " bridge=%s", r->bridge);
    hd_mac_format(r->mac, mac);
    if (r->class == HD_CLASS_NET || *r->bridge)
        fprintf(out, " %s", mac);
    fprintf(out, " | %s | %s | %s | %s\n", r->wish, r->found, r->reason,
            *r->change ? r->change : "-");
}

void hd_map_print(const struct hd_map *map, FILE *out)
{
    for (uint32_t i = 0; i < map->n_guests; i++) {
        const struct hd_map_guest *g = &map->guests[i];

        if (g->left_out)
            fprintf(out, "%s: user %s does not want it started\n", g->name,
                    map->user);
        else if (g->why.code)
            fprintf(out, "%s: refused, %s: %s\n", g->name,
                    hd_err_reason(g->why.code), g->why.msg);
        else
            fprintf(out, "%s: can start\n", g->name);
        for (uint32_t k = 0; k < g->n_rows; k++)
            print_row(&map->rows[g->first_row + k], out);
    }
}
