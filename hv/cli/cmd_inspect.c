/* SPDX-License-Identifier: MIT */
/* hotdom inspect: shows a store that need not be trusted; parses none of it:
 * the sandboxed reader does, and its answer is checked. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../store/yaml_scalar.h"
#include "cmd.h"
#include "open_store.h"
#include "progress.h"
#include "show_json.h"
#include "table.h"

static void columns_freep(struct hd_columns **t)
{
    hd_table_free(*t);
}

#define autocolumns __attribute__((cleanup(columns_freep))) struct hd_columns

static struct json_object *map_to_json(const struct hd_table *t,
                                       const char *obj);

static struct json_object *list_to_json(const struct hd_field *f,
                                        const char *obj);

static struct json_object *field_to_json(const struct hd_field *f,
                                         const char *obj)
{
    char text[HD_SCALAR_TEXT];

    switch (f->type) {
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
        return json_object_new_uint64(
            *(const uint64_t *)(const void *)(obj + f->offset));
    case HD_T_BOOL:
        return json_object_new_boolean(*(const uint8_t *)(obj + f->offset));
    case HD_T_MAP:
        return map_to_json(f->sub, obj + f->offset);
    case HD_T_LIST:
        return list_to_json(f, obj);
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
    case HD_T_ENUM:
    case HD_T_UUID:
    case HD_T_HEX:
        break;
    }
    hd_scalar_format(f, obj, text);
    return json_object_new_string(text);
}

static struct json_object *list_to_json(const struct hd_field *f,
                                        const char *obj)
{
    uint32_t n = *(const uint32_t *)(const void *)(obj + f->count);
    struct json_object *list = json_object_new_array();

    for (uint32_t i = 0; i < n; i++) {
        const char *element = obj + f->offset + i * f->sub->size;

        json_object_array_add(list, f->flags & HD_F_BARE
                                        ? field_to_json(f->sub->fields, element)
                                        : map_to_json(f->sub, element));
    }
    return list;
}

/* What is optional and not there, a name that nobody gave. */
static bool is_absent(const struct hd_field *f, const char *obj)
{
    if (f->flags & HD_F_OPTIONAL)
        return hd_yaml_is_zero(f, obj);
    return !(f->flags & HD_F_REQUIRED) && hd_scalar_is_empty(f, obj);
}

/* The signed manifest as it is, sizes in bytes, times in milliseconds; but for
 * the passwords' verifiers, which are for nobody's eyes or logs. */
static struct json_object *map_to_json(const struct hd_table *t,
                                       const char *obj)
{
    struct json_object *map = json_object_new_object();

    for (size_t i = 0; i < t->n; i++)
        if (hd_field_visible(&t->fields[i], HD_F_SIGNED) &&
            strcmp(t->fields[i].key, "auth") && !is_absent(&t->fields[i], obj))
            json_object_object_add(map, t->fields[i].key,
                                   field_to_json(&t->fields[i], obj));
    return map;
}

static bool is_recovery(const struct hd_luks_user *user)
{
    return !strcmp(user->name, HD_LUKS_RECOVERY_USER);
}

/* What the manifest says of the one whom a keyslot names. */
static void add_settings(const struct hd_manifest *m, const char *name,
                         struct json_object *store, struct json_object *user)
{
    int i = hd_manifest_user(m, name);
    struct json_object *settings = NULL;

    if (i >= 0)
        json_object_object_get_ex(
            json_object_array_get_idx(json_object_object_get(store, "users"),
                                      (size_t)i),
            "settings", &settings);
    if (settings)
        json_object_object_add(user, "settings", json_object_get(settings));
}

