/* SPDX-License-Identifier: MIT */
/* Makes the steps that tell a guest what it has; pure, and decides nothing. */
#include "plan_tell.h"

#include <inttypes.h>
#include <string.h>

#include "../../pv-drivers/base/entry.h"
#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"

bool hd_plan_is_nic(const struct hd_map_row *row)
{
    return (row->class == HD_CLASS_NET || *row->bridge) &&
           row->how != HD_HOW_ABSENT;
}

void hd_plan_say(struct hd_step_tell *s, const char *folder, const char *name,
                 const char *value)
{
    snprintf(s->path, sizeof(s->path), "%s/%s", folder, name);
    for (char *c = s->path; *c; c++)
        if (*c == '.')
            *c = '@';
    snprintf(s->value, sizeof(s->value), "%s", value);
}

static void tell(struct hd_plan *plan, const char *guest, const char *folder,
                 const char *name, const char *value)
{
    struct hd_step *step = &plan->steps[plan->n_steps++];

    step->kind = HD_STEP_TELL;
    snprintf(step->guest, sizeof(step->guest), "%s", guest);
    hd_plan_say(&step->u.tell, folder, name, value);
}

/* An entry of the registry: the value behind its letter. */
static void tell_entry(struct hd_plan *plan, const char *guest,
                       const char *folder, const char *name,
                       enum hd_value_type type, const char *value)
{
    char text[sizeof(plan->steps->u.tell.value)];

    snprintf(text, sizeof(text), "%c%.126s", hd_value_letter(type), value);
    if (*value || type == HD_VALUE_STRING)
        tell(plan, guest, folder, name, text);
}

/* How a guest finds what a wish has become: which disk, NIC or console. */
static void find_as(const struct hd_map_row *row, char ret[20])
{
    char mac[HD_MAC_SIZE];

    *ret = '\0';
    hd_mac_format(row->mac, mac);
    if (row->class == HD_CLASS_USB && *row->vdev)
        snprintf(ret, 20, " %s", row->vdev);
    else if (hd_plan_is_nic(row))
        snprintf(ret, 20, " %s", mac);
    else if (row->console)
        snprintf(ret, 20, " hvc%u", row->console % 10);
}

void hd_plan_tell_row(struct hd_plan *plan, const struct hd_map_row *row)
{
    char folder[48], value[112], as[20];

    find_as(row, as);
    snprintf(folder, sizeof(folder), "map/%s", hd_class_name(row->class));
    snprintf(value, sizeof(value), "%s%s%s%s", hd_how_name(row->how),
             *row->host_name ? " " : "", row->host_name, as);
    tell(plan, row->guest, folder, row->guest_name, value);
    if (!*row->usb)
        return;
    snprintf(folder, sizeof(folder), "host/map/%s", row->guest_name);
    snprintf(value, sizeof(value), "USB %s", row->usb);
    tell_entry(plan, row->guest, folder, "where", HD_VALUE_STRING, value);
}

static void tell_settings(struct hd_plan *plan, const struct hd_map *map,
                          const char *guest)
{
    const struct hd_settings *s = &map->settings;
    char text[64];

    if (*map->user)
        tell(plan, guest, "map", "user", map->user);
    if (*s->locale)
        tell(plan, guest, "settings", "locale", s->locale);
    if (*s->keyboard)
        tell(plan, guest, "settings", "keyboard", s->keyboard);
    if (*s->time_zone)
        tell(plan, guest, "settings", "time-zone", s->time_zone);
    snprintf(text, sizeof(text), "%" PRIu64 "x%" PRIu64, s->width, s->height);
    if (s->width && s->height)
        tell(plan, guest, "settings", "display", text);
}

static void tell_host(struct hd_plan *plan, const struct hd_map_host *h,
                      const char *guest)
{
    const struct {
        const char *name;
        enum hd_value_type type;
        const char *value;
    } facts[] = {
        {"name", HD_VALUE_STRING, h->name},
        {"machine", HD_VALUE_STRING, h->machine},
        {"system", HD_VALUE_STRING, h->system},
        {"kernel", HD_VALUE_STRING, h->kernel},
        {"xen", HD_VALUE_STRING, h->xen},
        {"cpu", HD_VALUE_STRING, h->cpu},
        {"cpus", HD_VALUE_INTEGER, h->cpus},
        {"memory", HD_VALUE_INTEGER, h->memory},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(facts); i++)
        if (*facts[i].value)
            tell_entry(plan, guest, "host", facts[i].name, facts[i].type,
                       facts[i].value);
}

static void tell_binds(struct hd_plan *plan, const struct hd_guest *g)
{
    char value[sizeof(plan->steps->u.tell.value)], number[12];

    for (uint32_t i = 0; i < g->n_binds; i++) {
        snprintf(number, sizeof(number), "%u", i);
        snprintf(value, sizeof(value), "%s %s", g->binds[i].key,
                 g->binds[i].file);
        tell(plan, g->name, "bind", number, value);
    }
}

void hd_plan_tell_guest(struct hd_plan *plan, const struct hd_map *map,
                        const struct hd_manifest *mf, const struct hd_guest *g)
{
    tell_settings(plan, map, g->name);
    tell_host(plan, &map->host, g->name);
    for (uint32_t i = 0; i < mf->n_shared; i++)
        tell_entry(plan, g->name, "store", mf->shared[i].key,
                   (enum hd_value_type)mf->shared[i].type, mf->shared[i].value);
    tell_binds(plan, g);
}
