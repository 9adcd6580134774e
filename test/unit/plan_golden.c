/* SPDX-License-Identifier: MIT */
/* Tests hv/plan with test/golden/plan: of each case below, host, store and
 * policy, the map, the plan and the xl.cfg are NAME.map, .plan and .cfg, byte
 * for byte.  A case named fail- has a guest that is refused.  `make golden`
 * writes the files anew: read the difference before you commit it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan.h"
#include "../../hv/plan/xl.h"
#include "../../pv-drivers/base/io.h"
#include "map_kit.h"

#define GOLDEN "test/golden/plan/"

/* The store of all cases: desk, with an image, encrypted data, a nic and a
 * display, and server, with plain data and a nic. */
static void fill_store(struct map_kit *k)
{
    struct hd_guest *g = k->answer.manifest.guests;

    map_kit_volume(k, 0, "desk-root", HD_VOLUME_IMAGE);
    map_kit_volume(k, 0, "desk-home", HD_VOLUME_DATA)->encryption =
        HD_ENCRYPTION_LUKS2;
    k->answer.manifest.volumes[1].luks.offset = 9 * MIB;
    map_kit_nic(k, HD_LEVEL_PREFERRED);
    g[0].memory = (struct hd_range){256 * MIB, 2048 * MIB};
    g[0].vcpus = (struct hd_range){1, 4};
    strcpy(g[0].cmdline, "root=/dev/xvda ro quiet");
    map_kit_guest(k, "server");
    map_kit_volume(k, 1, "server-data", HD_VOLUME_DATA);
    g[1].n_nics = 1;
    g[1].nics[0] = g[0].nics[0];
    strcpy(g[1].nics[0].role, "lab");
    g[1].id.byte[15] = 7;
}

static void no_nic(struct map_kit *k)
{
    k->host.n_bridges = 0;
}

static void two_bridges(struct map_kit *k)
{
    k->host.n_bridges = 2;
    strcpy(k->host.bridges[1], "virbr0");
    k->host.n_links = 1;
    strcpy(k->host.links[0].name, "xenbr0");
    k->host.links[0].outside = 1;
    map_kit_role(k, "internet", "xenbr0");
    map_kit_role(k, "lab", "virbr0");
}

static void network_limits(struct map_kit *k)
{
    struct hd_net_limits *l;

    two_bridges(k);
    l = &k->policy.networks[0].limits;
    l->rate = 2 * MIB;
    l->mtu = 1400;
    l->isolated = 1;
    k->policy.networks[1].limits.mtu = 9000;
}

static void one_cpu(struct map_kit *k)
{
    k->host.cpus = 1;
}

static void little_memory(struct map_kit *k)
{
    k->host.memory_free = 400 * MIB;
}

static void too_little_memory(struct map_kit *k)
{
    k->host.memory_free = 200 * MIB;
}

static void sound(struct map_kit *k)
{
    k->host.n_parts = 1;
    k->host.parts[0].class = HD_PART_SOUND;
    strcpy(k->host.parts[0].name, "card0");
    map_kit_wish(k, HD_CLASS_SOUND, HD_LEVEL_PREFERRED, "speaker");
}

static void sound_required(struct map_kit *k)
{
    sound(k);
    k->answer.manifest.guests[0].wishes[0].level = HD_LEVEL_REQUIRED;
}

static void usb_storage(struct map_kit *k)
{
    map_kit_stick(k, "sdb");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_PREFERRED, "stick");
}

static void usb_storage_in_use(struct map_kit *k)
{
    usb_storage(k);
    k->host.disks[0].in_use = 1;
    k->answer.manifest.guests[0].wishes[0].level = HD_LEVEL_REQUIRED;
}

static void usb_net(struct map_kit *k)
{
    map_kit_usb_nic(k, "usb0");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_REQUIRED, "wire");
}

static void usb_net_up(struct map_kit *k)
{
    usb_net(k);
    k->host.links[0].in_use = 1;
}

static void usb_serial(struct map_kit *k)
{
    map_kit_usb_serial(k, "ttyUSB0");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_REQUIRED, "line");
}

