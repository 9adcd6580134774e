/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map: USB disks and NICs that become a guest's PV devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map_kit.h"

static struct map_kit *kit_with_stick(enum hd_level level)
{
    struct map_kit *k = map_kit_new();

    map_kit_stick(k, "sdb");
    map_kit_wish(k, HD_CLASS_USB, level, "stick");
    return k;
}

static void absent(struct map_kit *k, const char *why)
{
    hd_auto(hd_map) map = map_kit_make(k);

    CHECK_ROW(map_kit_row(map, HD_CLASS_USB), HD_HOW_ABSENT, "", why);
    CU_ASSERT_STRING_EQUAL(map_kit_row(map, HD_CLASS_USB)->vdev, "");
    CU_ASSERT_STRING_EQUAL(map_kit_row(map, HD_CLASS_USB)->bridge, "");
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_USB)->console, 0);
    CU_ASSERT_FALSE(hd_map_is_device(map_kit_row(map, HD_CLASS_USB)));
}

static void a_stick_that_the_policy_names_becomes_the_guests_next_disk(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_REQUIRED);

    map_kit_volume(k, 0, "root", HD_VOLUME_DATA);
    map_kit_wish(k, HD_CLASS_BLOCK, HD_LEVEL_OPTIONAL, "xvdb")->size = MIB;
    hd_auto(hd_map) map = map_kit_make(k);
    const struct hd_map_row *row = map_kit_row(map, HD_CLASS_USB);

    CHECK_ROW(row, HD_HOW_PV, "sdb", "the policy gives it to role role0");
    CU_ASSERT_STRING_EQUAL(row->vdev, "xvdc");
    CU_ASSERT_EQUAL(row->given, 32 * MIB);
    CU_ASSERT_EQUAL(row->device, 9);
    CU_ASSERT_FALSE(row->read_only);
    CU_ASSERT(hd_map_is_device(row));
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    k->host.disks[0].read_only = 1;
    strcpy(k->policy.devices[0].usb, "08");
    hd_auto(hd_map) again = map_kit_make(k);
    CHECK_ROW(map_kit_row(again, HD_CLASS_USB), HD_HOW_PV, "sdb", "read-only");
    CU_ASSERT_TRUE(map_kit_row(again, HD_CLASS_USB)->read_only);
}

static void a_disk_that_is_not_free_stays_with_the_host(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);
    struct hd_host_disk *d = k->host.disks;

    d->in_use = 1;
    absent(k, "the host uses the disk");
    d->in_use = 0;
    d->store = 1;
    absent(k, "it is a store of hotdom");
    d->store = 0;
    d->size = 0;
    absent(k, "it has no medium");
    d->size = MIB;
    d->diskseq = 0;
    absent(k, "it has no medium");
    d->diskseq = 9;
    d->root = 1;
    absent(k, "it carries the host's root disk");
    d->root = 0;
    strcpy(k->in.device, "sdb");
    absent(k, "it carries the store itself");
}

static void what_a_guest_has_no_other_gets(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_REQUIRED);
    struct hd_guest *g = k->answer.manifest.guests;

    map_kit_guest(k, "second");
    g[1].n_wishes = 1;
    g[1].wishes[0] = g[0].wishes[0];
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    map_kit_refused(&map->guests[1], HD_E_NO_DEVICE,
                    "guest second requires a USB device of role role0 as "
                    "stick: another guest of the store has it");
    /* Who is refused has nothing. */
    g[0].memory.min = g[0].memory.want = 1ull << 40;
    hd_auto(hd_map) other = map_kit_make(k);
    CU_ASSERT_FALSE(hd_map_starts(&other->guests[0]));
    CU_ASSERT(hd_map_starts(&other->guests[1]));
    g[0].memory.min = g[0].memory.want = MIB;
    k->commitments.n_devices = 1;
    strcpy(k->commitments.devices[0], "sdb");
    hd_auto(hd_map) taken = map_kit_make(k);
    map_kit_refused(&taken->guests[0], HD_E_NO_DEVICE,
                    "a guest of another store has it");
    k->commitments.n_devices = HD_MAX_GIVEN;
    strcpy(k->commitments.devices[0], "sdz");
    absent(k, "too many devices");
}

