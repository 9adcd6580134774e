/* SPDX-License-Identifier: MIT */
/* Writes a guest's tables into xenstore; never believes what it finds there,
 * for the guest may have removed it and made its own. */
#include "table_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct hd_table_nodes *t, const char *folder, const char *name,
                const char *value)
{
    char *path = t->of[t->n].path;

    snprintf(path, HD_XENBUS_PATH, "%.64s/%.47s", folder, name);
    t->nodes[t->n++] = (struct hd_xs_node){path, value};
}

static void add_sheets(struct hd_table_nodes *t, const char *folder,
                       const char *text)
{
    char name[48];

    snprintf(t->number, sizeof(t->number), "%u", t->sheets.number);
    add(t, folder, HD_SHEETS_NODE, t->number);
    for (uint32_t k = 0; k < t->sheets.n; k++) {
        char *value = t->of[t->n].value;

        hd_sheets_cut(&t->sheets, text, k, value);
        snprintf(name, sizeof(name), HD_SHEETS_NODE "/%s/%u", t->number, k);
        add(t, folder, name, value);
    }
    hd_sheets_head(&t->sheets, t->head);
}

struct hd_table_nodes *hd_table_nodes_new(const char *folder, const char *text,
                                          uint32_t number, struct hd_err *err)
{
    struct hd_table_nodes *t = calloc(1, sizeof(*t));

    if (!t) {
        hd_fail_errno(err, HD_E_FAILED, "tell the tables");
        return NULL;
    }
    t->sheets = hd_sheets_of(text, number);
    if (t->sheets.n)
        add_sheets(t, folder, text);
    add(t, folder, HD_SHEETS_TABLE, t->sheets.n ? t->head : text);
    return t;
}

/* ---- changed */

/* Of the last text that had sheets; 0: none had. */
static uint32_t last_number(struct hd_xs *xs, const char *folder)
{
    char path[HD_XENBUS_PATH], text[12];

    snprintf(path, sizeof(path), "%.80s/" HD_SHEETS_NODE, folder);
    return hd_xs_read(xs, path, text, sizeof(text), NULL) == 1
               ? (uint32_t)strtoul(text, NULL, 10)
               : 0;
}

static bool has(char *const names[], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* 1; 0: the guest has removed it. */
static int is_told(struct hd_xs *xs, const char *folder, struct hd_err *err)
{
    hd_autofree char **names = NULL;
    size_t n;

    if (hd_xs_list(xs, folder, &names, &n, err))
        return -1;
    return has(names, n, HD_SHEETS_TABLE);
}

/* All sheets but those that the head is of; what stays is in nobody's way. */
static void drop_others(struct hd_xs *xs, const char *folder, const char *keep)
{
    char path[HD_XENBUS_PATH];
    hd_autofree char **names = NULL;
    size_t n;

    snprintf(path, sizeof(path), "%.80s/" HD_SHEETS_NODE, folder);
    if (hd_xs_list(xs, path, &names, &n, NULL))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct hd_xs_node gone = {path, NULL};

        if (!strcmp(names[i], keep))
            continue;
        snprintf(path, sizeof(path), "%.80s/" HD_SHEETS_NODE "/%.20s", folder,
                 names[i]);
        (void)hd_xs_write(xs, &gone, 1, NULL);
    }
}

int hd_table_nodes_change(struct hd_xs *xs, const char *folder,
                          const char *text, struct hd_err *err)
{
    uint32_t last = last_number(xs, folder);
    hd_autofree struct hd_table_nodes *t =
        hd_table_nodes_new(folder, text, last + 1 ? last + 1 : 1, err);
    const struct hd_xs_node *table;
    int rc;

    if (!t)
        return -1;
    table = &t->nodes[t->n - 1];
    rc = is_told(xs, folder, err);
    if (rc <= 0)
        return rc;
    if ((t->n > 1 && hd_xs_write(xs, t->nodes, t->n - 1, err)) ||
        hd_xs_update(xs, table->path, table->value, err) < 0)
        return -1;
    drop_others(xs, folder, t->number);
    return 0;
}
