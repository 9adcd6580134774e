/* SPDX-License-Identifier: MIT */
/* The nodes of paravirtual devices, and waiting for their drivers; knows no
 * class of device, and never believes a guest. */
#include "xenbus.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../base/io.h"
#include "xs_bulk.h"

#define DOM0 "/local/domain/0"
#define FOLDERS                                                                \
    3 /* a device has: in the backend, the frontend, and libxl's               \
       */
/* Nodes of a device beside its pairs: who the other is, and both for libxl. */
#define LINKS   4
#define LOOK_MS 1000 /* a watch event may be lost with xenstored */
#define STATES  16   /* are read at a time */

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

static enum hd_xenbus_state state_of(const struct hd_xs_value *v)
{
    if (v->there <= 0 || v->buf[0] < '0' || v->buf[0] > '6' || v->buf[1])
        return HD_XENBUS_NONE;
    return (enum hd_xenbus_state)(v->buf[0] - '0');
}

/* Of at most STATES folders. */
static void states_in(struct hd_xs *xs, char (*folders)[HD_XENBUS_PATH],
                      size_t n, enum hd_xenbus_state *ret)
{
    struct hd_xs_value values[STATES];
    char nodes[STATES][HD_XENBUS_PATH + 8], text[STATES][4];

    for (size_t i = 0; i < n; i++) {
        snprintf(nodes[i], sizeof(nodes[i]), "%s/state", folders[i]);
        values[i] = (struct hd_xs_value){
            .path = nodes[i], .buf = text[i], .size = sizeof(text[i])};
    }
    (void)hd_xs_read_all(xs, values, n, NULL);
    for (size_t i = 0; i < n; i++)
        ret[i] = state_of(&values[i]);
}

/* Gives how many of the `n` backends it was. */
static size_t back_states(struct hd_xs *xs,
                          const struct hd_xenbus_device *devices, size_t n,
                          enum hd_xenbus_state ret[STATES])
{
    char paths[STATES][HD_XENBUS_PATH];
    size_t some = n < STATES ? n : STATES;

    for (size_t i = 0; i < some; i++)
        hd_xenbus_back_path(&devices[i], paths[i]);
    states_in(xs, paths, some, ret);
    return some;
}

static enum hd_xenbus_state state_in(struct hd_xs *xs, const char *folder)
{
    char node[HD_XENBUS_PATH + 8], text[4];
    struct hd_xs_value value = {.buf = text};

    snprintf(node, sizeof(node), "%s/state", folder);
    value.there = hd_xs_read(xs, node, text, sizeof(text), NULL);
    return state_of(&value);
}

enum hd_xenbus_state hd_xenbus_back_state(struct hd_xs *xs,
                                          const struct hd_xenbus_device *dev)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_back_path(dev, path);
    return state_in(xs, path);
}

enum hd_xenbus_state hd_xenbus_front_state(struct hd_xs *xs,
                                           const struct hd_xenbus_device *dev)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_front_path(dev, path);
    return state_in(xs, path);
}

struct hd_xenbus_ends hd_xenbus_ends(struct hd_xs *xs,
                                     const struct hd_xenbus_device *dev)
{
    char paths[2][HD_XENBUS_PATH];
    enum hd_xenbus_state states[2];

    hd_xenbus_back_path(dev, paths[0]);
    hd_xenbus_front_path(dev, paths[1]);
    states_in(xs, paths, 2, states);
    return (struct hd_xenbus_ends){states[0], states[1]};
}

/* ---- nodes */

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
                      const struct hd_xenbus_more *more, struct hd_err *err)
{
    size_t folders = FOLDERS * n_devices + (more ? more->n_folders : 0);
    size_t nodes = per_device * n_devices + (more ? more->n_nodes : 0);

    *b = (struct batch){
        .paths = calloc(FOLDERS * n_devices + nodes + 1, HD_XENBUS_PATH),
        .links = calloc(LINKS * n_devices + 1, HD_XENBUS_PATH),
        .nodes = calloc(nodes + 1, sizeof(*b->nodes)),
        .folders = calloc(folders + 1, sizeof(*b->folders)),
    };
    if (!b->paths || !b->links || !b->nodes || !b->folders)
        return hd_fail_errno(err, HD_E_FAILED, "write xenstore");
    for (size_t i = 0; more && i < more->n_folders; i++)
        b->folders[b->n_folders++] = more->folders[i];
    for (size_t i = 0; more && i < more->n_nodes; i++)
        b->nodes[b->n_nodes++] = more->nodes[i];
    return 0;
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

static void add_device(struct batch *b, const struct hd_xenbus_device *dev)
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
    for (uint32_t i = 0; i < dev->n_back; i++)
        if (is_libxls(dev->back[i].key))
            add_node(b, libxl, dev->back[i].key, dev->back[i].value);
}

int hd_xenbus_add(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                  size_t n, const struct hd_xenbus_more *more,
                  struct hd_err *err)
{
    auto_batch b;

