/* SPDX-License-Identifier: MIT */
/* Reads a LUN's state and removes its disk; never opens it. */
#include "lun.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "sysfs.h"

bool hd_lun_is_one(int sys, const char *disk)
{
    char to[512];

    return hd_sysfs_link(sys, to, sizeof(to), "block/%.31s", disk) &&
           strstr(to, "/session");
}

enum hd_lun_state hd_lun_state(int sys, const char *disk)
{
    static const char *const silent[] = {"blocked", "transport-offline"};
    char state[32];

    hd_sysfs_text(sys, state, sizeof(state), "block/%.31s/device/state", disk);
    for (size_t i = 0; i < HD_ARRAY_LEN(silent); i++)
        if (!strcmp(state, silent[i]))
            return HD_LUN_SILENT;
    return HD_LUN_RUNS;
}

int hd_lun_remove(int sys, const char *disk, uint64_t diskseq,
                  struct hd_err *err)
{
    hd_autofd int fd = -1;
    char path[96];

    snprintf(path, sizeof(path), "block/%.31s/device/delete", disk);
    fd = openat(sys, path, O_WRONLY | O_CLOEXEC);
    if (hd_sysfs_number(sys, 10, "block/%.31s/diskseq", disk) != diskseq)
        return 0;
    if (fd < 0 || write(fd, "1", 1) != 1)
        return hd_fail_errno(err, HD_E_IO, "cannot remove disk %s", disk);
    return 0;
}
