/* SPDX-License-Identifier: MIT */
/* Tests hv/store/after: which guests a guest may be after, and the order that
 * comes of it. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/after.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* Guests "a", "b", ...; `after` has a word for each, of those it is after. */
static struct hd_manifest *make(const char *const *after, uint32_t n)
{
    struct hd_manifest *m = calloc(1, sizeof(*m));

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    m->n_guests = n;
    for (uint32_t i = 0; i < n; i++) {
        struct hd_guest *g = &m->guests[i];

        g->name[0] = (char)('a' + i);
        for (const char *c = after[i]; *c; c++)
            g->after[g->n_after++].name[0] = *c;
    }
    return m;
}

/* The guests in order, as one word. */
static const char *order_of(const struct hd_manifest *m)
{
    static char text[HD_MAX_GUESTS + 1];
    uint32_t order[HD_MAX_GUESTS];

    hd_after_order(m, order);
    for (uint32_t i = 0; i < m->n_guests; i++)
        text[i] = m->guests[order[i]].name[0];
    text[m->n_guests] = '\0';
    return text;
}

static void who_is_after_nobody_keeps_the_manifests_order(void)
{
    const char *const after[] = {"", "", ""};
    hd_autofree struct hd_manifest *m = make(after, 3);
    uint32_t ranks[HD_MAX_GUESTS];

    CU_ASSERT_STRING_EQUAL(order_of(m), "abc");
    hd_after_ranks(m, ranks);
    CU_ASSERT(!ranks[0] && !ranks[1] && !ranks[2]);
}

static void each_stands_behind_those_that_it_is_after(void)
{
    const char *const after[] = {"cd", "", "b", "", "a"};
    hd_autofree struct hd_manifest *m = make(after, 5);
    uint32_t ranks[HD_MAX_GUESTS];
    struct hd_err err = {0};

    for (uint32_t i = 0; i < 5; i++)
        CHECK_OK(hd_after_check(m, i, &err), &err);
    CU_ASSERT_STRING_EQUAL(order_of(m), "bcdae");
    hd_after_ranks(m, ranks);
    CU_ASSERT_EQUAL(ranks[1], 0);
    CU_ASSERT_EQUAL(ranks[2], 1);
    CU_ASSERT_EQUAL(ranks[3], 0);
    CU_ASSERT_EQUAL(ranks[0], 2);
    CU_ASSERT_EQUAL(ranks[4], 3);
}

static void a_chain_of_all_guests_is_put_in_order(void)
{
    hd_autofree struct hd_manifest *m = calloc(1, sizeof(*m));
    uint32_t ranks[HD_MAX_GUESTS], order[HD_MAX_GUESTS];
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    m->n_guests = HD_MAX_GUESTS;
    for (uint32_t i = 0; i < HD_MAX_GUESTS; i++)
        snprintf(m->guests[i].name, HD_NAME_SIZE, "g%u", i);
    for (uint32_t i = 0; i + 1 < HD_MAX_GUESTS; i++) {
        m->guests[i].n_after = 1;
        strcpy(m->guests[i].after[0].name, m->guests[i + 1].name);
    }
    for (uint32_t i = 0; i < HD_MAX_GUESTS; i++)
        CHECK_OK(hd_after_check(m, i, &err), &err);
    hd_after_order(m, order);
    hd_after_ranks(m, ranks);
    for (uint32_t i = 0; i < HD_MAX_GUESTS; i++) {
        CU_ASSERT_EQUAL(order[i], HD_MAX_GUESTS - 1 - i);
        CU_ASSERT_EQUAL(ranks[i], HD_MAX_GUESTS - 1 - i);
    }
}

static void a_loop_is_told_by_two_of_its_guests(void)
{
    const char *const after[] = {"b", "c", "a", "c"};
    hd_autofree struct hd_manifest *m = make(after, 4);
    struct hd_err err = {0};

    for (uint32_t i = 0; i < 3; i++)
        CHECK_FAILS(hd_after_check(m, i, &err), &err, HD_E_BAD_MANIFEST,
                    "which is after it");
    /* Who only waits for the loop has no part in it. */
    CHECK_OK(hd_after_check(m, 3, &err), &err);
}

/* Even so nothing runs on for ever. */
static void a_loop_that_nobody_checked_has_an_order_all_the_same(void)
{
    const char *const after[] = {"b", "a", ""};
    hd_autofree struct hd_manifest *m = make(after, 3);
    uint32_t ranks[HD_MAX_GUESTS];

    CU_ASSERT_STRING_EQUAL(order_of(m), "cab");
    hd_after_ranks(m, ranks);
    CU_ASSERT(ranks[0] < HD_MAX_GUESTS && ranks[1] < HD_MAX_GUESTS);
}

static void names_from_elsewhere_are_checked_like_text(void)
{
    const char *const after[] = {"", "a"};
    hd_autofree struct hd_manifest *m = make(after, 2);
    struct hd_err err = {0};

    strcpy(m->guests[1].after[0].name, "z");
    CHECK_FAILS(hd_after_check(m, 1, &err), &err, HD_E_BAD_MANIFEST,
                "no guest is named \"z\"");
    m->guests[1].n_after = HD_MAX_AFTER + 1;
    CHECK_FAILS(hd_manifest_check(m, HD_F_SOURCE, &err), &err,
                HD_E_BAD_MANIFEST, "");
    m->guests[1].n_after = 1;
    memset(m->guests[1].after[0].name, 'a', HD_NAME_SIZE);
    CHECK_FAILS(hd_manifest_check(m, HD_F_SOURCE, &err), &err,
                HD_E_BAD_MANIFEST, "");
}

static const struct hd_test tests[] = {
    HD_TEST(who_is_after_nobody_keeps_the_manifests_order),
    HD_TEST(each_stands_behind_those_that_it_is_after),
    HD_TEST(a_chain_of_all_guests_is_put_in_order),
    HD_TEST(a_loop_is_told_by_two_of_its_guests),
    HD_TEST(a_loop_that_nobody_checked_has_an_order_all_the_same),
    HD_TEST(names_from_elsewhere_are_checked_like_text),
};

HD_SUITE("store/after", tests);