static void usb_serial_is_the_console(struct map_kit *k)
{
    usb_serial(k);
    k->host.parts[0].console = 1;
}

static void pci(struct map_kit *k)
{
    map_kit_card(k);
    map_kit_wish(k, HD_CLASS_PCI, HD_LEVEL_REQUIRED, "card");
}

static void pci_without_iommu(struct map_kit *k)
{
    pci(k);
    k->host.xen.iommu = 0;
}

static void usb_is_the_store(struct map_kit *k)
{
    map_kit_stick(k, "sda");
    map_kit_wish(k, HD_CLASS_USB, HD_LEVEL_REQUIRED, "stick");
}

static void role_missing(struct map_kit *k)
{
    k->answer.manifest.guests[0].nics[0].level = HD_LEVEL_REQUIRED;
    k->host.n_bridges = 0;
}

static void bridge_vanished(struct map_kit *k)
{
    map_kit_role(k, "internet", "br-gone");
}

static void bridge_vanished_required(struct map_kit *k)
{
    bridge_vanished(k);
    k->answer.manifest.guests[0].nics[0].level = HD_LEVEL_REQUIRED;
}

static void user_settings(struct map_kit *k)
{
    static struct hd_user owner = {
        .name = "owner",
        .settings = {.locale = "de_DE.UTF-8",
                     .keyboard = "de",
                     .time_zone = "Europe/Berlin",
                     .memory = 512 * MIB,
                     .vcpus = 2,
                     .width = 1280,
                     .height = 800,
                     .n_guests = 1,
                     .guests = {{"desk"}}},
    };

    k->in.user = &owner;
    k->host.has_qemu = 1;
    map_kit_wish(k, HD_CLASS_DISPLAY, HD_LEVEL_PREFERRED, "screen");
}

static void denied(struct map_kit *k)
{
    k->policy.n_denied = 1;
    k->policy.denied[0].class = HD_CLASS_NET;
}

static void denied_required(struct map_kit *k)
{
    denied(k);
    k->answer.manifest.guests[1].nics[0].level = HD_LEVEL_REQUIRED;
}

static void display_without_qemu(struct map_kit *k)
{
    map_kit_wish(k, HD_CLASS_DISPLAY, HD_LEVEL_PREFERRED, "screen");
    map_kit_wish(k, HD_CLASS_INPUT, HD_LEVEL_PREFERRED, "keys");
}

static void display(struct map_kit *k)
{
    display_without_qemu(k);
    k->host.has_qemu = 1;
}

static void scratch(struct map_kit *k)
{
    map_kit_wish(k, HD_CLASS_BLOCK, HD_LEVEL_PREFERRED, "xvdc")->size =
        64 * MIB;
}

static void view(struct map_kit *k)
{
    struct hd_manifest *m = &k->answer.manifest;

    m->guests[0].tables = (struct hd_view){2, 1, .inclusion = 2};
    m->n_views = 3;
    strcpy(m->views[0].path, "/usr/share/fonts");
    strcpy(m->views[1].path, "/etc/resolv.conf");
    strcpy(m->views[2].path, "/usr/share/fonts/own");
    k->policy.n_host_paths = 2;
    strcpy(k->policy.host_paths[0].path, "/usr/share");
    strcpy(k->policy.host_paths[1].path, "/etc/resolv.conf");
}

static void view_outside(struct map_kit *k)
{
    view(k);
    strcpy(k->policy.host_paths[1].path, "/etc/resolv");
}

/* The first guest waits for the second. */
static void after(struct map_kit *k)
{
    struct hd_guest *guests = k->answer.manifest.guests;

    guests[0].n_after = 1;
    strcpy(guests[0].after[0].name, guests[1].name);
}

static void discard(struct map_kit *k)
{
    k->answer.manifest.volumes[1].discard = 1;
}

