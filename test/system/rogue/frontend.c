/* SPDX-License-Identifier: MIT */
/* Connects to the backend of a 9pfs device through xenbus, gntalloc and evtchn;
 * believes it, and never checks what it is given to send. */
#include "frontend.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/io/xenbus.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>

#include "../../../pv-drivers/base/io.h"

#define FOLDER  "device/9pfs/0"
#define HOST    0 /* the backend's domain */
#define PAGE    4096u
#define WAIT_MS 10000
/* Without an event for so long, the backend's state is looked at. */
#define LOOK_MS 100

/* ---- pages and channels */

/* `n` pages, one behind the other, that the host may map and write. */
static void *grant(int fd, uint32_t n, uint32_t refs[])
{
    union {
        struct ioctl_gntalloc_alloc_gref head;
        uint8_t room[sizeof(struct ioctl_gntalloc_alloc_gref) +
                     HD_9P_RING_PAGES * sizeof(*refs)];
    } ask = {
        .head = {.domid = HOST, .flags = GNTALLOC_FLAG_WRITABLE, .count = n}};
    void *pages;

    if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &ask))
        return NULL;
    memcpy(refs,
           ask.room + offsetof(struct ioctl_gntalloc_alloc_gref, gref_ids),
           n * sizeof(*refs));
    pages = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                 (off_t)ask.head.index);
    return pages == MAP_FAILED ? NULL : pages;
}

static int open_ring(struct frontend *f, struct frontend_ring *r,
                     struct hd_err *err)
{
    struct ioctl_evtchn_bind_unbound_port ask = {.remote_domain = HOST};
    int port;

    r->intf = grant(f->grants, 1, &r->ref);
    r->data = r->intf ? grant(f->grants, HD_9P_RING_PAGES, r->refs) : NULL;
    if (!r->data)
        return hd_fail_errno(err, HD_E_FAILED, "grant pages");
    port = ioctl(f->events, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &ask);
    if (port < 0)
        return hd_fail_errno(err, HD_E_FAILED, "make an event channel");
    r->port = (uint32_t)port;
    return 0;
}

static int find_backend(struct frontend *f, struct hd_err *err)
{
    char path[64] = "";

    if (hd_xsdev_read(f->xs, FOLDER "/backend", path, sizeof(path), err) != 1)
        return hd_fail(err, HD_E_NO_DEVICE, "there is no 9pfs device");
    snprintf(f->back, sizeof(f->back), "%s/state", path);
    return 0;
}

int frontend_open(struct frontend *f, struct hd_err *err)
{
    *f = (struct frontend){0};
    f->grants = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
    f->events = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
    if (f->grants < 0 || f->events < 0)
        return hd_fail_errno(err, HD_E_NO_XEN, "open grants and events");
    if (hd_xsdev_open(&f->xs, err) || find_backend(f, err))
        return -1;
    for (size_t i = 0; i < HD_FS9P_RINGS; i++)
        if (open_ring(f, &f->rings[i], err))
            return -1;
    return 0;
}

/* ---- xenbus */

int frontend_write(struct frontend *f, const char *key, const char *value,
                   struct hd_err *err)
{
    char path[64];

    snprintf(path, sizeof(path), FOLDER "/%s", key);
    return hd_xsdev_write(f->xs, path, value, err);
}

static int write_number(struct frontend *f, const char *key, uint32_t value,
                        struct hd_err *err)
{
    char text[12];

    snprintf(text, sizeof(text), "%u", value);
    return frontend_write(f, key, text, err);
}

static enum xenbus_state back_state(struct frontend *f)
{
    char text[4] = "";

    (void)hd_xsdev_read(f->xs, f->back, text, sizeof(text), NULL);
    return (enum xenbus_state)atoi(text);
}

/* Until the backend is in one of both. */
static int await(struct frontend *f, enum xenbus_state one,
                 enum xenbus_state other, enum xenbus_state *ret,
                 struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + WAIT_MS;

    for (;;) {
        *ret = back_state(f);
        if (*ret == one || *ret == other)
            return 0;
        if (!hd_io_left_ms(until))
            return hd_fail(err, HD_E_TIMEOUT, "the backend stays in state %d",
                           *ret);
        usleep(10000);
    }
}

static void clear_ring(struct frontend_ring *r)
{
    memset(r->intf, 0, PAGE);
    memset(r->data, 0, HD_9P_RING_PAGES * PAGE);
    r->intf->ring_order = HD_9P_RING_ORDER;
    memcpy(r->intf->ref, r->refs, sizeof(r->refs));
}

