/* SPDX-License-Identifier: MIT */
/* What hotdom-hotplug takes from libxl's environment and from xenstore. */
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/block/vbd_hotplug.h"
#include "../../pv-drivers/bus/backend_path.h"
#include "../../pv-drivers/net/vif_hotplug.h"
#include "unit.h"

static void a_backend_path_is_taken_apart(void)
{
    struct hd_err err = {0};
    struct hd_backend_path p;

    CHECK_OK(hd_backend_path_parse("backend/vbd/7/51712", &p, &err), &err);
    CU_ASSERT_STRING_EQUAL(p.class, "vbd");
    CU_ASSERT_EQUAL(p.domid, 7);
    CU_ASSERT_EQUAL(p.devid, 51712);
    CHECK_OK(hd_backend_path_parse("backend/vif/0/0", &p, &err), &err);
    CU_ASSERT_STRING_EQUAL(p.class, "vif");
}

static void anything_else_is_no_backend_path(void)
{
    static const char *const bad[] = {
        "",
        "backend/vbd/7",
        "backend/vbd/7/",
        "backend/vbd/7/51712/",
        "backend/vbd/7/51712 ",
        " backend/vbd/7/51712",
        "/backend/vbd/7/51712",
        "backend/vbd/-7/51712",
        "backend/vbd/+7/51712",
        "backend/vbd/07/51712",
        "backend/vbd/ 7/51712",
        "backend/vbd/4294967296/1",
        "backend/vbd/7/99999999999999999999",
        "backend/VBD/7/1",
        "backend/longclass/7/1",
        "backend/../7/1",
        "backend/vbd/7/51712\n",
    };
    struct hd_backend_path p = {.domid = 9};
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_backend_path_parse(bad[i], &p, &err), &err, HD_E_USAGE,
                    "is no backend");
    CU_ASSERT_EQUAL(p.domid, 9);
}

static void only_volumes_of_hotdom_are_served(void)
{
    static const char *const bad[] = {
        "",
        "/dev/sda",
        "/dev/mapper/hotdom-",
        "/dev/mapper/vg-root",
        "/dev/mapper/hotdom-../../sda",
        "/dev/mapper/hotdom-a/b",
        "/dev/mapper/hotdom-A",
        "/dev/mapper/hotdom-a b",
        "dev/mapper/hotdom-a",
        "phy:/dev/mapper/hotdom-a",
        "/dev/mapper/hotdom-image-root+raw",
    };
    struct hd_err err = {0};

    CHECK_OK(
        hd_vbd_hotplug_check("/dev/mapper/hotdom-travel-desk.root_1", &err),
        &err);
    CHECK_OK(hd_vbd_hotplug_check("/dev/mapper/hotdom-mapped-maker+ram0", &err),
             &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_vbd_hotplug_check(bad[i], &err), &err, HD_E_DENIED,
                    "no volume of hotdom");
}

static void a_bridge_has_a_name_that_an_interface_may_have(void)
{
    static const char *const bad[] = {
        "", ".", "..", "a/b", "a b", "a:b", "br\x80", "a\n", "0123456789abcdef",
    };
    struct hd_err err = {0};

    CHECK_OK(hd_vif_hotplug_check("xenbr0", &err), &err);
    CHECK_OK(hd_vif_hotplug_check("0123456789abcde", &err), &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_vif_hotplug_check(bad[i], &err), &err, HD_E_NO_NETWORK,
                    "is no name of a bridge");
}

static const struct hd_test tests[] = {
    HD_TEST(a_backend_path_is_taken_apart),
    HD_TEST(anything_else_is_no_backend_path),
    HD_TEST(only_volumes_of_hotdom_are_served),
    HD_TEST(a_bridge_has_a_name_that_an_interface_may_have),
};

HD_SUITE("block/hotplug_args", tests);
