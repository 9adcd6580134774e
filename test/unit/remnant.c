/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/remnant: what repair removes, and what it never touches. */
#include <string.h>

#include "../../hv/cli/remnant.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define ID "5c0e0000-0000-4000-8000-00000000000a"

static void check(const char *line, enum hd_remnant_how how, const char *value)
{
    struct hd_remnant r = hd_remnant_of(line);

    if (r.how != how || strcmp(r.value, value)) {
        printf("\n    %s: %u \"%s\"\n", line, r.how, r.value);
        CU_FAIL("the remnant");
    }
}

static void check_effect(const char *line, enum hd_effect_kind kind,
                         const char *value)
{
    check(line, HD_REMNANT_EFFECT, value);
    CU_ASSERT_EQUAL(hd_remnant_of(line).kind, kind);
}

static void effects_are_undone_as_a_ledger_does_it(void)
{
    check_effect("domain " ID " 7", HD_EFFECT_DOMAIN, ID);
    check_effect("dm hotdom-travel-desk-root+raw", HD_EFFECT_DM,
                 "hotdom-travel-desk-root+raw");
    check_effect("netdev hd5c0e00001", HD_EFFECT_BRIDGE, "hd5c0e00001");
    check_effect("port hd5c0e00001u2/usb0", HD_EFFECT_PORT,
                 "hd5c0e00001u2/usb0");
    check_effect("pci 0000:03:00.0", HD_EFFECT_PCI, "0000:03:00.0");
    check_effect("file /run/hotdom/server/travel.desk", HD_EFFECT_SERVER,
                 "/run/hotdom/server/travel.desk");
}

static void nodes_are_those_of_one_domain_and_never_dom0s(void)
{
    check("xenstore /local/domain/7/device/vbd", HD_REMNANT_NODE,
          "/local/domain/7");
    check("xenstore /local/domain/0/backend/vbd/7/51712/state", HD_REMNANT_NODE,
          "/local/domain/0/backend/vbd/7");
    check("xenstore /local/domain/0/device-model/7", HD_REMNANT_NODE,
          "/local/domain/0/device-model/7");
    check("xenstore /libxl/7/type", HD_REMNANT_NODE, "/libxl/7");
    check("xenstore /vm/" ID "/name", HD_REMNANT_NODE, "/vm/" ID);
    check("xenstore /local/domain/0/memory", HD_REMNANT_LEFT, "");
    check("xenstore /local/domain/0", HD_REMNANT_LEFT, "");
    check("xenstore /local/domain/0/backend/vbd", HD_REMNANT_LEFT, "");
    check("xenstore /local/domain/07", HD_REMNANT_LEFT, "");
    check("xenstore /local/domain/7x", HD_REMNANT_LEFT, "");
    check("xenstore /libxl/0/device", HD_REMNANT_LEFT, "");
    check("xenstore /vm", HD_REMNANT_LEFT, "");
    check("xenstore /tool/hotdom", HD_REMNANT_LEFT, "");
}

static void files_are_those_of_guests_and_nothing_else(void)
{
    check("file /run/hotdom/map/" ID, HD_REMNANT_FILE, "/run/hotdom/map/" ID);
    check("file /run/hotdom/order/" ID, HD_REMNANT_FILE,
          "/run/hotdom/order/" ID);
    check("file /run/hotdom/display/travel.desk", HD_REMNANT_FILE,
          "/run/hotdom/display/travel.desk");
    check("file /var/lib/xen/userdata-d.7." ID ".libxl-json", HD_REMNANT_FILE,
          "/var/lib/xen/userdata-d.7." ID ".libxl-json");
    check("file /run/hotdom/ledger/" HD_REPAIR_ID, HD_REMNANT_LEDGER, "");
    check("file /run/hotdom/ledger/" ID, HD_REMNANT_LEFT, "");
    check("file /run/hotdom/map/../lock", HD_REMNANT_LEFT, "");
    check("file /run/hotdom/map/..", HD_REMNANT_LEFT, "");
    check("file /run/hotdom/plan/", HD_REMNANT_LEFT, "");
    check("file /var/lib/xen/userdata-d.7/../../../etc", HD_REMNANT_LEFT, "");
    check("file /tmp/hotdom-notes.txt", HD_REMNANT_LEFT, "");
    check("file /etc/hotdom.conf", HD_REMNANT_LEFT, "");
    check("file /run/hotdom/server/a/b", HD_REMNANT_LEFT, "");
}

static void what_has_not_our_form_is_left(void)
{
    check("dm vg0-hotdom", HD_REMNANT_LEFT, "");
    check("dm hotdom-a b", HD_REMNANT_LEFT, "");
    check("netdev vif7.0", HD_REMNANT_LEFT, "");
    check("netdev hdmi", HD_REMNANT_LEFT, "");
    check("netdev hotdom0", HD_REMNANT_LEFT, "");
    check("port xenbr0/vif7.0", HD_REMNANT_LEFT, "");
    check("port xenbr0/eth1", HD_REMNANT_LEFT, "");
    check("port hd5c0e00001/vif7.0", HD_REMNANT_LEFT, "");
    check("loop loop0 /root/hotdom.img", HD_REMNANT_LEFT, "");
    check("mount /mnt/hotdom", HD_REMNANT_LEFT, "");
    check("memory 4096 KiB less than before", HD_REMNANT_LEFT, "");
    check("missing dm hotdom-travel-desk", HD_REMNANT_LEFT, "");
    check("domain 7", HD_REMNANT_LEFT, "");
    check("pci ../driver", HD_REMNANT_LEFT, "");
}

static const struct hd_test tests[] = {
    HD_TEST(effects_are_undone_as_a_ledger_does_it),
    HD_TEST(nodes_are_those_of_one_domain_and_never_dom0s),
    HD_TEST(files_are_those_of_guests_and_nothing_else),
    HD_TEST(what_has_not_our_form_is_left),
};

HD_SUITE("cli/remnant", tests);
