/* SPDX-License-Identifier: MIT */
/* hotdom info: what this host has for guests; never asks the daemon. */
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/inventory.h"
#include "cmd.h"
#include "progress.h"
#include "show_json.h"
#include "table.h"

static const char *const pci_states[] = {[HD_PCI_FREE] = "free",
                                         [HD_PCI_ASSIGNABLE] = "assignable",
                                         [HD_PCI_IN_USE] = "in-use"};

static struct json_object *text(const char *s)
{
    return json_object_new_string(s);
}

static struct json_object *number(uint64_t n)
{
    return json_object_new_uint64(n);
}

static struct json_object *hex(uint32_t n, int digits)
{
    char s[16];

    snprintf(s, sizeof(s), "%0*x", digits, n);
    return text(s);
}

#define ADD(o, key, value) json_object_object_add(o, key, value)

static struct json_object *xen_to_json(const struct hd_inventory *inv)
{
    struct json_object *o = json_object_new_object();
    struct json_object *caps = json_object_new_array();
    struct json_object *pools = json_object_new_array();

    ADD(o, "version", text(inv->xen.version));
    if (inv->xen.pv)
        json_object_array_add(caps, text("pv"));
    if (inv->xen.hvm)
        json_object_array_add(caps, text("hvm"));
    if (inv->xen.hap)
        json_object_array_add(caps, text("hap"));
    if (inv->xen.iommu)
        json_object_array_add(caps, text("iommu"));
    ADD(o, "capabilities", caps);
    ADD(o, "nodes", number(inv->xen.nodes));
    ADD(o, "cores_per_socket", number(inv->xen.cores_per_socket));
    ADD(o, "threads_per_core", number(inv->xen.threads_per_core));
    for (uint32_t i = 0; i < inv->n_pools; i++) {
        struct json_object *pool = json_object_new_object();

        ADD(pool, "id", number(inv->pools[i].id));
        ADD(pool, "cpus", number(inv->pools[i].cpus));
        ADD(pool, "domains", number(inv->pools[i].domains));
        json_object_array_add(pools, pool);
    }
    ADD(o, "pools", pools);
    return o;
}

static struct json_object *memory_to_json(const struct hd_inventory *inv)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "total", number(inv->memory_total));
    ADD(o, "free", number(inv->memory_free));
    ADD(o, "scrubbing", number(inv->memory_scrubbing));
    ADD(o, "dom0_available", number(inv->dom0_available));
    return o;
}

/* An array of what stands between blanks. */
static struct json_object *words(const char *line)
{
    struct json_object *list = json_object_new_array();
    size_t len;

    for (const char *at = line; *at; at += len + (at[len] == ' ')) {
        len = strcspn(at, " ");
        if (len)
            json_object_array_add(list,
                                  json_object_new_string_len(at, (int)len));
    }
    return list;
}

static struct json_object *cpu_to_json(const struct hd_inventory *inv)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "count", number(inv->cpus));
    ADD(o, "model", text(inv->cpu_model));
    ADD(o, "features", words(inv->cpu_features));
    return o;
}

static struct json_object *os_to_json(const struct hd_host_os *os)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "release", text(os->release));
    ADD(o, "kernel", text(os->kernel));
    ADD(o, "machine", text(os->machine));
    ADD(o, "time_zone", text(os->time_zone));
    ADD(o, "locale", text(os->locale));
    ADD(o, "keyboard", text(os->keyboard));
    return o;
}

static struct json_object *disk_to_json(const struct hd_host_disk *d)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "name", text(d->name));
    ADD(o, "bus", text(d->bus));
    ADD(o, "model", text(d->model));
    ADD(o, "size", number(d->size));
    ADD(o, "removable", json_object_new_boolean(d->removable));
    ADD(o, "read_only", json_object_new_boolean(d->read_only));
    ADD(o, "rotational", json_object_new_boolean(d->rotational));
    ADD(o, "root", json_object_new_boolean(d->root));
    ADD(o, "usb", *d->usb ? text(d->usb) : NULL);
    return o;
}

