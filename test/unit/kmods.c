/* SPDX-License-Identifier: MIT */
/* Tests hv/store/kmods: which modules a ramdisk has, and their order. */
#include "../../hv/store/kmods.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const char dep[] =
    "kernel/net/9p/9pnet.ko:\n"
    "kernel/net/9p/9pnet_xen.ko: kernel/net/9p/9pnet.ko\n"
    "kernel/fs/9p/9p.ko: kernel/fs/fscache.ko kernel/fs/netfs.ko "
    "kernel/net/9p/9pnet.ko\n"
    "kernel/fs/overlayfs/overlay.ko:\n"
    "kernel/fs/ext4/ext4.ko: kernel/fs/jbd2.ko kernel/lib/crc16.ko\n"
    "kernel/fs/ext4x.ko:\n"
    "kernel/fs/erofs/erofs.ko: kernel/fs/netfs.ko\n"
    "kernel/crypto/crc32c_generic.ko:\n"
    "kernel/drivers/net/xen_netfront.ko:\n";
static const char builtin[] = "kernel/drivers/block/xen-blkfront.ko\n";

static struct hd_kmods k;

static int place(const char *path)
{
    for (size_t i = 0; i < k.n; i++)
        if (!strcmp(k.paths[i], path))
            return (int)i;
    return -1;
}

static void each_module_is_behind_those_it_needs_and_there_once(void)
{
    struct hd_err err;

    CHECK_OK(hd_kmods_choose(dep, builtin, HD_KMODS_VIEW, &k, &err), &err);
    CU_ASSERT_EQUAL(k.n, 6);
    CU_ASSERT(place("kernel/fs/netfs.ko") < place("kernel/fs/fscache.ko"));
    CU_ASSERT(place("kernel/fs/fscache.ko") < place("kernel/fs/9p/9p.ko"));
    CU_ASSERT(place("kernel/net/9p/9pnet.ko") <
              place("kernel/net/9p/9pnet_xen.ko"));
}

/* A guest that reads nothing of its host waits for no module for that. */
static void each_use_has_all_that_it_needs_and_no_more(void)
{
    struct hd_err err;

    CHECK_OK(hd_kmods_choose(dep, builtin, HD_KMODS_ROOT, &k, &err), &err);
    CU_ASSERT_EQUAL(k.n, 5);
    CU_ASSERT(place("kernel/fs/jbd2.ko") < place("kernel/fs/ext4/ext4.ko"));
    CU_ASSERT(place("kernel/lib/crc16.ko") < place("kernel/fs/ext4/ext4.ko"));
    CU_ASSERT(place("kernel/crypto/crc32c_generic.ko") >= 0);
    /* Another name for it is the same one. */
    CU_ASSERT(place("kernel/drivers/net/xen_netfront.ko") >= 0);
    CU_ASSERT_EQUAL(place("kernel/fs/ext4x.ko"), -1);
    CHECK_OK(hd_kmods_choose(dep, builtin, HD_KMODS_MORE, &k, &err), &err);
    CU_ASSERT_EQUAL(k.n, 2);
    CU_ASSERT(place("kernel/fs/netfs.ko") < place("kernel/fs/erofs/erofs.ko"));
}

static void a_kernel_without_a_way_to_the_root_is_refused(void)
{
    struct hd_err err;

    CHECK_FAILS(hd_kmods_choose(dep, "", HD_KMODS_ROOT, &k, &err), &err,
                HD_E_BAD_KERNEL, "no module xen-blkfront");
    CHECK_FAILS(hd_kmods_choose("", "", HD_KMODS_ROOT, &k, &err), &err,
                HD_E_BAD_KERNEL, "xen-blkfront");
    CHECK_FAILS(hd_kmods_choose("", builtin, HD_KMODS_VIEW, &k, &err), &err,
                HD_E_BAD_KERNEL, "no module 9pnet_xen");
}

static void compressed_modules_are_refused_with_the_way_out(void)
{
    char text[sizeof(dep) + 64];
    struct hd_err err;

    snprintf(text, sizeof(text), "kernel/fs/ext4/ext4.ko.xz:\n%s", dep);
    CHECK_FAILS(hd_kmods_choose(text, builtin, HD_KMODS_ROOT, &k, &err), &err,
                HD_E_FAILED, "compressed; unpack the modules");
}

static void a_list_that_leads_elsewhere_is_refused(void)
{
    char text[sizeof(dep) + 64];
    struct hd_err err;

    snprintf(text, sizeof(text), "/kernel/ext4.ko:\n%s", dep);
    CHECK_FAILS(hd_kmods_choose(text, builtin, HD_KMODS_ROOT, &k, &err), &err,
                HD_E_FAILED, "odd line");
    snprintf(text, sizeof(text), "../ext4.ko:\n%s", dep);
    CHECK_FAILS(hd_kmods_choose(text, builtin, HD_KMODS_ROOT, &k, &err), &err,
                HD_E_FAILED, "odd line");
}

static const struct hd_test tests[] = {
    HD_TEST(each_module_is_behind_those_it_needs_and_there_once),
    HD_TEST(each_use_has_all_that_it_needs_and_no_more),
    HD_TEST(a_kernel_without_a_way_to_the_root_is_refused),
    HD_TEST(compressed_modules_are_refused_with_the_way_out),
    HD_TEST(a_list_that_leads_elsewhere_is_refused),
};
HD_SUITE("store/kmods", tests);
