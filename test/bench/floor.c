/* SPDX-License-Identifier: MIT */
/* The least that starts and ends a PV guest with a disk and a nic: hypercalls,
 * the copy of an unpacked kernel, one xenstore transaction that is sent in one
 * go, two backends. It checks, records and undoes nothing, so it is a measure
 * and no toolstack. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <xenctrl.h>
#include <xenguest.h>
#include <xenstore.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/xenbus_state.h"
#include "../../pv-drivers/net/vif_hotplug.h"

#define CMDLINE   "console=hvc0 quiet"
#define MAX_FILE  (256u << 20)
#define MAX_NODES 48
#define WAIT_MS   60000

struct floor {
    xc_interface *xch;
    struct xs_handle *introducer; /* of domains to xenstored, alone */
    struct hd_xs *xs;
    char *kernel, *ramdisk;
    size_t kernel_len, ramdisk_len;
    const char *bridge, *mac;
    char device[32]; /* blkback's "%x:%x" */
    int memory;      /* MiB */
    uint32_t domid;
};

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void must(int rc, const char *what)
{
    if (rc)
        die(what);
}

static void check(int rc, const struct hd_err *err)
{
    if (!rc)
        return;
    fprintf(stderr, "floor: %s\n", err->msg);
    exit(1);
}

static long now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- the domain */

static void create(struct floor *f)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = -1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };

    f->domid = 0;
    must(xc_domain_create(f->xch, &f->domid, &config), "create a domain");
    must(xc_domain_max_vcpus(f->xch, f->domid, 1), "give it a vcpu");
    must(xc_domain_setmaxmem(f->xch, f->domid, (f->memory + 1) * 1024ul),
         "give it memory");
}

/* What libxl does for a PV guest, from memory instead of a file. */
static struct xc_dom_image *build(struct floor *f)
{
    struct xc_dom_image *dom = xc_dom_allocate(f->xch, CMDLINE, NULL);

    if (!dom)
        die("allocate a builder");
    dom->container_type = XC_DOM_PV_CONTAINER;
    dom->xenstore_evtchn =
        (unsigned)xc_evtchn_alloc_unbound(f->xch, f->domid, 0);
    dom->console_evtchn =
        (unsigned)xc_evtchn_alloc_unbound(f->xch, f->domid, 0);
    must(xc_dom_kernel_mem(dom, f->kernel, f->kernel_len) ||
             xc_dom_module_mem(dom, f->ramdisk, f->ramdisk_len, NULL) ||
             xc_dom_boot_xen_init(dom, f->xch, f->domid) ||
             xc_dom_parse_image(dom) ||
             xc_dom_mem_init(dom, (unsigned)f->memory) ||
             xc_dom_boot_mem_init(dom) || xc_dom_build_image(dom) ||
             xc_dom_boot_image(dom) || xc_dom_gnttab_init(dom),
         "build the guest");
    return dom;
}

/* ---- its nodes, in one transaction */

struct node {
    char path[96];
    char value[96]; /* empty: a folder, what is below inherits its owner */
    bool guest;     /* a folder: it is the guest's, dom0 reads; else the other
                       way */
};

static void add(struct node *nodes, size_t *n, const char *value,
                const char *path, ...) __attribute__((format(printf, 4, 5)));

static void add(struct node *nodes, size_t *n, const char *value,
                const char *path, ...)
{
    struct node *node = &nodes[(*n)++];
    va_list ap;

    va_start(ap, path);
    vsnprintf(node->path, sizeof(node->path), path, ap);
    va_end(ap);
    snprintf(node->value, sizeof(node->value), "%s", value);
}

static void number(char text[24], unsigned long value)
{
    snprintf(text, 24, "%lu", value);
}

static void domain_nodes(struct floor *f, struct xc_dom_image *dom,
                         struct node *nodes, size_t *n)
{
    char domid[24], store[24], store_port[24], console[24], port[24], name[24];
    unsigned d = f->domid;

