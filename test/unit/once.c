/* SPDX-License-Identifier: MIT */
/* Tests that no byte of a medium is read twice, so that one which changes
 * between two reads has nothing to gain; the linker sends pread here. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/header.h"
#include "../../pv-drivers/base/mem.h"
#include "registry_kit.h"
#include "store_kit.h"
#include "unit.h"

static int watched = -1;
static uint8_t times[KIT_SIZE]; /* by byte of the medium */
static bool turned;             /* each byte read changes behind our back */

off_t registry_unreadable;

ssize_t __real_pread(int fd, void *buf, size_t len, off_t at);
ssize_t __real_pwrite(int fd, const void *buf, size_t len, off_t at);
ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t at);

ssize_t __wrap_pread(int fd, void *buf, size_t len, off_t at)
{
    ssize_t got = __real_pread(fd, buf, len, at);
    static uint8_t other[65536];

    if (registry_unreadable && at + (off_t)len > registry_unreadable && got) {
        errno = EIO;
        return -1;
    }
    if (fd != watched)
        return got;
    for (ssize_t i = 0; i < got; i++)
        times[at + i]++;
    for (ssize_t i = 0; turned && i < got; i += (ssize_t)sizeof(other)) {
        size_t n = (size_t)(got - i) < sizeof(other) ? (size_t)(got - i)
                                                     : sizeof(other);

        for (size_t k = 0; k < n; k++)
            other[k] = (uint8_t) ~((uint8_t *)buf)[(size_t)i + k];
        CU_ASSERT_EQUAL(__real_pwrite(fd, other, n, at + i), (ssize_t)n);
    }
    return got;
}

static int read_watched(const struct kit_store *s, bool change,
                        struct hd_err *err)
{
    hd_autofd int medium = kit_store_build(s);
    int rc;

    memset(times, 0, sizeof(times));
    watched = medium;
    turned = change;
    rc = kit_read(medium, &s->who, err);
    watched = -1;
    return rc;
}

static void no_byte_of_a_medium_is_read_twice(void)
{
    struct hd_err err = {0};
    struct kit_store s;
    size_t n = 0, twice = 0, of_volume = 0;

    kit_store_init(&s);
    CHECK_OK(read_watched(&s, false, &err), &err);
    for (size_t i = 0; i < KIT_SIZE; i++) {
        n += times[i];
        twice += times[i] > 1;
        of_volume += i >= KIT_VOLUME && times[i];
    }
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL(of_volume, 0);
    /* The table and its header, all members. */
    CU_ASSERT_TRUE(n > 92 + 16384 + s.manifest.len + s.files[0].len);
    kit_store_fini(&s);
}

/* Nothing of it is left as it was, and what was read still holds. */
static void a_medium_that_changes_behind_each_read_is_the_one_first_read(void)
{
    struct hd_err err = {0};
    struct kit_store s;

    kit_store_init(&s);
    CHECK_OK(read_watched(&s, true, &err), &err);
    kit_store_fini(&s);
}

static const struct hd_test tests[] = {
    HD_TEST(no_byte_of_a_medium_is_read_twice),
    HD_TEST(a_medium_that_changes_behind_each_read_is_the_one_first_read),
};

HD_SUITE("store/once", tests);
