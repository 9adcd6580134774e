/* SPDX-License-Identifier: MIT */
/* A ledger that has grown: what is left of it, and what a death in between
 * leaves. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "ledger_kit.h"
#include "power.h"
#include "unit.h"

#define LARGE 1000 /* restarts, after which a ledger is to be made smaller */
#define SMALL 65536

static void undo(struct hd_ledger *l, uint32_t seq)
{
    struct hd_err err = {0};

    CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
}

/* A domain as it is noted once it runs. */
static uint32_t run_domain(struct hd_ledger *l, uint32_t domid)
{
    struct hd_err err = {0};
    uint32_t seq = ledger_take(l, HD_EFFECT_DOMAIN,
                               "5c0e0100-0000-4000-8000-00000000de5c");

    CHECK_OK(hd_ledger_set_domid(l, seq, domid, &err), &err);
    CHECK_OK(hd_ledger_set_running(l, seq, &err), &err);
    return seq;
}

/* The one that is not undone. */
static uint32_t find(const struct hd_ledger *l, enum hd_effect_kind kind)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(l, &n);

    while (n-- > 0)
        if (e[n].kind == kind && !e[n].undone)
            return e[n].seq;
    CU_FAIL_FATAL("no such effect");
    return 0;
}

static void restart(struct hd_ledger *l, uint32_t domid)
{
    undo(l, find(l, HD_EFFECT_SERVER));
    undo(l, find(l, HD_EFFECT_DOMAIN));
    ledger_take(l, HD_EFFECT_SERVER, "/run/hotdom/server/travel.desk.console");
    run_domain(l, domid);
}

/* A guest with two volumes that has been started so many times. */
static void make_large(unsigned restarts)
{
    hd_auto(hd_ledger) l = ledger_create();

    ledger_take(l, HD_EFFECT_DM, "hotdom-travel-root");
    undo(l, ledger_take(l, HD_EFFECT_DM, "hotdom-travel-old"));
    ledger_take(l, HD_EFFECT_SERVER, "/run/hotdom/server/travel.desk.console");
    ledger_take(l, HD_EFFECT_DM, "hotdom-travel-home");
    run_domain(l, 1);
    for (uint32_t i = 0; i < restarts; i++)
        restart(l, i % 30000 + 2);
}

static void check_effect(const struct hd_effect *e, uint32_t seq,
                         enum hd_effect_kind kind, const char *value)
{
    CU_ASSERT_EQUAL(e->seq, seq);
    CU_ASSERT_EQUAL(e->kind, kind);
    CU_ASSERT_STRING_EQUAL(e->guest, "desk");
    CU_ASSERT_STRING_EQUAL(e->value, value);
    CU_ASSERT_EQUAL(e->domid >= 0, kind == HD_EFFECT_DOMAIN);
    CU_ASSERT_EQUAL(e->running, kind == HD_EFFECT_DOMAIN);
    CU_ASSERT_FALSE(e->undone || e->quarantined);
}

/* Of what make_large made, only what is not undone is there. */
static void check_small(const struct hd_ledger *l, int32_t domid)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(l, &n);

    CU_ASSERT_EQUAL_FATAL(n, 4);
    CU_ASSERT_STRING_EQUAL(hd_ledger_head(l)->label, "travel");
    CU_ASSERT_EQUAL(hd_ledger_head(l)->diskseq, UINT64_MAX);
    check_effect(&e[0], 1, HD_EFFECT_DM, "hotdom-travel-root");
    check_effect(&e[1], 2, HD_EFFECT_DM, "hotdom-travel-home");
    check_effect(&e[2], 3, HD_EFFECT_SERVER,
                 "/run/hotdom/server/travel.desk.console");
    check_effect(&e[3], 4, HD_EFFECT_DOMAIN,
                 "5c0e0100-0000-4000-8000-00000000de5c");
    CU_ASSERT_EQUAL(e[3].domid, domid);
}

static char *text_of(const char *suffix, size_t *ret_len)
{
    char path[128], whole[160], *text = NULL;
    struct hd_err err = {0};

    ledger_path(path);
    snprintf(whole, sizeof(whole), "%s%s", path, suffix);
    if (*suffix && access(whole, F_OK))
        return NULL;
    CHECK_OK(hd_io_read_file(whole, 1 << 24, &text, ret_len, &err), &err);
    return text;
}