/* The keyslots say who the users are, not the manifest. */
static void luks_to_json(const struct hd_answer *a, struct json_object *store)
{
    const struct hd_luks_facts *luks = &a->luks;
    struct json_object *users = json_object_new_array();
    struct json_object *kdf = json_object_new_object();
    bool recovery = false;

    for (uint32_t i = 0; i < luks->n_users; i++) {
        struct json_object *user = json_object_new_object();

        recovery = recovery || is_recovery(&luks->users[i]);
        json_object_object_add(user, "name",
                               json_object_new_string(luks->users[i].name));
        json_object_object_add(user, "keyslot",
                               json_object_new_uint64(luks->users[i].keyslot));
        add_settings(&a->manifest, luks->users[i].name, store, user);
        if (is_recovery(&luks->users[i]))
            json_object_put(user);
        else
            json_object_array_add(users, user);
    }
    json_object_object_add(
        kdf, "memory",
        json_object_new_uint64((uint64_t)luks->memory_kib << 10));
    json_object_object_add(kdf, "time", json_object_new_uint64(luks->time));
    json_object_object_add(kdf, "lanes", json_object_new_uint64(luks->lanes));
    json_object_object_add(store, "users", users);
    json_object_object_add(store, "recovery_key",
                           json_object_new_boolean(recovery));
    json_object_object_add(store, "kdf", kdf);
}

static void print_json(const struct hd_answer *a, const char *signer,
                       const char *trusted)
{
    struct json_object *o =
        map_to_json(&hd_manifest_table, (const char *)&a->manifest);

    if (a->luks.n_users)
        luks_to_json(a, o);
    json_object_object_add(o, "signer", json_object_new_string(signer));
    json_object_object_add(o, "trusted", json_object_new_boolean(!!trusted));
    hd_show_json(o);
    json_object_put(o);
}

static int print_guests(const struct hd_manifest *m)
{
    static const char *const heads[] = {"GUEST",  ">MEMORY", ">VCPUS",
                                        "VOLUME", "NIC",     NULL};
    autocolumns *t = hd_table_new(heads);

    for (uint32_t i = 0; t && i < m->n_guests; i++) {
        const struct hd_guest *g = &m->guests[i];
        char memory[HD_PROGRESS_SIZE], vcpus[24];
        uint32_t rows = g->n_disks > g->n_nics ? g->n_disks : g->n_nics;

        hd_progress_size(g->memory.want, memory);
        snprintf(vcpus, sizeof(vcpus), "%u", (unsigned)g->vcpus.want);
        for (uint32_t r = 0; r < rows || r == 0; r++) {
            char disk[HD_TABLE_CELL] = "", nic[HD_TABLE_CELL] = "";

            if (r < g->n_disks)
                snprintf(disk, sizeof(disk), "%s as %s%s", g->disks[r].name,
                         g->disks[r].as,
                         g->disks[r].mode == HD_MODE_RO ? ", read-only" : "");
            if (r < g->n_nics)
                snprintf(nic, sizeof(nic), "%s as %s", g->nics[r].role,
                         g->nics[r].as);
            if (hd_table_add(t,
                             (const char *[]){r ? "" : g->name, r ? "" : memory,
                                              r ? "" : vcpus, disk, nic}))
                return -1;
        }
    }
    if (t)
        hd_table_print(t, stdout);
    return t ? 0 : -1;
}

/* What it is, and what keeps others from reading or changing it. */
static void describe(const struct hd_volume *v, char text[HD_TABLE_CELL])
{
    const char *old = v->replaces[0] ? ", replaces " : "";
    const char *discards = v->discard ? ", discards" : "";

    if (v->kind == HD_VOLUME_IMAGE)
        snprintf(text, HD_TABLE_CELL, "image, verified%s%s", old, v->replaces);
    else if (v->encryption == HD_ENCRYPTION_LUKS2)
        snprintf(text, HD_TABLE_CELL, "data, encrypted (luks2)%s", discards);
    else
        snprintf(text, HD_TABLE_CELL, "data, not encrypted");
}