static void the_store_among_those_named_is_not_the_reason(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);

    strcpy(k->policy.devices[0].usb, "08");
    k->host.disks[0].in_use = 1;
    map_kit_stick(k, "sda");
    absent(k, "the host uses the disk");
    strcpy(k->in.device, "sdb");
    k->host.disks[1].in_use = 1;
    absent(k, "the host uses the disk");
}

static void two_wishes_of_a_guest_get_two_sticks(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);
    const struct hd_map_row *row;

    map_kit_stick(k, "sdc");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "another");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "third");
    hd_auto(hd_map) map = map_kit_make(k);
    row = map_kit_row(map, HD_CLASS_USB);
    CHECK_ROW(row, HD_HOW_PV, "sdb", "role0");
    CU_ASSERT_STRING_EQUAL(row[0].vdev, "xvda");
    CHECK_ROW(row + 1, HD_HOW_PV, "sdc", "role0");
    CU_ASSERT_STRING_EQUAL(row[1].vdev, "xvdb");
    CHECK_ROW(row + 2, HD_HOW_ABSENT, "", "another wish of the guest has it");
}

static void a_guest_with_all_names_for_disks_gets_no_stick(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);
    char name[] = "disk-a";

    for (; name[5] <= 'p'; name[5]++)
        map_kit_volume(k, 0, name, HD_VOLUME_DATA);
    absent(k, "no name left for a disk");
}

static void a_nic_that_the_host_does_not_use_gets_a_bridge_of_its_own(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_host_link *l = map_kit_usb_nic(k, "usb0");
    const struct hd_map_row *row;

    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "wire");
    hd_auto(hd_map) map = map_kit_make(k);
    row = map_kit_row(map, HD_CLASS_USB);
    CHECK_ROW(row, HD_HOW_PV, "usb0", "a bridge joins it to this guest alone");
    CU_ASSERT_STRING_EQUAL(row->bridge, "hdab0000000u0");
    CU_ASSERT_EQUAL(row->device, 7);
    CU_ASSERT_EQUAL(row->mac[5], 1 + HD_MAX_NICS);
    CU_ASSERT_STRING_EQUAL(row->vdev, "");
    l->in_use = 1;
    absent(k, "the host uses the network interface");
    l->in_use = 0;
    l->outside = 1;
    absent(k, "the host uses the network interface");
    l->outside = 0;
    strcpy(l->master, "xenbr0");
    absent(k, "part of a bridge");
    *l->master = '\0';
    l->only_uplink = 1;
    absent(k, "it is the host's only way out");
}

static void a_serial_adapter_becomes_the_guests_next_console(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_host_part *p = map_kit_usb_serial(k, "ttyUSB0");
    const struct hd_map_row *row;

    map_kit_usb_serial(k, "ttyUSB1");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "line");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "second");
    hd_auto(hd_map) map = map_kit_make(k);
    row = map_kit_row(map, HD_CLASS_USB);
    CHECK_ROW(row, HD_HOW_PV, "ttyUSB0", "9600 bits a second");
    CU_ASSERT_EQUAL(row->console, 1);
    CU_ASSERT_EQUAL(row->device, 5);
    CU_ASSERT_STRING_EQUAL(row->usb, "1-1");
    CU_ASSERT(hd_map_is_device(row));
    CHECK_ROW(row + 1, HD_HOW_PV, "ttyUSB1", "");
    CU_ASSERT_EQUAL(row[1].console, 2);
    k->host.n_usb = k->host.n_parts = 1;
    p->console = 1;
    absent(k, "the host's own console is on it");
    p->console = 0;
    k->commitments.n_devices = 1;
    strcpy(k->commitments.devices[0], "ttyUSB0");
    absent(k, "a guest of another store has it");
}

