/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map: USB and PCI devices, and what is never given away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan.h"
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

/* A host with an IOMMU and a sound card that no driver has. */
static struct map_kit *kit_with_card(void)
{
    struct map_kit *k = map_kit_new();

    map_kit_wish(k, HD_CLASS_PCI, HD_LEVEL_PREFERRED, "card");
    map_kit_card(k);
    return k;
}

static void pci_absent(struct map_kit *k, const char *why)
{
    hd_auto(hd_map) map = map_kit_make(k);

    CHECK_ROW(map_kit_row(map, HD_CLASS_PCI), HD_HOW_ABSENT, "", why);
    CU_ASSERT_FALSE(map_kit_row(map, HD_CLASS_PCI)->seize);
}

static void a_pci_device_that_no_driver_has_is_passed_through(void)
{
    hd_autofree struct map_kit *k = kit_with_card();

    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_PCI), HD_HOW_PASSTHROUGH,
              "0000:00:1b.0", "the IOMMU keeps it");
    CU_ASSERT_TRUE(map_kit_row(map, HD_CLASS_PCI)->seize);
    k->host.pci[0].state = HD_PCI_ASSIGNABLE;
    strcpy(k->policy.devices[0].pci, "0000:00:1b.0");
    hd_auto(hd_map) ready = map_kit_make(k);
    CHECK_ROW(map_kit_row(ready, HD_CLASS_PCI), HD_HOW_PASSTHROUGH,
              "0000:00:1b.0", "the IOMMU keeps it");
    CU_ASSERT_FALSE(map_kit_row(ready, HD_CLASS_PCI)->seize);
}

static void a_pci_device_needs_an_iommu_and_a_backend_and_no_driver(void)
{
    hd_autofree struct map_kit *k = kit_with_card();
    struct hd_host_pci *other = &k->host.pci[k->host.n_pci++];

    k->host.xen.iommu = 0;
    pci_absent(k, "has no IOMMU");
    k->host.xen.iommu = 1;
    k->host.has_pciback = 0;
    pci_absent(k, "not loaded Xen's PCI backend");
    k->host.has_pciback = 1;
    strcpy(other->address, "0000:00:1b.3");
    strcpy(other->driver, "ahci");
    other->state = HD_PCI_IN_USE;
    pci_absent(k, "the host's driver ahci uses another function of it");
    strcpy(other->address, "0000:01:1b.0");
    k->host.pci[0].state = HD_PCI_IN_USE;
    strcpy(k->host.pci[0].driver, "snd");
    pci_absent(k, "the host's driver snd uses it");
    k->host.pci[0].state = HD_PCI_FREE;
    strcpy(k->policy.devices[0].pci, "0604");
    k->host.pci[0].class = 0x060400;
    pci_absent(k, "a bridge is not given away");
    strcpy(k->policy.devices[0].pci, "0200");
    pci_absent(k, "none is what the policy names");
    k->policy.n_devices = 0;
    pci_absent(k, "the policy joins role role0 to no PCI device");
}

/* Whatever the state of its driver says. */
static void what_store_root_and_uplink_hang_on_is_never_passed_through(void)
{
    hd_autofree struct map_kit *k = kit_with_card();
    struct hd_host_disk *d = &k->host.disks[0];

    k->host.n_disks = 1;
    strcpy(d->name, "sda");
    strcpy(d->pci, "0000:00:1b.0/0000:03:00.0/");
    pci_absent(k, "the store itself hangs on it");
    strcpy(d->name, "sdc");
    d->root = 1;
    pci_absent(k, "the host's root disk hangs on it");
    strcpy(d->pci, "0000:00:1b.7/");
    pci_absent(k, "the host's root disk hangs on it");
    strcpy(d->pci, "0000:00:1a.0/");
    k->host.n_links = 1;
    k->host.links[0].only_uplink = 1;
    strcpy(k->host.links[0].pci, "0000:00:01.0/0000:00:1b.0/");
    pci_absent(k, "it is the host's only way out");
}

static void a_pci_device_goes_to_one_guest_alone(void)
{
    hd_autofree struct map_kit *k = kit_with_card();
    struct hd_guest *g = k->answer.manifest.guests;

    map_kit_guest(k, "second");
    g[1].n_wishes = 1;
    g[1].wishes[0] = g[0].wishes[0];
    g[1].wishes[0].level = HD_LEVEL_REQUIRED;
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    map_kit_refused(&map->guests[1], HD_E_NO_DEVICE,
                    "another guest of the store has it");
    k->commitments.n_devices = 1;
    strcpy(k->commitments.devices[0], "0000:00:1b.0");
    pci_absent(k, "a guest of another store has it");
}

static void a_guest_has_a_few_pci_devices_at_most(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    const struct hd_map_row *row;

    for (int i = 0; i <= HD_MAX_GUEST_PCI; i++) {
        map_kit_wish(k, HD_CLASS_PCI, HD_LEVEL_PREFERRED, "card");
        map_kit_card(k);
        k->host.pci[i].address[6] = (char)('1' + i);
    }
    hd_auto(hd_map) map = map_kit_make(k);
    row = map_kit_row(map, HD_CLASS_PCI);
    for (int i = 0; i < HD_MAX_GUEST_PCI; i++)
        CU_ASSERT_STRING_EQUAL(row[i].host_name, k->host.pci[i].address);
    CHECK_ROW(row + HD_MAX_GUEST_PCI, HD_HOW_ABSENT, "", "as many PCI devices");
}

static void addresses_are_read_as_they_are_written(void)
{
    static const char *const bad[] = {
        "",        "0000:00:1b",   "0000:00:20.0",  "0000:00:1b.8",
        "00:1b.0", "0000:00:1B.0", "0000:00:1b.0 ", "0:0:0.0"};
    struct hd_pci pci;
    char text[HD_PCI_SIZE];

    CU_ASSERT_TRUE(hd_pci_parse("00ff:fe:1f.7", &pci));
    CU_ASSERT_EQUAL(pci.domain, 0xff);
    CU_ASSERT_EQUAL(pci.bus, 0xfe);
    CU_ASSERT_EQUAL(pci.device, 0x1f);
    CU_ASSERT_EQUAL(pci.function, 7);
    hd_pci_format(&pci, text);
    CU_ASSERT_STRING_EQUAL(text, "00ff:fe:1f.7");
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_pci_parse(bad[i], &pci));
}

static const struct hd_test tests[] = {
    HD_TEST(scratch_disks_leave_dom0_half_of_what_it_has),
    HD_TEST(what_the_host_needs_is_never_given_away),
    HD_TEST(a_hub_that_carries_the_store_is_not_given_away),
    HD_TEST(a_usb_device_that_no_policy_names_stays),
    HD_TEST(a_pci_device_that_no_driver_has_is_passed_through),
    HD_TEST(a_pci_device_needs_an_iommu_and_a_backend_and_no_driver),
    HD_TEST(what_store_root_and_uplink_hang_on_is_never_passed_through),
    HD_TEST(a_pci_device_goes_to_one_guest_alone),
    HD_TEST(a_guest_has_a_few_pci_devices_at_most),
    HD_TEST(addresses_are_read_as_they_are_written),
};

HD_SUITE("plan/map_device", tests);
