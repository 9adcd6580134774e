/* SPDX-License-Identifier: MIT */
/* Maps and plans as JSON objects; decides nothing. */
#include "plan_json.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"

static void add_text(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, *text ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
    json_object_object_add(o, key, json_object_new_uint64(n));
}

/* 0 is no value. */
static void add_if(struct json_object *o, const char *key, uint64_t n)
{
    json_object_object_add(o, key, n ? json_object_new_uint64(n) : NULL);
}

static void add_bool(struct json_object *o, const char *key, bool value)
{
    json_object_object_add(o, key, json_object_new_boolean(value));
}

static void add_mac(struct json_object *o, bool has, const uint8_t mac[6])
{
    char text[HD_MAC_SIZE] = "";

    if (has)
        hd_mac_format(mac, text);
    add_text(o, "mac", text);
}

static void add_console_name(struct json_object *o, const char *key,
                             uint32_t number)
{
    char text[8] = "";

    if (number)
        snprintf(text, sizeof(text), "hvc%u", number % 10);
    add_text(o, key, text);
}

static void add_limits(struct json_object *o, const struct hd_net_limits *l)
{
    add_if(o, "rate", l->rate);
    add_if(o, "mtu", l->mtu);
    add_bool(o, "isolated", l->isolated);
}

struct json_object *hd_map_row_to_json(const struct hd_map_row *r)
{
    struct json_object *o = json_object_new_object();

    add_text(o, "class", hd_class_name(r->class));
    add_text(o, "level", hd_map_level_name(r->level));
    add_text(o, "how", hd_how_name(r->how));
    add_text(o, "name", r->guest_name);
    add_text(o, "role", r->role);
    add_text(o, "host", r->host_name);
    add_if(o, "wished", r->wished);
    add_if(o, "given", r->given);
    add_if(o, "width", r->width);
    add_if(o, "height", r->height);
    add_mac(o, r->class == HD_CLASS_NET || *r->bridge, r->mac);
    add_limits(o, &r->limits);
    add_text(o, "bridge", r->bridge);
    add_text(o, "disk", r->vdev);
    add_console_name(o, "console", r->console);
    add_bool(o, "own", r->own);
    add_text(o, "wish", r->wish);
    add_text(o, "found", r->found);
    add_text(o, "why", r->reason);
    add_text(o, "change", r->change);
    return o;
}

static struct json_object *guest_to_json(const struct hd_map *map,
                                         const struct hd_map_guest *g)
{
    struct json_object *o = json_object_new_object();
    struct json_object *rows = json_object_new_array();

    add_text(o, "guest", g->name);
    add_bool(o, "starts", hd_map_starts(g));
    add_bool(o, "left_out", g->left_out);
    add_text(o, "reason", g->why.code ? hd_err_reason(g->why.code) : "");
    add_text(o, "message", g->why.code ? g->why.msg : "");
    for (uint32_t i = 0; i < g->n_rows; i++)
        json_object_array_add(rows,
                              hd_map_row_to_json(&map->rows[g->first_row + i]));
    json_object_object_add(o, "rows", rows);
    return o;
}

struct json_object *hd_map_to_json(const struct hd_map *map)
{
    struct json_object *o = json_object_new_object();
    struct json_object *guests = json_object_new_array();

    add_text(o, "store", map->label);
    add_text(o, "user", map->user);
    for (uint32_t i = 0; i < map->n_guests; i++)
        json_object_array_add(guests, guest_to_json(map, &map->guests[i]));
    json_object_object_add(o, "guests", guests);
    return o;
}

static const char *mode_name(uint32_t mode)
{
    return mode == HD_MODE_RO ? "ro" : "rw";
}

static void add_volume(struct json_object *o, const struct hd_step *s)
{
    static const char *const targets[] = {
        [HD_TARGET_LINEAR] = "linear", [HD_TARGET_CRYPT] = "crypt",
        [HD_TARGET_VERITY] = "verity", [HD_TARGET_RAM] = "ram",
        [HD_TARGET_DISK] = "disk",     [HD_TARGET_HOLD] = "hold",
    };
    const struct hd_step_volume *v = &s->u.volume;
    bool crypt = v->target == HD_TARGET_CRYPT;
    char root[2 * sizeof(v->verity.root) + 1] = "";

    for (size_t i = 0; v->verity.blocks && i < sizeof(v->verity.root); i++)
        snprintf(root + 2 * i, 3, "%02x", v->verity.root[i]);
    add_text(o, "name", v->dm_name);
    add_number(o, "start", v->start);
    add_number(o, "length", v->length);
    add_text(o, "mode", mode_name(v->mode));
    add_text(o, "target",
             v->target < HD_ARRAY_LEN(targets) ? targets[v->target] : "");
    json_object_object_add(o, "header",
                           crypt ? json_object_new_uint64(v->header) : NULL);
    add_if(o, "offset", crypt ? v->luks.offset : 0);
    add_bool(o, "discard", crypt && v->discard);
    add_text(o, "over", v->over);
    add_if(o, "blocks", v->verity.blocks);
    add_text(o, "root", root);
    add_text(o, "disk", v->disk);
    add_if(o, "diskseq", v->diskseq);
}

