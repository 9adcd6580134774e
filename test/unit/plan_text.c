/* SPDX-License-Identifier: MIT */
/* Tests the texts behind a plan's steps. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan_text.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define N 4

/* Both steps of desk, and of lab one, behind one that serves nothing. */
static struct hd_plan *begin(void)
{
    static const uint32_t kinds[N] = {HD_STEP_START_DOMAIN, HD_STEP_SERVE_FILES,
                                      HD_STEP_ATTACH_FILES,
                                      HD_STEP_SERVE_FILES};
    struct hd_plan *plan = calloc(1, hd_plan_size(N) + HD_PLAN_MAX_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = N;
    for (uint32_t i = 0; i < N; i++) {
        struct hd_step *s = &plan->steps[i];

        s->kind = kinds[i];
        strcpy(s->guest, i < 3 ? "desk" : "lab");
        if (hd_step_is_view(s))
            hd_plan_put_view(plan, s, i < 3 ? "+/a\n" : "+/b\n", "+/\n");
    }
    return plan;
}

static void check(const struct hd_plan *plan, uint32_t i, const char *tables,
                  const char *shown)
{
    struct hd_plan_view v = hd_plan_view(plan, &plan->steps[i]);

    CU_ASSERT_STRING_EQUAL(v.tables, tables);
    CU_ASSERT_STRING_EQUAL(v.shown, shown);
}

static void a_text_stands_there_once(void)
{
    hd_autofree struct hd_plan *plan = begin();

    CU_ASSERT_EQUAL(plan->n_text, 5 + 5 + 4);
    check(plan, 1, "+/a\n", "+/\n");
    check(plan, 2, "+/a\n", "+/\n");
    check(plan, 3, "+/b\n", "+/\n");
    CU_ASSERT(hd_plan_is_whole(plan, hd_plan_size(N) + 14));
    CU_ASSERT_FALSE(hd_plan_is_whole(plan, hd_plan_size(N) + 13));
}

static void one_guests_text_changes_and_no_other_does(void)
{
    hd_autofree struct hd_plan *plan = begin();

    for (int i = 0; i < 1000; i++) {
        char tables[32];
        struct hd_plan *next;

        sprintf(tables, "+/a/%03d\n", i);
        next = hd_plan_with_view(plan, "desk", tables, "+/a\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(next);
        free(plan);
        plan = next;
    }
    check(plan, 1, "+/a/999\n", "+/a\n");
    check(plan, 2, "+/a/999\n", "+/a\n");
    check(plan, 3, "+/b\n", "+/\n");
    /* What was there before leaves nothing. */
    CU_ASSERT_EQUAL(plan->n_text, 9 + 5 + 5 + 4);
    CU_ASSERT_EQUAL(plan->steps[0].kind, HD_STEP_START_DOMAIN);
}

static bool is_of(const struct hd_step *step, const void *guest)
{
    return !strcmp(step->guest, guest);
}

static void a_part_of_a_plan_has_its_texts(void)
{
    hd_autofree struct hd_plan *plan = begin(), *part = NULL;

    part = hd_plan_part(plan, is_of, "lab");
    CU_ASSERT_PTR_NOT_NULL_FATAL(part);
    CU_ASSERT_EQUAL(part->n_steps, 1);
    check(part, 0, "+/b\n", "+/\n");
    CU_ASSERT(hd_plan_is_whole(part, hd_plan_bytes(part)));
}

static void check_cmdline(const struct hd_plan *plan, uint32_t i,
                          const char *cmdline)
{
    CU_ASSERT_EQUAL(plan->steps[i].kind, HD_STEP_BUILD_DOMAIN);
    CU_ASSERT_TRUE(hd_plan_has_cmdline(plan, &plan->steps[i]));
    CU_ASSERT_STRING_EQUAL(hd_plan_cmdline(plan, &plan->steps[i]), cmdline);
}

/* Of both: the domain is built, and its host view served. */
static struct hd_plan *begin_built(void)
{
    hd_autofree struct hd_plan *plan = begin();

    plan->steps[0].kind = plan->steps[2].kind = HD_STEP_BUILD_DOMAIN;
    strcpy(plan->steps[2].guest, "lab");
    hd_plan_put_cmdline(plan, &plan->steps[0], "root=/dev/xvda ro");
    hd_plan_put_cmdline(plan, &plan->steps[2], "root=/dev/xvdb rw");
    return hd_steal(&plan);
}

static void no_command_line_changes_with_a_text(void)
{
    hd_autofree struct hd_plan *plan = begin_built(), *longer = NULL,
                               *shorter = NULL;

    longer = hd_plan_with_view(plan, "desk", "+/a\n+/a/long/one\n", "+/c\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(longer);
    shorter = hd_plan_with_view(longer, "lab", "", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(shorter);
    check(shorter, 1, "+/a\n+/a/long/one\n", "+/c\n");
    check(shorter, 3, "", "");
    check_cmdline(longer, 0, "root=/dev/xvda ro");
    check_cmdline(longer, 2, "root=/dev/xvdb rw");
    check_cmdline(shorter, 0, "root=/dev/xvda ro");
    check_cmdline(shorter, 2, "root=/dev/xvdb rw");
}

static void a_part_of_a_plan_has_its_command_lines(void)
{
    hd_autofree struct hd_plan *plan = begin_built(), *next = NULL,
                               *part = NULL;

    next = hd_plan_with_view(plan, "desk", "+/a/other\n", "+/\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(next);
    part = hd_plan_part(next, is_of, "lab");
    CU_ASSERT_PTR_NOT_NULL_FATAL(part);
    CU_ASSERT_EQUAL(part->n_steps, 2);
    check_cmdline(part, 0, "root=/dev/xvdb rw");
    check(part, 1, "+/b\n", "+/\n");
}

/* The longest, and no other is like it. */
static const char *fill(char *text, size_t size, unsigned i)
{
    memset(text, 'a' + (char)(i % 26), size - 1);
    text[0] = (char)('0' + i);
    return text;
}

static const char *longest(unsigned i)
{
    static char text[HD_VIEW_TEXT];

    return fill(text, sizeof(text), i);
}

static const char *shown(unsigned i)
{
    static char text[HD_SHOWN_TEXT];

    return fill(text, sizeof(text), i);
}

/* A policy that was read anew is not every guest's at once. */
static void each_guest_may_have_longest_texts_of_its_own(void)
{
    hd_autofree struct hd_plan *plan =
        calloc(1, hd_plan_size(HD_MAX_GUESTS) + HD_PLAN_MAX_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = HD_MAX_GUESTS;
    for (unsigned i = 0; i < HD_MAX_GUESTS; i++) {
        hd_autofree char *tables = strdup(longest(2 * i));

        plan->steps[i].kind = HD_STEP_SERVE_FILES;
        CU_ASSERT_PTR_NOT_NULL_FATAL(tables);
        hd_plan_put_view(plan, &plan->steps[i], tables, shown(i));
    }
    for (unsigned i = 0; i < HD_MAX_GUESTS; i++) {
        struct hd_plan_view v = hd_plan_view(plan, &plan->steps[i]);

        CU_ASSERT_STRING_EQUAL(v.tables, longest(2 * i));
        CU_ASSERT_STRING_EQUAL(v.shown, shown(i));
    }
}

/* As many as there may be, of the longest. */
static void what_has_no_room_is_empty_and_the_plan_is_whole(void)
{
    hd_autofree struct hd_plan *plan = begin();

    for (uint32_t i = 0; i < 2 * HD_MAX_GUESTS + 2; i++) {
        hd_plan_put_view(plan, &plan->steps[3], longest(i), "");
        CU_ASSERT(hd_plan_is_whole(plan, hd_plan_bytes(plan)));
    }
    CU_ASSERT(plan->n_text <= HD_PLAN_MAX_TEXT);
    check(plan, 3, "", "");
    /* Nor does it become what comes later. */
    hd_plan_put_view(plan, &plan->steps[1], "+/c\n", "");
    check(plan, 1, "+/c\n", "");
    check(plan, 3, "", "");
}

static const struct hd_test tests[] = {
    HD_TEST(a_text_stands_there_once),
    HD_TEST(one_guests_text_changes_and_no_other_does),
    HD_TEST(a_part_of_a_plan_has_its_texts),
    HD_TEST(no_command_line_changes_with_a_text),
    HD_TEST(a_part_of_a_plan_has_its_command_lines),
    HD_TEST(each_guest_may_have_longest_texts_of_its_own),
    HD_TEST(what_has_no_room_is_empty_and_the_plan_is_whole),
};

HD_SUITE("plan/text", tests);
