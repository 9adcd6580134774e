/* SPDX-License-Identifier: MIT */
/* Takes away what xenstore and libxl know of domains; never touches them. */
#include "sweep.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"

/* Where libxl keeps its own notes of a domain. */
#define USERDATA "/var/lib/xen/userdata-?.%u.%s.*"

#define BACKENDS "/local/domain/0/backend"

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

/* Those of a domain, as glob(3) does it. */
static int find_devices(const char *devices, uint32_t domid, glob_t *ret)
{
    char pattern[PATH];

    snprintf(pattern, sizeof(pattern), "%.80s/*-%u-*", devices, domid);
    return glob(pattern, GLOB_NOSORT, NULL, ret);
}

static bool has_devices(uint32_t domid)
{
    glob_t found;

    if (find_devices(HD_BACKEND_DEVICES, domid, &found))
        return false;
    globfree(&found);
    return true;
}

/* As xenbus_strstate() has it, which the kernel sets behind the node. */
static bool is_in(const char *device, const char *state)
{
    hd_autofree char *text = NULL;
    char path[PATH + 8];
    size_t len;

    snprintf(path, sizeof(path), "%s/state", device);
    return !hd_io_read_file(path, 32, &text, &len, NULL) &&
           len == strlen(state) + 1 && !memcmp(text, state, len - 1);
}

/* The kernel has one for each backend, those of programs too: these have no
 * driver. */
static bool is_of_a_program(const char *device)
{
    char path[PATH + 8];

    snprintf(path, sizeof(path), "%s/driver", device);
    return access(path, F_OK);
}

/* The device is CLASS-DOMID-NUMBER. */
static bool has_begun(struct hd_xs *xs, const char *device, uint32_t domid)
{
    const char *class = strrchr(device, '/') + 1,
               *number = strrchr(device, '-') + 1;
    char path[PATH], state[8] = "";

    snprintf(path, sizeof(path), "/local/domain/%u/device/%.*s/%.20s/state",
             domid, (int)strcspn(class, "-"), class, number);
    return hd_xs_read(xs, path, state, sizeof(state), NULL) < 0 ||
           strcmp(state, "1") != 0;
}

bool hd_domain_rests(struct hd_xs *xs, const char *devices, uint32_t domid)
{
    glob_t found;
    int rc = find_devices(devices, domid, &found);
    bool rests = true;

    if (rc)
        return rc == GLOB_NOMATCH;
    for (size_t i = 0; rests && i < found.gl_pathc; i++) {
        const char *device = found.gl_pathv[i];

        rests = is_of_a_program(device) || is_in(device, "Connected") ||
                (is_in(device, "InitWait") && !has_begun(xs, device, domid));
    }
    globfree(&found);
    return rests;
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
