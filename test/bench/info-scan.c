/* SPDX-License-Identifier: MIT */
/* info-scan RUNS: microseconds that one scan of all the host takes, a line a
 * run, behind one that is not counted; changes nothing.  Needs dom0. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../hv/host/inventory.h"
#include "../../pv-drivers/base/mem.h"

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    hd_autofree struct hd_inventory *inventory = malloc(sizeof(*inventory));
    int runs = argc == 2 ? atoi(argv[1]) : 0;
    struct hd_err err = {0};

    if (!inventory || runs < 1) {
        fprintf(stderr, "usage: info-scan RUNS\n");
        return 2;
    }
    for (int i = 0; i <= runs; i++) {
        int64_t begin = now_us();

        if (hd_inventory_scan(HD_SCAN_ALL, inventory, &err)) {
            fprintf(stderr, "info-scan: %s\n", err.msg);
            return 1;
        }
        if (i)
            printf("%" PRId64 "\n", now_us() - begin);
    }
    return 0;
}
