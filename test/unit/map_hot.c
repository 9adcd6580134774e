/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map_hot and map_kept: what a running guest is given, under
 * which name, how it is planned, and what is kept of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/map_hot.h"
#include "../../hv/plan/map_text.h"
#include "../../hv/plan/plan_json.h"
#include "map_kit.h"

/* `desk` with xvda, lan0 and a wish for a stick, as it was started: the stick
 * was not there. */
struct bench {
    struct map_kit *kit;
    struct json_object *map, *kept;
};

static void begin(struct bench *b)
{
    b->kit = map_kit_new();
    map_kit_volume(b->kit, 0, "root", HD_VOLUME_DATA);
    map_kit_nic(b->kit, HD_LEVEL_PREFERRED);
    map_kit_wish(b->kit, HD_CLASS_USB, HD_LEVEL_PREFERRED, "stick");
    hd_auto(hd_map) map = map_kit_make(b->kit);
    b->map = hd_map_to_json(map);
    b->kept = hd_map_text_guest(b->map, "desk");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->kept);
}

static void end(struct bench *b)
{
    json_object_put(b->map);
    free(b->kit);
}

static struct hd_hot_wish disk(const char *source, const char *as)
{
    struct hd_hot_wish wish = {0};
    struct hd_err err = {0};

    CHECK_OK(hd_hot_wish_disk(source, as, false, &wish, &err), &err);
    return wish;
}

static struct hd_hot_wish nic(const char *role, const char *as)
{
    struct hd_hot_wish wish = {0};
    struct hd_err err = {0};

    CHECK_OK(hd_hot_wish_nic(role, as, &wish, &err), &err);
    return wish;
}

/* The map of the wish; what it gives is kept. */
static struct hd_map *give(struct bench *b, struct hd_hot_wish wish)
{
    struct hd_map *map = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_map_hot(&b->kit->in, "desk", &wish, b->kept, &map, &err), &err);
    if (!map)
        CU_FAIL_FATAL("no map");
    hd_map_kept_put(b->kept, hd_map_row_to_json(map->rows));
    return map;
}

static void refused(struct bench *b, struct hd_hot_wish wish, int code,
                    const char *words)
{
    struct hd_map *map = NULL;
    struct hd_err err = {0};

    CHECK_FAILS(hd_map_hot(&b->kit->in, "desk", &wish, b->kept, &map, &err),
                &err, code, words);
    CU_ASSERT_PTR_NULL(map);
}

static size_t rows(const struct bench *b)
{
    return json_object_array_length(hd_map_kept_rows(b->kept));
}

static void a_source_is_a_size_in_memory_or_a_role(void)
{
    static const char *const bad[] = {"ram:",    "ram:0M",       "ram:-1M",
                                      "ram:64",  "ram:1T",       "ram: 1M",
                                      "ram:1MB", "ram:99999999G"};
    struct hd_hot_wish wish = disk("ram:64M", "xvdp");
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(wish.class, HD_CLASS_BLOCK);
    CU_ASSERT_EQUAL(wish.size, 64 * MIB);
    CU_ASSERT_EQUAL(disk("ram:2G", NULL).size, 2048 * MIB);
    CU_ASSERT_EQUAL(disk("stick", NULL).class, HD_CLASS_USB);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_hot_wish_disk(bad[i], NULL, false, &wish, &err), &err,
                    HD_E_USAGE, "is no size");
    CHECK_FAILS(hd_hot_wish_disk("/dev/sdb", NULL, false, &wish, &err), &err,
                HD_E_USAGE, "neither ram:SIZE nor a role");
    CHECK_FAILS(hd_hot_wish_disk("ram:1M", NULL, true, &wish, &err), &err,
                HD_E_USAGE, "must be writable");
    CHECK_FAILS(hd_hot_wish_disk("ram:1M", "xvdq", false, &wish, &err), &err,
                HD_E_USAGE, "xvdq");
    CHECK_FAILS(hd_hot_wish_nic("../x", NULL, &wish, &err), &err, HD_E_USAGE,
                "is no role");
    CHECK_FAILS(hd_hot_wish_nic("internet", "Lan 1", &wish, &err), &err,
                HD_E_USAGE, "is no name");
}

