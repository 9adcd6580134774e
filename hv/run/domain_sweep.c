/* SPDX-License-Identifier: MIT */
/* Takes away what xenstore and libxl know of a domain; never touches the
 * domain.
 */
#include "domain_sweep.h"

#include <glob.h>
#include <stdio.h>

/* Where libxl keeps its own notes of a domain. */
#define USERDATA "/var/lib/xen/userdata-?.%u.%s.*"

#define PATH 128
#define OWN  3 /* nodes of a domain beside its backends */

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

/* Domid's own nodes, then its backend folder in each of the `n` classes. */
static void list_paths(uint32_t domid, const char *id, char **classes, size_t n,
                       char (*paths)[PATH])
{
    snprintf(paths[0], PATH, "/local/domain/%u", domid);
    snprintf(paths[1], PATH, "/vm/%s", id);
    snprintf(paths[2], PATH, "/libxl/%u", domid);
    for (size_t i = 0; i < n; i++)
        snprintf(paths[OWN + i], PATH, "/local/domain/0/backend/%.64s/%u",
                 classes[i], domid);
}

int hd_domain_sweep(struct hd_xs *xs, uint32_t domid,
                    const struct hd_uuid *uuid, struct hd_err *err)
{
    hd_autofree char **classes = NULL;
    hd_autofree char(*paths)[PATH] = NULL;
    hd_autofree struct hd_xs_node *nodes = NULL;
    char id[HD_UUID_SIZE];
    size_t n;

    hd_uuid_format(uuid, id);
    remove_files(domid, id);
    if (hd_xs_list(xs, "/local/domain/0/backend", &classes, &n, err))
        return -1;
    paths = calloc(OWN + n, sizeof(*paths));
    nodes = calloc(OWN + n, sizeof(*nodes));
    if (!paths || !nodes)
        return hd_fail_errno(err, HD_E_FAILED, "clean xenstore");
    list_paths(domid, id, classes, n, paths);
    for (size_t i = 0; i < OWN + n; i++)
        nodes[i].path = paths[i];
    return hd_xs_write(xs, nodes, OWN + n, err);
}