static bool is_beside(void)
{
    hd_autofree char *text = text_of(".new", NULL);

    return text;
}

static void a_guest_that_restarts_20000_times_leaves_a_small_ledger(void)
{
    off_t most = 0;

    ledger_begin();
    make_large(0);
    for (uint32_t i = 0; i < 20000;) {
        hd_auto(hd_ledger) l = ledger_reopen();

        /* A job for each would read what there is 20,000 times. */
        for (unsigned k = 0; k < 50; k++, i++)
            restart(l, i + 2);
        most = ledger_size() > most ? ledger_size() : most;
    }
    hd_auto(hd_ledger) l = ledger_reopen();

    /* As much as one job may add behind what was small. */
    CU_ASSERT_TRUE(most < SMALL + 50 * 300);
    CU_ASSERT_EQUAL(hd_ledger_head(l)->diskseq, UINT64_MAX);
    find(l, HD_EFFECT_DOMAIN);
    ledger_end();
}

static void all_that_is_not_undone_stays_and_is_numbered_anew(void)
{
    struct hd_err err = {0};
    const struct hd_effect *e;
    size_t n;

    ledger_begin();
    make_large(LARGE);
    {
        hd_auto(hd_ledger) l = ledger_reopen();

        CU_ASSERT_TRUE(ledger_size() < 512);
        CU_ASSERT_FALSE(is_beside());
        check_small(l, LARGE + 1);
        /* And what comes behind it goes on there. */
        CHECK_OK(hd_ledger_set_quarantined(l, 4, &err), &err);
        undo(l, 2);
        CU_ASSERT_EQUAL(ledger_take(l, HD_EFFECT_BRIDGE, "hd5c0e77aa0"), 5);
    }
    hd_auto(hd_ledger) again = ledger_reopen();

    e = hd_ledger_effects(again, &n);
    CU_ASSERT_EQUAL_FATAL(n, 5);
    CU_ASSERT_TRUE(e[1].undone);
    CU_ASSERT_TRUE(e[3].quarantined);
    CU_ASSERT_EQUAL(e[4].kind, HD_EFFECT_BRIDGE);
    ledger_end();
}

static void what_is_noted_of_a_domain_stays(void)
{
    struct hd_err err = {0};
    const struct hd_effect *e;
    size_t n;

    ledger_begin();
    make_large(LARGE);
    {
        hd_auto(hd_ledger) l = ledger_reopen();

        CHECK_OK(hd_ledger_set_dumped(l, 4, &err), &err);
        CHECK_OK(hd_ledger_set_quarantined(l, 4, &err), &err);
        for (unsigned i = 0; i < 5000; i++)
            undo(l, ledger_take(l, HD_EFFECT_DM, "hotdom-travel-more"));
    }
    hd_auto(hd_ledger) l = ledger_reopen();

    e = hd_ledger_effects(l, &n);
    CU_ASSERT_EQUAL_FATAL(n, 4);
    CU_ASSERT_TRUE(e[3].quarantined && e[3].dumped && e[3].running);
    CU_ASSERT_EQUAL(e[3].domid, LARGE + 1);
    ledger_end();
}

/* Guest attic has ended, and another never ran. */
static void that_a_guest_has_run_stays(void)
{
    const char *const id = "5c0e0100-0000-4000-8000-0000000a771c";
    struct hd_err err = {0};
    const struct hd_effect *e;
    uint32_t seq[3];
    size_t n;

    ledger_begin();
    make_large(0);
    {
        hd_auto(hd_ledger) l = ledger_reopen();

        for (int i = 0; i < 3; i++) {
            CHECK_OK(hd_ledger_take(l, HD_EFFECT_DOMAIN,
                                    i < 2 ? "attic" : "cellar", id, &seq[i],
                                    &err),
                     &err);
            if (i < 2)
                CHECK_OK(hd_ledger_set_running(l, seq[i], &err), &err);
            undo(l, seq[i]);
        }
        for (uint32_t i = 0; i < LARGE; i++)
            restart(l, i + 2);
    }
    hd_ledger_free(ledger_reopen());
    hd_auto(hd_ledger) l = ledger_reopen();

    CU_ASSERT_TRUE(ledger_size() < 512);
    e = hd_ledger_effects(l, &n);
    CU_ASSERT_EQUAL_FATAL(n, 5);
    CU_ASSERT_STRING_EQUAL(e[2].guest, "attic");
    CU_ASSERT_TRUE(e[2].kind == HD_EFFECT_DOMAIN && e[2].running &&
                   e[2].undone);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(e[i].seq, i + 1);
    ledger_end();
}

