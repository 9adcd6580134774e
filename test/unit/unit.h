/* SPDX-License-Identifier: MIT */
/* How a test file says what it tests; one file is one suite. */
#ifndef HD_TEST_UNIT_H
#define HD_TEST_UNIT_H

#include <CUnit/CUnit.h>

#include "../../pv-drivers/base/err.h"

/* A test's name is a sentence, its words joined by "_"; one behaviour each. */
struct hd_test {
    const char *name;
    void (*run)(void);
};

struct hd_suite {
    const char *name; /* the folder and file under test: "store/gpt" */
    const struct hd_test *tests;
    size_t n;
};

#define HD_TEST(fn)                                                            \
    {                                                                          \
#fn, fn                                                                \
    }
/* Enters the suite in the linker's section "hd_suites", where unit.c finds all
 * of them; no list to keep. */
#define HD_SUITE(title, list)                                                  \
    static const struct hd_suite suite = {title, list,                         \
                                          sizeof(list) / sizeof(*(list))};     \
    static const struct hd_suite *const suite_entry                            \
        __attribute__((section("hd_suites"), used)) = &suite

/* 0 expected; prints the error's message when it is not. */
#define CHECK_OK(call, err)                                                    \
    do {                                                                       \
        if ((call) != 0) {                                                     \
            printf("\n    %s:%d: %s\n", __FILE__, __LINE__, (err)->msg);       \
            CU_FAIL(#call);                                                    \
        }                                                                      \
    } while (0)

/* -1 expected, with this code and these words in the message. */
#define CHECK_FAILS(call, err, want_code, words)                               \
    do {                                                                       \
        CU_ASSERT_EQUAL_FATAL((call), -1);                                     \
        CU_ASSERT_EQUAL((err)->code, want_code);                               \
        if ((err)->code != (want_code) || !strstr((err)->msg, words)) {        \
            printf("\n    %s:%d: got %s \"%s\", not \"%s\"\n", __FILE__,       \
                   __LINE__, hd_err_reason((err)->code), (err)->msg, words);   \
            CU_FAIL(#call);                                                    \
        }                                                                      \
    } while (0)

#endif
