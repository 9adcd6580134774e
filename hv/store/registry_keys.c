/* SPDX-License-Identifier: MIT */
/* Checks the keys and values of a manifest; never knows what a guest has. */
#include "registry_keys.h"

#include <string.h>

#include "../../pv-drivers/base/entry.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/tables.h"
#include "host_view.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_MANIFEST, __VA_ARGS__)

static int check_shared(const struct hd_manifest *m, uint32_t index,
                        struct hd_err *err)
{
    const struct hd_shared *s = &m->shared[index];
    const struct hd_value value = {(enum hd_value_type)s->type, s->value,
                                   strlen(s->value)};

    for (uint32_t i = 0; i < index; i++)
        if (!strcmp(m->shared[i].key, s->key))
            return BAD(err, "two keys of registry are \"%s\"", s->key);
    /* That it is a key the reader of the line has seen to. */
    return hd_value_is_valid(&value)
               ? 0
               : BAD(err, "registry: the value of \"%s\" is no %s", s->key,
                     hd_value_type_name(value.type));
}

int hd_registry_keys_check(const struct hd_manifest *m, uint32_t *ret_index,
                           struct hd_err *err)
{
    for (uint32_t i = 0; i < m->n_shared; i++)
        if (check_shared(m, i, err)) {
            *ret_index = i;
            return -1;
        }
    return 0;
}

static bool has_root(const char *key)
{
    static const char *const roots[] = {"guest/", "host/", "store/"};

    for (size_t i = 0; i < HD_ARRAY_LEN(roots); i++)
        if (!strncmp(key, roots[i], strlen(roots[i])))
            return hd_key_is_valid(key);
    return false;
}

static int check_bind(const struct hd_guest *g, uint32_t index,
                      struct hd_err *err)
{
    const struct hd_bound *b = &g->binds[index];

    if (!has_root(b->key))
        return BAD(err,
                   "guest \"%s\": \"%s\" cannot be bound; name a key of "
                   "guest/, host/ or store/",
                   g->name, b->key);
    if (!hd_tables_is_path(b->file))
        return BAD(err, "guest \"%s\": \"%s\" is no absolute path of a file",
                   g->name, b->file);
    for (uint32_t i = 0; i < index; i++)
        if (!strcmp(b->file, g->binds[i].file))
            return BAD(err, "guest \"%s\": two keys are bound to \"%s\"",
                       g->name, b->file);
    return 0;
}

/* A file of an exception is a mount, or below one; so is an inclusion in one.
 * Nothing can be renamed onto a mount, and what lies below is not seen. */
static bool is_hosts(const struct hd_tables *tables, const char *file)
{
    char folder[HD_BIND_SIZE];

    strcpy(folder, file);
    strrchr(folder, '/')[0] = '\0';
    return hd_tables_decide(tables, file).side == HD_SIDE_HOST ||
           hd_tables_decide(tables, *folder ? folder : "/").side ==
               HD_SIDE_HOST;
}

int hd_registry_keys_check_tables(const struct hd_guest *g, const char *text,
                                  struct hd_err *err)
{
    hd_auto(hd_tables) tables = NULL;

    if (hd_tables_parse(text, &tables, err))
        return hd_wrap(err, "guest \"%s\"", g->name);
    for (uint32_t i = 0; i < g->n_binds; i++)
        if (is_hosts(tables, g->binds[i].file))
            return BAD(err,
                       "guest \"%s\": \"%s\" is the host's by tables.exception "
                       "and cannot be bound; bind another file, or name its "
                       "folder in tables.inclusion",
                       g->name, g->binds[i].file);
    return 0;
}

static int check_view(const struct hd_manifest *m, const struct hd_guest *g,
                      struct hd_err *err)
{
    hd_autofree char *text = malloc(HD_VIEW_TEXT);

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    return hd_host_view_text(m, g, text, err)
               ? hd_wrap(err, "guest \"%s\"", g->name)
               : hd_registry_keys_check_tables(g, text, err);
}

int hd_registry_keys_check_guest(const struct hd_manifest *m,
                                 const struct hd_guest *g, struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_binds; i++)
        if (check_bind(g, i, err))
            return -1;
    return g->n_binds ? check_view(m, g, err) : 0;
}
