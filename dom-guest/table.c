/* SPDX-License-Identifier: MIT */
/* Reads the tables, in one node or in many; never gives half of a text. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHEETS "data/hotdom/" HD_SHEETS_NODE

/* Texts that it may begin to read. */
#define TRIES 10

/* 1; 0: it is not there, or not as long as its head says. */
static int read_sheet(struct hd_xsdev *x, const struct hd_sheets *s, uint32_t k,
                      char *to, struct hd_err *err)
{
    char path[64], sheet[HD_SHEET_SIZE];
    size_t len = hd_sheets_len(s, k);
    int rc;

    snprintf(path, sizeof(path), SHEETS "/%u/%u", s->number, k);
    rc = hd_xsdev_read(x, path, sheet, sizeof(sheet), err);
    if (rc <= 0 || strlen(sheet) != len)
        return rc < 0 ? -1 : 0;
    memcpy(to, sheet, len);
    return 1;
}

/* 1: `ret` is the text; 0: it is another one by now. */
static int read_all(struct hd_xsdev *x, const char *head,
                    const struct hd_sheets *s, char **ret, struct hd_err *err)
{
    hd_autofree char *text = calloc(1, (size_t)s->len + 1);
    char now[HD_SHEETS_PLAIN] = "";
    size_t used = 0;

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    for (uint32_t k = 0; k < s->n; k++) {
        int rc = read_sheet(x, s, k, text + used, err);

        if (rc <= 0)
            return rc;
        used += hd_sheets_len(s, k);
    }
    if (hd_xsdev_read(x, HD_TABLE_NODE, now, sizeof(now), err) < 0)
        return -1;
    if (strcmp(now, head) != 0)
        return 0;
    *ret = hd_steal(&text);
    return 1;
}

static int try(struct hd_xsdev *x, char **ret, struct hd_err *err)
{
    char node[HD_SHEETS_PLAIN] = "";
    struct hd_sheets s;
    int rc;

    if (hd_xsdev_read(x, HD_TABLE_NODE, node, sizeof(node), err) < 0)
        return -1;
    rc = hd_sheets_parse(node, &s, err);
    if (rc)
        return rc < 0 ? -1 : read_all(x, node, &s, ret, err);
    *ret = strdup(node);
    return *ret ? 1 : hd_fail_errno(err, HD_E_FAILED, "read the tables");
}

int hd_table_read(struct hd_xsdev *x, char **ret, struct hd_err *err)
{
    char *text = NULL;
    int rc = 0;

    for (int i = 0; !rc && i < TRIES; i++)
        rc = try(x, &text, err);
    if (!rc)
        return hd_fail(err, HD_E_BUSY,
                       "the host changes the tables, or has left them half "
                       "written");
    if (rc < 0)
        return -1;
    *ret = text;
    return 0;
}
