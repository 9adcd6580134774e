/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/rates and hv/cli/top_view: what is taken a second, and how it is
 * shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/cli/rates.h"
#include "../../hv/cli/top_view.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const char before[] =
    "{\"stores\":[{\"store\":\"travel\",\"state\":\"running\",\"guests\":["
    "{\"guest\":\"desk\",\"state\":\"running\",\"domid\":7,"
    "\"cpu_ns\":1000000000,\"memory\":100663296,\"vcpus\":2,"
    "\"disk_read_bytes\":1000,\"net_sent_bytes\":500},"
    "{\"guest\":\"mail\",\"state\":\"running\",\"domid\":8,"
    "\"cpu_ns\":9000000000,\"memory\":1048576,\"vcpus\":1,"
    "\"disk_read_bytes\":77}]}]}";

static const char now[] =
    "{\"stores\":["
    "{\"store\":\"lab\",\"state\":\"locked\",\"guests\":["
    "{\"guest\":\"idle\",\"state\":\"locked\"}]},"
    "{\"store\":\"travel\",\"state\":\"running\",\"guests\":["
    "{\"guest\":\"mail\",\"state\":\"paused\",\"domid\":9,"
    "\"cpu_ns\":5000000000,\"memory\":1048576,\"vcpus\":1,"
    "\"disk_read_bytes\":7000},"
    "{\"guest\":\"desk\",\"state\":\"running\",\"domid\":7,"
    "\"cpu_ns\":4000000000,\"memory\":100663296,\"vcpus\":2,"
    "\"disk_read_bytes\":21480,\"net_sent_bytes\":400}]}],"
    "\"host\":{\"memory_left\":536870912,\"memory_free\":1}}";

static struct hd_rates make(const char *a, const char *b, double seconds)
{
    struct json_object *x = a ? json_tokener_parse(a) : NULL;
    struct json_object *y = json_tokener_parse(b);
    struct hd_rates rates;
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    CU_ASSERT_EQUAL_FATAL(hd_rates_make(x, y, seconds, &rates, &err), 0);
    json_object_put(x);
    json_object_put(y);
    return rates;
}

static const struct hd_rate *row(const struct hd_rates *rates,
                                 const char *store, const char *guest)
{
    for (size_t i = 0; i < rates->n; i++)
        if (!strcmp(rates->rows[i].store, store) &&
            !strcmp(rates->rows[i].guest, guest))
            return &rates->rows[i];
    CU_FAIL_FATAL("there is no such row");
    return NULL;
}

