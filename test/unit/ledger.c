/* SPDX-License-Identifier: MIT */
/* The ledger in a folder of its own: what a death in between leaves. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "ledger_kit.h"
#include "power.h"
#include "unit.h"

static void what_was_written_is_read_again(void)
{
    struct hd_err err = {0};
    const struct hd_effect *e;
    size_t n;

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();
        uint32_t dm = ledger_take(l, HD_EFFECT_DM, "hotdom-travel-root");
        uint32_t domain = ledger_take(l, HD_EFFECT_DOMAIN, "5c0e-domain");

        CHECK_OK(hd_ledger_set_domid(l, domain, 7, &err), &err);
        CHECK_OK(hd_ledger_set_running(l, domain, &err), &err);
        CHECK_OK(hd_ledger_set_dumped(l, domain, &err), &err);
        CHECK_OK(hd_ledger_set_quarantined(l, domain, &err), &err);
        CHECK_OK(hd_ledger_set_quarantined(l, domain, &err), &err);
        CHECK_OK(hd_ledger_undone(l, dm, &err), &err);
    }
    hd_auto(hd_ledger) again = ledger_reopen();

    CU_ASSERT_STRING_EQUAL(hd_ledger_head(again)->label, "travel");
    CU_ASSERT_STRING_EQUAL(hd_ledger_head(again)->devname, "sda");
    CU_ASSERT_EQUAL(hd_ledger_head(again)->diskseq, UINT64_MAX);
    e = hd_ledger_effects(again, &n);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_EQUAL(e[0].kind, HD_EFFECT_DM);
    CU_ASSERT_STRING_EQUAL(e[0].value, "hotdom-travel-root");
    CU_ASSERT_TRUE(e[0].undone);
    CU_ASSERT_EQUAL(e[0].domid, -1);
    CU_ASSERT_EQUAL(e[1].kind, HD_EFFECT_DOMAIN);
    CU_ASSERT_STRING_EQUAL(e[1].guest, "desk");
    CU_ASSERT_FALSE(e[1].undone);
    CU_ASSERT_TRUE(e[1].running);
    CU_ASSERT_TRUE(e[1].dumped && e[1].quarantined);
    CU_ASSERT_FALSE(e[0].dumped || e[0].quarantined);
    CU_ASSERT_EQUAL(e[1].domid, 7);
    ledger_end();
}

static void a_torn_last_line_never_was(void)
{
    const struct hd_effect *e;
    size_t n;

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();

        ledger_take(l, HD_EFFECT_DM, "hotdom-a");
    }
    ledger_scribble("+ 2 dm desk hotdom-torn");
    {
        hd_auto(hd_ledger) l = ledger_reopen();

        hd_ledger_effects(l, &n);
        CU_ASSERT_EQUAL(n, 1);
        /* What is appended now must not become part of the torn line. */
        CU_ASSERT_EQUAL(ledger_take(l, HD_EFFECT_DM, "hotdom-b"), 2);
    }
    hd_auto(hd_ledger) again = ledger_reopen();

    e = hd_ledger_effects(again, &n);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(e[1].value, "hotdom-b");
    ledger_end();
}

/* As much room as it takes for that many bytes of the next line; the history
 * has this name already. */
static void take_with_room(struct hd_ledger *l, ssize_t room)
{
    struct hd_err err = {0};
    uint32_t seq;

    power_room = room;
    CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", "hotdom-a", &seq, &err),
                &err, HD_E_IO, "No space left");
    power_room = -1;
}

static void a_full_file_system_leaves_no_half_line(void)
{
    static const char line[] = "+ 2 dm desk hotdom-a\n";
    struct hd_err err = {0};
    size_t n;

    for (ssize_t room = 0; room < (ssize_t)sizeof(line) - 1; room++) {
        ledger_begin();
        {
            hd_auto(hd_ledger) l = ledger_create();
            uint32_t seq = ledger_take(l, HD_EFFECT_DM, "hotdom-a");
            off_t size = ledger_size();

            take_with_room(l, room);
            CU_ASSERT_EQUAL(ledger_size(), size);
            /* There is room again. */
            CU_ASSERT_EQUAL(ledger_take(l, HD_EFFECT_DM, "hotdom-b"), 2);
            CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        }
        hd_auto(hd_ledger) again = ledger_reopen();

        hd_ledger_effects(again, &n);
        CU_ASSERT_EQUAL(n, 2);
        ledger_end();
    }
}

static void undoing_twice_is_undoing_once(void)
{
    struct hd_err err = {0};
    bool empty = false;

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();
        uint32_t seq = ledger_take(l, HD_EFFECT_DM, "hotdom-a");

        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_FAILS(hd_ledger_undone(l, seq + 1, &err), &err, HD_E_FAILED,
                    "no effect 2");
        CHECK_FAILS(hd_ledger_undone(l, 0, &err), &err, HD_E_FAILED,
                    "no effect 0");
    }
    ledger_scribble("- 1\n");
    hd_auto(hd_ledger) again = ledger_reopen();

    CHECK_OK(hd_ledger_close(again, &empty, &err), &err);
    CU_ASSERT_TRUE(empty);
    ledger_end();
}

static void the_file_goes_when_all_is_undone_and_not_before(void)
{
    struct hd_err err = {0};
    char path[128];
    bool empty = true;

    ledger_begin();
    ledger_path(path);
    hd_auto(hd_ledger) l = ledger_create();
    uint32_t a = ledger_take(l, HD_EFFECT_DM, "hotdom-a");
    uint32_t b = ledger_take(l, HD_EFFECT_DM, "hotdom-b");

    CHECK_OK(hd_ledger_undone(l, b, &err), &err);
    CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    CU_ASSERT_FALSE(empty);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    CHECK_OK(hd_ledger_undone(l, a, &err), &err);
    CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    CU_ASSERT_TRUE(empty);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    ledger_end();
}

