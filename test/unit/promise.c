/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/promise and early: what a guest makes of the map and of its
 * command line. */
#include <stdint.h>
#include <string.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/early.h"
#include "../../dom-guest/promise.h"
#include "keeper_kit.h"
#include "unit.h"

static struct hd_promise parse(const char *class, const char *node,
                               const char *value)
{
    struct hd_promise p = {0};

    CU_ASSERT_TRUE(hd_promise_parse(class, node, value, &p));
    return p;
}

static void disks_nics_and_consoles_are_found_by_what_the_guest_sees(void)
{
    struct hd_promise p = parse("block", "xvda", "pv desk-root");

    CU_ASSERT_STRING_EQUAL(p.device, "xvda");
    p = parse("usb", "stick", "pv sdb xvdc");
    CU_ASSERT_STRING_EQUAL(p.device, "xvdc");
    p = parse("usb", "line", "pv ttyUSB0 hvc1");
    CU_ASSERT_STRING_EQUAL(p.device, "hvc1");
    p = parse("net", "lan@0", "pv xenbr0 00:16:3e:0a:0b:0c");
    CU_ASSERT_STRING_EQUAL(p.name, "lan.0");
    CU_ASSERT_TRUE(p.is_nic && p.given);
    CU_ASSERT_EQUAL(p.mac[5], 0x0c);
    p = parse("usb", "wire", "pv usb0 00:16:3e:0a:0b:0c");
    CU_ASSERT_TRUE(p.is_nic);
    p = parse("cpu", "vcpus", "pv");
    CU_ASSERT_EQUAL(*p.device, '\0');
}

static void what_is_absent_is_no_device(void)
{
    struct hd_promise p = parse("block", "xvdc", "absent");

    CU_ASSERT_FALSE(p.given);
    CU_ASSERT_EQUAL(*p.device, '\0');
}

static void names_that_lead_elsewhere_are_no_promise(void)
{
    static const char *const names[] = {
        "",    ".",  "..",  "@@",   "../x",
        "a/b", "-x", "a b", "a\nb", "0123456789012345678901234567890123"};
    struct hd_promise p;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        CU_ASSERT_FALSE(hd_promise_parse("usb", names[i], "pv sdb xvdc", &p));
    CU_ASSERT_FALSE(hd_promise_parse("a-class-of-much-length", "x", "pv", &p));
    CU_ASSERT_FALSE(hd_promise_parse("usb", "x", "", &p));
    /* A device's name is looked at as well. */
    p = parse("usb", "x", "pv sdb xvd/../sda");
    CU_ASSERT_EQUAL(*p.device, '\0');
    p = parse("net", "x", "pv xenbr0 00:16:3e:0a:0b");
    CU_ASSERT_FALSE(p.is_nic);
}

/* ---- read */

static void a_map_is_read_whole_or_not_at_all(void)
{
    struct hd_promise list[HD_PROMISES];
    struct hd_err err;
    size_t n = 0;

    keeper_begin();
    keeper_say(XS_DIRECTORY, "usb", 4);
    keeper_say(XS_DIRECTORY, "gone\0line\0odd", 14);
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say_text(XS_READ, "pv ttyUSB0 hvc1");
    keeper_say_text(XS_READ, "");
    CHECK_OK(hd_promise_load(keeper_x, list, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_STRING_EQUAL(list[0].device, "hvc1");
    keeper_say(XS_DIRECTORY, "usb", 4);
    keeper_say(XS_DIRECTORY, "line\0stick", 11);
    keeper_say_text(XS_ERROR, "EIO");
    keeper_say_text(XS_READ, "pv sdb xvdc");
    CHECK_FAILS(hd_promise_load(keeper_x, list, &n, &err), &err, HD_E_IO,
                "map/usb/line");
    CU_ASSERT_EQUAL(n, 1);
    keeper_end();
}

static void a_root_takes_writes_unless_nothing_is_to_be_written(void)
{
    keeper_begin();
    for (int i = 0; i < 3; i++)
        keeper_say_text(XS_ERROR, "ENOENT");
    CU_ASSERT_FALSE(hd_early_writes_root(keeper_x));
    keeper_say_text(XS_READ, "+/etc/hosts\n");
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say_text(XS_ERROR, "ENOENT");
    CU_ASSERT_TRUE(hd_early_writes_root(keeper_x));
    keeper_end();
}

static void a_root_takes_writes_when_nobody_knows(void)
{
    for (int failing = 0; failing < 3; failing++) {
        keeper_begin();
        for (int i = 0; i < 3; i++)
            keeper_say_text(XS_ERROR, i == failing ? "EIO" : "ENOENT");
        CU_ASSERT_TRUE(hd_early_writes_root(keeper_x));
        keeper_end();
    }
}

static void the_first_volume_is_the_root_where_none_is_named(void)
{
    struct hd_promise list[] = {
        parse("net", "lan0", "pv xenbr0 00:16:3e:0a:0b:0c"),
        parse("block", "xvdb", "pv home"), parse("block", "xvda", "absent"),
        parse("block", "xvdc", "pv more")};
    char root[64] = "";

    CU_ASSERT_TRUE(hd_early_first_volume(list, 4, root));
    CU_ASSERT_STRING_EQUAL(root, "/dev/xvdb");
    CU_ASSERT_FALSE(hd_early_first_volume(list, 1, root));
}

static void the_command_line_is_read_as_the_kernel_reads_it(void)
{
    struct hd_early e;
    struct hd_err err;

    CHECK_OK(hd_early_parse("root=/dev/xvdb ro rw  console=hvc0 "
                            "rootfstype=xfs init=/bin/sh quiet\n",
                            &e, &err),
             &err);
    CU_ASSERT_STRING_EQUAL(e.root, "/dev/xvdb");
    CU_ASSERT_STRING_EQUAL(e.type, "xfs");
    CU_ASSERT_STRING_EQUAL(e.init, "/bin/sh");
    CU_ASSERT_FALSE(e.read_only);
    CHECK_OK(hd_early_parse("", &e, &err), &err);
    CU_ASSERT_EQUAL(*e.root, '\0');
    CU_ASSERT_TRUE(e.read_only);
    CHECK_FAILS(hd_early_parse("root=UUID=1234", &e, &err), &err, HD_E_USAGE,
                "write root=/dev/xvda");
}

static const struct hd_test tests[] = {
    HD_TEST(disks_nics_and_consoles_are_found_by_what_the_guest_sees),
    HD_TEST(what_is_absent_is_no_device),
    HD_TEST(names_that_lead_elsewhere_are_no_promise),
    HD_TEST(a_map_is_read_whole_or_not_at_all),
    HD_TEST(a_root_takes_writes_unless_nothing_is_to_be_written),
    HD_TEST(a_root_takes_writes_when_nobody_knows),
    HD_TEST(the_first_volume_is_the_root_where_none_is_named),
    HD_TEST(the_command_line_is_read_as_the_kernel_reads_it),
};
HD_SUITE("dom-guest/promise", tests);
