/* SPDX-License-Identifier: MIT */
/* The ledger in a folder of its own: what a death in between leaves. */
#include <ftw.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../hv/run/ledger.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static char dir[32];
static const struct hd_ledger_head head = {
    .store = {{0x5c, 0x0e, 1}},
    .label = "travel",
    .devname = "sda",
    .diskseq = 18446744073709551615u,
};

static int rm(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static void begin(void)
{
    strcpy(dir, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void end(void)
{
    nftw(dir, rm, 8, FTW_DEPTH | FTW_PHYS);
}

static void path_of(char path[128])
{
    char id[HD_UUID_SIZE];

    hd_uuid_format(&head.store, id);
    snprintf(path, 128, "%s/%s", dir, id);
}

/* Adds bytes behind the file, as a killed writer would have. */
static void scribble(const char *text)
{
    char path[128];
    FILE *out;

    path_of(path);
    out = fopen(path, "ae");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static struct hd_ledger *create(void)
{
    struct hd_err err = {0};
    struct hd_ledger *ledger = NULL;

    CHECK_OK(hd_ledger_create(dir, &head, &ledger, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger);
    return ledger;
}

static struct hd_ledger *reopen(void)
{
    struct hd_err err = {0};
    struct hd_ledger *ledger = NULL;

    CHECK_OK(hd_ledger_open(dir, &head.store, &ledger, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger);
    return ledger;
}

static uint32_t take(struct hd_ledger *ledger, enum hd_effect_kind kind,
                     const char *value)
{
    struct hd_err err = {0};
    uint32_t seq = 0;

    CHECK_OK(hd_ledger_take(ledger, kind, "desk", value, &seq, &err), &err);
    return seq;
}

static void what_was_written_is_read_again(void)
{
    struct hd_err err = {0};
    const struct hd_effect *e;
    size_t n;

    begin();
    {
        hd_auto(hd_ledger) l = create();
        uint32_t dm = take(l, HD_EFFECT_DM, "hotdom-travel-root");
        uint32_t domain = take(l, HD_EFFECT_DOMAIN, "5c0e-domain");

        CHECK_OK(hd_ledger_set_domid(l, domain, 7, &err), &err);
        CHECK_OK(hd_ledger_set_running(l, domain, &err), &err);
        CHECK_OK(hd_ledger_set_quarantined(l, domain, &err), &err);
        CHECK_OK(hd_ledger_set_quarantined(l, domain, &err), &err);
        CHECK_OK(hd_ledger_undone(l, dm, &err), &err);
    }
    hd_auto(hd_ledger) again = reopen();

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
    CU_ASSERT_TRUE(e[1].quarantined);
    CU_ASSERT_FALSE(e[0].quarantined);
    CU_ASSERT_EQUAL(e[1].domid, 7);
    end();
}

static void a_torn_last_line_never_was(void)
{
    const struct hd_effect *e;
    size_t n;

    begin();
    {
        hd_auto(hd_ledger) l = create();

        take(l, HD_EFFECT_DM, "hotdom-a");
    }
    scribble("+ 2 dm desk hotdom-torn");
    {
        hd_auto(hd_ledger) l = reopen();

        hd_ledger_effects(l, &n);
        CU_ASSERT_EQUAL(n, 1);
        /* What is appended now must not become part of the torn line. */
        CU_ASSERT_EQUAL(take(l, HD_EFFECT_DM, "hotdom-b"), 2);
    }
    hd_auto(hd_ledger) again = reopen();

    e = hd_ledger_effects(again, &n);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(e[1].value, "hotdom-b");
    end();
}

static void undoing_twice_is_undoing_once(void)
{
    struct hd_err err = {0};
    bool empty = false;

    begin();
    {
        hd_auto(hd_ledger) l = create();
        uint32_t seq = take(l, HD_EFFECT_DM, "hotdom-a");

        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_FAILS(hd_ledger_undone(l, seq + 1, &err), &err, HD_E_FAILED,
                    "no effect 2");
        CHECK_FAILS(hd_ledger_undone(l, 0, &err), &err, HD_E_FAILED,
                    "no effect 0");
    }
    scribble("- 1\n");
    hd_auto(hd_ledger) again = reopen();

    CHECK_OK(hd_ledger_close(again, &empty, &err), &err);
    CU_ASSERT_TRUE(empty);
    end();
}

static void the_file_goes_when_all_is_undone_and_not_before(void)
{
    struct hd_err err = {0};
    char path[128];
    bool empty = true;

    begin();
    path_of(path);
    hd_auto(hd_ledger) l = create();
    uint32_t a = take(l, HD_EFFECT_DM, "hotdom-a");
    uint32_t b = take(l, HD_EFFECT_DM, "hotdom-b");

    CHECK_OK(hd_ledger_undone(l, b, &err), &err);
    CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    CU_ASSERT_FALSE(empty);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    CHECK_OK(hd_ledger_undone(l, a, &err), &err);
    CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    CU_ASSERT_TRUE(empty);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    end();
}

static void one_process_holds_it_and_others_may_look(void)
{
    struct hd_err err = {0};
    struct hd_ledger *other = NULL;
    uint32_t seq;
    size_t n;

    begin();
    hd_auto(hd_ledger) l = create();

    take(l, HD_EFFECT_DM, "hotdom-a");
    CHECK_FAILS(hd_ledger_open(dir, &head.store, &other, &err), &err, HD_E_BUSY,
                "another process holds");
    CHECK_FAILS(hd_ledger_create(dir, &head, &other, &err), &err, HD_E_EXISTS,
                "travel");
    CU_ASSERT_PTR_NULL(other);
    hd_auto(hd_ledger) look = NULL;

    CHECK_OK(hd_ledger_peek(dir, &head.store, &look, &err), &err);
    hd_ledger_effects(look, &n);
    CU_ASSERT_EQUAL(n, 1);
    CHECK_FAILS(hd_ledger_take(look, HD_EFFECT_DM, "desk", "x", &seq, &err),
                &err, HD_E_FAILED, "does not take");
    CHECK_FAILS(hd_ledger_undone(look, 1, &err), &err, HD_E_FAILED, "peeked");
    end();
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

    begin();
    CHECK_FAILS(hd_ledger_open(dir, &head.store, &l, &err), &err, HD_E_NO_STORE,
                "no ledger");
    CHECK_FAILS(hd_ledger_peek(dir, &head.store, &l, &err), &err, HD_E_NO_STORE,
                "no ledger");
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        char path[128];

        hd_ledger_free(create());
        scribble(bad[i]);
        CHECK_FAILS(hd_ledger_peek(dir, &head.store, &l, &err), &err,
                    HD_E_FAILED, "line 2");
        path_of(path);
        unlink(path);
    }
    CU_ASSERT_PTR_NULL(l);
    end();
}

static void a_value_cannot_forge_a_line(void)
{
    static const char *const bad[] = {"", "a b", "a\nb", "a\tb", "\x7f"};
    char longest[HD_LEDGER_VALUE + 1];
    struct hd_err err = {0};
    uint32_t seq;

    begin();
    hd_auto(hd_ledger) l = create();

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
    end();
}

static void history_keeps_what_the_ledger_forgets(void)
{
    struct hd_err err = {0};
    hd_autofree char *text = NULL;
    char path[64];

    begin();
    {
        hd_auto(hd_ledger) l = create();
        bool empty;
        uint32_t seq = take(l, HD_EFFECT_DOMAIN, "5c0e-domain");

        CHECK_OK(hd_ledger_set_domid(l, seq, 12, &err), &err);
        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
        CHECK_OK(hd_ledger_close(l, &empty, &err), &err);
    }
    snprintf(path, sizeof(path), "%s/history", dir);
    CHECK_OK(hd_io_read_file(path, 4096, &text, NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "domain 5c0e-domain\ndomid 12\n");
    end();
}

static void the_list_has_the_stores_and_nothing_else(void)
{
    struct hd_err err = {0};
    hd_autofree struct hd_uuid *ids = NULL, *none = NULL;
    size_t n = 9;

    begin();
    hd_auto(hd_ledger) l = create();

    take(l, HD_EFFECT_DM, "hotdom-a"); /* makes the history */
    CHECK_OK(hd_ledger_list(dir, &ids, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_TRUE(hd_uuid_equal(&ids[0], &head.store));
    end();
    CHECK_OK(hd_ledger_list(dir, &none, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(what_was_written_is_read_again),
    HD_TEST(a_torn_last_line_never_was),
    HD_TEST(undoing_twice_is_undoing_once),
    HD_TEST(the_file_goes_when_all_is_undone_and_not_before),
    HD_TEST(one_process_holds_it_and_others_may_look),
    HD_TEST(a_store_without_one_is_told_from_a_broken_one),
    HD_TEST(a_value_cannot_forge_a_line),
    HD_TEST(history_keeps_what_the_ledger_forgets),
    HD_TEST(the_list_has_the_stores_and_nothing_else),
};

HD_SUITE("run/ledger", tests);
