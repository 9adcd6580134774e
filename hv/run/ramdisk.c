/* SPDX-License-Identifier: MIT */
/* Disks in dom0's memory, by loop(4); never keeps one open itself. */
#include "ramdisk.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

/* Between the question which is free and its answer's use others may take it.
 */
#define TRIES 50

/* The descriptor of a loop device that was free, 0: another one took it. */
static int try_once(int control, const struct loop_config *config,
                    struct hd_err *err)
{
    hd_autofd int fd = -1;
    char path[32];
    int n = ioctl(control, LOOP_CTL_GET_FREE);

    if (n < 0)
        return hd_fail_errno(err, HD_E_FAILED, "no loop device is free");
    snprintf(path, sizeof(path), "/dev/loop%d", n);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open %s", path);
    if (!ioctl(fd, LOOP_CONFIGURE, config))
        return hd_steal_fd(&fd);
    if (errno == EBUSY)
        return 0;
    return hd_fail_errno(err, HD_E_FAILED, "cannot set up %s", path);
}

int hd_ramdisk_open(const char *name, uint64_t length, uint32_t *ret_major,
                    uint32_t *ret_minor, struct hd_err *err)
{
    struct loop_config config = {
        .info = {.lo_flags = LO_FLAGS_AUTOCLEAR},
    };
    hd_autofd int memory = hd_io_memfd(name, length, err);
    hd_autofd int control = -1;
    hd_autofd int fd = -1;
    struct stat st;
    int got = 0;

    if (memory < 0)
        return -1;
    control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open /dev/loop-control");
    config.fd = (uint32_t)memory;
    for (int i = 0; i < TRIES && !got; i++)
        got = try_once(control, &config, err);
    if (got < 0)
        return -1;
    if (!got)
        return hd_fail(err, HD_E_BUSY, "others take every loop device for %s",
                       name);
    fd = got;
    if (fstat(fd, &st))
        return hd_fail_errno(err, HD_E_FAILED, "cannot find %s", name);
    *ret_major = major(st.st_rdev);
    *ret_minor = minor(st.st_rdev);
    return hd_steal_fd(&fd);
}