static struct json_object *link_to_json(const struct hd_host_link *l)
{
    struct json_object *o = json_object_new_object();
    char mac[HD_MAC_SIZE];

    hd_mac_format(l->mac, mac);
    ADD(o, "name", text(l->name));
    ADD(o, "kind", text(hd_host_link_kind(l->kind)));
    ADD(o, "mac", text(mac));
    ADD(o, "master", *l->master ? text(l->master) : NULL);
    ADD(o, "up", json_object_new_boolean(l->up));
    ADD(o, "outside", json_object_new_boolean(l->outside));
    ADD(o, "only_uplink", json_object_new_boolean(l->only_uplink));
    ADD(o, "usb", *l->usb ? text(l->usb) : NULL);
    return o;
}

static struct json_object *usb_to_json(const struct hd_host_usb *u)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "address", text(u->address));
    ADD(o, "vendor", hex(u->vendor, 4));
    ADD(o, "product", hex(u->product, 4));
    ADD(o, "class", hex(u->class, 2));
    ADD(o, "name", text(u->name));
    ADD(o, "driver", *u->driver ? text(u->driver) : NULL);
    return o;
}

static struct json_object *pci_to_json(const struct hd_host_pci *p)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "address", text(p->address));
    ADD(o, "vendor", hex(p->vendor, 4));
    ADD(o, "device", hex(p->device, 4));
    ADD(o, "class", hex(p->class, 6));
    ADD(o, "driver", *p->driver ? text(p->driver) : NULL);
    ADD(o, "state", text(pci_states[p->state]));
    return o;
}

static struct json_object *part_to_json(const struct hd_host_part *p)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "class", text(hd_host_part_class(p->class)));
    ADD(o, "name", text(p->name));
    ADD(o, "text", text(p->text));
    ADD(o, "usb", *p->usb ? text(p->usb) : NULL);
    return o;
}

/* An array under `key`, one object for each of the `n` in `list`. */
#define ADD_LIST(o, key, list, n, to_json)                                     \
    do {                                                                       \
        struct json_object *a_ = json_object_new_array();                      \
        for (uint32_t i_ = 0; i_ < (n); i_++)                                  \
            json_object_array_add(a_, to_json(&(list)[i_]));                   \
        ADD(o, key, a_);                                                       \
    } while (0)

static void print_json(const struct hd_inventory *inv)
{
    struct json_object *o = json_object_new_object();

    ADD(o, "xen", xen_to_json(inv));
    ADD(o, "cpu", cpu_to_json(inv));
    ADD(o, "memory", memory_to_json(inv));
    ADD(o, "os", os_to_json(&inv->os));
    ADD(o, "qemu", json_object_new_boolean(inv->has_qemu));
    ADD_LIST(o, "disks", inv->disks, inv->n_disks, disk_to_json);
    ADD_LIST(o, "links", inv->links, inv->n_links, link_to_json);
    ADD_LIST(o, "usb", inv->usb, inv->n_usb, usb_to_json);
    ADD_LIST(o, "pci", inv->pci, inv->n_pci, pci_to_json);
    ADD_LIST(o, "parts", inv->parts, inv->n_parts, part_to_json);
    ADD(o, "left_out", number(inv->left_out));
    hd_show_json(o);
    json_object_put(o);
}

/* "display   fb0         EFI VGA": class, name and what it is. */
static void row(const char *class, const char *name, const char *what)
{
    char safe[3 * HD_HOST_TEXT];

    hd_table_escape(what, safe, sizeof(safe));
    printf("%-9s %-12s %s\n", class, name, safe);
}

