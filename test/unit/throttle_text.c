/* SPDX-License-Identifier: MIT */
/* Tests hv/host/throttle as text, and with as many stores as it has room for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/host/throttle.h"
#include "unit.h"

#define SECOND 1000ull
#define DAY    (24 * 60 * 60 * SECOND)

static const struct hd_uuid travel = {{1, 2, 3}}, other = {{9}};

static struct hd_uuid store_number(unsigned i)
{
    return (struct hd_uuid){
        {0xee, (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)}};
}

/* Two stores are in it. */
static struct hd_throttle *tried(void)
{
    const struct hd_clock clock = {{{0xb0, 0x07}}, 5000, 1700000000000};
    struct hd_throttle *t = hd_throttle_new(&clock);

    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(hd_throttle_charge(t, &travel, NULL), 0);
    CU_ASSERT_EQUAL(hd_throttle_charge(t, &other, NULL), 0);
    return t;
}

/* "host" and `n` stores whose day began `day` ms ago. */
static FILE *begin_text(char **text, size_t *len, unsigned n, uint64_t day)
{
    const uint64_t now = 10 * DAY;
    char id[HD_UUID_SIZE];
    FILE *out = open_memstream(text, len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fprintf(out,
            "hotdom-throttle 1\n"
            "clock 00000000-0000-0000-0000-000000000000 0 0 %" PRIu64
            "\nhost 0 0 0 0\n",
            now);
    for (unsigned i = 0; i < n; i++) {
        struct hd_uuid uuid = store_number(i);

        hd_uuid_format(&uuid, id);
        fprintf(out, "store %s 1 1 %" PRIu64 " 0\n", id, now - day);
    }
    return out;
}

static void a_new_store_does_not_push_out_one_that_waits(void)
{
    hd_autofree char *text = NULL;
    hd_auto(hd_throttle) t = NULL;
    struct hd_err err = {0};
    char id[HD_UUID_SIZE];
    size_t len;
    FILE *out = begin_text(&text, &len, HD_THROTTLE_STORES - 1, 2 * DAY);

    hd_uuid_format(&travel, id);
    fprintf(out, "store %s 7 1 0 %" PRIu64 "\nend\n", id,
            (uint64_t)(10 * DAY + 5 * SECOND));
    fclose(out);
    CHECK_OK(hd_throttle_parse(text, &t, &err), &err);
    CHECK_OK(hd_throttle_charge(t, &other, &err), &err);
    CU_ASSERT_EQUAL(hd_throttle_wait_ms(t, &travel), 5 * SECOND);
}

static void a_new_store_does_not_push_out_one_that_was_tried_today(void)
{
    hd_autofree char *text = NULL;
    hd_auto(hd_throttle) t = NULL;
    struct hd_err err = {0};
    size_t len;
    FILE *out = begin_text(&text, &len, HD_THROTTLE_STORES, DAY - 1);

    fputs("end\n", out);
    fclose(out);
    CHECK_OK(hd_throttle_parse(text, &t, &err), &err);
    CHECK_FAILS(hd_throttle_charge(t, &other, &err), &err, HD_E_THROTTLED,
                "too many stores");
}

static void what_is_written_reads_back_the_same(void)
{
    hd_auto(hd_throttle) t = tried();
    hd_auto(hd_throttle) again = NULL;
    hd_autofree char *text = NULL, *twice = NULL;
    struct hd_err err = {0};

    text = hd_throttle_format(t);
    CHECK_OK(hd_throttle_parse(text, &again, &err), &err);
    twice = hd_throttle_format(again);
    CU_ASSERT_STRING_EQUAL(text, twice);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "store 01020300-"));
}

static void a_damaged_text_is_refused_wherever_it_is_cut_or_changed(void)
{
    hd_autofree char *text = NULL, *bad = NULL;
    hd_auto(hd_throttle) t = tried();
    hd_auto(hd_throttle) got = NULL;
    size_t len;

    text = hd_throttle_format(t);
    len = strlen(text);
    for (size_t cut = 0; cut < len; cut++) {
        bad = strndup(text, cut);
        CU_ASSERT_EQUAL(hd_throttle_parse(bad, &got, NULL), -1);
        free(hd_steal(&bad));
        bad = strdup(text);
        bad[cut] = '+';
        CU_ASSERT_EQUAL(hd_throttle_parse(bad, &got, NULL), -1);
        free(hd_steal(&bad));
    }
    CU_ASSERT_PTR_NULL(got);
}

static void more_stores_than_there_is_room_for_are_refused(void)
{
    hd_autofree char *text = NULL;
    hd_auto(hd_throttle) got = NULL;
    struct hd_err err = {0};
    size_t len;
    FILE *out = begin_text(&text, &len, HD_THROTTLE_STORES + 1, 0);

    fputs("end\n", out);
    fclose(out);
    CHECK_FAILS(hd_throttle_parse(text, &got, &err), &err, HD_E_FAILED,
                "damaged");
}

static const struct hd_test tests[] = {
    HD_TEST(a_new_store_does_not_push_out_one_that_waits),
    HD_TEST(a_new_store_does_not_push_out_one_that_was_tried_today),
    HD_TEST(what_is_written_reads_back_the_same),
    HD_TEST(a_damaged_text_is_refused_wherever_it_is_cut_or_changed),
    HD_TEST(more_stores_than_there_is_room_for_are_refused),
};

HD_SUITE("host/throttle_text", tests);
