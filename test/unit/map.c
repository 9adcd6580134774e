/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map: what each wish comes to on hosts that differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/need.h"
#include "map_kit.h"

static void a_domain_needs_what_libxl_counts_and_never_less_than_8_mib(void)
{
    /* target + 4 * (256 * vcpus + 2 * MiB) + 1024 KiB, up to 2 MiB. */
    CU_ASSERT_EQUAL(hd_need_bytes(64 * MIB, 1), 72 * MIB);
    CU_ASSERT_EQUAL(hd_need_bytes(8192 * MIB, 2), 8228 * MIB);
    CU_ASSERT_EQUAL(hd_need_bytes(1024 * MIB, 32), 1062 * MIB);
    CU_ASSERT_EQUAL(hd_need_most(64 * MIB, 64 * MIB, 1, 0), 64 * MIB);
    for (uint64_t have = 80; have < 2000; have += 7) {
        uint64_t most = hd_need_most(64 * MIB, 4096 * MIB, 3, have * MIB);

        CU_ASSERT(hd_need_bytes(most, 3) <= have * MIB);
        CU_ASSERT(hd_need_bytes(most + MIB, 3) > have * MIB);
    }
}

static void a_guest_without_room_does_not_stop_the_others(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_guest *guests = k->answer.manifest.guests;

    map_kit_guest(k, "second");
    guests[0].memory = (struct hd_range){4096 * MIB, 4096 * MIB};
    hd_auto(hd_map) map = map_kit_make(k);
    map_kit_refused(
        &map->guests[0], HD_E_NO_MEMORY,
        "needs 4114 MiB and 1024 MiB are free: 3090 MiB are missing");
    CU_ASSERT(hd_map_starts(&map->guests[1]));
}

static void who_is_after_a_refused_guest_is_refused_with_its_name(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_guest *guests = k->answer.manifest.guests;

    map_kit_guest(k, "second");
    map_kit_guest(k, "third");
    guests[2].memory = (struct hd_range){4096 * MIB, 4096 * MIB};
    guests[0].n_after = guests[2].n_after = 1;
    strcpy(guests[0].after[0].name, "third");
    strcpy(guests[2].after[0].name, "second");
    hd_auto(hd_map) map = map_kit_make(k);
    map_kit_refused(&map->guests[0], HD_E_DEPENDENCY,
                    "is after third, which is not started: guest third needs");
    CU_ASSERT(hd_map_starts(&map->guests[1]));
    map_kit_refused(&map->guests[2], HD_E_NO_MEMORY, "guest third needs");
    /* What it does not take is there for others. */
    CU_ASSERT_EQUAL(map->guests[0].n_rows, 0);
}

static void what_others_were_promised_is_not_given_again(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->commitments.reserved = 984 * MIB;
    hd_auto(hd_map) map = map_kit_make(k);
    map_kit_refused(&map->guests[0], HD_E_NO_MEMORY,
                    "needs 72 MiB and 40 MiB are free: 32 MiB are missing");
    k->commitments.reserved = 4096 * MIB;
    hd_auto(hd_map) none = map_kit_make(k);
    map_kit_refused(&none->guests[0], HD_E_NO_MEMORY, "and 0 MiB are free");
}

static void the_memory_limit_counts_all_stores(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->policy.limits.memory = 200 * MIB;
    hd_auto(hd_map) alone = map_kit_make(k);
    CU_ASSERT(hd_map_starts(&alone->guests[0]));
    k->commitments.memory = 150 * MIB;
    hd_auto(hd_map) map = map_kit_make(k);
    map_kit_refused(&map->guests[0], HD_E_NO_MEMORY,
                    "50 MiB are free under the policy's limit: 22 MiB");
}

static void the_guest_limit_counts_all_stores(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_guest(k, "second");
    k->policy.limits.all_guests = 3;
    k->commitments.guests = 2;
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    map_kit_refused(&map->guests[1], HD_E_LIMIT,
                    "would be number 4 of all stores' guests and the policy "
                    "allows 3");
}

