/* SPDX-License-Identifier: MIT */
/* Tests hv/run/medium with folders that look like sysfs: who has the store's
 * medium, and that another disk of its name is not it. */
#include "../../hv/run/medium.h"

#include <stdio.h>
#include <string.h>

#include "sysfs_kit.h"
#include "unit.h"

static struct hd_kit_tree tree;

/* sda, disk 7 since the host was started; `holder` is made of it. */
static void begin(struct hd_job_request *req, const char *seq,
                  const char *holder)
{
    char path[96];

    hd_kit_tree_init(&tree);
    memset(req, 0, sizeof(*req));
    req->devmajor = 8;
    req->head.diskseq = 7;
    strcpy(req->head.devname, "sda");
    hd_kit_put(&tree, "sys/dev/block/8:0/diskseq", seq);
    hd_kit_put(&tree, "sys/class/block/sda/size", "8\n");
    if (!holder)
        return;
    snprintf(path, sizeof(path), "sys/class/block/sda/holders/%s", holder);
    hd_kit_point(&tree, path, "../../nowhere");
    snprintf(path, sizeof(path), "sys/class/block/%s/size", holder);
    hd_kit_put(&tree, path, "8\n");
}

static void a_medium_is_known_by_its_sequence_number(void)
{
    static const char *const others[] = {"8\n", "0\n", ""};
    struct hd_job_request req;
    struct hd_err err = {0};

    begin(&req, "7\n", NULL);
    CHECK_OK(hd_medium_check(tree.root, &req, &err), &err);
    hd_kit_tree_fini(&tree);
    for (size_t i = 0; i < 3; i++) {
        begin(&req, others[i], NULL);
        CHECK_FAILS(hd_medium_check(tree.root, &req, &err), &err, HD_E_GONE,
                    "the store's medium sda was unplugged");
        req.head.diskseq = 0;
        if (i)
            CU_ASSERT_EQUAL(hd_medium_check(tree.root, &req, &err), -1);
        hd_kit_tree_fini(&tree);
    }
}

static void who_has_a_medium_is_named(void)
{
    struct hd_job_request req;
    struct hd_err err = {0};

    begin(&req, "7\n", "md1");
    CHECK_FAILS(hd_medium_check_alone(tree.root, &req, &err), &err, HD_E_BUSY,
                "/dev/sda is part of md1; let go of that");
    CHECK_FAILS(hd_medium_fail_used(tree.root, &req, &err), &err, HD_E_BUSY,
                "/dev/sda is part of md1; let go of that");
    hd_kit_tree_fini(&tree);
}

static void a_disk_that_has_got_the_name_meanwhile_is_not_meant(void)
{
    struct hd_job_request req;
    struct hd_err err = {0};

    begin(&req, "8\n", "md1");
    CHECK_FAILS(hd_medium_check_alone(tree.root, &req, &err), &err, HD_E_GONE,
                "was unplugged");
    CHECK_FAILS(hd_medium_fail_used(tree.root, &req, &err), &err, HD_E_GONE,
                "was unplugged");
    hd_kit_tree_fini(&tree);
}

static void what_nobody_has_keeps_its_own_reason(void)
{
    struct hd_job_request req;
    struct hd_err err = {0};

    begin(&req, "7\n", NULL);
    CHECK_OK(hd_medium_check_alone(tree.root, &req, &err), &err);
    hd_fail(&err, HD_E_IO, "the kernel's own word");
    CHECK_FAILS(hd_medium_fail_used(tree.root, &req, &err), &err, HD_E_IO,
                "the kernel's own word");
    hd_kit_tree_fini(&tree);
}

static const struct hd_test tests[] = {
    HD_TEST(a_medium_is_known_by_its_sequence_number),
    HD_TEST(who_has_a_medium_is_named),
    HD_TEST(a_disk_that_has_got_the_name_meanwhile_is_not_meant),
    HD_TEST(what_nobody_has_keeps_its_own_reason),
};

HD_SUITE("run/medium", tests);
