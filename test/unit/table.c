/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/cli/table.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static void columns_are_as_wide_as_their_widest_cell(void)
{
    static const char *const heads[] = {"STORE", ">ID", "STATE", NULL};
    struct hd_columns *table = hd_table_new(heads);
    hd_autofree char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    hd_table_add(table, (const char *[]){"a-longer-name", "7", "locked"});
    hd_table_add(table, (const char *[]){"b", "1234", "running"});
    hd_table_print(table, out);
    fclose(out);
    hd_table_free(table);
    CU_ASSERT_STRING_EQUAL(text, "STORE            ID  STATE\n"
                                 "a-longer-name     7  locked\n"
                                 "b              1234  running\n");
}

static void what_could_steer_a_terminal_is_spelled_out(void)
{
    char text[64];

    hd_table_escape("a\x1b[2Jb\n\x7f", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "a\\x1b[2Jb\\x0a\\x7f");
    hd_table_escape("caf\xc3\xa9 \xff", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "caf\xc3\xa9 \\xff");
}

static void text_that_is_too_long_is_cut_between_characters(void)
{
    char text[6];

    hd_table_escape("abcdefgh", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "abcde");
    hd_table_escape("abcd\xc3\xa9", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "abcd");
    hd_table_escape("ab\x01", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "ab");
}

static void durations_have_two_units_at_most(void)
{
    static const struct {
        double seconds;
        const char *text;
    } want[] = {{0, "0s"},       {-1, "0s"},        {59.9, "59s"},
                {60, "1m00s"},   {62, "1m02s"},     {3599, "59m59s"},
                {3600, "1h00m"}, {86399, "23h59m"}, {86400, "1d00h"},
                {1e6, "11d13h"}};
    char text[32];

    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++) {
        hd_table_duration(want[i].seconds, text);
        CU_ASSERT_STRING_EQUAL(text, want[i].text);
    }
}

static void numbers_are_those_of_stdio(void)
{
    static const uint64_t numbers[] = {0, 7, 10, 99, 1000000007, UINT64_MAX};

    for (size_t i = 0; i < HD_ARRAY_LEN(numbers); i++) {
        char text[HD_TABLE_NUMBER], want[32];

        *hd_table_number(numbers[i], text) = '\0';
        snprintf(want, sizeof(want), "%llu", (unsigned long long)numbers[i]);
        CU_ASSERT_STRING_EQUAL(text, want);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(columns_are_as_wide_as_their_widest_cell),
    HD_TEST(what_could_steer_a_terminal_is_spelled_out),
    HD_TEST(text_that_is_too_long_is_cut_between_characters),
    HD_TEST(numbers_are_those_of_stdio),
    HD_TEST(durations_have_two_units_at_most),
};

HD_SUITE("cli/table", tests);
