/* SPDX-License-Identifier: MIT */
/* Loads the map to compare with and prints the comparison; makes neither. */
#include "moved.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/kept.h"
#include "../plan/map_text.h"
#include "table.h"

#define MIB ((uint64_t)1 << 20)

/* ---- the earlier one */

static int load_last(const struct hd_uuid *id, char **ret, size_t *ret_len,
                     struct hd_err *err)
{
    struct hd_err why = {0};

    if (!hd_kept_load(HD_LAST_DIR, id, HD_MAP_TEXT_MAX, ret, ret_len, &why))
        return 0;
    if (why.code == HD_E_NO_STORE)
        return hd_fail(err, HD_E_FAILED,
                       "this store has not been here and gone before; to "
                       "compare with another host, give --diff=FILE of `hotdom "
                       "explain GUEST --json` there");
    if (err)
        *err = why;
    return -1;
}

static int find_guest(struct json_object *map, const char *guest,
                      struct json_object **ret, struct hd_err *err)
{
    *ret = json_object_get(hd_map_text_guest(map, guest));
    return *ret ? 0
                : hd_fail(err, HD_E_FAILED, "it tells of no guest %s", guest);
}

int hd_moved_load(const char *file, const struct hd_uuid *id, const char *guest,
                  struct json_object **ret, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    struct json_object *map;
    const char *path = file && !strcmp(file, "-") ? "/dev/stdin" : file;
    const char *title = file ? file : "the last map here";
    size_t len;
    int rc;

    if (path ? hd_io_read_file(path, HD_MAP_TEXT_MAX, &text, &len, err)
             : load_last(id, &text, &len, err))
        return -1;
    if (hd_map_text_read(text, len, &map, err))
        return hd_wrap(err, "%s", title);
    rc = find_guest(map, guest, ret, err);
    json_object_put(map);
    return rc ? hd_wrap(err, "%s", title) : 0;
}

/* ---- what moved */

static struct json_object *get(struct json_object *o, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(o, key, &value);
    return value;
}

/* "emulated 16 MiB", "pv xenbr0"; "-" when there is no row. */
static void print_given(struct json_object *row, struct json_object *given,
                        char *ret, size_t size)
{
    const char *class = hd_map_text_get(row, "class");
    const char *host = hd_map_text_get(given, "host");
    uint64_t n = hd_map_text_number(given, "given");
    bool bytes = n >= MIB && strcmp(class, "cpu");
    char amount[64] = "", disk[64] = "";

    if (!given) {
        snprintf(ret, size, "-");
        return;
    }
    if (n)
        snprintf(amount, sizeof(amount), " %" PRIu64 "%s", bytes ? n / MIB : n,
                 bytes ? " MiB" : "");
    if (hd_map_text_number(given, "width"))
        snprintf(amount, sizeof(amount), " %" PRIu64 "x%" PRIu64,
                 hd_map_text_number(given, "width"),
                 hd_map_text_number(given, "height"));
    if (*hd_map_text_get(given, "disk") &&
        strcmp(hd_map_text_get(given, "disk"), hd_map_text_get(row, "name")))
        snprintf(disk, sizeof(disk), " as %.50s",
                 hd_map_text_get(given, "disk"));
    if (*hd_map_text_get(given, "console"))
        snprintf(disk, sizeof(disk), " as %.50s",
                 hd_map_text_get(given, "console"));
    snprintf(ret, size, "%s%s%s%s%s", hd_map_text_get(given, "how"),
             *host ? " " : "", host, amount, disk);
}

static void print_start(const char *when, struct json_object *start)
{
    bool starts = json_object_get_boolean(get(start, "starts"));
    const char *reason = hd_map_text_get(start, "reason");
    char safe[256];

    hd_table_escape(reason, safe, sizeof(safe));
    printf("%s: %s%s%s%s\n", when, starts ? "starts" : "does not start",
           *safe ? " (" : "", safe, *safe ? ")" : "");
}

static int add_row(struct hd_columns *table, struct json_object *row)
{
    char from[HD_TABLE_CELL], to[HD_TABLE_CELL];

    print_given(row, get(row, "from"), from, sizeof(from));
    print_given(row, get(row, "to"), to, sizeof(to));
    return hd_table_add(table, (const char *[]){hd_map_text_get(row, "name"),
                                                hd_map_text_get(row, "class"),
                                                hd_map_text_get(row, "moved"),
                                                from, to});
}

int hd_moved_print(struct json_object *diff, struct hd_err *err)
{
    static const char *const heads[] = {"RESOURCE", "CLASS", "MOVED",
                                        "FROM",     "TO",    NULL};
    struct hd_columns *table = hd_table_new(heads);
    struct json_object *rows = get(diff, "rows");
    int rc = table ? 0 : -1;

    for (size_t i = 0; !rc && i < json_object_array_length(rows); i++)
        rc = add_row(table, json_object_array_get_idx(rows, i));
    if (rc) {
        hd_table_free(table);
        return hd_fail_errno(err, HD_E_FAILED, "print what moved");
    }
    hd_table_print(table, stdout);
    hd_table_free(table);
    if (!json_object_equal(get(diff, "from"), get(diff, "to"))) {
        print_start("before", get(diff, "from"));
        print_start("now", get(diff, "to"));
    }
    return 0;
}
