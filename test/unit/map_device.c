/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map: USB and PCI devices, and what is never given away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map_kit.h"

static void scratch_disks_leave_dom0_half_of_what_it_has(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_wish(k, HD_CLASS_BLOCK, HD_LEVEL_PREFERRED, "xvdc")->size =
        200 * MIB;
    map_kit_wish(k, HD_CLASS_BLOCK, HD_LEVEL_PREFERRED, "xvdd")->size =
        100 * MIB;
    hd_auto(hd_map) map = map_kit_make(k);
    const struct hd_map_row *row = map_kit_row(map, HD_CLASS_BLOCK);

    CHECK_ROW(row, HD_HOW_EMULATED, "", "hotdom makes it in memory");
    CHECK_ROW(row + 1, HD_HOW_ABSENT, "", "dom0 has not as much memory");
    CU_ASSERT_STRING_EQUAL(row[1].vdev, "");
    k->commitments.scratch = 100 * MIB;
    hd_auto(hd_map) less = map_kit_make(k);
    CHECK_ROW(map_kit_row(less, HD_CLASS_BLOCK), HD_HOW_ABSENT, "",
              "dom0 has not as much memory");
}

static void what_the_host_needs_is_never_given_away(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_stick(k, "sda");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "stick");
    hd_auto(hd_map) own = map_kit_make(k);
    CHECK_ROW(map_kit_row(own, HD_CLASS_USB), HD_HOW_ABSENT, "",
              "it carries the store itself");
    strcpy(k->in.device, "sdx");
    k->host.disks[0].root = 1;
    hd_auto(hd_map) root = map_kit_make(k);
    CHECK_ROW(map_kit_row(root, HD_CLASS_USB), HD_HOW_ABSENT, "",
              "it carries the host's root disk");
    k->host.disks[0].root = 0;
    k->host.n_disks = 0;
    k->host.n_links = 1;
    k->host.links[0].only_uplink = 1;
    strcpy(k->host.links[0].usb, "1-1");
    hd_auto(hd_map) link = map_kit_make(k);
    CHECK_ROW(map_kit_row(link, HD_CLASS_USB), HD_HOW_ABSENT, "",
              "it is the host's only way out");
}

static void a_hub_that_carries_the_store_is_not_given_away(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_stick(k, "sda");
    strcpy(k->host.disks[0].usb, "1-1.4");
    k->host.usb[0].class = 9;
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "hub");
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_USB), HD_HOW_ABSENT, "",
              "it carries the store itself");
}

static void a_usb_device_that_no_policy_names_stays(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_stick(k, "sdb");
    k->policy.n_devices = 0;
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "stick");
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_USB), HD_HOW_ABSENT, "",
              "the policy joins role role0 to no USB device");
}

static void a_pci_device_needs_an_iommu_and_is_never_pretended(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_wish(k, HD_CLASS_PCI, HD_LEVEL_PREFERRED, "card");
    k->policy.n_devices = 1;
    strcpy(k->policy.devices[0].role, "role0");
    strcpy(k->policy.devices[0].pci, "0403");
    k->host.n_pci = 1;
    strcpy(k->host.pci[0].address, "0000:00:1b.0");
    k->host.pci[0].class = 0x040300;
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_PCI), HD_HOW_ABSENT, "",
              "has no IOMMU");
    k->host.xen.iommu = 1;
    hd_auto(hd_map) with = map_kit_make(k);
    CHECK_ROW(map_kit_row(with, HD_CLASS_PCI), HD_HOW_ABSENT, "",
              "has no step");
}

static const struct hd_test tests[] = {
    HD_TEST(scratch_disks_leave_dom0_half_of_what_it_has),
    HD_TEST(what_the_host_needs_is_never_given_away),
    HD_TEST(a_hub_that_carries_the_store_is_not_given_away),
    HD_TEST(a_usb_device_that_no_policy_names_stays),
    HD_TEST(a_pci_device_needs_an_iommu_and_is_never_pretended),
};

HD_SUITE("plan/map_device", tests);
