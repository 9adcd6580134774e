/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/dumps: what the folder of guests' memory takes. */
#include "../../hv/daemon/dumps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define MIB (1u << 20)

struct bench {
    char dir[32], folder[48];
    struct hd_dump dump;
    struct hd_err err;
};

static void begin(struct bench *b)
{
    *b = (struct bench){.dir = "/tmp/hotdom-dumps-XXXXXX", .dump.fd = -1};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->dir));
    snprintf(b->folder, sizeof(b->folder), "%s/dump", b->dir);
}

static void fini(struct bench *b, const char *file)
{
    char path[96];

    if (b->dump.fd >= 0)
        close(b->dump.fd);
    hd_dumps_sweep(b->folder);
    if (file) {
        snprintf(path, sizeof(path), "%s/%s", b->folder, file);
        unlink(path);
    }
    rmdir(b->folder);
    CU_ASSERT_EQUAL(rmdir(b->dir), 0);
}

static int open_one(struct bench *b, const char *name, uint64_t promised,
                    uint64_t limit)
{
    return hd_dumps_open(b->folder, name, 2 * MIB, promised, limit, &b->dump,
                         &b->err);
}

static void a_dump_has_its_name_when_it_is_whole_and_is_roots_alone(void)
{
    struct bench b;
    struct stat st;

    begin(&b);
    CU_ASSERT_EQUAL_FATAL(open_one(&b, "a.b-1.core", 0, 2 * MIB), 0);
    CU_ASSERT_NOT_EQUAL(stat(b.dump.path, &st), 0);
    CU_ASSERT_EQUAL(hd_dumps_keep(&b.dump, &b.err), 0);
    CU_ASSERT_EQUAL_FATAL(stat(b.dump.path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    fini(&b, "a.b-1.core");
}

static void without_a_limit_in_the_policy_nothing_is_written(void)
{
    struct bench b;

    begin(&b);
    CHECK_FAILS(open_one(&b, "x", 0, 0), &b.err, HD_E_DENIED, "limits.dumps");
    CU_ASSERT_NOT_EQUAL(access(b.folder, F_OK), 0);
    fini(&b, NULL);
}

static void a_folder_that_is_full_takes_no_dump(void)
{
    struct bench b;

    begin(&b);
    CU_ASSERT_EQUAL_FATAL(open_one(&b, "first", 0, 4 * MIB), 0);
    CU_ASSERT_EQUAL_FATAL(ftruncate(b.dump.fd, 2 * MIB), 0);
    CU_ASSERT_EQUAL(hd_dumps_keep(&b.dump, &b.err), 0);
    close(b.dump.fd);
    b.dump.fd = -1;
    CHECK_FAILS(open_one(&b, "second", 0, 4 * MIB - 1), &b.err, HD_E_LIMIT,
                "remove files there or raise limits.dumps");
    /* Another that is being written has its part. */
    CHECK_FAILS(open_one(&b, "second", 1, 4 * MIB), &b.err, HD_E_LIMIT,
                "do not fit");
    CU_ASSERT_EQUAL(open_one(&b, "second", 0, 4 * MIB), 0);
    fini(&b, "first");
}

static void of_a_dump_that_failed_nothing_stays(void)
{
    struct bench b;

    begin(&b);
    CU_ASSERT_EQUAL_FATAL(open_one(&b, "x", 0, 2 * MIB), 0);
    hd_dumps_drop(&b.dump);
    CU_ASSERT_NOT_EQUAL(access(b.dump.part, F_OK), 0);
    /* And of one that was killed, with the next start. */
    close(b.dump.fd);
    CU_ASSERT_EQUAL_FATAL(open_one(&b, "x", 0, 2 * MIB), 0);
    hd_dumps_sweep(b.folder);
    CU_ASSERT_NOT_EQUAL(access(b.dump.part, F_OK), 0);
    fini(&b, NULL);
}

static const struct hd_test tests[] = {
    HD_TEST(a_dump_has_its_name_when_it_is_whole_and_is_roots_alone),
    HD_TEST(without_a_limit_in_the_policy_nothing_is_written),
    HD_TEST(a_folder_that_is_full_takes_no_dump),
    HD_TEST(of_a_dump_that_failed_nothing_stays),
};

HD_SUITE("daemon/dumps", tests);
