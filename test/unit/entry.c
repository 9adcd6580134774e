/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/entry and base64: what a key and a value may be, and
 * rows of them. */
#include "../../pv-drivers/base/entry.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/base64.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static bool is(const char *text)
{
    struct hd_value v;

    return hd_value_parse(text, strlen(text), &v);
}

static void keys_are_names_with_slashes_between(void)
{
    static const char *const good[] = {"guest", "a/b", "A-1_.x/..a/b..",
                                       "guest/net/resolv"};
    static const char *const bad[] = {
        "",    "/",   "/a",    "a/",  "a//b",     "a/./b",    "..",
        "a b", "a\n", "a/%s*", "a:b", "\303\244", "a/\033[2J"};

    for (size_t i = 0; i < HD_ARRAY_LEN(good); i++)
        CU_ASSERT_TRUE(hd_key_is_valid(good[i]));
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_key_is_valid(bad[i]));
}

static void keys_have_32_names_and_255_bytes(void)
{
    char key[400] = "a";

    for (int i = 1; i < 32; i++)
        strcat(key, "/a");
    CU_ASSERT_TRUE(hd_key_is_valid(key));
    strcat(key, "/a");
    CU_ASSERT_FALSE(hd_key_is_valid(key));
    memset(key, 'k', 256);
    key[255] = '\0';
    CU_ASSERT_TRUE(hd_key_is_valid(key));
    strcpy(key + 255, "k");
    CU_ASSERT_FALSE(hd_key_is_valid(key));
}

static void what_is_below_a_key_follows_it(void)
{
    CU_ASSERT_TRUE(hd_key_is_below("a/b", "a"));
    CU_ASSERT_TRUE(hd_key_is_below("a", "a"));
    CU_ASSERT_TRUE(hd_key_is_below("a", ""));
    CU_ASSERT_FALSE(hd_key_is_below("ab", "a"));
    CU_ASSERT_TRUE(hd_key_compare("a", "a/b") < 0);
    CU_ASSERT_TRUE(hd_key_compare("a/b", "a-b") < 0);
    CU_ASSERT_TRUE(hd_key_compare("a-b", "a.b") < 0);
    CU_ASSERT_EQUAL(hd_key_compare("a/b", "a/b"), 0);
}

static void a_value_is_what_its_type_says(void)
{
    CU_ASSERT_TRUE(is("s") && is("s\303\244\360\237\230\200 \n"));
    CU_ASSERT_TRUE(is("i0") && is("i-9223372036854775808"));
    CU_ASSERT_TRUE(is("btrue") && is("bfalse") && is("x\377") && is("l"));
    CU_ASSERT_FALSE(is("") || is("z") || is("btru") || is("bTRUE"));
    CU_ASSERT_FALSE(is("i") || is("i01") || is("i+1") || is("i1 ") ||
                    is("i9223372036854775808") || is("i0x1") ||
                    is("i111111111111111111111111111"));
    /* Lists end each of their strings. */
    CU_ASSERT_FALSE(is("la"));
}

static void a_number_with_a_nul_behind_it_is_none(void)
{
    struct hd_value v;

    CU_ASSERT_FALSE(hd_value_parse("i12\0abcd", 8, &v));
    CU_ASSERT_FALSE(hd_value_parse("i12\0", 4, &v));
    CU_ASSERT_TRUE(hd_value_parse("i12\0", 3, &v));
}

static void strings_are_utf8_in_its_one_form(void)
{
    static const char *const bad[] = {"s\200",         "s\303",
                                      "s\300\200",     "s\340\200\200",
                                      "s\355\240\200", "s\364\220\200\200",
                                      "s\377",         "s\360\200\200\200",
                                      "s\303a"};
    struct hd_value v;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(is(bad[i]));
    CU_ASSERT_FALSE(hd_value_parse("sa\0b", 4, &v));
}

static void a_value_has_64_kib_at_most(void)
{
    hd_autofree char *text = malloc(HD_VALUE_MAX + 2);
    struct hd_value v;

    memset(text, 's', HD_VALUE_MAX + 2);
    CU_ASSERT_TRUE(hd_value_parse(text, HD_VALUE_MAX + 1, &v));
    CU_ASSERT_FALSE(hd_value_parse(text, HD_VALUE_MAX + 2, &v));
}

static void a_list_is_read_string_by_string(void)
{
    const struct hd_value list = {HD_VALUE_LIST, "one\0\0two", 9};
    size_t at = 0;

    CU_ASSERT_STRING_EQUAL(hd_value_next(&list, &at), "one");
    CU_ASSERT_STRING_EQUAL(hd_value_next(&list, &at), "");
    CU_ASSERT_STRING_EQUAL(hd_value_next(&list, &at), "two");
    CU_ASSERT_PTR_NULL(hd_value_next(&list, &at));
}

static void types_have_names_and_letters(void)
{
    CU_ASSERT_EQUAL(hd_value_type_find("list"), HD_VALUE_LIST);
    CU_ASSERT_EQUAL(hd_value_type_find("float"), HD_VALUE_NONE);
    CU_ASSERT_STRING_EQUAL(hd_value_type_name(HD_VALUE_BYTES), "bytes");
    CU_ASSERT_STRING_EQUAL(hd_value_type_name(HD_VALUE_NONE), "none");
    CU_ASSERT_EQUAL(hd_value_letter(HD_VALUE_INTEGER), 'i');
    CU_ASSERT_EQUAL(hd_value_letter(HD_VALUE_NONE), '\0');
}

