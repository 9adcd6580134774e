/* SPDX-License-Identifier: MIT */
/* Takes away what xenstore and libxl know of domains; never touches them. */
#include "sweep.h"

#include <glob.h>
#include <stdio.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"

/* Where libxl keeps its own notes of a domain. */
#define USERDATA "/var/lib/xen/userdata-?.%u.%s.*"

#define BACKENDS "/local/domain/0/backend"
#define DEVICES  "/sys/bus/xen-backend/devices/*-%u-*"

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

int hd_domain_classes_list(struct hd_xs *xs, struct hd_domain_classes *ret,
                           struct hd_err *err)
{
    return hd_xs_list(xs, BACKENDS, &ret->names, &ret->n, err);
}

void hd_domain_classes_fini(struct hd_domain_classes *classes)
{
    free(classes->names);
    *classes = (struct hd_domain_classes){0};
}

static void backend_path(const char *class, uint32_t domid, char ret[PATH])
{
    snprintf(ret, PATH, BACKENDS "/%.64s/%u", class, domid);
}

/* Of one: its own nodes, then its backend folder in each class. */
static void list_paths(const struct hd_domain_status *domain,
                       const struct hd_domain_classes *classes,
                       char (*paths)[PATH])
{
    char id[HD_UUID_SIZE];

    hd_uuid_format(&domain->uuid, id);
    snprintf(paths[0], PATH, "/local/domain/%u", domain->domid);
    snprintf(paths[1], PATH, "/vm/%s", id);
    snprintf(paths[2], PATH, "/libxl/%u", domain->domid);
    for (size_t i = 0; i < classes->n; i++)
        backend_path(classes->names[i], domain->domid, paths[OWN + i]);
}

static int remove_nodes(struct hd_xs *xs,
                        const struct hd_domain_status *domains, size_t n,
                        const struct hd_domain_classes *classes,
                        struct hd_err *err)
{
    size_t each = OWN + classes->n;
    hd_autofree char(*paths)[PATH] = calloc(n * each, sizeof(*paths));
    hd_autofree struct hd_xs_node *nodes = calloc(n * each, sizeof(*nodes));

    if (!paths || !nodes)
        return hd_fail_errno(err, HD_E_FAILED, "clean xenstore");
    for (size_t i = 0; i < n; i++)
        list_paths(&domains[i], classes, paths + i * each);
    for (size_t i = 0; i < n * each; i++)
        nodes[i].path = paths[i];
    return hd_xs_write(xs, nodes, n * each, err);
}

int hd_domain_sweep(struct hd_xs *xs, const struct hd_domain_status *domains,
                    size_t n, const struct hd_domain_classes *classes,
                    struct hd_err *err)
{
    struct hd_domain_classes listed = {0};
    int rc;

    for (size_t i = 0; i < n; i++)
        remove_files(&domains[i]);
    if (!classes && hd_domain_classes_list(xs, &listed, err))
        return -1;
    rc = remove_nodes(xs, domains, n, classes ? classes : &listed, err);
    hd_domain_classes_fini(&listed);
    return rc;
}

/* ---- what comes back */

static bool has_devices(uint32_t domid)
{
    char pattern[sizeof(DEVICES) + 16];
    glob_t found;

    snprintf(pattern, sizeof(pattern), DEVICES, domid);
    if (glob(pattern, GLOB_NOSORT, NULL, &found))
        return false;
    globfree(&found);
    return true;
}

/* 1: there were some, and they are removed; 0: none. */
static int remove_of_classes(struct hd_xs *xs, uint32_t domid,
                             const struct hd_domain_classes *classes,
                             struct hd_err *err)
{
    hd_autofree char(*paths)[PATH] = calloc(classes->n + 1, sizeof(*paths));
    hd_autofree struct hd_xs_node *nodes =
        calloc(classes->n + 1, sizeof(*nodes));
    hd_autofree struct hd_xs_value *values =
        calloc(classes->n + 1, sizeof(*values));
    size_t n = 0;
    char value[8];

    if (!paths || !nodes || !values)
        return hd_fail_errno(err, HD_E_FAILED, "clean xenstore");
    for (size_t i = 0; i < classes->n; i++) {
        backend_path(classes->names[i], domid, paths[i]);
        values[i] = (struct hd_xs_value){
            .path = paths[i], .buf = value, .size = sizeof(value)};
    }
    if (hd_xs_read_all(xs, values, classes->n, err))
        return -1;
    for (size_t i = 0; i < classes->n; i++)
        if (values[i].there)
            nodes[n++].path = paths[i];
    return !n ? 0 : hd_xs_write(xs, nodes, n, err) ? -1 : 1;
}

/* A class is a folder that comes back as well. */
static int remove_backends(struct hd_xs *xs, uint32_t domid, struct hd_err *err)
{
    struct hd_domain_classes classes = {0};
    int rc = hd_domain_classes_list(xs, &classes, err)
                 ? -1
                 : remove_of_classes(xs, domid, &classes, err);

    hd_domain_classes_fini(&classes);
    return rc;
}

int hd_domain_sweep_late(struct hd_xs *xs, uint32_t domid, uint64_t deadline_ms,
                         struct hd_err *err)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    int rc;

    while ((rc = remove_backends(xs, domid, err)) > 0 ||
           (!rc && has_devices(domid))) {
        if (!hd_io_left_ms(deadline_ms))
            return hd_fail(err, HD_E_TIMEOUT,
                           "a backend of domain %u, which is gone, stays",
                           domid);
        nanosleep(&pause, NULL);
    }
    return rc;
}
