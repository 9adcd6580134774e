/* SPDX-License-Identifier: MIT */
/* Runs the unit tests: all, a suite, or "suite/test"; never needs root. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

/* The bounds of section "hd_suites", made by the linker. */
extern const struct hd_suite *const __start_hd_suites[];
extern const struct hd_suite *const __stop_hd_suites[];

/* "store/gpt" takes the suite, "store/gpt/name" one test of it. */
static int wanted(const char *want, const struct hd_suite *s,
                  const struct hd_test *t)
{
    char full[256];

    if (!want)
        return 1;
    snprintf(full, sizeof(full), "%s/%s", s->name, t->name);
    return !strncmp(full, want, strlen(want));
}

static int add_suite(const struct hd_suite *s, const char *want)
{
    CU_pSuite suite = NULL;
    int added = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (!wanted(want, s, &s->tests[i]))
            continue;
        if (!suite)
            suite = CU_add_suite(s->name, NULL, NULL);
        if (!suite || !CU_add_test(suite, s->tests[i].name, s->tests[i].run))
            return -1;
        added++;
    }
    return added;
}

int main(int argc, char **argv)
{
    const char *want = argc > 1 ? argv[1] : NULL;
    int total = 0;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    for (const struct hd_suite *const *s = __start_hd_suites;
         s < __stop_hd_suites; s++) {
        int added = add_suite(*s, want);

        if (added < 0)
            return 1;
        total += added;
    }
    if (!total) {
        fprintf(stderr, "unit: no test is named %s\n", want ? want : "");
        return 1;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
