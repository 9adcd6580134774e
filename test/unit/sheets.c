/* SPDX-License-Identifier: MIT */
/* Tests base/sheets: how a long text is cut, and what is no head. */
#include "../../pv-drivers/base/sheets.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/tables.h"
#include "unit.h"

static char text[HD_SHEETS_MAX * HD_SHEET_SIZE], back[sizeof(text)];

/* Of `len` bytes, no two of its sheets alike. */
static struct hd_sheets make(size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 23 + (i / 1000) % 3);
    text[len] = '\0';
    return hd_sheets_of(text, 7);
}

static void what_a_node_takes_needs_no_sheet(void)
{
    CU_ASSERT_EQUAL(make(0).n, 0);
    CU_ASSERT_EQUAL(make(HD_SHEETS_PLAIN - 1).n, 0);
    CU_ASSERT_EQUAL(make(HD_SHEETS_PLAIN).n, 2);
}

static void check_whole(size_t len)
{
    struct hd_sheets s = make(len), read;
    char head[HD_SHEETS_HEAD], sheet[HD_SHEET_SIZE];
    struct hd_err err;

    hd_sheets_head(&s, head);
    CU_ASSERT_EQUAL_FATAL(hd_sheets_parse(head, &read, &err), 1);
    CU_ASSERT_EQUAL(read.number, 7);
    *back = '\0';
    for (uint32_t k = 0; k < read.n; k++) {
        hd_sheets_cut(&s, text, k, sheet);
        CU_ASSERT_EQUAL(strlen(sheet), hd_sheets_len(&read, k));
        strcat(back, sheet);
    }
    CU_ASSERT_STRING_EQUAL(back, text);
}

static void sheets_are_the_whole_text(void)
{
    const size_t sheet = HD_SHEET_SIZE - 1;

    check_whole(HD_SHEETS_PLAIN);
    check_whole(2 * sheet);
    check_whole(2 * sheet + 1);
    check_whole(HD_SHEETS_MAX * sheet - 1);
    check_whole(HD_SHEETS_MAX * sheet);
}

static void other_heads_are_refused(void)
{
    static const char *const bad[] = {"=",
                                      "=1",
                                      "=1 2",
                                      "=1 2 2000",
                                      "=0 2 2000 x",
                                      "=1 0 0 x",
                                      "=1 129 2 x",
                                      "=1 2 9999 x",
                                      "=1 2 1984 x",
                                      "=-1 2 2000 x",
                                      "= 1 2 2000 x",
                                      "=4294967296 2 2000 x",
                                      "=1 2 99999999999999999999 x"};
    struct hd_sheets s = {.n = 9};
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_sheets_parse(bad[i], &s, &err), &err, HD_E_FAILED,
                    "bad head");
    CU_ASSERT_EQUAL(s.n, 9);
    CU_ASSERT_EQUAL(hd_sheets_parse("+/a\n", &s, &err), 0);
    CU_ASSERT_EQUAL(hd_sheets_parse("", &s, &err), 0);
}

/* It takes the node for the text. */
static void an_agent_that_knows_no_head_says_so_to_people(void)
{
    struct hd_sheets s = make(9000);
    struct hd_tables *tables = NULL;
    char head[HD_SHEETS_HEAD];
    struct hd_err err;

    hd_sheets_head(&s, head);
    CHECK_FAILS(hd_tables_parse(head, &tables, &err), &err, HD_E_BAD_MANIFEST,
                "is for a newer agent than this guest has");
    CU_ASSERT_PTR_NULL(tables);
}

static const struct hd_test tests[] = {
    HD_TEST(what_a_node_takes_needs_no_sheet),
    HD_TEST(sheets_are_the_whole_text),
    HD_TEST(other_heads_are_refused),
    HD_TEST(an_agent_that_knows_no_head_says_so_to_people),
};
HD_SUITE("base/sheets", tests);
