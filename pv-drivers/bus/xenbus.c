/* SPDX-License-Identifier: MIT */
/* The nodes of paravirtual devices, on all their sides; knows no class of
 * device, and never waits for a driver. */
#include "xenbus.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/mem.h"
#include "xenbus_state.h"

#define DOM0 "/local/domain/0"
/* A device has: in the backend, the frontend, and libxl's. */
#define FOLDERS 3
/* Nodes of a device beside its pairs: who the other is, and both for libxl. */
#define LINKS 4

void hd_xenbus_front_path(const struct hd_xenbus_device *dev,
                          char ret[HD_XENBUS_PATH])
{
    snprintf(ret, HD_XENBUS_PATH, "/local/domain/%u/device/%s/%u", dev->domid,
             dev->front_class ? dev->front_class : dev->class, dev->devid);
}

void hd_xenbus_back_path(const struct hd_xenbus_device *dev,
                         char ret[HD_XENBUS_PATH])
{
    snprintf(ret, HD_XENBUS_PATH, DOM0 "/backend/%s/%u/%u", dev->class,
             dev->domid, dev->devid);
}

/* Where libxl looks first: libxl_device.c, libxl__device_libxl_path. */
static void libxl_path(const struct hd_xenbus_device *dev,
                       char ret[HD_XENBUS_PATH])
{
    snprintf(ret, HD_XENBUS_PATH, "/libxl/%u/device/%s/%u", dev->domid,
             dev->class, dev->devid);
}

static void put(struct hd_xenbus_pair *pairs, uint32_t *n, const char *key,
                const char *fmt, va_list ap)
{
    struct hd_xenbus_pair *pair = &pairs[(*n)++];

    pair->key = key;
    vsnprintf(pair->value, sizeof(pair->value), fmt, ap);
}

void hd_xenbus_front(struct hd_xenbus_device *dev, const char *key,
                     const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (dev->n_front < HD_ARRAY_LEN(dev->front))
        put(dev->front, &dev->n_front, key, fmt, ap);
    va_end(ap);
}

void hd_xenbus_back(struct hd_xenbus_device *dev, const char *key,
                    const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (dev->n_back < HD_ARRAY_LEN(dev->back))
        put(dev->back, &dev->n_back, key, fmt, ap);
    va_end(ap);
}

void hd_xenbus_libxl(struct hd_xenbus_device *dev, const char *key,
                     const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (dev->n_libxl < HD_ARRAY_LEN(dev->libxl))
        put(dev->libxl, &dev->n_libxl, key, fmt, ap);
    va_end(ap);
}

void hd_xenbus_init(struct hd_xenbus_device *dev, const char *class,
                    uint32_t domid, uint32_t devid)
{
    *dev = (struct hd_xenbus_device){
        .class = class, .domid = domid, .devid = devid};
    hd_xenbus_front(dev, "backend-id", "0");
    hd_xenbus_front(dev, "state", "%d", HD_XENBUS_INITIALISING);
    hd_xenbus_back(dev, "frontend-id", "%u", domid);
    hd_xenbus_back(dev, "online", "1");
    hd_xenbus_back(dev, "state", "%d", HD_XENBUS_INITIALISING);
}

void hd_xenbus_served(struct hd_xenbus_device *dev)
{
    for (uint32_t i = 0; i < dev->n_back; i++)
        if (!strcmp(dev->back[i].key, "state"))
            snprintf(dev->back[i].value, HD_XENBUS_VALUE, "%d",
                     HD_XENBUS_INIT_WAIT);
}

/* A transaction in the making, all owned; a path and a value a node. */
struct batch {
    char (*paths)[HD_XENBUS_PATH];
    char (*links)[HD_XENBUS_PATH];
    struct hd_xs_node *nodes;
    struct hd_xs_folder *folders;
    size_t n_paths, n_links, n_nodes, n_folders;
};

static void batch_fini(struct batch *b)
{
    free(b->paths);
    free(b->links);
    free(b->nodes);
    free(b->folders);
}

#define auto_batch __attribute__((cleanup(batch_fini))) struct batch

static int batch_init(struct batch *b, size_t n_devices, size_t per_device,
                      struct hd_err *err)
{
    size_t folders = FOLDERS * n_devices, nodes = per_device * n_devices;

    *b = (struct batch){
        .paths = calloc(FOLDERS * n_devices + nodes + 1, HD_XENBUS_PATH),
        .links = calloc(LINKS * n_devices + 1, HD_XENBUS_PATH),
        .nodes = calloc(nodes + 1, sizeof(*b->nodes)),
        .folders = calloc(folders + 1, sizeof(*b->folders)),
    };
    return b->paths && b->links && b->nodes && b->folders
               ? 0
               : hd_fail_errno(err, HD_E_FAILED, "write xenstore");
}

static void add_node(struct batch *b, const char *folder, const char *key,
                     const char *value)
{
    char *path = b->paths[b->n_paths++];

    snprintf(path, HD_XENBUS_PATH, "%.90s%s%.36s", folder, *key ? "/" : "",
             key);
    b->nodes[b->n_nodes++] = (struct hd_xs_node){path, value};
}

static void add_pairs(struct batch *b, const char *folder,
                      const struct hd_xenbus_pair *pairs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        add_node(b, folder, pairs[i].key, pairs[i].value);
}

/* Both ends work by these, and xl reads them there. */
static bool is_libxls(const char *key)
{
    static const char *const ends[] = {"frontend-id", "online", "state",
                                       "physical-device", "hotplug-status"};

    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
        if (!strcmp(ends[i], key))
            return false;
    return true;
}

