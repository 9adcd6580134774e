/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p/ring against guests that lie. */
#include <string.h>

#include "../../pv-drivers/fs9p/ring.h"
#include "../../pv-drivers/fs9p/session.h"
#include "unit.h"

/* One page of indices and one of data: half of it each way. */
static uint8_t pages[2][4096] __attribute__((aligned(4096)));

static struct hd_9p_ring ring_of(uint32_t at)
{
    struct hd_9p_ring r = {(void *)pages[0], pages[1], 2048};

    memset(pages, 0, sizeof(pages));
    r.intf->in_cons = r.intf->in_prod = at;
    r.intf->out_cons = r.intf->out_prod = at;
    return r;
}

static void a_message_is_taken_whole_over_the_ends_of_ring_and_numbers(void)
{
    struct hd_9p_ring r = ring_of(UINT32_MAX - 4);
    static const uint8_t message[11] = {11, 0, 0, 0, 8, 1, 0, 1, 2, 3, 4};
    uint8_t buf[16];

    for (uint32_t i = 0; i < sizeof(message); i++)
        pages[1][2048 + (r.intf->out_prod + i) % 2048] = message[i];
    r.intf->out_prod += 6;
    CU_ASSERT_EQUAL(hd_9p_ring_next(&r), 0);
    r.intf->out_prod += 4;
    CU_ASSERT_EQUAL(hd_9p_ring_next(&r), 0);
    r.intf->out_prod++;
    CU_ASSERT_EQUAL(hd_9p_ring_next(&r), 11);
    hd_9p_ring_take(&r, buf, 11);
    CU_ASSERT_EQUAL(memcmp(buf, message, 11), 0);
    CU_ASSERT_EQUAL(hd_9p_ring_next(&r), 0);
    CU_ASSERT_EQUAL(hd_9p_ring_room(&r), 2048);
    hd_9p_ring_put(&r, message, 11);
    CU_ASSERT_EQUAL(hd_9p_ring_room(&r), 2048 - 11);
    CU_ASSERT_EQUAL(pages[1][2048 - 5], 11);
    CU_ASSERT_EQUAL(pages[1][5], 4);
}

static void indices_and_lengths_that_cannot_be_are_no_ring(void)
{
    static const uint32_t lengths[] = {0, 6, 2049, HD_9P_MSIZE + 1, UINT32_MAX};
    struct hd_9p_ring r = ring_of(0);

    r.intf->out_prod = 2049;
    r.intf->in_cons = 1;
    CU_ASSERT_EQUAL(hd_9p_ring_next(&r), -1);
    CU_ASSERT_EQUAL(hd_9p_ring_room(&r), -1);
    r.intf->out_prod = 7;
    for (size_t i = 0; i < HD_ARRAY_LEN(lengths); i++) {
        memcpy(pages[1] + 2048, &lengths[i], 4);
        CU_ASSERT_EQUAL(hd_9p_ring_next(&r), -1);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_message_is_taken_whole_over_the_ends_of_ring_and_numbers),
    HD_TEST(indices_and_lengths_that_cannot_be_are_no_ring),
};
HD_SUITE("fs9p/ring", tests);
