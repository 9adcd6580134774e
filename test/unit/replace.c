/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/replace: what a pulled plug leaves of a file and beside it.
 */
#include "../../dom-guest/replace.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "power.h"
#include "unit.h"

static char dir[40], path[64];

static void begin(void)
{
    struct hd_err err;

    strcpy(dir, "/tmp/hotdom-replace-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/file", dir);
    CHECK_OK(hd_replace_file(path, "old", 3, 0644, &err), &err);
}

static void end(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static bool holds(const char *want)
{
    hd_autofree char *text = NULL;

    return !hd_io_read_file(path, 64, &text, NULL, NULL) && !strcmp(text, want);
}

static unsigned count_files(void)
{
    DIR *list = opendir(dir);
    const struct dirent *e;
    unsigned n = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    while ((e = readdir(list)))
        n += e->d_name[0] != '.';
    closedir(list);
    return n;
}

/* False: it was done before that. */
static bool is_cut_at(unsigned at, const char *text)
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        power_cut_at = at;
        _exit(hd_replace_file(path, text, strlen(text), 0644, NULL) ? 1 : 0);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

/* Also where it is as it should be when somebody looks again. */
static void cut_each(const char *next)
{
    struct hd_err err;
    unsigned at = 1;

    for (begin(); is_cut_at(at, "new"); at++) {
        CU_ASSERT_TRUE(holds("old"));
        CHECK_OK(hd_replace_file(path, next, 3, 0644, &err), &err);
        CU_ASSERT_TRUE(holds(next));
        CU_ASSERT_EQUAL(count_files(), 1);
        CHECK_OK(hd_replace_file(path, "old", 3, 0644, &err), &err);
    }
    CU_ASSERT_TRUE(at > 3);
    CU_ASSERT_TRUE(holds("new"));
    CU_ASSERT_EQUAL(count_files(), 1);
    end();
}

static void what_a_cut_leaves_beside_a_file_goes_with_the_next_write(void)
{
    cut_each("new");
}

static void what_a_cut_leaves_beside_a_file_goes_where_that_is_to_stay(void)
{
    cut_each("old");
}

/* A folder that others may write to. */
static void a_link_in_its_way_is_not_followed(void)
{
    char temp[80], to[80];
    struct hd_err err;

    begin();
    snprintf(temp, sizeof(temp), "%s.hotdom", path);
    snprintf(to, sizeof(to), "%s/to", dir);
    CHECK_OK(hd_replace_file(to, "mine", 4, 0644, &err), &err);
    CU_ASSERT_EQUAL(symlink(to, temp), 0);
    CHECK_OK(hd_replace_file(path, "new", 3, 0644, &err), &err);
    CU_ASSERT_TRUE(holds("new"));
    strcpy(path, to);
    CU_ASSERT_TRUE(holds("mine"));
    CU_ASSERT_EQUAL(count_files(), 2);
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(what_a_cut_leaves_beside_a_file_goes_with_the_next_write),
    HD_TEST(what_a_cut_leaves_beside_a_file_goes_where_that_is_to_stay),
    HD_TEST(a_link_in_its_way_is_not_followed),
};
HD_SUITE("dom-guest/replace", tests);