static void a_guest_has_nine_consoles_beside_its_first(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    const struct hd_map_row *row;

    for (int i = 0; i <= HD_MAX_CONSOLES; i++) {
        char name[] = "ttyUSB0", as[] = "line0";

        name[6] += i;
        as[4] += i;
        map_kit_usb_serial(k, name);
        map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, as);
    }
    hd_auto(hd_map) map = map_kit_make(k);
    row = map_kit_row(map, HD_CLASS_USB);
    CU_ASSERT_EQUAL(row[HD_MAX_CONSOLES - 1].console, 9);
    CHECK_ROW(row + HD_MAX_CONSOLES, HD_HOW_ABSENT, "",
              "no name left for a console");
}

/* An interface's name has 15 characters. */
static void the_longest_name_of_a_bridge_is_whole(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_guest *g;

    k->policy.limits.guests = HD_MAX_GUESTS;
    for (int i = 1; i < HD_MAX_GUESTS; i++)
        map_kit_guest(k, "more");
    map_kit_usb_nic(k, "usb0");
    g = &k->answer.manifest.guests[HD_MAX_GUESTS - 1];
    for (int i = 0; i < HD_MAX_WISHES; i++) {
        g->wishes[i].class = HD_CLASS_USB;
        strcpy(g->wishes[i].role, i + 1 < HD_MAX_WISHES ? "none" : "role0");
    }
    g->n_wishes = HD_MAX_WISHES;
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT_STRING_EQUAL(map->rows[map->n_rows - 1].bridge,
                           "hdab00000063u15");
}

static void a_denied_class_gives_nothing_away(void)
{
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);

    k->policy.n_denied = 1;
    k->policy.denied[0].class = HD_CLASS_USB;
    absent(k, "the policy denies every guest the class usb");
    k->host.n_disks = 0;
    strcpy(map_kit_usb_nic(k, "usb0")->usb, "1-1");
    absent(k, "the policy denies every guest the class usb");
    k->host.n_links = k->host.n_usb = 0;
    map_kit_usb_serial(k, "ttyUSB0");
    absent(k, "the policy denies every guest the class usb");
}

static void a_class_without_a_backend_is_absent_and_says_so(void)
{
    static const struct {
        uint8_t class;
        const char *why;
    } cases[] = {
        {0x02, "no driver for it that makes a serial port"},
        {0x0a, "no driver for it that makes a serial port"},
        {0xff, "no driver for it that makes a serial port"},
        {0x01, "no PV USB frontend"},
        {0x08, "no medium"},
        {0x09, "a hub is not given away"},
        {0xe0, "no network interface on it"},
    };
    hd_autofree struct map_kit *k = kit_with_stick(HD_LEVEL_PREFERRED);

    k->host.n_disks = 0;
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        k->host.usb[0].class = cases[i].class;
        absent(k, cases[i].why);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_stick_that_the_policy_names_becomes_the_guests_next_disk),
    HD_TEST(a_disk_that_is_not_free_stays_with_the_host),
    HD_TEST(what_a_guest_has_no_other_gets),
    HD_TEST(the_store_among_those_named_is_not_the_reason),
    HD_TEST(two_wishes_of_a_guest_get_two_sticks),
    HD_TEST(a_guest_with_all_names_for_disks_gets_no_stick),
    HD_TEST(a_nic_that_the_host_does_not_use_gets_a_bridge_of_its_own),
    HD_TEST(a_serial_adapter_becomes_the_guests_next_console),
    HD_TEST(a_guest_has_nine_consoles_beside_its_first),
    HD_TEST(the_longest_name_of_a_bridge_is_whole),
    HD_TEST(a_denied_class_gives_nothing_away),
    HD_TEST(a_class_without_a_backend_is_absent_and_says_so),
};

HD_SUITE("plan/map_usb", tests);