static void a_guest_gets_the_processors_there_are_down_to_its_minimum(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->host.cpus = 1;
    k->answer.manifest.guests[0].vcpus = (struct hd_range){1, 4};
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_CPU)->given, 1);
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_CPU)->wished, 4);
}

static void a_role_without_a_bridge_gets_one_that_leads_nowhere(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->host.n_bridges = 0;
    map_kit_nic(k, HD_LEVEL_PREFERRED);
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_NET), HD_HOW_EMULATED, "hdab0000000",
              "the host has no bridge: the guest gets a bridge of its own");
    CU_ASSERT(map_kit_row(map, HD_CLASS_NET)->own);
}

static void an_optional_network_is_never_made_up(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->host.n_bridges = 0;
    map_kit_nic(k, HD_LEVEL_OPTIONAL);
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_NET), HD_HOW_ABSENT, "",
              "has no bridge");
    CU_ASSERT(hd_map_starts(&map->guests[0]));
}

static void a_bridge_that_vanished_refuses_who_requires_it(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_role(k, "internet", "gone0");
    map_kit_nic(k, HD_LEVEL_REQUIRED);
    map_kit_guest(k, "second");
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_NET), HD_HOW_ABSENT, "",
              "the policy's bridge gone0 is not there");
    map_kit_refused(&map->guests[0], HD_E_NO_NETWORK,
                    "requires a network of role internet");
    CU_ASSERT(hd_map_starts(&map->guests[1]));
}

static void a_role_that_no_policy_joins_says_so(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_nic(k, HD_LEVEL_PREFERRED);
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_NET), HD_HOW_PV, "xenbr0",
              "the policy joins role internet to nothing");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(map_kit_row(map, HD_CLASS_NET)->change, "under `networks`"));
}

static void a_display_needs_qemu_and_input_a_display(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_wish(k, HD_CLASS_INPUT, HD_LEVEL_PREFERRED, "keys");
    hd_auto(hd_map) none = map_kit_make(k);
    CHECK_ROW(map_kit_row(none, HD_CLASS_INPUT), HD_HOW_ABSENT, "",
              "come with a display");
    map_kit_wish(k, HD_CLASS_DISPLAY, HD_LEVEL_REQUIRED, "screen")->width =
        1280;
    k->answer.manifest.guests[0].wishes[1].height = 800;
    hd_auto(hd_map) without = map_kit_make(k);
    map_kit_refused(&without->guests[0], HD_E_NO_DEVICE,
                    "requires a display of role role0 as screen: dom0 has no");
    k->host.has_qemu = 1;
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    CHECK_ROW(map_kit_row(map, HD_CLASS_INPUT), HD_HOW_EMULATED, "",
              "PV keyboard");
    CHECK_ROW(map_kit_row(map, HD_CLASS_DISPLAY), HD_HOW_EMULATED, "", "VNC");
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_DISPLAY)->width, 1280);
}

static void sound_is_absent_with_its_reason(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_wish(k, HD_CLASS_SOUND, HD_LEVEL_PREFERRED, "speaker");
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_SOUND), HD_HOW_ABSENT, "",
              "neither Xen's toolstack in Debian nor dom0 has a backend");
    k->answer.manifest.guests[0].wishes[0].level = HD_LEVEL_REQUIRED;
    hd_auto(hd_map) refused = map_kit_make(k);
    map_kit_refused(&refused->guests[0], HD_E_NO_DEVICE, "requires sound");
}

static void a_denied_class_is_absent_and_refuses_who_requires_it(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_nic(k, HD_LEVEL_PREFERRED);
    k->policy.n_denied = 1;
    k->policy.denied[0].class = HD_CLASS_NET;
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_ROW(map_kit_row(map, HD_CLASS_NET), HD_HOW_ABSENT, "", "denies");
    CU_ASSERT(hd_map_starts(&map->guests[0]));
    k->answer.manifest.guests[0].nics[0].level = HD_LEVEL_REQUIRED;
    hd_auto(hd_map) refused = map_kit_make(k);
    map_kit_refused(&refused->guests[0], HD_E_DENIED,
                    "requires a network as lan0 and the policy denies");
}