static void print_machine(const struct hd_inventory *inv)
{
    char total[HD_PROGRESS_SIZE], free[HD_PROGRESS_SIZE], line[300];

    snprintf(line, sizeof(line), "%s%s%s%s%s", inv->xen.version,
             inv->xen.pv ? ", pv" : "", inv->xen.hvm ? ", hvm" : "",
             inv->xen.hap ? ", hap" : "", inv->xen.iommu ? ", iommu" : "");
    row("xen", "", line);
    snprintf(line, sizeof(line), "%u, %s", inv->cpus, inv->cpu_model);
    row("cpu", "", line);
    snprintf(line, sizeof(line), "%s free of %s",
             hd_progress_size(inv->memory_free, free),
             hd_progress_size(inv->memory_total, total));
    row("memory", "", line);
    snprintf(line, sizeof(line), "%s, Linux %s", inv->os.release,
             inv->os.kernel);
    row("os", "", line);
    snprintf(line, sizeof(line), "%s, %s%s%s", inv->os.time_zone,
             inv->os.locale, *inv->os.keyboard ? ", keyboard " : "",
             inv->os.keyboard);
    row("locale", "", line);
    row("qemu", "",
        inv->has_qemu ? "serves PV framebuffers"
                      : "none for PV framebuffers; install qemu-system-xen");
}

static void print_disks(const struct hd_inventory *inv)
{
    char size[HD_PROGRESS_SIZE], line[300];

    for (uint32_t i = 0; i < inv->n_disks; i++) {
        const struct hd_host_disk *d = &inv->disks[i];

        snprintf(line, sizeof(line), "%s%s%s%s%s%s%s",
                 hd_progress_size(d->size, size), *d->bus ? ", " : "", d->bus,
                 *d->model ? ", " : "", d->model,
                 d->removable ? ", removable" : "",
                 d->root ? ", the host's own root" : "");
        row("disk", d->name, line);
    }
}

static void print_links(const struct hd_inventory *inv)
{
    char line[300], mac[HD_MAC_SIZE];

    for (uint32_t i = 0; i < inv->n_links; i++) {
        const struct hd_host_link *l = &inv->links[i];

        hd_mac_format(l->mac, mac);
        snprintf(line, sizeof(line), "%s, %s%s%s%s%s%s",
                 hd_host_link_kind(l->kind), mac, l->up ? ", up" : ", down",
                 *l->master ? ", part of " : "", l->master,
                 l->outside ? ", leads outside" : "",
                 l->only_uplink ? " as the only one" : "");
        row("net", l->name, line);
    }
}

static void print_buses(const struct hd_inventory *inv)
{
    char line[300];

    for (uint32_t i = 0; i < inv->n_usb; i++) {
        const struct hd_host_usb *u = &inv->usb[i];

        snprintf(line, sizeof(line), "%04x:%04x, class %02x%s%s%s%s", u->vendor,
                 u->product, u->class, *u->name ? ", " : "", u->name,
                 *u->driver ? ", " : "", u->driver);
        row("usb", u->address, line);
    }
    for (uint32_t i = 0; i < inv->n_pci; i++) {
        const struct hd_host_pci *p = &inv->pci[i];

        snprintf(line, sizeof(line), "%04x:%04x, class %06x, %s%s%s", p->vendor,
                 p->device, p->class, pci_states[p->state],
                 *p->driver ? ", " : "", p->driver);
        row("pci", p->address, line);
    }
    for (uint32_t i = 0; i < inv->n_parts; i++)
        row(hd_host_part_class(inv->parts[i].class), inv->parts[i].name,
            inv->parts[i].text);
}

int hd_cmd_info(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    hd_autofree struct hd_inventory *inv = malloc(sizeof(*inv));
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c != 'j')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        json = true;
    }
    if (optind != argc)
        return hd_fail(err, HD_E_USAGE, "unexpected argument %s", argv[optind]);
    if (!inv)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    if (hd_inventory_scan(HD_SCAN_ALL, inv, err))
        return -1;
    if (json) {
        print_json(inv);
        return 0;
    }
    print_machine(inv);
    print_disks(inv);
    print_links(inv);
    print_buses(inv);
    if (inv->left_out)
        printf("%u more were left out\n", inv->left_out);
    return 0;
}