static int say_ring(struct frontend *f, unsigned i, struct hd_err *err)
{
    char key[24];

    clear_ring(&f->rings[i]);
    snprintf(key, sizeof(key), "ring-ref%u", i);
    if (write_number(f, key, f->rings[i].ref, err))
        return -1;
    snprintf(key, sizeof(key), "event-channel-%u", i);
    return write_number(f, key, f->rings[i].port, err);
}

int frontend_greet(struct frontend *f, struct hd_err *err)
{
    enum xenbus_state state;

    f->connected = false;
    f->out = f->in = 0;
    if (write_number(f, "state", XenbusStateInitialising, err) ||
        await(f, XenbusStateInitWait, XenbusStateInitWait, &state, err) ||
        frontend_write(f, "version", "1", err) ||
        write_number(f, "num-rings", HD_FS9P_RINGS, err))
        return -1;
    for (unsigned i = 0; i < HD_FS9P_RINGS; i++)
        if (say_ring(f, i, err))
            return -1;
    return 0;
}

int frontend_enter(struct frontend *f, struct hd_err *err)
{
    enum xenbus_state state;

    if (write_number(f, "state", XenbusStateInitialised, err) ||
        await(f, XenbusStateConnected, XenbusStateClosed, &state, err))
        return -1;
    f->connected = state == XenbusStateConnected;
    return f->connected ? write_number(f, "state", XenbusStateConnected, err)
                        : 0;
}

int frontend_leave(struct frontend *f, struct hd_err *err)
{
    enum xenbus_state state;

    f->connected = false;
    return write_number(f, "state", XenbusStateClosed, err)
               ? -1
               : await(f, XenbusStateClosed, XenbusStateClosed, &state, err);
}

/* ---- messages */

/* From the ring's place `at` on, over its end. */
static void copy(uint8_t *ring, uint32_t at, void *buf, size_t len, bool in)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t *place = &ring[(at + i) & (FRONTEND_RING - 1)];

        if (in)
            ((uint8_t *)buf)[i] = *place;
        else
            *place = ((const uint8_t *)buf)[i];
    }
}

void frontend_send(struct frontend *f, const void *bytes, size_t len)
{
    struct frontend_ring *r = &f->rings[0];

    copy(r->data + FRONTEND_RING, f->out, (void *)(uintptr_t)bytes, len, false);
    f->out += (uint32_t)len;
    __atomic_store_n(&r->intf->out_prod, f->out, __ATOMIC_RELEASE);
}

void frontend_notify(struct frontend *f)
{
    struct ioctl_evtchn_notify ask = {.port = f->rings[0].port};

    (void)ioctl(f->events, IOCTL_EVTCHN_NOTIFY, &ask);
}

/* False: none has come. */
static bool take_event(struct frontend *f)
{
    struct pollfd p = {.fd = f->events, .events = POLLIN};
    uint32_t port;

    if (poll(&p, 1, LOOK_MS) != 1)
        return false;
    if (read(f->events, &port, sizeof(port)) == sizeof(port))
        (void)!write(f->events, &port, sizeof(port));
    return true;
}

/* How much of the next reply is there; its whole length, once that is known. */
static uint32_t look(const struct frontend *f, uint32_t *ret_len)
{
    const struct frontend_ring *r = &f->rings[0];
    uint32_t there =
        __atomic_load_n(&r->intf->in_prod, __ATOMIC_ACQUIRE) - f->in;

    if (there >= sizeof(*ret_len))
        copy(r->data, f->in, ret_len, sizeof(*ret_len), true);
    return there;
}

ssize_t frontend_reply(struct frontend *f, void *buf, size_t size,
                       struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + WAIT_MS;
    uint32_t len = UINT32_MAX;

    while (look(f, &len) < len) {
        if (take_event(f))
            continue;
        f->connected = back_state(f) == XenbusStateConnected;
        if (!f->connected)
            return 0;
        if (!hd_io_left_ms(until))
            return hd_fail(err, HD_E_TIMEOUT, "no reply");
    }
    if (len > size)
        return hd_fail(err, HD_E_FAILED, "a reply of %u bytes", len);
    copy(f->rings[0].data, f->in, buf, len, true);
    f->in += len;
    __atomic_store_n(&f->rings[0].intf->in_cons, f->in, __ATOMIC_RELEASE);
    frontend_notify(f);
    return (ssize_t)len;
}
