/* SPDX-License-Identifier: MIT */
/* The rows of a list of stores and guests: which ones, and in what order; no
 * I/O. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../daemon/store.h"
#include "client.h"
#include "pick.h"

static const char *const states[] = {
#define HD_X(name, text, doc) text,
    HD_STATES(HD_X)
#undef HD_X
};

/* ---- order */

static struct json_object *of(const struct hd_row *row)
{
    return row->guest ? row->guest : row->store;
}

static double number(const struct hd_row *row, const char *key)
{
    return row->guest ? hd_client_seconds(row->guest, key) : -1;
}

static int by_store(const struct hd_row *a, const struct hd_row *b)
{
    return strcmp(hd_pick_title(a->store), hd_pick_title(b->store));
}

static int by_guest(const struct hd_row *a, const struct hd_row *b)
{
    return strcmp(hd_client_text(a->guest, "guest"),
                  hd_client_text(b->guest, "guest"));
}

/* Who has none comes last. */
static int by_id(const struct hd_row *a, const struct hd_row *b)
{
    uint64_t x = (uint64_t)(a->guest ? hd_pick_domid(a->guest) : -1);
    uint64_t y = (uint64_t)(b->guest ? hd_pick_domid(b->guest) : -1);

    return (x > y) - (x < y);
}

static int by_state(const struct hd_row *a, const struct hd_row *b)
{
    return strcmp(hd_client_text(of(a), "state"),
                  hd_client_text(of(b), "state"));
}

static int most(double a, double b)
{
    return (a < b) - (a > b);
}

static int by_memory(const struct hd_row *a, const struct hd_row *b)
{
    return most(number(a, "memory"), number(b, "memory"));
}

static int by_vcpus(const struct hd_row *a, const struct hd_row *b)
{
    return most(number(a, "vcpus"), number(b, "vcpus"));
}

static double uptime(const struct hd_row *row)
{
    return strcmp(hd_client_text(of(row), "state"),
                  hd_state_name(HD_STATE_RUNNING))
               ? -1
               : number(row, "seconds");
}

static int by_uptime(const struct hd_row *a, const struct hd_row *b)
{
    return most(uptime(a), uptime(b));
}

static const struct key {
    const char *name;
    int (*compare)(const struct hd_row *a, const struct hd_row *b);
} keys[] = {
    {"store", by_store},   {"guest", by_guest}, {"id", by_id},
    {"state", by_state},   {"mem", by_memory},  {"vcpus", by_vcpus},
    {"uptime", by_uptime},
};

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(keys); i++)
        if (!strcmp(keys[i].name, name))
            return &keys[i];
    return NULL;
}

/* Rows that are alike stay as they were. */
static int compare(const void *a, const void *b, void *ctx)
{
    const struct hd_row *x = a, *y = b;
    const struct key *key = ctx;
    int c = key->compare(x, y);

    return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* ---- choice */

int hd_rows_check(const struct hd_rows_wish *wish, struct hd_err *err)
{
    char text[120] = "";

    if (wish->sort && !find_key(wish->sort)) {
        for (size_t i = 0; i < HD_ARRAY_LEN(keys); i++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                     i ? ", " : "", keys[i].name);
        return hd_fail(err, HD_E_USAGE, "--sort \"%.32s\": there are %s",
                       wish->sort, text);
    }
    for (size_t i = 0; wish->state && i < HD_ARRAY_LEN(states); i++) {
        if (!strcmp(states[i], wish->state))
            return 0;
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i ? ", " : "", states[i]);
    }
    if (wish->state)
        return hd_fail(err, HD_E_USAGE, "--state \"%.32s\": there are %s",
                       wish->state, text);
    return 0;
}

/* Notes in `used` which words meant it. */
static bool is_named(const struct hd_row *row, const struct hd_rows_wish *wish,
                     bool *used)
{
    bool named = !wish->n_words;

    for (size_t i = 0; i < wish->n_words; i++)
        if (hd_pick_store(row->store, wish->words[i]) ||
            (row->guest &&
             hd_pick_guest(row->store, row->guest, wish->words[i])))
            named = used[i] = true;
    return named;
}

/* A store is in a state as its guests are. */
static bool has_state(const struct hd_row *row, const char *state)
{
    return !state || !strcmp(hd_client_text(of(row), "state"), state);
}

static size_t count(struct json_object *array)
{
    return json_object_is_type(array, json_type_array)
               ? json_object_array_length(array)
               : 0;
}

static size_t take_store(struct json_object *store,
                         const struct hd_rows_wish *wish, bool *used,
                         struct hd_row *rows, size_t n)
{
    struct json_object *guests = json_object_object_get(store, "guests");
    size_t n_guests = count(guests);

    for (size_t i = 0; i < (n_guests ? n_guests : 1); i++) {
        struct hd_row row = {.store = store, .at = n};

        if (n_guests)
            row.guest = json_object_array_get_idx(guests, i);
        if (is_named(&row, wish, used) && has_state(&row, wish->state))
            rows[n++] = row;
    }
    return n;
}

static size_t room(struct json_object *stores)
{
    size_t n = 0;

    for (size_t i = 0; i < count(stores); i++)
        n += 1 + count(json_object_object_get(
                     json_object_array_get_idx(stores, i), "guests"));
    return n;
}

int hd_rows_choose(struct json_object *stores, const struct hd_rows_wish *wish,
                   struct hd_row **ret, size_t *ret_n, struct hd_err *err)
{
    hd_autofree struct hd_row *rows = calloc(room(stores) + 1, sizeof(*rows));
    hd_autofree bool *used = calloc(wish->n_words + 1, sizeof(*used));
    size_t n = 0;

    if (!rows || !used)
        return hd_fail_errno(err, HD_E_FAILED, "make a list");
    for (size_t i = 0; i < count(stores); i++)
        n = take_store(json_object_array_get_idx(stores, i), wish, used, rows,
                       n);
    for (size_t i = 0; i < wish->n_words; i++)
        if (!used[i])
            return hd_fail(err, HD_E_NO_GUEST,
                           "no attached store and no guest is called "
                           "\"%.64s\"; see `hotdom list`",
                           wish->words[i]);
    if (wish->sort)
        qsort_r(rows, n, sizeof(*rows), compare, (void *)find_key(wish->sort));
    *ret = hd_steal(&rows);
    *ret_n = n;
    return 0;
}

/* ---- as stores again */

static struct json_object *guests_of(struct json_object *stores,
                                     struct json_object *store)
{
    struct json_object *copy, *guests;
    const char *device = hd_client_text(store, "device");

    for (size_t i = 0; i < count(stores); i++) {
        struct json_object *s = json_object_array_get_idx(stores, i);

        if (!strcmp(hd_client_text(s, "device"), device) &&
            !strcmp(hd_pick_title(s), hd_pick_title(store)))
            return json_object_object_get(s, "guests");
    }
    copy = json_object_new_object();
    guests = json_object_new_array();
    json_object_object_foreach(store, key, value)
        json_object_object_add(copy, key, json_object_get(value));
    json_object_object_add(copy, "guests", guests);
    json_object_array_add(stores, copy);
    return guests;
}

struct json_object *hd_rows_stores(const struct hd_row *rows, size_t n)
{
    struct json_object *stores = json_object_new_array(), *guests;

    for (size_t i = 0; i < n; i++) {
        guests = guests_of(stores, rows[i].store);
        if (guests && rows[i].guest)
            json_object_array_add(guests, json_object_get(rows[i].guest));
    }
    return stores;
}
