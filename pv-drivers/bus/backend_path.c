/* SPDX-License-Identifier: MIT */
/* The xenstore folder of a backend device in dom0; pure. */
#include "backend_path.h"

#include <stdio.h>
#include <string.h>

int hd_backend_path_parse(const char *text, struct hd_backend_path *ret,
                          struct hd_err *err)
{
    struct hd_backend_path path = {0};
    char again[64];

    /* Printed back it must be the same, which leaves no room for blanks, signs,
     * leading zeros, overflow or a tail. */
    if (sscanf(text, "backend/%7[a-z]/%u/%u", path.class, &path.domid,
               &path.devid) != 3 ||
        snprintf(again, sizeof(again), "backend/%s/%u/%u", path.class,
                 path.domid, path.devid) >= (int)sizeof(again) ||
        strcmp(text, again))
        return hd_fail(err, HD_E_USAGE, "XENBUS_PATH \"%s\" is no backend",
                       text);
    *ret = path;
    return 0;
}
