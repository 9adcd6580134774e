/* SPDX-License-Identifier: MIT */
/* Display, input, sound and serial from sysfs; never opens a device. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "scan.h"
#include "sysfs.h"

const char *hd_host_part_class(uint32_t class)
{
    static const char *const names[] = {
#define HD_X(name, text) [HD_PART_##name] = text,
        HD_PART_CLASSES(HD_X)
#undef HD_X
    };

    return class < sizeof(names) / sizeof(*names) ? names[class] : "";
}

/* A graphics card ("card0"), not one of its connectors ("card0-DP-1"). */
static bool is_card(int root, const char *name)
{
    (void)root;
    return !strchr(name, '-');
}

static bool is_framebuffer(int root, const char *name)
{
    (void)root;
    return isdigit((unsigned char)name[2]); /* not "fbcon" */
}

/* A tty with a device behind it that is one: the 8250 driver has a row of
 * ports that are not there, of type 0. */
static bool is_port(int root, const char *name)
{
    static const char *const drivers[] = {"ttyS", "ttyUSB", "ttyACM", "ttyAMA"};
    size_t i = 0;

    while (i < HD_ARRAY_LEN(drivers) &&
           strncmp(name, drivers[i], strlen(drivers[i])))
        i++;
    if (i == HD_ARRAY_LEN(drivers))
        return false;
    return !hd_sysfs_exists(root, "sys/class/tty/%s/type", name) ||
           hd_sysfs_number(root, 10, "sys/class/tty/%s/type", name);
}

/* What an entry of a folder of /sys/class must be called and be, and which of
 * its files says what it is: its first line, or where it leads. */
struct kind {
    enum hd_host_part_class class;
    const char *folder, *prefix;
    bool (*is)(int root, const char *name); /* NULL: the prefix is enough */
    const char *file;
    bool is_link;
};

static const struct kind kinds[] = {
    {HD_PART_DISPLAY, "drm", "card", is_card, "device/driver", true},
    {HD_PART_INPUT, "input", "input", NULL, "name", false},
    {HD_PART_SOUND, "sound", "card", NULL, "id", false},
    {HD_PART_SERIAL, "tty", "tty", is_port, "device/driver", true},
};

/* Where there is no driver for the graphics card. */
static const struct kind framebuffer = {HD_PART_DISPLAY, "graphics", "fb",
                                        is_framebuffer,  "name",     false};

/* A word of the consoles that the kernel writes to, "tty0 ttyS0". */
static bool is_console(int root, const char *name)
{
    size_t len = strlen(name);
    char active[128];

    hd_sysfs_text(root, active, sizeof(active), "sys/class/tty/console/active");
    for (const char *at = active; (at = strstr(at, name)); at += len)
        if ((at == active || at[-1] == ' ') && (!at[len] || at[len] == ' '))
            return true;
    return false;
}

static void look_at_port(struct hd_host_part *part, int root)
{
    char path[256];

    part->console = is_console(root, part->name);
    if (hd_sysfs_link(root, path, sizeof(path), "sys/class/tty/%s", part->name))
        hd_sysfs_usb(path, part->usb);
}

struct scan {
    struct hd_inventory *inv;
    const struct kind *kind;
};

static void add(void *ctx, int root, const char *name)
{
    const struct scan *scan = ctx;
    const struct kind *kind = scan->kind;
    struct hd_inventory *inv = scan->inv;
    struct hd_host_part part = {.class = kind->class};

    if (strncmp(name, kind->prefix, strlen(kind->prefix)) ||
        strlen(name) >= sizeof(part.name) ||
        (kind->is && !kind->is(root, name)))
        return;
    if (inv->n_parts == HD_MAX_PARTS) {
        inv->left_out++;
        return;
    }
    strcpy(part.name, name);
    (kind->is_link ? hd_sysfs_link_name : hd_sysfs_text)(
        root, part.text, sizeof(part.text), "sys/class/%s/%s/%s", kind->folder,
        name, kind->file);
    if (kind->class == HD_PART_SERIAL)
        look_at_port(&part, root);
    if (hd_sysfs_exists(root, "sys/class/%s/%s", kind->folder, name))
        inv->parts[inv->n_parts++] = part;
}

static void scan_kind(struct hd_inventory *inv, int root,
                      const struct kind *kind)
{
    struct scan scan = {inv, kind};
    char folder[64];

    snprintf(folder, sizeof(folder), "sys/class/%s", kind->folder);
    hd_sysfs_each(root, folder, add, &scan);
}

void hd_scan_parts(struct hd_inventory *inv, int root)
{
    uint32_t before = inv->n_parts;

    for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++) {
        scan_kind(inv, root, &kinds[i]);
        if (kinds[i].class == HD_PART_DISPLAY && inv->n_parts == before)
            scan_kind(inv, root, &framebuffer);
    }
}
