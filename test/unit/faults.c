/* SPDX-License-Identifier: MIT */
/* Tests hv/store/header on sick media: a pread(2) of our own stands between the
 * reader's code and the medium, and plays the disease. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "store_kit.h"
#include "unit.h"

#define SECTOR 512

/* What is wrong with the medium `fd`; -1: none is watched. */
static struct {
    int fd;
    uint8_t *times;   /* each byte was read; KIT_SIZE of them, or NULL */
    off_t bad_sector; /* -1: none */
    int bad_errno;
    int shrink_after; /* so many reads, the medium loses half; 0: never */
} sick = {.fd = -1};

static void after_read(int fd, off_t at, size_t n)
{
    if (sick.times)
        for (size_t i = 0; i < n; i++)
            sick.times[(size_t)at + i]++;
    if (sick.shrink_after && !--sick.shrink_after)
        CU_ASSERT_EQUAL(ftruncate(fd, at + (off_t)n / 2), 0);
}

/* In place of libc's, for the whole program; once.c looks on from above. */
ssize_t pread(int fd, void *buf, size_t n, off_t at)
{
    off_t bad = sick.bad_sector * SECTOR;
    ssize_t got;

    if (fd < 0 || fd != sick.fd)
        return syscall(SYS_pread64, fd, buf, n, at);
    if (sick.bad_sector >= 0 && at < bad + SECTOR && at + (off_t)n > bad) {
        errno = sick.bad_errno;
        return -1;
    }
    got = syscall(SYS_pread64, fd, buf, n, at);
    if (got > 0)
        after_read(fd, at, (size_t)got);
    return got;
}

static void fall_ill(int fd)
{
    memset(&sick, 0, sizeof(sick));
    sick.fd = fd;
    sick.bad_sector = -1;
}

static void recover(void)
{
    fall_ill(-1);
}

static void check_bad_sector(int fd, const struct hd_signer *who, off_t sector,
                             int bad_errno, int want)
{
    struct hd_err err = {0};

    fall_ill(fd);
    sick.bad_sector = sector;
    sick.bad_errno = bad_errno;
    CHECK_FAILS(kit_read(fd, who, &err), &err, want, "cannot read at byte");
    recover();
}

/* Every one that is read at all: the table's and the header's. */
static void a_medium_error_at_any_sector_is_refused(void)
{
    hd_autofree uint8_t *times = calloc(1, KIT_SIZE);
    struct hd_err err = {0};
    struct kit_store s;
    unsigned n = 0;
    int fd;

    CU_ASSERT_PTR_NOT_NULL_FATAL(times);
    kit_store_init(&s);
    fd = kit_store_build(&s);
    fall_ill(fd);
    sick.times = times;
    CHECK_OK(kit_read(fd, &s.who, &err), &err);
    recover();
    for (off_t sector = 0; sector < KIT_SIZE / SECTOR; sector++) {
        if (!memchr(times + sector * SECTOR, 1, SECTOR))
            continue;
        check_bad_sector(fd, &s.who, sector, EIO, HD_E_IO);
        check_bad_sector(fd, &s.who, sector, ENODEV, HD_E_GONE);
        n++;
    }
    CU_ASSERT_TRUE(n > 32 + 10);
    close(fd);
    kit_store_fini(&s);
}

/* Half of what was just read is gone with all behind it, at each read. */
static void a_medium_that_shrinks_while_it_is_read_is_refused(void)
{
    struct hd_err err = {0};
    struct kit_store s;
    int after, rc = -1;

    kit_store_init(&s);
    for (after = 1; rc && after < 1000; after++) {
        int fd = kit_store_build(&s);

        fall_ill(fd);
        sick.shrink_after = after;
        rc = kit_read(fd, &s.who, &err);
        recover();
        if (rc)
            CU_ASSERT_EQUAL(err.code, HD_E_BAD_HEADER);
        close(fd);
    }
    /* The last read of all leaves nothing to miss. */
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_TRUE(after > 10);
    kit_store_fini(&s);
}

/* The largest that a file can be: 8 EiB. */
static void a_medium_that_claims_exbibytes_is_read_like_any(void)
{
    uint64_t begin = hd_io_now_ms();
    struct hd_err err = {0};
    hd_autofd int empty = hd_io_memfd("empty", INT64_MAX & ~4095ll, &err);
    struct kit_store s;
    int fd;

    kit_store_init(&s);
    fd = kit_store_build(&s);
    CHECK_FAILS(kit_read(empty, &s.who, &err), &err, HD_E_NOT_A_STORE,
                "no hotdom store on it");
    CU_ASSERT_EQUAL(ftruncate(fd, INT64_MAX & ~4095ll), 0);
    CHECK_OK(kit_read(fd, &s.who, &err), &err);
    CU_ASSERT_TRUE(hd_io_now_ms() - begin < 1000);
    close(fd);
    kit_store_fini(&s);
}

static const struct hd_test tests[] = {
    HD_TEST(a_medium_error_at_any_sector_is_refused),
    HD_TEST(a_medium_that_shrinks_while_it_is_read_is_refused),
    HD_TEST(a_medium_that_claims_exbibytes_is_read_like_any),
};

HD_SUITE("store/faults", tests);