static const char *add_folder(struct batch *b, const char *path, uint32_t owner,
                              uint32_t reader)
{
    char *kept = b->paths[b->n_paths++];

    memcpy(kept, path, HD_XENBUS_PATH);
    b->folders[b->n_folders++] = (struct hd_xs_folder){kept, owner, reader};
    return kept;
}

/* By these two the device is found when it is to go. */
static void add_ends(struct batch *b, const struct hd_xenbus_device *dev)
{
    char *front = b->links[b->n_links++], *back = b->links[b->n_links++];
    char libxl[HD_XENBUS_PATH];

    hd_xenbus_front_path(dev, front);
    hd_xenbus_back_path(dev, back);
    libxl_path(dev, libxl);
    add_folder(b, front, dev->domid, 0);
    add_folder(b, back, 0, dev->domid);
    /* The frontend first: the backend's driver wakes up at its first node. */
    add_node(b, front, "backend", back);
    add_pairs(b, front, dev->front, dev->n_front);
    add_node(b, back, "frontend", front);
    add_pairs(b, back, dev->back, dev->n_back);
    add_node(b, libxl, "frontend", front);
    add_node(b, libxl, "backend", back);
}

static void add_libxls(struct batch *b, const struct hd_xenbus_device *dev)
{
    char libxl[HD_XENBUS_PATH];

    libxl_path(dev, libxl);
    for (uint32_t i = 0; i < dev->n_back; i++)
        if (is_libxls(dev->back[i].key))
            add_node(b, libxl, dev->back[i].key, dev->back[i].value);
    add_pairs(b, libxl, dev->libxl, dev->n_libxl);
}

int hd_xenbus_add(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                  size_t n, const struct hd_xenbus_more *more,
                  struct hd_err *err)
{
    auto_batch b;

    if (batch_init(&b, n,
                   LINKS + HD_ARRAY_LEN(devices->front) +
                       HD_ARRAY_LEN(devices->back),
                   err))
        return -1;
    for (size_t i = 0; i < n; i++)
        add_ends(&b, &devices[i]);
    return hd_xs_make(xs, b.folders, b.n_folders, b.nodes, b.n_nodes, err) ||
                   (more && hd_xs_put(xs, more->folders, more->n_folders,
                                      more->nodes, more->n_nodes, err))
               ? -1
               : 0;
}

int hd_xenbus_record(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                     size_t n, struct hd_err *err)
{
    auto_batch b;

    if (batch_init(&b, n,
                   HD_ARRAY_LEN(devices->back) + HD_ARRAY_LEN(devices->libxl),
                   err))
        return -1;
    for (size_t i = 0; i < n; i++)
        add_libxls(&b, &devices[i]);
    return hd_xs_put(xs, NULL, 0, b.nodes, b.n_nodes, err);
}

static void add_close(struct batch *b, const struct hd_xenbus_device *dev,
                      enum hd_xenbus_state is, bool force)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_front_path(dev, path);
    if (force)
        add_node(b, path, "", NULL);
    /* One that is not there must not come back as two nodes. */
    if (is == HD_XENBUS_NONE)
        return;
    hd_xenbus_back_path(dev, path);
    add_node(b, path, "online", "0");
    if (is != HD_XENBUS_CLOSED)
        add_node(b, path, "state", "5");
}

/* What libxl_device.c, libxl__initiate_device_generic_remove, writes. */
int hd_xenbus_close(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, bool force, struct hd_err *err)
{
    hd_autofree enum hd_xenbus_state *states = calloc(n + 1, sizeof(*states));
    auto_batch b = {0};

    if (!states)
        return hd_fail_errno(err, HD_E_FAILED, "close devices");
    if (hd_xenbus_back_states(xs, devices, n, states, err) ||
        batch_init(&b, n, FOLDERS, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        add_close(&b, &devices[i], states[i], force);
    return hd_xs_write(xs, b.nodes, b.n_nodes, err);
}

int hd_xenbus_remove(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                     size_t n, struct hd_err *err)
{
    auto_batch b;
    char path[HD_XENBUS_PATH];

    if (batch_init(&b, n, FOLDERS, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        hd_xenbus_front_path(&devices[i], path);
        add_node(&b, path, "", NULL);
        hd_xenbus_back_path(&devices[i], path);
        add_node(&b, path, "", NULL);
        libxl_path(&devices[i], path);
        add_node(&b, path, "", NULL);
    }
    return hd_xs_write(xs, b.nodes, b.n_nodes, err);
}

int hd_xenbus_list(struct hd_xs *xs, const char *class, uint32_t domid,
                   struct hd_xenbus_device *devices, size_t max, size_t *ret_n,
                   struct hd_err *err)
{
    hd_autofree char **names = NULL;
    char path[HD_XENBUS_PATH], *end;
    size_t n, used = 0;

    snprintf(path, sizeof(path), "/libxl/%u/device/%s", domid, class);
    if (hd_xs_list(xs, path, &names, &n, err))
        return -1;
    for (size_t i = 0; i < n && used < max; i++) {
        unsigned long devid = strtoul(names[i], &end, 10);

        if (!*end && devid <= UINT32_MAX)
            devices[used++] = (struct hd_xenbus_device){
                .class = class, .domid = domid, .devid = (uint32_t)devid};
    }
    *ret_n = used;
    return 0;
}