static void one_process_holds_it_and_others_may_look(void)
{
    struct hd_err err = {0};
    struct hd_ledger *other = NULL;
    uint32_t seq;
    size_t n;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    ledger_take(l, HD_EFFECT_DM, "hotdom-a");
    CHECK_FAILS(hd_ledger_open(ledger_dir, &ledger_head.store, &other, &err),
                &err, HD_E_BUSY, "another process holds");
    CHECK_FAILS(hd_ledger_create(ledger_dir, &ledger_head, &other, &err), &err,
                HD_E_EXISTS, "travel");
    CU_ASSERT_PTR_NULL(other);
    hd_auto(hd_ledger) look = NULL;

    CHECK_OK(hd_ledger_peek(ledger_dir, &ledger_head.store, &look, &err), &err);
    hd_ledger_effects(look, &n);
    CU_ASSERT_EQUAL(n, 1);
    CHECK_FAILS(hd_ledger_take(look, HD_EFFECT_DM, "desk", "x", &seq, &err),
                &err, HD_E_FAILED, "does not take");
    CHECK_FAILS(hd_ledger_undone(look, 1, &err), &err, HD_E_FAILED, "peeked");
    ledger_end();
}

static void a_store_without_one_is_told_from_a_broken_one(void)
{
    static const char *const bad[] = {
        "nonsense\n",        "+ 2 dm desk gap\n",        "+ 1 usb desk kind\n",
        "+ 1 dm desk\n",     "+ 1 dm desk a tail\n",     "= 1 running\n",
        "+ 01x dm desk a\n", "- 99999999999999999999\n", "\n",
    };
    struct hd_err err = {0};
    struct hd_ledger *l = NULL;

    ledger_begin();
    CHECK_FAILS(hd_ledger_open(ledger_dir, &ledger_head.store, &l, &err), &err,
                HD_E_NO_STORE, "no ledger");
    CHECK_FAILS(hd_ledger_peek(ledger_dir, &ledger_head.store, &l, &err), &err,
                HD_E_NO_STORE, "no ledger");
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        char path[128];

        hd_ledger_free(ledger_create());
        ledger_scribble(bad[i]);
        CHECK_FAILS(hd_ledger_peek(ledger_dir, &ledger_head.store, &l, &err),
                    &err, HD_E_FAILED, "line 2");
        ledger_path(path);
        unlink(path);
    }
    CU_ASSERT_PTR_NULL(l);
    ledger_end();
}

static void a_value_cannot_forge_a_line(void)
{
    static const char *const bad[] = {"", "a b", "a\nb", "a\tb", "\x7f"};
    char longest[HD_LEDGER_VALUE + 1];
    struct hd_err err = {0};
    uint32_t seq;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", bad[i], &seq, &err),
                    &err, HD_E_FAILED, "does not take");
        CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, bad[i], "x", &seq, &err),
                    &err, HD_E_FAILED, "does not take");
    }
    memset(longest, 'x', sizeof(longest));
    longest[HD_LEDGER_VALUE] = '\0';
    CHECK_FAILS(hd_ledger_take(l, HD_EFFECT_DM, "desk", longest, &seq, &err),
                &err, HD_E_FAILED, "does not take");
    longest[HD_LEDGER_VALUE - 1] = '\0';
    CHECK_OK(hd_ledger_take(l, HD_EFFECT_DM, "desk", longest, &seq, &err),
             &err);
    ledger_end();
}

static void history_keeps_what_the_ledger_forgets(void)
{
    struct hd_err err = {0};
    hd_autofree char *text = NULL;
    char path[64];

    ledger_begin();
    {
        hd_auto(hd_ledger) l = ledger_create();
        bool empty;
        uint32_t seq = ledger_take(l, HD_EFFECT_DOMAIN, "5c0e-domain");

        CHECK_OK(hd_ledger_set_domid(l, seq, 12, &err), &err);
        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    }
    snprintf(path, sizeof(path), "%s/history", ledger_dir);
    CHECK_OK(hd_io_read_file(path, 4096, &text, NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "domain 5c0e-domain\ndomid 12\n");
    ledger_end();
}

static void the_list_has_the_stores_and_nothing_else(void)
{
    struct hd_err err = {0};
    hd_autofree struct hd_uuid *ids = NULL, *none = NULL;
    size_t n = 9;

    ledger_begin();
    hd_auto(hd_ledger) l = ledger_create();

    ledger_take(l, HD_EFFECT_DM, "hotdom-a"); /* makes the history */
    CHECK_OK(hd_ledger_list(ledger_dir, &ids, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_TRUE(hd_uuid_equal(&ids[0], &ledger_head.store));
    ledger_end();
    CHECK_OK(hd_ledger_list(ledger_dir, &none, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(what_was_written_is_read_again),
    HD_TEST(a_torn_last_line_never_was),
    HD_TEST(a_full_file_system_leaves_no_half_line),
    HD_TEST(undoing_twice_is_undoing_once),
    HD_TEST(the_file_goes_when_all_is_undone_and_not_before),
    HD_TEST(one_process_holds_it_and_others_may_look),
    HD_TEST(a_store_without_one_is_told_from_a_broken_one),
    HD_TEST(a_value_cannot_forge_a_line),
    HD_TEST(history_keeps_what_the_ledger_forgets),
    HD_TEST(the_list_has_the_stores_and_nothing_else),
};

HD_SUITE("ledger/ledger", tests);
