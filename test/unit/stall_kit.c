/* SPDX-License-Identifier: MIT */
/* Waits on memory that all processes of a test share; touches no file. */
#include "stall_kit.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../../pv-drivers/base/io.h"
#include "unit.h"

struct shared {
    atomic_bool go;
    atomic_int begun;
};
static struct shared *shared;

int stall_kit_begun(void)
{
    return shared->begun;
}

void stall_kit_begin(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(shared != MAP_FAILED);
}

void stall_kit_go(void)
{
    shared->go = true;
}

void stall_kit_end(void)
{
    munmap(shared, sizeof(*shared));
}

int stall_kit_wait(void *ctx, const void *ask, size_t len, void *answer,
                   struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + STALL_KIT_MS;

    (void)ctx, (void)ask, (void)len, (void)answer, (void)err;
    signal(SIGTERM, SIG_IGN);
    shared->begun++;
    while (!shared->go && hd_io_left_ms(until))
        (void)poll(NULL, 0, 5);
    return 0;
}

void stall_kit_hold(struct hd_hand *hand)
{
    struct hd_err err;

    CHECK_FAILS(hd_hand_do(hand, stall_kit_wait, "", 0, NULL, 0,
                           hd_io_now_ms() + 20, &err),
                &err, HD_E_TIMEOUT, "does not answer");
    CU_ASSERT_TRUE(hd_hand_fd(hand) >= 0);
}

void stall_kit_await(struct hd_hand *hand)
{
    struct pollfd p = {.fd = hd_hand_fd(hand), .events = POLLIN};

    CU_ASSERT_EQUAL(poll(&p, 1, STALL_KIT_MS), 1);
    CU_ASSERT_TRUE(hd_hand_is_back(hand));
    CU_ASSERT_EQUAL(hd_hand_fd(hand), -1);
}
