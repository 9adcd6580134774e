/* SPDX-License-Identifier: MIT */
/* Checks a guest's tables, writes them as a text and changes that; never looks
 * at a file. */
#include "host_view.h"

#include <stdio.h>
#include <string.h>

bool hd_host_view_next(const char **at, struct hd_view_entry *ret)
{
    size_t len = strcspn(*at, "\n");

    if (len < 2 || len > sizeof(ret->path))
        return false;
    ret->side = **at == '+' ? HD_SIDE_HOST : HD_SIDE_GUEST;
    memcpy(ret->path, *at + 1, len - 1);
    ret->path[len - 1] = '\0';
    *at += len + ((*at)[len] == '\n');
    return true;
}

bool hd_host_view_find(const char *text, const char *path,
                       struct hd_view_entry *ret)
{
    struct hd_view_entry e;

    while (hd_host_view_next(&text, &e))
        if (!strcmp(e.path, path)) {
            *ret = e;
            return true;
        }
    return false;
}

/* Below the last one it mounts what an inclusion, without those mounts, would
 * not bring back. */
static const struct {
    const char *path;
    bool includes; /* an inclusion leaves it the guest's */
} agents[] = {
    {"/var/lib/hotdom-guest", true},
    {"/run/hotdom-guest", false},
};

#define COVERS "the exception \"%s\" covers what the guest's agent has in %s; "

static int check_exception(const struct hd_tables *tables, const char *path,
                           struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(agents); i++) {
        const char *has = agents[i].path;

        if (hd_tables_is_below(path, has) ||
            (hd_tables_is_below(has, path) && !agents[i].includes))
            return hd_fail(err, HD_E_BAD_MANIFEST, COVERS "name another path",
                           path, has);
        if (hd_tables_is_below(has, path) &&
            hd_tables_decide(tables, has).side == HD_SIDE_HOST)
            return hd_fail(err, HD_E_BAD_MANIFEST,
                           COVERS "add the inclusion %s", path, has, has);
    }
    return 0;
}

int hd_host_view_check(const char *text, struct hd_err *err)
{
    hd_auto(hd_tables) tables = NULL;
    struct hd_view_entry e;

    if (hd_tables_parse(text, &tables, err))
        return -1;
    while (hd_host_view_next(&text, &e))
        if (e.side == HD_SIDE_HOST && check_exception(tables, e.path, err))
            return -1;
    return 0;
}

static int add(const struct hd_view_path *paths, uint32_t n, char sign,
               char ret[HD_VIEW_TEXT], struct hd_err *err)
{
    size_t len = strlen(ret);

    for (uint32_t i = 0; i < n; i++) {
        int more = snprintf(ret + len, HD_VIEW_TEXT - len, "%c%s\n", sign,
                            paths[i].path);

        if (more < 0 || (size_t)more >= HD_VIEW_TEXT - len)
            return hd_fail(err, HD_E_BAD_MANIFEST,
                           "the tables are longer than %d bytes; name the "
                           "folders above",
                           HD_VIEW_TEXT);
        len += (size_t)more;
    }
    return 0;
}

int hd_host_view_text(const struct hd_manifest *m, const struct hd_guest *g,
                      char ret[HD_VIEW_TEXT], struct hd_err *err)
{
    const struct hd_view *v = &g->tables;
    hd_autofree char *text = calloc(1, HD_VIEW_TEXT);
    hd_auto(hd_tables) tables = NULL;

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    if (add(m->views + v->exception, v->n_exception, '+', text, err) ||
        add(m->views + v->inclusion, v->n_inclusion, '-', text, err) ||
        hd_tables_parse(text, &tables, err))
        return -1;
    if (!v->n_exception)
        text[0] = '\0';
    strcpy(ret, text);
    return 0;
}

static uint32_t count(const char *text)
{
    struct hd_view_entry e;
    uint32_t n = 0;

    while (hd_host_view_next(&text, &e))
        n++;
    return n;
}

int hd_host_view_add(char text[HD_VIEW_TEXT], const struct hd_view_entry *entry,
                     struct hd_err *err)
{
    struct hd_view_entry there;
    size_t len = strlen(text);

    if (!hd_tables_is_path(entry->path) || strchr(entry->path, '\n'))
        return hd_fail(err, HD_E_USAGE,
                       "\"%.200s\" is not an absolute path below / without "
                       "\".\", \"..\" and empty names",
                       entry->path);
    if (hd_host_view_find(text, entry->path, &there))
        return hd_fail(err, HD_E_EXISTS,
                       "%s is in the tables already, as the %s's", entry->path,
                       hd_side_name(there.side));
    if (count(text) >= HD_VIEW_ENTRIES)
        return hd_fail(err, HD_E_LIMIT,
                       "the tables have %d entries, and no guest has more; "
                       "remove one, or name a folder above several",
                       HD_VIEW_ENTRIES);
    if (len + strlen(entry->path) + 3 > HD_VIEW_TEXT)
        return hd_fail(err, HD_E_LIMIT,
                       "the tables have no room for %s; remove an entry, or "
                       "name a folder above several",
                       entry->path);
    sprintf(text + len, "%c%s\n", entry->side == HD_SIDE_HOST ? '+' : '-',
            entry->path);
    return 0;
}

bool hd_host_view_remove(char text[HD_VIEW_TEXT], const char *path)
{
    const char *line = text, *next = text;
    struct hd_view_entry e;

    for (; hd_host_view_next(&next, &e); line = next)
        if (!strcmp(e.path, path)) {
            memmove(text + (line - text), next, strlen(next) + 1);
            return true;
        }
    return false;
}