    if (batch_init(&b, n,
                   LINKS + HD_ARRAY_LEN(devices->front) +
                       2 * HD_ARRAY_LEN(devices->back),
                   more, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        add_device(&b, &devices[i]);
    return hd_xs_make(xs, b.folders, b.n_folders, b.nodes, b.n_nodes, err);
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
    enum hd_xenbus_state states[STATES];
    auto_batch b;

    if (batch_init(&b, n, FOLDERS, NULL, err))
        return -1;
    for (size_t at = 0; at < n;) {
        size_t some = back_states(xs, &devices[at], n - at, states);

        for (size_t i = 0; i < some; i++)
            add_close(&b, &devices[at + i], states[i], force);
        at += some;
    }
    return hd_xs_write(xs, b.nodes, b.n_nodes, err);
}

int hd_xenbus_remove(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                     size_t n, struct hd_err *err)
{
    auto_batch b;
    char path[HD_XENBUS_PATH];

    if (batch_init(&b, n, FOLDERS, NULL, err))
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

/* ---- states */

/* What its driver wrote when it gave up: xenbus_dev_fatal of the kernel. */
int hd_xenbus_gave_up(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                      struct hd_err *err)
{
    char node[HD_XENBUS_PATH], why[256] = "it says no more";

    snprintf(node, sizeof(node), DOM0 "/error/backend/%s/%u/%u/error",
             dev->class, dev->domid, dev->devid);
    (void)hd_xs_read(xs, node, why, sizeof(why), NULL);
    return hd_fail(err, HD_E_FAILED,
                   "the backend of %s %u of domain %u gave up: %s", dev->class,
                   dev->devid, dev->domid, why);
}

/* 1: it is there, 0: not yet, -1: it never will. */
static int judge(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                 enum hd_xenbus_state is, enum hd_xenbus_state want,
                 struct hd_err *err)
{
    if (is == want || (want == HD_XENBUS_CLOSED && is == HD_XENBUS_NONE) ||
        (want < HD_XENBUS_CLOSING && is > want && is < HD_XENBUS_CLOSING))
        return 1;
    if (want != HD_XENBUS_CLOSED &&
        (is == HD_XENBUS_NONE || is >= HD_XENBUS_CLOSING))
        return hd_xenbus_gave_up(xs, dev, err);
    return 0;
}

/* Adds how many from the first on are there to `*at`: 1 with some of those that
 * were looked at, 0: wait, -1. */
static int look(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                size_t n, enum hd_xenbus_state want, size_t *at,
                struct hd_err *err)
{
    enum hd_xenbus_state states[STATES];
    size_t some = back_states(xs, devices + *at, n - *at, states);

    for (size_t i = 0; i < some; i++) {
        int rc = judge(xs, devices + *at, states[i], want, err);

        if (rc <= 0)
            return rc;
        ++*at;
    }
    return 1;
}

int hd_xenbus_wait(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                   size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                   struct hd_err *err)
{
    size_t at = 0;

    while (at < n) {
        uint64_t until = hd_io_now_ms() + LOOK_MS;
        int rc = look(xs, devices, n, state, &at, err);

        if (rc < 0)
            return -1;
        if (rc)
            continue;
        if (!hd_io_left_ms(deadline_ms))
            return hd_xs_answers(hd_io_now_ms() + HD_XS_LAST_MS, err)
                       ? -1
                       : hd_fail(err, HD_E_TIMEOUT,
                                 "the backend of %s %u of domain %u does not "
                                 "answer",
                                 devices[at].class, devices[at].devid,
                                 devices[at].domid);
        if (hd_xs_wait(xs, until < deadline_ms ? until : deadline_ms, err))
            return -1;
    }
    return 0;
}

static void state_path(const struct hd_xenbus_device *dev,
                       char path[HD_XENBUS_PATH + 8])
{
    hd_xenbus_back_path(dev, path);
    strcat(path, "/state");
}

/* The event that comes with each watch says nothing, and is taken here: who
 * waits for it later only looks once more. */
static int watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                 size_t n, const char *token, struct hd_err *err)
{
    char path[HD_XENBUS_PATH + 8];

    for (size_t i = 0; i < n; i++) {
        state_path(&devices[i], path);
        if (hd_xs_watch(xs, path, token, err) ||
            hd_xs_wait(xs, hd_io_now_ms() + LOOK_MS, err))
            return -1;
    }
    return 0;
}

/* xenstored refuses the same watch twice: hd_xenbus_await may follow. */
int hd_xenbus_watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, struct hd_err *err)
{
    return watch(xs, devices, n, "live", err);
}

static void unwatch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n)
{
    char path[HD_XENBUS_PATH + 8];

    for (size_t i = 0; i < n; i++) {
        state_path(&devices[i], path);
        hd_xs_unwatch(xs, path, "backend");
    }
}

int hd_xenbus_await(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                    struct hd_err *err)
{
    int rc;

    if (watch(xs, devices, n, "backend", err))
        return -1;
    rc = hd_xenbus_wait(xs, devices, n, state, deadline_ms, err);
    unwatch(xs, devices, n);
    return rc;
}
