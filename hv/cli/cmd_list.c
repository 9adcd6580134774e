/* SPDX-License-Identifier: MIT */
/* hotdom list: shows attached stores and their guests; changes nothing. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "pick.h"
#include "rows.h"
#include "show_json.h"
#include "table.h"

static const char *const heads[] = {"STORE",   "GUEST",     ">ID",
                                    "STATE",   ">MEM(MiB)", ">VCPUS",
                                    ">UPTIME", "AGENT",     NULL};

/* Less the last `bits` of it. */
static void number(struct json_object *guest, const char *key, int bits,
                   char ret[HD_TABLE_NUMBER])
{
    int64_t n = hd_client_number(guest, key);

    *hd_table_number(n > 0 ? (uint64_t)n >> bits : 0, ret) = '\0';
}

static int add_guest(struct hd_columns *table, struct json_object *store,
                     struct json_object *guest)
{
    const char *state = hd_client_text(guest, "state");
    char domid[HD_TABLE_NUMBER] = "-", memory[HD_TABLE_NUMBER];
    char vcpus[HD_TABLE_NUMBER], uptime[HD_TABLE_DURATION] = "-";
    const char *agent = hd_client_text(guest, "agent");

    if (json_object_object_get(guest, "domid"))
        number(guest, "domid", 0, domid);
    number(guest, "memory", 20, memory);
    number(guest, "vcpus", 0, vcpus);
    if (!strcmp(state, "running"))
        hd_table_duration(hd_client_seconds(guest, "seconds"), uptime);
    return hd_table_add(table, (const char *[]){hd_pick_title(store),
                                                hd_client_text(guest, "guest"),
                                                domid, state, memory, vcpus,
                                                uptime, *agent ? agent : "-"});
}

static int add_row(struct hd_columns *table, const struct hd_row *row)
{
    if (row->guest)
        return add_guest(table, row->store, row->guest);
    return hd_table_add(table,
                        (const char *[]){hd_pick_title(row->store), "-", "-",
                                         hd_client_text(row->store, "state"),
                                         "-", "-", "-", "-"});
}

/* The sentence behind a reason, the guest's or its store's, does not fit in a
 * column. */
static void print_reason(struct json_object *store, struct json_object *guest)
{
    struct json_object *of = guest ? guest : store;
    const char *reason = hd_client_text(of, "reason");
    char name[256], text[2200];

    if (!*reason && !*hd_client_text(of, "message"))
        return;
    snprintf(name, sizeof(name), "%s%s%s", hd_pick_title(store),
             guest ? "." : "", guest ? hd_client_text(guest, "guest") : "");
    hd_table_escape(name, text, sizeof(text));
    printf("%s: %s%s", text, reason, *reason ? ": " : "");
    hd_table_escape(hd_client_text(of, "message"), text, sizeof(text));
    puts(text);
}

static void print_wait(struct json_object *store)
{
    int64_t seconds = hd_client_number(store, "next_try_s");
    char name[256], wait[HD_TABLE_DURATION];

    if (!seconds)
        return;
    hd_table_escape(hd_pick_title(store), name, sizeof(name));
    hd_table_duration((double)seconds, wait);
    printf("%s: after wrong passwords, next try in %s\n", name, wait);
}

/* Of the row's store, and of those of its guests that have a row. */
static void print_reasons(const struct hd_row *rows, size_t n, size_t i)
{
    struct json_object *store = rows[i].store;

    print_reason(store, NULL);
    print_wait(store);
    for (; i < n; i++)
        if (rows[i].store == store && rows[i].guest)
            print_reason(store, rows[i].guest);
}

static bool is_first(const struct hd_row *rows, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (rows[k].store == rows[i].store)
            return false;
    return true;
}

static int print_table(const struct hd_row *rows, size_t n, struct hd_err *err)
{
    struct hd_columns *table = hd_table_new(heads);
    int rc = table ? 0 : -1;

    for (size_t i = 0; !rc && i < n; i++)
        rc = add_row(table, &rows[i]);
    if (rc)
        hd_fail_errno(err, HD_E_FAILED, "print a list");
    else
        hd_table_print(table, stdout);
    hd_table_free(table);
    return rc;
}

static int print(const struct hd_row *rows, size_t n, bool all,
                 struct hd_err *err)
{
    if (print_table(rows, n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_first(rows, i))
            print_reasons(rows, n, i);
    if (!n && all && isatty(STDOUT_FILENO))
        puts("(no store is attached; plug one in, or see hotdom attach)");
    return 0;
}

static void print_json(const struct hd_row *rows, size_t n)
{
    struct json_object *stores = hd_rows_stores(rows, n);

    hd_show_json(stores);
    json_object_put(stores);
}

/* 1: --json. */
static int take_options(int argc, char **argv, struct hd_rows_wish *ret,
                        struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"state", required_argument, NULL, 's'},
        {"sort", required_argument, NULL, 'k'},
        {0}};
    int c, json = 0;

    while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        json |= c == 'j';
        if (c == 's')
            ret->state = optarg;
        if (c == 'k')
            ret->sort = optarg;
    }
    ret->words = argv + optind;
    ret->n_words = (size_t)(argc - optind);
    return hd_rows_check(ret, err) ? -1 : json;
}

/* A line shows little of a guest. */
static struct json_object *ask(bool json)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "brief", json_object_new_boolean(!json));
    return o;
}

int hd_cmd_list(int argc, char **argv, struct hd_err *err)
{
    hd_autofree struct hd_row *rows = NULL;
    struct json_object *reply, *stores = NULL;
    struct hd_rows_wish wish = {0};
    size_t n = 0;
    int rc, json = take_options(argc, argv, &wish, err);

    if (json < 0 || hd_client_call("List", ask(json), &reply, err))
        return -1;
    if (!json_object_object_get_ex(reply, "stores", &stores) ||
        !json_object_is_type(stores, json_type_array))
        rc = hd_fail(err, HD_E_FAILED, "hotdomd's reply holds no stores");
    else
        rc = hd_rows_choose(stores, &wish, &rows, &n, err);
    if (!rc && json)
        print_json(rows, n);
    else if (!rc)
        rc = print(rows, n, !wish.n_words && !wish.state, err);
    /* The reply is left to the end of this process: of many guests it takes as
     * long to take apart as to print. */
    return rc;
}
