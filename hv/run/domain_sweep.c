/* SPDX-License-Identifier: MIT */
/* Takes away what xenstore and libxl know of domains; never touches them. */
#include "domain_sweep.h"

#include <glob.h>
#include <stdio.h>

/* Where libxl keeps its own notes of a domain. */
#define USERDATA "/var/lib/xen/userdata-?.%u.%s.*"

#define PATH 128
#define OWN  3 /* nodes of a domain beside its backends */

static void remove_files(const struct hd_domain_status *domain)
{
    char pattern[128], id[HD_UUID_SIZE];
    glob_t found;

    hd_uuid_format(&domain->uuid, id);
    snprintf(pattern, sizeof(pattern), USERDATA, domain->domid, id);
    if (glob(pattern, 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* Of one: its own nodes, then its backend folder in each class. */
static void list_paths(const struct hd_domain_status *domain, char **classes,
                       size_t n_classes, char (*paths)[PATH])
{
    char id[HD_UUID_SIZE];

    hd_uuid_format(&domain->uuid, id);
    snprintf(paths[0], PATH, "/local/domain/%u", domain->domid);
    snprintf(paths[1], PATH, "/vm/%s", id);
    snprintf(paths[2], PATH, "/libxl/%u", domain->domid);
    for (size_t i = 0; i < n_classes; i++)
        snprintf(paths[OWN + i], PATH, "/local/domain/0/backend/%.64s/%u",
                 classes[i], domain->domid);
}

int hd_domain_sweep(struct hd_xs *xs, const struct hd_domain_status *domains,
                    size_t n, struct hd_err *err)
{
    hd_autofree char **classes = NULL;
    hd_autofree char(*paths)[PATH] = NULL;
    hd_autofree struct hd_xs_node *nodes = NULL;
    size_t n_classes, each;

    for (size_t i = 0; i < n; i++)
        remove_files(&domains[i]);
    if (hd_xs_list(xs, "/local/domain/0/backend", &classes, &n_classes, err))
        return -1;
    each = OWN + n_classes;
    paths = calloc(n * each, sizeof(*paths));
    nodes = calloc(n * each, sizeof(*nodes));
    if (!paths || !nodes)
        return hd_fail_errno(err, HD_E_FAILED, "clean xenstore");
    for (size_t i = 0; i < n; i++)
        list_paths(&domains[i], classes, n_classes, paths + i * each);
    for (size_t i = 0; i < n * each; i++)
        nodes[i].path = paths[i];
    return hd_xs_write(xs, nodes, n * each, err);
}