static void a_disk_in_memory_has_the_next_letter_and_its_own_steps(void)
{
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    hd_auto(hd_map) map = give(&b, disk("ram:16M", NULL));
    CHECK_ROW(map->rows, HD_HOW_EMULATED, "", "hotdom makes it in memory");
    CU_ASSERT_STRING_EQUAL(map->rows->vdev, "xvdb");
    CU_ASSERT_STRING_EQUAL(map->rows->wish,
                           "a scratch disk of 16 MiB as xvdb, by hand");
    CHECK_OK(hd_plan_make(&b.kit->answer, map, &plan, &err), &err);
    CU_ASSERT_EQUAL_FATAL(plan->n_steps, 3);
    CU_ASSERT_EQUAL(plan->steps[0].kind, HD_STEP_OPEN_VOLUME);
    CU_ASSERT_EQUAL(plan->steps[0].u.volume.target, HD_TARGET_RAM);
    CU_ASSERT_EQUAL(plan->steps[0].u.volume.length, 16 * MIB);
    CU_ASSERT_STRING_EQUAL(plan->steps[0].u.volume.dm_name,
                           "hotdom-travel-desk+ram17");
    CU_ASSERT_EQUAL(plan->steps[1].kind, HD_STEP_ATTACH_BLOCK);
    CU_ASSERT_STRING_EQUAL(plan->steps[1].u.block.as, "xvdb");
    CU_ASSERT_EQUAL(plan->steps[2].kind, HD_STEP_TELL);
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.tell.path, "map/block/xvdb");
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.tell.value, "emulated");
    hd_auto(hd_map) second = give(&b, disk("ram:16M", NULL));
    CU_ASSERT_STRING_EQUAL(second->rows->vdev, "xvdc");
    end(&b);
}

static void a_name_is_taken_once_and_letters_run_out(void)
{
    struct bench b;

    begin(&b);
    refused(&b, disk("ram:1M", "xvda"), HD_E_EXISTS, "has xvda already");
    refused(&b, nic("internet", "lan0"), HD_E_EXISTS, "has lan0 already");
    for (int i = 0; i < 15; i++) {
        hd_auto(hd_map) map = give(&b, disk("ram:1M", NULL));
    }
    refused(&b, disk("ram:1M", NULL), HD_E_LIMIT, "all of xvda to xvdp");
    /* Of a guest whose map was lost the manifest is known. */
    b.kept = NULL;
    refused(&b, disk("ram:1M", "xvda"), HD_E_EXISTS, "has xvda already");
    end(&b);
}

static void memory_that_dom0_cannot_spare_is_not_given(void)
{
    struct bench b;

    begin(&b);
    refused(&b, disk("ram:257M", NULL), HD_E_NO_MEMORY,
            "guest desk gets no disk in memory: dom0 has not as much");
    b.kit->commitments.scratch = 250 * MIB;
    refused(&b, disk("ram:7M", NULL), HD_E_NO_MEMORY, "wish for less");
    b.kit->policy.n_denied = 1;
    b.kit->policy.denied[0].class = HD_CLASS_BLOCK;
    refused(&b, disk("ram:1M", NULL), HD_E_DENIED, "denies every guest");
    end(&b);
}

static void a_stick_that_has_come_meets_the_wish_under_its_name(void)
{
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};
    struct bench b;
    size_t n;

    begin(&b);
    refused(&b, disk("role0", NULL), HD_E_NO_DEVICE,
            "the policy joins role role0 to no USB device");
    map_kit_stick(b.kit, "sdb");
    n = rows(&b);
    hd_auto(hd_map) map = give(&b, disk("role0", "xvdf"));
    CHECK_ROW(map->rows, HD_HOW_PV, "sdb", "the policy gives it");
    CU_ASSERT_STRING_EQUAL(map->rows->guest_name, "stick");
    CU_ASSERT_STRING_EQUAL(map->rows->vdev, "xvdf");
    CU_ASSERT_EQUAL(rows(&b), n);
    CHECK_OK(hd_plan_make(&b.kit->answer, map, &plan, &err), &err);
    CU_ASSERT_EQUAL_FATAL(plan->n_steps, 4);
    CU_ASSERT_EQUAL(plan->steps[0].u.volume.target, HD_TARGET_DISK);
    CU_ASSERT_EQUAL(plan->steps[0].u.volume.diskseq, 9);
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.tell.path, "map/usb/stick");
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.tell.value, "pv sdb xvdf");
    CU_ASSERT_STRING_EQUAL(plan->steps[3].u.tell.path, "host/map/stick/where");
    /* hd_stores_commitments counts what is kept. */
    b.kit->commitments.n_devices = 1;
    strcpy(b.kit->commitments.devices[0], "sdb");
    refused(&b, disk("role0", NULL), HD_E_NO_DEVICE, "a guest has it");
    end(&b);
}

static void read_only_is_a_wish_of_its_own(void)
{
    struct hd_hot_wish wish = {0};
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    map_kit_stick(b.kit, "sdb");
    CHECK_OK(hd_hot_wish_disk("role0", NULL, true, &wish, &err), &err);
    hd_auto(hd_map) map = give(&b, wish);
    CU_ASSERT_TRUE(map->rows->read_only);
    end(&b);
}