    number(domid, d);
    number(store, xc_dom_p2m(dom, dom->xenstore_pfn));
    number(store_port, dom->xenstore_evtchn);
    number(console, xc_dom_p2m(dom, dom->console_pfn));
    number(port, dom->console_evtchn);
    snprintf(name, sizeof(name), "floor%u", d);
    add(nodes, n, name, "/local/domain/%u/name", d);
    add(nodes, n, domid, "/local/domain/%u/domid", d);
    add(nodes, n, store, "/local/domain/%u/store/ring-ref", d);
    add(nodes, n, store_port, "/local/domain/%u/store/port", d);
    add(nodes, n, console, "/local/domain/%u/console/ring-ref", d);
    add(nodes, n, port, "/local/domain/%u/console/port", d);
    add(nodes, n, "xenconsoled", "/local/domain/%u/console/type", d);
    add(nodes, n, "1048576", "/local/domain/%u/console/limit", d);
    add(nodes, n, "pty", "/local/domain/%u/console/output", d);
    /* Where the guest's kernel says what it can be asked for. */
    add(nodes, n, "", "/local/domain/%u/control", d);
    nodes[*n - 1].guest = true;
}

/* What both ends of every device have. */
static void ends(struct floor *f, const char *class, unsigned id,
                 struct node *nodes, size_t *n)
{
    char front[96], back[96], domid[24];
    unsigned d = f->domid;

    number(domid, d);
    snprintf(front, sizeof(front), "/local/domain/%u/device/%s/%u", d, class,
             id);
    snprintf(back, sizeof(back), "/local/domain/0/backend/%s/%u/%u", class, d,
             id);
    add(nodes, n, "", "%s", front);
    nodes[*n - 1].guest = true;
    add(nodes, n, back, "%s/backend", front);
    add(nodes, n, "0", "%s/backend-id", front);
    add(nodes, n, "1", "%s/state", front);
    add(nodes, n, "", "%s", back);
    add(nodes, n, front, "%s/frontend", back);
    add(nodes, n, domid, "%s/frontend-id", back);
    add(nodes, n, "1", "%s/online", back);
    add(nodes, n, "1", "%s/state", back);
}

#define VBD "/local/domain/0/backend/vbd/%u/51712/"
#define VIF "/local/domain/0/backend/vif/%u/0/"

static void device_nodes(struct floor *f, struct node *nodes, size_t *n)
{
    unsigned d = f->domid;

    ends(f, "vbd", 51712, nodes, n);
    add(nodes, n, "51712", "/local/domain/%u/device/vbd/51712/virtual-device",
        d);
    add(nodes, n, "disk", "/local/domain/%u/device/vbd/51712/device-type", d);
    add(nodes, n, f->device, VBD "physical-device", d);
    add(nodes, n, "w", VBD "mode", d);
    add(nodes, n, "disk", VBD "device-type", d);
    add(nodes, n, "xvda", VBD "dev", d);
    ends(f, "vif", 0, nodes, n);
    add(nodes, n, "0", "/local/domain/%u/device/vif/0/handle", d);
    add(nodes, n, f->mac, "/local/domain/%u/device/vif/0/mac", d);
    add(nodes, n, f->mac, VIF "mac", d);
    add(nodes, n, "0", VIF "handle", d);
    add(nodes, n, f->bridge, VIF "bridge", d);
    add(nodes, n, "/bin/true", VIF "script", d); /* netback wants one */
}

static void write_nodes(struct floor *f, struct xc_dom_image *dom)
{
    struct node all[MAX_NODES] = {0};
    struct hd_xs_folder folders[MAX_NODES];
    struct hd_xs_node nodes[MAX_NODES];
    size_t n = 0, n_folders = 0, n_nodes = 0;
    struct hd_err err;

    snprintf(all[n].path, sizeof(all[n].path), "/local/domain/%u", f->domid);
    n++;
    domain_nodes(f, dom, all, &n);
    device_nodes(f, all, &n);
    for (size_t i = 0; i < n; i++)
        if (*all[i].value)
            nodes[n_nodes++] = (struct hd_xs_node){all[i].path, all[i].value};
        else
            folders[n_folders++] =
                (struct hd_xs_folder){all[i].path, all[i].guest ? f->domid : 0,
                                      all[i].guest ? 0 : f->domid};
    check(hd_xs_make(f->xs, folders, n_folders, nodes, n_nodes, &err), &err);
}