static void one_that_is_mostly_in_use_is_left_as_it_is(void)
{
    hd_autofree char *before = NULL, *after = NULL;
    char value[HD_LEDGER_VALUE];

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();

        for (int i = 0; i < 2000; i++) {
            snprintf(value, sizeof(value), "hotdom-travel-volume-%d", i);
            ledger_take(l, HD_EFFECT_DM, value);
        }
        for (uint32_t i = 1; i <= 500; i++)
            undo(l, i);
    }
    before = text_of("", NULL);
    hd_ledger_free(ledger_reopen());
    after = text_of("", NULL);
    CU_ASSERT_TRUE(strlen(before) > SMALL);
    CU_ASSERT_STRING_EQUAL(before, after);
    ledger_end();
}

/* ---- killed meanwhile */

static void put_text(const char *text)
{
    char path[128];
    FILE *out;

    ledger_path(path);
    out = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

/* Opens it in a process that is killed at point `at`; whether it was. */
static bool open_and_die(unsigned at)
{
    struct hd_ledger *l;
    struct hd_err err;
    int status = 0;
    pid_t child = fork();

    if (!child) {
        power_cut_at = at;
        _exit(hd_ledger_open(ledger_dir, &ledger_head.store, &l, &err) ? 1 : 0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

static void a_cut_at_any_point_leaves_the_old_or_the_new_one(void)
{
    hd_autofree char *before = NULL, *after = NULL;
    unsigned at = 1, old = 0, new = 0, beside = 0;

    ledger_begin();
    make_large(LARGE);
    before = text_of("", NULL);
    hd_ledger_free(ledger_reopen());
    after = text_of("", NULL);
    put_text(before);
    for (bool cut = true; cut; at++) {
        hd_autofree char *left = NULL;
        hd_auto(hd_ledger) l = NULL;

        cut = open_and_die(at);
        left = text_of("", NULL);
        old += !strcmp(left, before);
        new += !strcmp(left, after);
        beside += is_beside();
        /* Whoever is next has all of it, and cleans up. */
        l = ledger_reopen();
        check_small(l, LARGE + 1);
        CU_ASSERT_FALSE(!strcmp(left, before) && is_beside());
        put_text(before);
    }
    /* In front of unlink, of write, in it, and in front of rename. */
    CU_ASSERT_EQUAL(old, 4);
    CU_ASSERT_EQUAL(new, 1);
    CU_ASSERT_EQUAL(beside, 3);
    CU_ASSERT_EQUAL(old + new, at - 1);
    ledger_end();
}

static void what_a_cut_left_beside_goes_with_the_ledger(void)
{
    struct hd_err err = {0};
    bool empty = false;

    ledger_begin();
    make_large(LARGE);
    CU_ASSERT_TRUE(open_and_die(3));
    CU_ASSERT_TRUE(is_beside());
    {
        hd_autofree struct hd_uuid *ids = NULL;
        size_t n = 0;

        /* It is no store's. */
        CHECK_OK(hd_ledger_list(ledger_dir, &ids, &n, &err), &err);
        CU_ASSERT_EQUAL(n, 1);
    }
    put_text("hotdom-ledger 1 travel sda 1\n+ 1 dm desk a\n- 1\n");
    hd_auto(hd_ledger) l = ledger_reopen();

    CU_ASSERT_TRUE(is_beside());
    CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    CU_ASSERT_TRUE(empty);
    CU_ASSERT_FALSE(is_beside());
    ledger_end();
}

static void a_full_file_system_keeps_the_old_one(void)
{
    hd_autofree char *before = NULL, *after = NULL;

    ledger_begin();
    make_large(LARGE);
    before = text_of("", NULL);
    {
        hd_auto(hd_ledger) l = NULL;
        size_t n;

        power_room = 100;
        l = ledger_reopen();
        power_room = -1;
        hd_ledger_effects(l, &n);
        CU_ASSERT_TRUE(n > LARGE);
        CU_ASSERT_FALSE(is_beside());
        after = text_of("", NULL);
        CU_ASSERT_STRING_EQUAL(before, after);
        ledger_take(l, HD_EFFECT_BRIDGE, "hd5c0e77aa0");
    }
    hd_auto(hd_ledger) again = ledger_reopen();

    CU_ASSERT_TRUE(ledger_size() < 512);
    CU_ASSERT_EQUAL(find(again, HD_EFFECT_BRIDGE), 5);
    ledger_end();
}

/* ---- who waits */

static void replace_it(void)
{
    hd_ledger_free(ledger_reopen());
}

static void who_waited_for_the_old_one_gets_the_new_one(void)
{
    ledger_begin();
    make_large(LARGE);
    /* Between its open and its lock somebody else is there, and leaves. */
    power_before_flock = replace_it;
    hd_auto(hd_ledger) l = ledger_reopen();

    check_small(l, LARGE + 1);
    CU_ASSERT_EQUAL(ledger_take(l, HD_EFFECT_BRIDGE, "hd5c0e77aa0"), 5);
    hd_ledger_free(hd_steal(&l));
    l = ledger_reopen();
    CU_ASSERT_EQUAL(find(l, HD_EFFECT_BRIDGE), 5);
    ledger_end();
}

static struct hd_ledger *holder;

static void hold_new(void)
{
    holder = ledger_reopen();
}

static void who_replaced_it_holds_the_new_one(void)
{
    struct hd_ledger *l = NULL;
    struct hd_err err = {0};

    ledger_begin();
    make_large(LARGE);
    power_before_flock = hold_new;
    CHECK_FAILS(hd_ledger_open(ledger_dir, &ledger_head.store, &l, &err), &err,
                HD_E_BUSY, "another process holds");
    check_small(holder, LARGE + 1);
    CHECK_FAILS(hd_ledger_open(ledger_dir, &ledger_head.store, &l, &err), &err,
                HD_E_BUSY, "another process holds");
    CHECK_FAILS(hd_ledger_create(ledger_dir, &ledger_head, &l, &err), &err,
                HD_E_EXISTS, "travel");
    hd_ledger_free(hd_steal(&holder));
    hd_ledger_free(ledger_reopen());
    ledger_end();
}

static void remove_it(void)
{
    char path[128];

    ledger_path(path);
    CU_ASSERT_EQUAL(remove(path), 0);
}

static void who_waited_for_one_that_went_is_told_so(void)
{
    struct hd_ledger *l = NULL;
    struct hd_err err = {0};

    ledger_begin();
    make_large(0);
    power_before_flock = remove_it;
    CHECK_FAILS(hd_ledger_open(ledger_dir, &ledger_head.store, &l, &err), &err,
                HD_E_NO_STORE, "there is no ledger");
    ledger_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_that_restarts_20000_times_leaves_a_small_ledger),
    HD_TEST(all_that_is_not_undone_stays_and_is_numbered_anew),
    HD_TEST(what_is_noted_of_a_domain_stays),
    HD_TEST(that_a_guest_has_run_stays),
    HD_TEST(one_that_is_mostly_in_use_is_left_as_it_is),
    HD_TEST(a_cut_at_any_point_leaves_the_old_or_the_new_one),
    HD_TEST(what_a_cut_left_beside_goes_with_the_ledger),
    HD_TEST(a_full_file_system_keeps_the_old_one),
    HD_TEST(who_waited_for_the_old_one_gets_the_new_one),
    HD_TEST(who_replaced_it_holds_the_new_one),
    HD_TEST(who_waited_for_one_that_went_is_told_so),
};

HD_SUITE("ledger/compact", tests);