static void a_rate_is_what_was_moved_by_the_time_between(void)
{
    struct hd_rates rates = make(before, now, 2);
    const struct hd_rate *desk = row(&rates, "travel", "desk");

    CU_ASSERT_EQUAL(rates.n, 5);
    CU_ASSERT_DOUBLE_EQUAL(desk->cpu, 1.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(desk->disk_read, 10240, 1e-9);
    CU_ASSERT_EQUAL(desk->memory, 100663296);
    hd_rates_fini(&rates);
}

static void a_counter_that_went_back_or_is_anothers_gives_no_rate(void)
{
    struct hd_rates rates = make(before, now, 2);

    CU_ASSERT_EQUAL(row(&rates, "travel", "desk")->net_sent, 0);
    /* The guest was started again: its domain is another. */
    CU_ASSERT_EQUAL(row(&rates, "travel", "mail")->cpu, 0);
    CU_ASSERT_EQUAL(row(&rates, "travel", "mail")->disk_read, 0);
    hd_rates_fini(&rates);
    rates = make(NULL, now, 0);
    CU_ASSERT_EQUAL(row(&rates, "travel", "desk")->cpu, 0);
    hd_rates_fini(&rates);
    rates = make(now, now, 0);
    CU_ASSERT_EQUAL(row(&rates, "travel", "desk")->cpu, 0);
    hd_rates_fini(&rates);
}

static void a_store_takes_what_its_guests_take(void)
{
    struct hd_rates rates = make(before, now, 2);
    const struct hd_rate *travel = row(&rates, "travel", "");

    CU_ASSERT_DOUBLE_EQUAL(travel->cpu, 1.5, 1e-9);
    CU_ASSERT_EQUAL(travel->memory, 101711872);
    CU_ASSERT_EQUAL(travel->vcpus, 3);
    CU_ASSERT_EQUAL(row(&rates, "lab", "")->memory, 0);
    hd_rates_fini(&rates);
}

static void the_busiest_store_and_guest_come_first(void)
{
    struct hd_rates rates = make(before, now, 2);

    hd_rates_sort(&rates, HD_RATES_BY_CPU);
    CU_ASSERT_STRING_EQUAL(rates.rows[0].store, "travel");
    CU_ASSERT_STRING_EQUAL(rates.rows[0].guest, "");
    CU_ASSERT_STRING_EQUAL(rates.rows[1].guest, "desk");
    CU_ASSERT_STRING_EQUAL(rates.rows[2].guest, "mail");
    CU_ASSERT_STRING_EQUAL(rates.rows[3].store, "lab");
    hd_rates_sort(&rates, HD_RATES_BY_NAME);
    CU_ASSERT_STRING_EQUAL(rates.rows[0].store, "lab");
    CU_ASSERT_STRING_EQUAL(rates.rows[1].guest, "idle");
    CU_ASSERT_STRING_EQUAL(rates.rows[3].guest, "desk");
    hd_rates_fini(&rates);
}

static void lines_are_as_wide_as_a_terminal_and_say_it_all(void)
{
    struct hd_rates rates = make(before, now, 2);
    hd_autofree struct hd_top_line *lines = NULL;
    size_t n;

    hd_rates_sort(&rates, HD_RATES_BY_CPU);
    n = hd_top_lines(&rates, HD_RATES_BY_CPU, 24, &lines);
    CU_ASSERT_EQUAL_FATAL(n, 7);
    CU_ASSERT_STRING_EQUAL(lines[0].text, "2 stores, 3 guests: 1 running, "
                                          "1 paused, 512 MiB left");
    CU_ASSERT_STRING_EQUAL(lines[1].text,
                           "NAME                     STATE     CPU%*  MEM(MiB)"
                           "  READ/s WRITE/s   IN/s  OUT/s");
    CU_ASSERT_STRING_EQUAL(lines[2].text,
                           "travel                   running   150.0        97"
                           "     10K       0      0      0");
    CU_ASSERT_STRING_EQUAL(lines[3].text,
                           "  desk                   running   150.0        96"
                           "     10K       0      0      0");
    CU_ASSERT_TRUE(lines[2].strong && !lines[3].strong);
    for (size_t i = 1; i < n; i++)
        CU_ASSERT_EQUAL(strlen(lines[i].text), HD_TOP_COLUMNS);
    hd_rates_fini(&rates);
}

static void what_has_no_room_is_counted(void)
{
    struct hd_rates rates = make(before, now, 2);

    for (size_t height = 1; height <= 7; height++) {
        hd_autofree struct hd_top_line *lines = NULL;

        CU_ASSERT_EQUAL_FATAL(
            hd_top_lines(&rates, HD_RATES_BY_CPU, height, &lines), height);
        if (height == 4)
            CU_ASSERT_STRING_EQUAL(lines[3].text,
                                   "... 4 more have no room here");
    }
    hd_rates_fini(&rates);
}

static void amounts_keep_to_their_column(void)
{
    static const char form[] =
        "{\"stores\":[{\"store\":\"s\",\"state\":\"running\",\"guests\":["
        "{\"guest\":\"g\",\"state\":\"running\",\"domid\":1,"
        "\"disk_read_bytes\":%s}]}]}";
    static const struct {
        const char *bytes, *want;
    } cases[] = {
        {"0", "      0"},
        {"999", "    999"},
        {"1000", "   1.0K"},
        {"10240", "    10K"},
        {"1048575", "   1.0M"},
        {"1073741824", "   1.0G"},
        {"999999999999", "   931G"},
        {"9000000000000000000", "  7994P"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_autofree struct hd_top_line *lines = NULL;
        struct hd_rates rates;
        char a[256], b[256];

        snprintf(a, sizeof(a), form, "0");
        snprintf(b, sizeof(b), form, cases[i].bytes);
        rates = make(a, b, 1);
        CU_ASSERT_EQUAL_FATAL(hd_top_lines(&rates, 0, 0, &lines), 4);
        CU_ASSERT_EQUAL(strncmp(lines[3].text + 51, cases[i].want, 7), 0);
        CU_ASSERT_EQUAL(strlen(lines[3].text), HD_TOP_COLUMNS);
        hd_rates_fini(&rates);
    }
}

static void json_has_stores_with_their_guests(void)
{
    struct hd_rates rates = make(before, now, 2);
    struct json_object *o = hd_rates_json(&rates), *stores, *guests;

    stores = json_object_object_get(o, "stores");
    CU_ASSERT_EQUAL_FATAL(json_object_array_length(stores), 2);
    guests =
        json_object_object_get(json_object_array_get_idx(stores, 1), "guests");
    CU_ASSERT_EQUAL_FATAL(json_object_array_length(guests), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        json_object_to_json_string_ext(json_object_array_get_idx(guests, 1), 0),
        "{\"guest\":\"desk\",\"domid\":7,\"state\":\"running\","
        "\"cpu\":1.500,\"memory\":100663296,\"vcpus\":2,"
        "\"disk_read_bytes\":10240.000,"));
    json_object_put(o);
    hd_rates_fini(&rates);
}

static const struct hd_test tests[] = {
    HD_TEST(a_rate_is_what_was_moved_by_the_time_between),
    HD_TEST(a_counter_that_went_back_or_is_anothers_gives_no_rate),
    HD_TEST(a_store_takes_what_its_guests_take),
    HD_TEST(the_busiest_store_and_guest_come_first),
    HD_TEST(lines_are_as_wide_as_a_terminal_and_say_it_all),
    HD_TEST(what_has_no_room_is_counted),
    HD_TEST(amounts_keep_to_their_column),
    HD_TEST(json_has_stores_with_their_guests),
};

HD_SUITE("cli/top", tests);