static struct hd_entries three(void)
{
    const struct hd_value text = {HD_VALUE_STRING, "text", 4};
    const struct hd_value none = {.type = HD_VALUE_NONE};
    struct hd_entries e = {.max = 4096};
    struct hd_err err;

    CHECK_OK(hd_entries_add(&e, "guest/a", &text, &err), &err);
    CHECK_OK(hd_entries_add(&e, "guest/folder/", &none, &err), &err);
    CHECK_OK(hd_entries_add(&e, "guest/gone", &none, &err), &err);
    return e;
}

static void a_row_of_entries_is_read_back(void)
{
    struct hd_entries e = three();
    const char *at = e.data;
    size_t left = e.used;
    struct hd_entry one;

    CU_ASSERT_EQUAL(hd_entries_next(&at, &left, &one, NULL), 1);
    CU_ASSERT_STRING_EQUAL(one.key, "guest/a");
    CU_ASSERT_EQUAL(one.value.type, HD_VALUE_STRING);
    CU_ASSERT_EQUAL(one.value.len, 4);
    CU_ASSERT_EQUAL(hd_entries_next(&at, &left, &one, NULL), 1);
    CU_ASSERT_STRING_EQUAL(one.key, "guest/folder/");
    CU_ASSERT_EQUAL(one.value.type, HD_VALUE_NONE);
    CU_ASSERT_EQUAL(hd_entries_next(&at, &left, &one, NULL), 1);
    CU_ASSERT_EQUAL(hd_entries_next(&at, &left, &one, NULL), 0);
    hd_entries_fini(&e);
}

static int walk(const char *at, size_t left)
{
    struct hd_entry one;
    int rc;

    do {
        rc = hd_entries_next(&at, &left, &one, NULL);
    } while (rc > 0);
    return rc;
}

static void a_row_that_is_cut_is_refused(void)
{
    struct hd_entries e = three();
    const size_t ends[] = {0, e.used - 33, e.used - 15, e.used};

    for (size_t n = 0; n <= e.used; n++) {
        hd_autofree char *part = malloc(n + 1);
        bool whole = false;

        memcpy(part, e.data, n);
        for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
            whole |= n == ends[i];
        if (whole)
            continue;
        CU_ASSERT_EQUAL(walk(part, n), -1);
    }
    CU_ASSERT_EQUAL(walk(e.data, e.used), 0);
    hd_entries_fini(&e);
}

static void a_row_of_what_is_no_entry_is_refused(void)
{
    /* A folder with a value, a length beyond the end, a letter that is none,
     * and no key. */
    CU_ASSERT_EQUAL(walk("a/\0\2\0\0\0sx", 9), -1);
    CU_ASSERT_EQUAL(walk("a\0\377\377\377\377sx", 8), -1);
    CU_ASSERT_EQUAL(walk("a\0\2\0\0\0?x", 8), -1);
    CU_ASSERT_EQUAL(walk("\0\0\0\0\0", 5), -1);
    CU_ASSERT_EQUAL(walk("/\0\0\0\0\0", 6), -1);
    CU_ASSERT_EQUAL(walk("a\0\2\0\0\0sx", 8), 0);
}

static void a_row_grows_to_its_bound_and_no_further(void)
{
    const struct hd_value text = {HD_VALUE_STRING, "0123456789", 10};
    struct hd_entries e = {.max = 40};
    struct hd_err err;

    CHECK_OK(hd_entries_add(&e, "a", &text, &err), &err);
    CHECK_OK(hd_entries_add(&e, "b", &text, &err), &err);
    CHECK_FAILS(hd_entries_add(&e, "c", &text, &err), &err, HD_E_LIMIT, "40");
    CU_ASSERT_EQUAL(e.used, 34);
    hd_entries_fini(&e);
}

static void base64_is_read_in_its_one_form(void)
{
    static const char *const bad[] = {
        "A", "AA=A", "AB==", "AAB=", "====", "AA==AAAA", "A\nAA", "AA= "};
    char text[64], back[64];

    for (size_t n = 0; n < 20; n++) {
        char data[20];

        for (size_t i = 0; i < n; i++)
            data[i] = (char)(i * 37 + n);
        hd_base64_encode(data, n, text);
        CU_ASSERT_EQUAL(strlen(text) + 1, HD_BASE64_SIZE(n));
        CU_ASSERT_EQUAL(
            hd_base64_decode(text, strlen(text), back, sizeof(back)),
            (ssize_t)n);
        CU_ASSERT_EQUAL(memcmp(back, data, n), 0);
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_EQUAL(
            hd_base64_decode(bad[i], strlen(bad[i]), back, sizeof(back)), -1);
    CU_ASSERT_EQUAL(hd_base64_decode("AAAA", 4, back, 2), -1);
}

static const struct hd_test tests[] = {
    HD_TEST(keys_are_names_with_slashes_between),
    HD_TEST(keys_have_32_names_and_255_bytes),
    HD_TEST(what_is_below_a_key_follows_it),
    HD_TEST(a_value_is_what_its_type_says),
    HD_TEST(a_number_with_a_nul_behind_it_is_none),
    HD_TEST(strings_are_utf8_in_its_one_form),
    HD_TEST(a_value_has_64_kib_at_most),
    HD_TEST(a_list_is_read_string_by_string),
    HD_TEST(types_have_names_and_letters),
    HD_TEST(a_row_of_entries_is_read_back),
    HD_TEST(a_row_that_is_cut_is_refused),
    HD_TEST(a_row_of_what_is_no_entry_is_refused),
    HD_TEST(a_row_grows_to_its_bound_and_no_further),
    HD_TEST(base64_is_read_in_its_one_form),
};
HD_SUITE("base/entry", tests);
