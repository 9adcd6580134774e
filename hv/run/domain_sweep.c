/* SPDX-License-Identifier: MIT */
/* What a domain leaves behind when libxl was killed while it destroyed it;
 * never touches a domain that lives. */
#include "domain_sweep.h"

#include <glob.h>
#include <stdio.h>

/* Where libxl keeps its own notes of a domain. */
#define USERDATA "/var/lib/xen/userdata-?.%u.%s.*"

static int remove_backends(struct hd_xs *xs, uint32_t domid, struct hd_err *err)
{
    hd_autofree char **classes = NULL;
    size_t n;

    if (hd_xs_list(xs, "/local/domain/0/backend", &classes, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        char path[HD_XS_PATH_SIZE];

        snprintf(path, sizeof(path), "/local/domain/0/backend/%.64s/%u",
                 classes[i], domid);
        if (hd_xs_write(xs, &(struct hd_xs_node){path, NULL}, 1, err))
            return -1;
    }
    return 0;
}

static void remove_files(uint32_t domid, const char *uuid)
{
    char pattern[128];
    glob_t found;

    snprintf(pattern, sizeof(pattern), USERDATA, domid, uuid);
    if (glob(pattern, 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

int hd_domain_sweep(struct hd_xs *xs, uint32_t domid,
                    const struct hd_uuid *uuid, struct hd_err *err)
{
    char id[HD_UUID_SIZE], domain[64], vm[64], libxl[64];

    hd_uuid_format(uuid, id);
    snprintf(domain, sizeof(domain), "/local/domain/%u", domid);
    snprintf(vm, sizeof(vm), "/vm/%s", id);
    snprintf(libxl, sizeof(libxl), "/libxl/%u", domid);
    remove_files(domid, id);
    if (hd_xs_write(
            xs,
            (struct hd_xs_node[]){{domain, NULL}, {vm, NULL}, {libxl, NULL}}, 3,
            err))
        return -1;
    return remove_backends(xs, domid, err);
}
