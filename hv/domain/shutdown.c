/* SPDX-License-Identifier: MIT */
/* Orders to a guest's kernel; never waits for it. */
#include "shutdown.h"

#include <stdio.h>

#define PATH_SIZE 64

static void path_of(uint32_t domid, char ret[PATH_SIZE])
{
    snprintf(ret, PATH_SIZE, "/local/domain/%u/control/shutdown", domid);
}

int hd_shutdown_order(struct hd_xs *xs, uint32_t domid, const char *order,
                      struct hd_err *err)
{
    char path[PATH_SIZE];

    path_of(domid, path);
    return hd_xs_update(xs, path, order, err);
}

bool hd_shutdown_is_taken(struct hd_xs *xs, uint32_t domid)
{
    char path[PATH_SIZE], left[16];

    path_of(domid, path);
    return hd_xs_read(xs, path, left, sizeof(left), NULL) > 0 && !*left;
}
