/* SPDX-License-Identifier: MIT */
/* A host, a policy and a store with the guest `desk`, for tests of the map. */
#ifndef HD_TEST_MAP_KIT_H
#define HD_TEST_MAP_KIT_H

#include "../../hv/plan/map.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)

/* Free the kit with free(); `in` points into it. */
struct map_kit {
    struct hd_answer answer;
    struct hd_inventory host;
    struct hd_policy policy;
    struct hd_commitments commitments;
    struct hd_map_input in;
};

void map_kit_guest(struct map_kit *k, const char *name);
struct map_kit *map_kit_new(void);
struct hd_wish *map_kit_wish(struct map_kit *k, enum hd_class class,
                             enum hd_level level, const char *as);
void map_kit_stick(struct map_kit *k, const char *disk);
struct hd_host_link *map_kit_usb_nic(struct map_kit *k, const char *name);
struct hd_host_part *map_kit_usb_serial(struct map_kit *k, const char *name);
void map_kit_card(struct map_kit *k);
void map_kit_role(struct map_kit *k, const char *role, const char *bridge);
struct hd_nic *map_kit_nic(struct map_kit *k, enum hd_level level);
struct hd_map *map_kit_make(struct map_kit *k);
const struct hd_map_row *map_kit_row(const struct hd_map *map,
                                     enum hd_class class);
void map_kit_refused(const struct hd_map_guest *g, int code, const char *words);

/* One of 1 MiB, as the next of xvda, xvdb ... */
struct hd_volume *map_kit_volume(struct map_kit *k, uint32_t guest,
                                 const char *name, enum hd_volume_kind kind);

#define CHECK_ROW(row, want_how, want_host, words)                             \
    do {                                                                       \
        CU_ASSERT_STRING_EQUAL(hd_how_name((row)->how),                        \
                               hd_how_name(want_how));                         \
        CU_ASSERT_STRING_EQUAL((row)->host_name, want_host);                   \
        if (!strstr((row)->reason, words)) {                                   \
            printf("\n    %s:%d: \"%s\"\n", __FILE__, __LINE__,                \
                   (row)->reason);                                             \
            CU_FAIL("the reason");                                             \
        }                                                                      \
    } while (0)

#endif
