/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/progress where there is no terminal, and its sizes. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/cli/progress.h"
#include "unit.h"

static char *log_of(bool quiet)
{
    struct hd_progress p;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    hd_progress_init(&p, out, quiet);
    for (uint64_t done = 0; done <= 4096; done += 1024)
        hd_progress_show(&p, "volume root", done << 20, 4096ull << 20);
    hd_progress_show(&p, "flushing", 0, 1);
    hd_progress_show(&p, "flushing", 1, 1);
    hd_progress_show(&p, "header", 5, 10);
    hd_progress_fini(&p);
    fclose(out);
    return text;
}

static void a_log_gets_one_line_for_each_finished_phase(void)
{
    char *text = log_of(false);

    CU_ASSERT_STRING_EQUAL(text, "volume root: 4.0 GiB in 0.0 s\n"
                                 "flushing: 0.0 s\n");
    free(text);
}

static void quiet_writes_nothing(void)
{
    char *text = log_of(true);

    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
}

static void sizes_are_rounded_to_a_tenth(void)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536 << 10, "1.5 MiB"},
        {1ull << 30, "1.0 GiB"},
        {3ull << 41, "6.0 TiB"},
        {UINT64_MAX, "16777216.0 TiB"},
    };
    char text[HD_PROGRESS_SIZE];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        CU_ASSERT_STRING_EQUAL(hd_progress_size(cases[i].bytes, text),
                               cases[i].text);
}

static const struct hd_test tests[] = {
    HD_TEST(a_log_gets_one_line_for_each_finished_phase),
    HD_TEST(quiet_writes_nothing),
    HD_TEST(sizes_are_rounded_to_a_tenth),
};

HD_SUITE("cli/progress", tests);
