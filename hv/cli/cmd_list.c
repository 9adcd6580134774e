/* SPDX-License-Identifier: MIT */
/* hotdom list: shows attached stores and their guests; changes nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "table.h"

static const char *const heads[] = {"STORE",     "GUEST",  ">ID",     "STATE",
                                    ">MEM(MiB)", ">VCPUS", ">UPTIME", NULL};

/* What a person calls the store: its label, or while it has none the device. */
static const char *title(struct json_object *store)
{
    const char *label = hd_client_text(store, "store");

    return *label ? label : hd_client_text(store, "device");
}

static int add_guest(struct hd_columns *table, struct json_object *store,
                     struct json_object *guest)
{
    const char *state = hd_client_text(guest, "state");
    char domid[24] = "-", memory[24], vcpus[24], uptime[24] = "-";

    if (json_object_object_get(guest, "domid"))
        snprintf(domid, sizeof(domid), "%lld",
                 (long long)hd_client_number(guest, "domid"));
    snprintf(memory, sizeof(memory), "%lld",
             (long long)hd_client_number(guest, "memory") >> 20);
    snprintf(vcpus, sizeof(vcpus), "%lld",
             (long long)hd_client_number(guest, "vcpus"));
    if (!strcmp(state, "running"))
        hd_table_duration(hd_client_seconds(guest, "seconds"), uptime,
                          sizeof(uptime));
    return hd_table_add(
        table, (const char *[]){title(store), hd_client_text(guest, "guest"),
                                domid, state, memory, vcpus, uptime});
}

static int add_store(struct hd_columns *table, struct json_object *store)
{
    struct json_object *guests = json_object_object_get(store, "guests");
    size_t n = guests ? json_object_array_length(guests) : 0;

    if (!n)
        return hd_table_add(table,
                            (const char *[]){title(store), "-", "-",
                                             hd_client_text(store, "state"),
                                             "-", "-", "-"});
    for (size_t i = 0; i < n; i++)
        if (add_guest(table, store, json_object_array_get_idx(guests, i)))
            return -1;
    return 0;
}

/* The sentence behind a reason does not fit in a column. */
static void print_reason(const char *name, struct json_object *object)
{
    const char *reason = hd_client_text(object, "reason");
    char text[2200];

    if (!*reason && !*hd_client_text(object, "message"))
        return;
    hd_table_escape(name, text, sizeof(text));
    printf("%s: %s%s", text, reason, *reason ? ": " : "");
    hd_table_escape(hd_client_text(object, "message"), text, sizeof(text));
    puts(text);
}

static void print_wait(struct json_object *store)
{
    int64_t seconds = hd_client_number(store, "next_try_s");
    char name[256], wait[24];

    if (!seconds)
        return;
    hd_table_escape(title(store), name, sizeof(name));
    hd_table_duration((double)seconds, wait, sizeof(wait));
    printf("%s: after wrong passwords, next try in %s\n", name, wait);
}

static void print_reasons(struct json_object *store)
{
    struct json_object *guests = json_object_object_get(store, "guests");
    char name[256];

    print_reason(title(store), store);
    print_wait(store);
    for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
        struct json_object *guest = json_object_array_get_idx(guests, i);

        snprintf(name, sizeof(name), "%s.%s", title(store),
                 hd_client_text(guest, "guest"));
        print_reason(name, guest);
    }
}

static int print(struct json_object *stores, struct hd_err *err)
{
    struct hd_columns *table = hd_table_new(heads);
    size_t n = json_object_array_length(stores);

    if (!table)
        return hd_fail_errno(err, HD_E_FAILED, "print a list");
    for (size_t i = 0; i < n; i++)
        if (add_store(table, json_object_array_get_idx(stores, i))) {
            hd_table_free(table);
            return hd_fail_errno(err, HD_E_FAILED, "print a list");
        }
    hd_table_print(table, stdout);
    hd_table_free(table);
    for (size_t i = 0; i < n; i++)
        print_reasons(json_object_array_get_idx(stores, i));
    if (!n && isatty(STDOUT_FILENO))
        puts("(no store is attached; plug one in, or see hotdom attach)");
    return 0;
}

int hd_cmd_list(int argc, char **argv, struct hd_err *err)
{
    struct json_object *reply, *stores = NULL;
    bool json = argc == 2 && !strcmp(argv[1], "--json");
    int rc = 0;

    if (argc > 1 && !json)
        return hd_fail(err, HD_E_USAGE, "it takes --json or nothing");
    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    if (!json_object_object_get_ex(reply, "stores", &stores) ||
        !json_object_is_type(stores, json_type_array))
        rc = hd_fail(err, HD_E_FAILED, "hotdomd's reply holds no stores");
    else if (json)
        puts(json_object_to_json_string_ext(stores, JSON_C_TO_STRING_PRETTY));
    else
        rc = print(stores, err);
    json_object_put(reply);
    return rc;
}