static int print_volumes(const struct hd_manifest *m)
{
    static const char *const heads[] = {"VOLUME", ">SIZE", "KIND", "PARTUUID",
                                        NULL};
    autocolumns *t = hd_table_new(heads);

    for (uint32_t i = 0; t && i < m->n_volumes; i++) {
        const struct hd_volume *v = &m->volumes[i];
        char size[HD_PROGRESS_SIZE], kind[HD_TABLE_CELL], id[HD_UUID_SIZE];

        describe(v, kind);
        hd_uuid_format(&v->partuuid, id);
        hd_progress_size(v->size, size);
        if (hd_table_add(t, (const char *[]){v->name, size, kind, id}))
            return -1;
    }
    if (t)
        hd_table_print(t, stdout);
    return t ? 0 : -1;
}

/* What veritysetup(8) would need to check them. */
static int print_images(const struct hd_manifest *m)
{
    static const char *const heads[] = {"IMAGE", ">BLOCKS", "ROOT HASH", NULL};
    autocolumns *t = hd_table_new(heads);
    bool any = false;

    for (uint32_t i = 0; t && i < m->n_volumes; i++) {
        const struct hd_volume *v = &m->volumes[i];
        char blocks[24], root[2 * sizeof(v->verity.root) + 1];

        if (v->kind != HD_VOLUME_IMAGE)
            continue;
        any = true;
        snprintf(blocks, sizeof(blocks), "%llu",
                 (unsigned long long)v->verity.blocks);
        for (size_t j = 0; j < sizeof(v->verity.root); j++)
            sprintf(root + 2 * j, "%02x", v->verity.root[j]);
        if (hd_table_add(t, (const char *[]){v->name, blocks, root}))
            return -1;
    }
    if (any) {
        putchar('\n');
        hd_table_print(t, stdout);
    }
    return t ? 0 : -1;
}

static void print_users(const struct hd_answer *a)
{
    const struct hd_luks_facts *luks = &a->luks;
    const char *recovery = "no";

    printf("users      ");
    for (uint32_t i = 0; !luks->n_users && i < a->manifest.n_users; i++)
        printf(" %s", a->manifest.users[i].name);
    for (uint32_t i = 0; i < luks->n_users; i++)
        if (is_recovery(&luks->users[i]))
            recovery = "yes";
        else
            printf(" %s", luks->users[i].name);
    puts(luks->n_users || a->manifest.n_users ? "" : " none");
    if (luks->n_users)
        printf("recovery    %s\nunlocking   takes %u MiB, %u passes\n",
               recovery, luks->memory_kib >> 10, luks->time);
}

static int print_store(const struct hd_answer *a, const char *signer,
                       const char *trusted, struct hd_err *err)
{
    const struct hd_manifest *m = &a->manifest;
    char id[HD_UUID_SIZE];

    hd_uuid_format(&m->store.id, id);
    printf("store       %s\nid          %s\ngeneration  %llu\n", m->store.name,
           id, (unsigned long long)m->store.generation);
    printf("signer      %s\n            %s%s\n", signer,
           trusted ? "trusted as " : "not trusted here",
           trusted ? trusted : "");
    print_users(a);
    putchar('\n');
    if (print_guests(m))
        return hd_fail(err, HD_E_FAILED, "no memory");
    putchar('\n');
    if (print_volumes(m) || print_images(m))
        return hd_fail(err, HD_E_FAILED, "no memory");
    return 0;
}

static int inspect(const char *store, bool json, struct hd_err *err)
{
    hd_auto(hd_open_store) o = NULL;
    char signer[HD_SIGNER_TEXT];
    const char *trusted;

    if (hd_open_store(store, &o, err))
        return -1;
    trusted = *o->trusted ? o->trusted : NULL;
    hd_signer_format(&o->answer->signer, signer);
    if (!json)
        return print_store(o->answer, signer, trusted, err);
    print_json(o->answer, signer, trusted);
    return 0;
}

int hd_cmd_inspect(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c != 'j')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        json = true;
    }
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    return inspect(argv[optind], json, err);
}
