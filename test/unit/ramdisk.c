/* SPDX-License-Identifier: MIT */
/* Tests hv/run/ramdisk against the running kernel. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/run/ramdisk.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define NAME   "hotdom-unit-scratch"
#define LENGTH ((uint64_t)8 << 20)

/* Containers often have no loop devices. */
static int open_disk(uint32_t *major, uint32_t *minor)
{
    struct hd_err err = {0};
    int fd = hd_ramdisk_open(NAME, LENGTH, major, minor, &err);

    if (fd < 0 && (err.sys == EPERM || err.sys == EACCES || err.sys == ENOENT ||
                   err.sys == ENXIO)) {
        printf("\n    skipped: this machine has no loop devices\n");
        return -1;
    }
    CHECK_OK(fd < 0, &err);
    return fd;
}

/* What the loop device stands on, or "". */
static void backing(uint32_t minor, char ret[128])
{
    hd_autofree char *text = NULL;
    char path[64];

    *ret = '\0';
    snprintf(path, sizeof(path), "/sys/block/loop%u/loop/backing_file", minor);
    if (!hd_io_read_file(path, 4096, &text, NULL, NULL))
        snprintf(ret, 128, "%s", text);
}

static void it_holds_what_is_written_and_goes_with_the_last_user(void)
{
    uint32_t major = 0, minor = 0;
    hd_autofd int fd = open_disk(&major, &minor);
    char text[128], got[8] = "";

    if (fd < 0)
        return;
    CU_ASSERT_EQUAL(major, 7);
    CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), (off_t)LENGTH);
    CU_ASSERT_EQUAL(pread(fd, got, 4, 0), 4);
    CU_ASSERT_EQUAL(memcmp(got, "\0\0\0\0", 4), 0);
    CU_ASSERT_EQUAL(pwrite(fd, "rain", 4, LENGTH - 4), 4);
    CU_ASSERT_EQUAL(pread(fd, got, 4, LENGTH - 4), 4);
    CU_ASSERT_STRING_EQUAL(got, "rain");
    backing(minor, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, NAME));
    close(hd_steal_fd(&fd));
    backing(minor, text);
    CU_ASSERT_PTR_NULL(strstr(text, NAME));
}

static const struct hd_test tests[] = {
    HD_TEST(it_holds_what_is_written_and_goes_with_the_last_user),
};

HD_SUITE("run/ramdisk", tests);
