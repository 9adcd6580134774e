/* SPDX-License-Identifier: MIT */
/* The device-mapper's table of one volume; pure, and holds no key. */
#ifndef HD_RUN_VOLUME_TABLE_H
#define HD_RUN_VOLUME_TABLE_H

#include <stdint.h>

#include "../plan/plan.h"

#define HD_VOLUME_SECTOR 512u
/* The description of a volume's key in the kernel's keyring. */
#define HD_VOLUME_KEY_SIZE (sizeof("hotdom:-") + 2 * HD_UUID_SIZE)

struct hd_volume_table {
    const char *target; /* as the kernel names it */
    uint64_t sectors;
    char params[400];
};

/* "hotdom:STORE-VOLUME", both UUIDs. */
void hd_volume_table_key(const struct hd_uuid *store,
                         const struct hd_step_volume *volume,
                         char ret[HD_VOLUME_KEY_SIZE]);

/* `major:minor` is what lies under it: the medium, for VERITY and HOLD
 * the device `over`, for RAM a loop device, for DISK the disk. */
void hd_volume_table_make(const struct hd_step_volume *volume,
                          const struct hd_uuid *store, uint32_t major,
                          uint32_t minor, struct hd_volume_table *ret);

#endif
