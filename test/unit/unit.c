/* SPDX-License-Identifier: MIT */
/* Runs the unit tests: all, a suite, or "suite/test"; never needs root. */
#include <CUnit/Basic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/paths.h"
#include "unit.h"

#define MAX_SHARES 16

struct counts {
    unsigned tests, failed, asserts;
};

/* Shared memory: each process writes its own. */
static struct counts *shares;

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

static int add_suite(const struct hd_suite *s, const char *want, int from,
                     int of, int *n, int *added)
{
    CU_pSuite suite = NULL;

    for (size_t i = 0; i < s->n; i++) {
        if (!wanted(want, s, &s->tests[i]) || (*n)++ % of != from)
            continue;
        if (!suite)
            suite = CU_add_suite(s->name, NULL, NULL);
        if (!suite || !CU_add_test(suite, s->tests[i].name, s->tests[i].run))
            return -1;
        ++*added;
    }
    return 0;
}

/* Every `of`th wanted test from number `from` on: the share of one process. */
static int run(const char *want, int from, int of, struct counts *ret)
{
    int n = 0, added = 0;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return -1;
    for (const struct hd_suite *const *s = __start_hd_suites;
         s < __stop_hd_suites; s++)
        if (add_suite(*s, want, from, of, &n, &added))
            return -1;
    CU_basic_set_mode(of > 1 ? CU_BRM_SILENT : CU_BRM_NORMAL);
    CU_basic_run_tests();
    ret->tests = CU_get_number_of_tests_run();
    ret->failed =
        CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    ret->asserts = CU_get_number_of_asserts();
    if (of > 1 && ret->failed)
        CU_basic_show_failures(CU_get_failure_list());
    CU_cleanup_registry();
    return added == (int)ret->tests ? 0 : -1;
}

/* A process a processor; one that dies counts as a failed test. */
static int run_side_by_side(int of, struct counts *total)
{
    for (int i = 0; i < of; i++) {
        pid_t pid = fork();

        if (pid < 0)
            return -1;
        if (!pid) {
            /* exit(), not _exit(): gcc's counters are written there. */
            exit(run(NULL, i, of, &shares[i]) ? 1 : 0);
        }
    }
    for (int status; wait(&status) > 0;)
        total->failed += status ? 1 : 0;
    for (int i = 0; i < of; i++) {
        total->tests += shares[i].tests;
        total->failed += shares[i].failed;
        total->asserts += shares[i].asserts;
    }
    return 0;
}

/* What a hotdomd of this machine has there, or a run that was killed has left,
 * is neither seen nor changed: to the tests there is nothing, and nothing can
 * be made.  A plain user changes nothing there. */
static void hide_run_dir(void)
{
    if (access(HD_RUN_DIR, F_OK) || geteuid() || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return;
    (void)mount("none", HD_RUN_DIR, "tmpfs", MS_RDONLY, "size=4k");
}

int main(int argc, char **argv)
{
    const char *want = argc > 1 ? argv[1] : NULL;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int of = want || cpus < 1 ? 1 : cpus > MAX_SHARES ? MAX_SHARES : (int)cpus;
    struct counts total = {0};

    hide_run_dir();
    shares = mmap(NULL, MAX_SHARES * sizeof(*shares), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shares == MAP_FAILED ||
        (of == 1 ? run(want, 0, 1, &total) : run_side_by_side(of, &total)))
        return 1;
    if (!total.tests) {
        fprintf(stderr, "unit: no test is named %s\n", want ? want : "");
        return 1;
    }
    printf("unit: %u passed, %u failed, %u assertions\n",
           total.tests - total.failed, total.failed, total.asserts);
    return total.failed ? 1 : 0;
}
