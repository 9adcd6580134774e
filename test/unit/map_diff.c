/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map_diff: one store, two hosts. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/map_diff.h"
#include "../../hv/plan/map_text.h"
#include "../../hv/plan/plan_json.h"
#include "map_kit.h"

/* The guest's object on the kit's host as it is now. */
static struct json_object *desk(struct map_kit *k)
{
    hd_auto(hd_map) map = map_kit_make(k);
    struct json_object *all = hd_map_to_json(map);
    struct json_object *guest = json_object_get(hd_map_text_guest(all, "desk"));

    json_object_put(all);
    return guest;
}

/* Both are put. */
static struct json_object *diff(struct json_object *before,
                                struct json_object *after)
{
    struct json_object *o = hd_map_diff(before, after);

    json_object_put(before);
    json_object_put(after);
    return o;
}

static struct json_object *row(struct json_object *o, size_t i)
{
    return json_object_array_get_idx(json_object_object_get(o, "rows"), i);
}

/* The first row of the name; the test fails without one. */
static struct json_object *named(struct json_object *o, const char *name)
{
    size_t n = json_object_array_length(json_object_object_get(o, "rows"));

    for (size_t i = 0; i < n; i++)
        if (!strcmp(hd_map_text_get(row(o, i), "name"), name))
            return row(o, i);
    CU_FAIL_FATAL("no such row");
    return NULL;
}

static void check(struct json_object *r, const char *moved, const char *from,
                  const char *to)
{
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(r, "moved"), moved);
    CU_ASSERT_STRING_EQUAL(
        hd_map_text_get(json_object_object_get(r, "from"), "host"), from);
    CU_ASSERT_STRING_EQUAL(
        hd_map_text_get(json_object_object_get(r, "to"), "host"), to);
}

static void the_same_host_moves_nothing(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *o;
    size_t n;

    map_kit_nic(k, HD_LEVEL_PREFERRED);
    o = diff(desk(k), desk(k));
    n = json_object_array_length(json_object_object_get(o, "rows"));
    CU_ASSERT(n >= 4);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_STRING_EQUAL(hd_map_text_get(row(o, i), "moved"), "same");
    CU_ASSERT(json_object_equal(json_object_object_get(o, "from"),
                                json_object_object_get(o, "to")));
    json_object_put(o);
}

static void a_network_joined_elsewhere_has_changed(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *before, *o;
    struct hd_nic *nic = map_kit_nic(k, HD_LEVEL_PREFERRED);

    strcpy(k->host.bridges[0], "xenbr0");
    k->host.n_bridges = 1;
    before = desk(k);
    strcpy(k->host.bridges[0], "virbr0");
    o = diff(before, desk(k));
    check(named(o, nic->as), "changed", "xenbr0", "virbr0");
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(named(o, "vcpus"), "moved"), "same");
    json_object_put(o);
}

static void less_memory_on_this_host_has_changed(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *before, *o, *memory;

    k->answer.manifest.guests[0].memory.min = 64 * MIB;
    k->answer.manifest.guests[0].memory.want = 512 * MIB;
    k->host.memory_free = 2048 * MIB;
    before = desk(k);
    k->host.memory_free = 200 * MIB;
    o = diff(before, desk(k));
    memory = named(o, "memory");
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(memory, "moved"), "changed");
    CU_ASSERT_EQUAL(
        hd_map_text_number(json_object_object_get(memory, "from"), "given"),
        512 * MIB);
    CU_ASSERT(hd_map_text_number(json_object_object_get(memory, "to"),
                                 "given") < 200 * MIB);
    json_object_put(o);
}

static void a_wish_that_was_added_is_new_and_one_dropped_is_gone(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *without = desk(k), *with, *o;

    map_kit_wish(k, HD_CLASS_SOUND, HD_LEVEL_OPTIONAL, "speaker");
    with = desk(k);
    o = hd_map_diff(without, with);
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(named(o, "speaker"), "moved"),
                           "new");
    CU_ASSERT_PTR_NULL(json_object_object_get(named(o, "speaker"), "from"));
    json_object_put(o);
    o = diff(with, without);
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(named(o, "speaker"), "moved"),
                           "gone");
    CU_ASSERT_PTR_NULL(json_object_object_get(named(o, "speaker"), "to"));
    json_object_put(o);
}

static void who_is_refused_here_and_not_there_is_told(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *before = desk(k), *o, *to;

    k->host.memory_free = 0;
    o = diff(before, desk(k));
    to = json_object_object_get(o, "to");
    CU_ASSERT(json_object_get_boolean(
        json_object_object_get(json_object_object_get(o, "from"), "starts")));
    CU_ASSERT_FALSE(
        json_object_get_boolean(json_object_object_get(to, "starts")));
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(to, "reason"), "no-memory");
    json_object_put(o);
}

static struct json_object *text(const char *json)
{
    struct json_object *map, *guest;
    struct hd_err err = {0};

    if (hd_map_text_read(json, strlen(json), &map, &err)) {
        CU_FAIL_FATAL("the text is no map");
        return NULL;
    }
    guest = json_object_get(hd_map_text_guest(map, "desk"));
    json_object_put(map);
    return guest;
}

#define USB(host) "{\"class\": \"usb\", \"name\": \"usb\", \"host\": " host "}"

static void of_two_with_one_name_the_first_goes_with_the_first(void)
{
    struct json_object *o =
        diff(text("{\"guest\": \"desk\", \"rows\": [" USB("\"1-1\"") "," USB(
                 "\"1-2\"") "," USB("\"1-3\"") "]}"),
             text("{\"guest\": \"desk\", \"rows\": [" USB("\"1-1\"") "," USB(
                 "\"2-2\"") "]}"));

    check(row(o, 0), "same", "1-1", "1-1");
    check(row(o, 1), "changed", "1-2", "2-2");
    check(row(o, 2), "gone", "1-3", "");
    CU_ASSERT_PTR_NULL(row(o, 3));
    json_object_put(o);
}

static void hostile_texts_leave_valid_json(void)
{
    struct json_object *again,
        *o = diff(text("{\"guest\": \"desk\", \"rows\": [" USB(
                      "\"\\u001b[2J\\n\\\"\"") "]}"),
                  text("{\"guest\": \"desk\", \"rows\": []}"));
    const char *out = json_object_to_json_string(o);

    CU_ASSERT_PTR_NULL(strchr(out, '\n'));
    CU_ASSERT_PTR_NULL(strchr(out, 0x1b));
    again = json_tokener_parse(out);
    CU_ASSERT(json_object_equal(o, again));
    json_object_put(again);
    json_object_put(o);
}

static const struct hd_test tests[] = {
    HD_TEST(the_same_host_moves_nothing),
    HD_TEST(a_network_joined_elsewhere_has_changed),
    HD_TEST(less_memory_on_this_host_has_changed),
    HD_TEST(a_wish_that_was_added_is_new_and_one_dropped_is_gone),
    HD_TEST(who_is_refused_here_and_not_there_is_told),
    HD_TEST(of_two_with_one_name_the_first_goes_with_the_first),
    HD_TEST(hostile_texts_leave_valid_json),
};

HD_SUITE("plan/map_diff", tests);