/* ---- both devices */

static void wait_backends(struct floor *f)
{
    struct hd_xenbus_device devices[2];
    struct hd_err err;

    hd_xenbus_init(&devices[0], "vbd", f->domid, 51712);
    hd_xenbus_init(&devices[1], "vif", f->domid, 0);
    check(hd_xenbus_await(f->xs, devices, 2, HD_XENBUS_INIT_WAIT,
                          hd_io_now_ms() + WAIT_MS, &err),
          &err);
}

static void join_bridge(struct floor *f)
{
    struct hd_backend_path path = {.class = "vif", .domid = f->domid};
    struct hd_err err;

    check(hd_vif_hotplug_add(f->xs, &path, &err), &err);
}

/* ---- start and end */

static void start(struct floor *f)
{
    long begin = now_us();
    struct xc_dom_image *dom;

    create(f);
    dom = build(f);
    write_nodes(f, dom);
    must(!xs_introduce_domain(f->introducer, f->domid,
                              (unsigned)xc_dom_p2m(dom, dom->xenstore_pfn),
                              dom->xenstore_evtchn),
         "introduce the domain");
    xc_dom_release(dom);
    wait_backends(f);
    join_bridge(f);
    must(xc_domain_unpause(f->xch, f->domid), "unpause the domain");
    printf("%u %ld\n", f->domid, now_us() - begin);
}

static void remove_nodes(struct floor *f)
{
    char vbd[96], vif[96], domain[96];
    const struct hd_xs_node nodes[] = {
        {vbd, NULL}, {vif, NULL}, {domain, NULL}};
    struct hd_err err;

    snprintf(vbd, sizeof(vbd), "/local/domain/0/backend/vbd/%u", f->domid);
    snprintf(vif, sizeof(vif), "/local/domain/0/backend/vif/%u", f->domid);
    snprintf(domain, sizeof(domain), "/local/domain/%u", f->domid);
    check(hd_xs_write(f->xs, nodes, HD_ARRAY_LEN(nodes), &err), &err);
}

static void end(struct floor *f)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    long begin = now_us();
    xc_dominfo_t info;

    must(xc_domain_pause(f->xch, f->domid), "pause the domain");
    remove_nodes(f);
    must(xc_domain_destroy(f->xch, f->domid), "destroy the domain");
    while (xc_domain_getinfo(f->xch, f->domid, 1, &info) == 1 &&
           info.domid == f->domid)
        nanosleep(&pause, NULL);
    printf("%u %ld\n", f->domid, now_us() - begin);
}

static void open_all(struct floor *f, char **argv)
{
    struct hd_err err;
    struct stat st;

    check(hd_io_read_file(argv[1], MAX_FILE, &f->kernel, &f->kernel_len, &err),
          &err);
    check(
        hd_io_read_file(argv[2], MAX_FILE, &f->ramdisk, &f->ramdisk_len, &err),
        &err);
    check(hd_xs_open(&f->xs, &err) || hd_xs_warm(f->xs, &err), &err);
    must(stat(argv[3], &st), argv[3]);
    snprintf(f->device, sizeof(f->device), "%x:%x", major(st.st_rdev),
             minor(st.st_rdev));
    f->mac = argv[4];
    f->bridge = argv[5];
    f->memory = atoi(argv[6]);
    f->xch = xc_interface_open(NULL, NULL, 0);
    f->introducer = xs_open(0);
    must(!f->xch || !f->introducer, "open Xen");
}

/* Each line of the input is an order; the answer is DOMID MICROSECONDS. */
int main(int argc, char **argv)
{
    struct floor f = {0};
    char line[16];

    if (argc != 7) {
        fprintf(stderr, "usage: floor KERNEL RAMDISK DISK MAC BRIDGE MIB\n");
        return 2;
    }
    open_all(&f, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin))
        if (!strcmp(line, "start\n"))
            start(&f);
        else
            end(&f);
    return 0;
}