static void a_user_chooses_guests_memory_vcpus_and_display(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    hd_autofree struct hd_user *user = calloc(1, sizeof(*user));

    strcpy(user->name, "owner");
    user->settings.memory = 32 * MIB;
    user->settings.vcpus = 2;
    user->settings.width = 800;
    user->settings.height = 600;
    user->settings.n_guests = 1;
    strcpy(user->settings.guests[0].name, "desk");
    k->in.user = user;
    k->host.has_qemu = 1;
    k->answer.manifest.guests[0].memory.want = 512 * MIB;
    map_kit_wish(k, HD_CLASS_DISPLAY, HD_LEVEL_PREFERRED, "screen");
    map_kit_guest(k, "second");
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_MEMORY)->given, 64 * MIB);
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_CPU)->given, 2);
    CU_ASSERT_EQUAL(map_kit_row(map, HD_CLASS_DISPLAY)->width, 800);
    CU_ASSERT(map->guests[1].left_out);
    CU_ASSERT_EQUAL(map->guests[1].n_rows, 0);
    CU_ASSERT_EQUAL(map->guests[1].why.code, HD_OK);
}

static void the_longest_texts_stay_in_their_places(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    k->host.n_bridges = HD_MAX_BRIDGES;
    for (int i = 0; i < HD_MAX_BRIDGES; i++)
        memset(k->host.bridges[i], 'b', 15);
    memset(map_kit_nic(k, HD_LEVEL_PREFERRED)->role, 'r', HD_NAME_SIZE - 1);
    memset(k->answer.manifest.guests[0].nics[0].as, 'n', HD_NAME_SIZE - 1);
    map_kit_stick(k, "sdb");
    memset(k->host.usb[0].name, 'u', HD_HOST_TEXT - 1);
    memset(k->host.usb[0].address, '1', 31);
    memset(k->host.disks[0].usb, '1', 31);
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "x");
    memset(k->answer.manifest.guests[0].wishes[0].as, 's', HD_NAME_SIZE - 1);
    hd_auto(hd_map) map = map_kit_make(k);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(map_kit_row(map, HD_CLASS_NET)->found, " ..."));
    CHECK_ROW(map_kit_row(map, HD_CLASS_USB), HD_HOW_PV, "sdb", "role0");
}

static void the_same_input_gives_the_same_map(void)
{
    hd_autofree struct map_kit *k = map_kit_new();

    map_kit_nic(k, HD_LEVEL_PREFERRED);
    hd_auto(hd_map) x = map_kit_make(k);
    hd_auto(hd_map) y = map_kit_make(k);
    CU_ASSERT_EQUAL(x->n_rows, y->n_rows);
    CU_ASSERT_EQUAL(memcmp(x->guests, y->guests, sizeof(x->guests)), 0);
    CU_ASSERT_EQUAL(memcmp(x->rows, y->rows, x->n_rows * sizeof(*x->rows)), 0);
}

static const struct hd_test tests[] = {
    HD_TEST(a_domain_needs_what_libxl_counts_and_never_less_than_8_mib),
    HD_TEST(who_is_after_a_refused_guest_is_refused_with_its_name),
    HD_TEST(a_guest_without_room_does_not_stop_the_others),
    HD_TEST(what_others_were_promised_is_not_given_again),
    HD_TEST(the_memory_limit_counts_all_stores),
    HD_TEST(the_guest_limit_counts_all_stores),
    HD_TEST(a_guest_gets_the_processors_there_are_down_to_its_minimum),
    HD_TEST(a_role_without_a_bridge_gets_one_that_leads_nowhere),
    HD_TEST(an_optional_network_is_never_made_up),
    HD_TEST(a_bridge_that_vanished_refuses_who_requires_it),
    HD_TEST(a_role_that_no_policy_joins_says_so),
    HD_TEST(a_display_needs_qemu_and_input_a_display),
    HD_TEST(sound_is_absent_with_its_reason),
    HD_TEST(a_denied_class_is_absent_and_refuses_who_requires_it),
    HD_TEST(a_user_chooses_guests_memory_vcpus_and_display),
    HD_TEST(the_longest_texts_stay_in_their_places),
    HD_TEST(the_same_input_gives_the_same_map),
};

HD_SUITE("plan/map", tests);