static void what_is_no_disk_is_not_given_as_one(void)
{
    struct bench b;

    begin(&b);
    map_kit_usb_nic(b.kit, "usb0");
    refused(&b, disk("role0", NULL), HD_E_NO_DEVICE,
            "a network interface, usb0, and no disk");
    b.kit->host.n_links = b.kit->host.n_usb = 0;
    map_kit_usb_serial(b.kit, "ttyUSB0");
    refused(&b, disk("role0", NULL), HD_E_NO_DEVICE,
            "a serial adapter, ttyUSB0, and no disk");
    end(&b);
}

static void a_nic_has_a_number_and_a_mac_of_its_own(void)
{
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    hd_auto(hd_map) map = give(&b, nic("internet", NULL));
    CHECK_ROW(map->rows, HD_HOW_PV, "xenbr0", "first bridge");
    CU_ASSERT_STRING_EQUAL(map->rows->guest_name, "lan1");
    CHECK_OK(hd_plan_make(&b.kit->answer, map, &plan, &err), &err);
    CU_ASSERT_EQUAL_FATAL(plan->n_steps, 2);
    CU_ASSERT_EQUAL(plan->steps[0].kind, HD_STEP_ATTACH_NET);
    CU_ASSERT_EQUAL(plan->steps[0].u.net.devid, HD_MAX_NICS + HD_MAX_WISHES);
    hd_auto(hd_map) second = give(&b, nic("internet", "wire.2"));
    CU_ASSERT_EQUAL(second->rows->index, HD_MAX_NICS + HD_MAX_WISHES + 1);
    CU_ASSERT_NOT_EQUAL(second->rows->mac[5], map->rows->mac[5]);
    for (int i = 2; i < HD_MAX_HOT_NICS; i++) {
        hd_auto(hd_map) more = give(&b, nic("internet", NULL));
    }
    refused(&b, nic("internet", NULL), HD_E_LIMIT, "detach one");
    end(&b);
}

static void a_bridge_that_is_gone_is_named(void)
{
    struct bench b;

    begin(&b);
    map_kit_role(b.kit, "lab", "xenbr7");
    refused(&b, nic("lab", NULL), HD_E_NO_NETWORK,
            "guest desk gets no network of role lab: the policy's bridge "
            "xenbr7 is not there; name a bridge");
    end(&b);
}

static void what_is_detached_is_gone_or_an_unmet_wish(void)
{
    hd_autofree struct hd_plan *plan = NULL;
    struct json_object *row;
    struct hd_err err = {0};
    struct bench b;
    size_t n;

    begin(&b);
    const struct hd_guest *g = b.kit->answer.manifest.guests;
    n = rows(&b);
    hd_auto(hd_map) map = give(&b, disk("ram:1M", NULL));
    hd_map_kept_drop(g, b.kept, "block", "xvdb");
    CU_ASSERT_EQUAL(rows(&b), n);
    CU_ASSERT_PTR_NULL(hd_map_kept_find(b.kept, "xvdb"));
    hd_map_kept_drop(g, b.kept, "block", "xvdb");
    hd_map_kept_drop(g, b.kept, "block", "xvda");
    CU_ASSERT_EQUAL(rows(&b), n);
    row = hd_map_kept_find(b.kept, "xvda");
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(row, "how"), "absent");
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(row, "disk"), "");
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(row, "host"), "");
    /* Its name is not given to another. */
    refused(&b, disk("ram:1M", "xvda"), HD_E_EXISTS, "xvda");
    CHECK_OK(hd_plan_absent(&b.kit->answer.manifest.store.id, "travel", "desk",
                            "net", "wire.2", &plan, &err),
             &err);
    CU_ASSERT_EQUAL_FATAL(plan->n_steps, 1);
    CU_ASSERT_STRING_EQUAL(plan->steps[0].u.tell.path, "map/net/wire@2");
    CU_ASSERT_STRING_EQUAL(plan->steps[0].u.tell.value, "absent");
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_source_is_a_size_in_memory_or_a_role),
    HD_TEST(a_disk_in_memory_has_the_next_letter_and_its_own_steps),
    HD_TEST(a_name_is_taken_once_and_letters_run_out),
    HD_TEST(memory_that_dom0_cannot_spare_is_not_given),
    HD_TEST(a_stick_that_has_come_meets_the_wish_under_its_name),
    HD_TEST(read_only_is_a_wish_of_its_own),
    HD_TEST(what_is_no_disk_is_not_given_as_one),
    HD_TEST(a_nic_has_a_number_and_a_mac_of_its_own),
    HD_TEST(a_bridge_that_is_gone_is_named),
    HD_TEST(what_is_detached_is_gone_or_an_unmet_wish),
};

HD_SUITE("plan/map_hot", tests);