static void add_port(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.port.name);
    add_text(o, "bridge", s->u.port.bridge);
}

static void add_bridge(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.bridge.name);
}

/* Its command line is the plan's, behind the steps. */
static void add_domain(struct json_object *o, const struct hd_plan *plan,
                       const struct hd_step *s)
{
    const struct hd_step_domain *d = &s->u.domain;
    struct json_object *pci = json_object_new_array();
    struct json_object *after = json_object_new_array();
    char uuid[HD_UUID_SIZE], at[HD_PCI_SIZE];

    hd_uuid_format(&d->uuid, uuid);
    add_text(o, "name", d->name);
    add_text(o, "uuid", uuid);
    add_number(o, "memory", d->memory);
    add_number(o, "vcpus", d->vcpus);
    add_number(o, "weight", d->weight);
    add_text(o, "cmdline", hd_plan_cmdline(plan, s));
    add_if(o, "width", d->width);
    add_if(o, "height", d->height);
    for (uint32_t i = 0; i < d->n_pci; i++) {
        hd_pci_format(&d->pci[i], at);
        json_object_array_add(pci, json_object_new_string(at));
    }
    json_object_object_add(o, "pci", pci);
    for (uint32_t i = 0; i < d->n_after; i++)
        json_object_array_add(after, json_object_new_string(d->after[i].name));
    json_object_object_add(o, "after", after);
}

static void add_pci(struct json_object *o, const struct hd_step *s)
{
    char at[HD_PCI_SIZE];

    hd_pci_format(&s->u.pci.at, at);
    add_text(o, "name", at);
}

static void add_block(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.block.dm_name);
    add_text(o, "as", s->u.block.as);
    add_text(o, "mode", mode_name(s->u.block.mode));
}

static void add_net(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "bridge", s->u.net.bridge);
    add_text(o, "as", s->u.net.as);
    add_mac(o, true, s->u.net.mac);
    add_limits(o, &s->u.net.limits);
}

static void add_served(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.console.tty);
    add_text(o, "usb", s->u.console.usb);
    add_number(o, "speed", s->u.console.speed);
}

static void add_console(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.console.tty);
    add_console_name(o, "as", s->u.console.devid);
}

/* Its texts are the plan's, behind the steps. */
static void add_files(struct json_object *o, const struct hd_plan *plan,
                      const struct hd_step *s)
{
    const struct hd_plan_view v = hd_plan_view(plan, s);

    add_text(o, "name", v.name);
    add_text(o, "tables", v.tables);
    add_text(o, "shown", v.shown);
}

static void add_view(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "name", s->u.files.name);
    add_text(o, "as", "hostview");
}

static void add_tell(struct json_object *o, const struct hd_step *s)
{
    add_text(o, "path", s->u.tell.path);
    add_text(o, "value", s->u.tell.value);
}

static void (*const adders[])(struct json_object *, const struct hd_step *) = {
    [HD_STEP_OPEN_VOLUME] = add_volume,
    [HD_STEP_MAKE_BRIDGE] = add_bridge,
    [HD_STEP_ATTACH_BLOCK] = add_block,
    [HD_STEP_ATTACH_NET] = add_net,
    [HD_STEP_TELL] = add_tell,
    [HD_STEP_START_DOMAIN] = NULL,
    [HD_STEP_ADD_PORT] = add_port,
    [HD_STEP_SEIZE_PCI] = add_pci,
    [HD_STEP_SERVE_CONSOLE] = add_served,
    [HD_STEP_ATTACH_CONSOLE] = add_console,
    [HD_STEP_ATTACH_FILES] = add_view,
};

static struct json_object *step_to_json(const struct hd_plan *plan, uint32_t i)
{
    struct json_object *o = json_object_new_object();
    const struct hd_step *s = &plan->steps[i];
    char undo[HD_STEP_UNDO_SIZE];

    hd_step_undo(s, undo);
    add_number(o, "step", i + 1);
    add_text(o, "guest", s->guest);
    add_text(o, "kind", hd_step_kind_name(s->kind));
    add_text(o, "undo", undo);
    if (s->kind == HD_STEP_SERVE_FILES)
        add_files(o, plan, s);
    else if (s->kind == HD_STEP_BUILD_DOMAIN)
        add_domain(o, plan, s);
    else if (s->kind < HD_ARRAY_LEN(adders) && adders[s->kind])
        adders[s->kind](o, s);
    return o;
}

struct json_object *hd_plan_to_json(const struct hd_plan *plan)
{
    struct json_object *o = json_object_new_object();
    struct json_object *steps = json_object_new_array();

    add_text(o, "store", plan->label);
    for (uint32_t i = 0; i < plan->n_steps; i++)
        json_object_array_add(steps, step_to_json(plan, i));
    json_object_object_add(o, "steps", steps);
    return o;
}