static const struct {
    const char *name;
    void (*change)(struct map_kit *);
} cases[] = {
    {"pass-after", after},
    {"pass-no-nic", no_nic},
    {"pass-two-bridges", two_bridges},
    {"pass-network-limits", network_limits},
    {"pass-one-cpu", one_cpu},
    {"pass-little-memory", little_memory},
    {"fail-little-memory", too_little_memory},
    {"pass-sound", sound},
    {"fail-sound", sound_required},
    {"pass-usb-storage", usb_storage},
    {"fail-usb-storage-in-use", usb_storage_in_use},
    {"pass-usb-net", usb_net},
    {"fail-usb-net-up", usb_net_up},
    {"pass-usb-serial", usb_serial},
    {"fail-usb-serial-is-the-console", usb_serial_is_the_console},
    {"pass-pci", pci},
    {"fail-pci-without-iommu", pci_without_iommu},
    {"fail-usb-is-the-store", usb_is_the_store},
    {"fail-role-missing", role_missing},
    {"pass-bridge-vanished", bridge_vanished},
    {"fail-bridge-vanished", bridge_vanished_required},
    {"pass-user-settings", user_settings},
    {"pass-denied", denied},
    {"fail-denied", denied_required},
    {"pass-display", display},
    {"pass-display-without-qemu", display_without_qemu},
    {"pass-scratch", scratch},
    {"pass-view", view},
    {"fail-view-outside", view_outside},
    {"pass-discard", discard},
};

static void compare(const char *name, const char *ending, const char *text)
{
    hd_autofree char *want = NULL;
    char path[200];
    size_t len;
    FILE *out;

    snprintf(path, sizeof(path), GOLDEN "%s.%s", name, ending);
    if (getenv("HOTDOM_GOLDEN")) {
        out = fopen(path, "w");
        CU_ASSERT_FATAL(out && fputs(text, out) >= 0 && !fclose(out));
        return;
    }
    if (hd_io_read_file(path, 1 << 20, &want, &len, NULL) ||
        strcmp(want, text)) {
        printf("\n    not as %s:\n%s", path, text);
        CU_FAIL("the golden file");
    }
}

static void write_xl(const struct map_kit *k, const struct hd_plan *plan,
                     const struct hd_map *map, FILE *out)
{
    const struct hd_xl_files files = {.kernel = "/run/vmlinux",
                                      .disk = "/dev/sda"};
    struct hd_err err = {0};

    for (uint32_t i = 0; i < map->n_guests; i++)
        if (hd_map_starts(&map->guests[i]))
            CHECK_OK(hd_xl_write(plan, map, k->answer.manifest.guests[i].name,
                                 &files, out, &err),
                     &err);
}

static void check_case(const char *name, void (*change)(struct map_kit *))
{
    hd_autofree struct map_kit *k = map_kit_new();
    hd_autofree struct hd_plan *plan = NULL;
    char *text[3] = {NULL};
    struct hd_err err = {0};
    FILE *out[3];
    size_t len[3];
    bool refused = false;

    for (int i = 0; i < 3; i++)
        out[i] = open_memstream(&text[i], &len[i]);
    fill_store(k);
    change(k);
    hd_auto(hd_map) map = map_kit_make(k);
    hd_map_print(map, out[0]);
    CHECK_OK(hd_plan_make(&k->answer, map, &plan, &err), &err);
    hd_plan_print(plan, out[1]);
    write_xl(k, plan, map, out[2]);
    for (int i = 0; i < 3; i++) {
        fclose(out[i]);
        compare(name, ((const char *[]){"map", "plan", "cfg"})[i], text[i]);
        free(text[i]);
    }
    for (uint32_t i = 0; i < map->n_guests; i++)
        refused |= map->guests[i].why.code != HD_OK;
    CU_ASSERT_EQUAL(refused, !strncmp(name, "fail-", 5));
}

static void hosts_that_differ_give_the_maps_and_plans_on_file(void)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        check_case(cases[i].name, cases[i].change);
}

static const struct hd_test tests[] = {
    HD_TEST(hosts_that_differ_give_the_maps_and_plans_on_file),
};

HD_SUITE("plan/golden", tests);
