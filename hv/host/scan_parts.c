/* SPDX-License-Identifier: MIT */
/* Display, input, sound and serial from sysfs; never opens a device. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

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

static struct hd_host_part *add(struct hd_inventory *inv,
                                enum hd_host_part_class class, const char *name)
{
    struct hd_host_part *part = &inv->parts[inv->n_parts];

    if (strlen(name) >= sizeof(part->name))
        return NULL;
    if (inv->n_parts == HD_MAX_PARTS) {
        inv->left_out++;
        return NULL;
    }
    memset(part, 0, sizeof(*part));
    part->class = class;
    strcpy(part->name, name);
    inv->n_parts++;
    return part;
}

/* A graphics card ("card0", not its connectors "card0-DP-1"), or where there is
 * no such driver, a frame buffer. */
static void add_display(void *ctx, int root, const char *name)
{
    struct hd_host_part *part;

    if (strncmp(name, "card", 4) || strchr(name, '-'))
        return;
    part = add(ctx, HD_PART_DISPLAY, name);
    if (part)
        hd_sysfs_link_name(root, part->text, sizeof(part->text),
                           "sys/class/drm/%s/device/driver", name);
}

static void add_framebuffer(void *ctx, int root, const char *name)
{
    struct hd_host_part *part = NULL;

    if (!strncmp(name, "fb", 2) && isdigit((unsigned char)name[2]))
        part = add(ctx, HD_PART_DISPLAY, name);
    if (part)
        hd_sysfs_text(root, part->text, sizeof(part->text),
                      "sys/class/graphics/%s/name", name);
}

static void add_input(void *ctx, int root, const char *name)
{
    struct hd_host_part *part = NULL;

    if (!strncmp(name, "input", 5))
        part = add(ctx, HD_PART_INPUT, name);
    if (part)
        hd_sysfs_text(root, part->text, sizeof(part->text),
                      "sys/class/input/%s/name", name);
}

static void add_sound(void *ctx, int root, const char *name)
{
    struct hd_host_part *part = NULL;

    if (!strncmp(name, "card", 4))
        part = add(ctx, HD_PART_SOUND, name);
    if (part)
        hd_sysfs_text(root, part->text, sizeof(part->text),
                      "sys/class/sound/%s/id", name);
}

/* A tty with a device behind it that is one: the 8250 driver has a row of
 * ports that are not there, of type 0. */
static void add_serial(void *ctx, int root, const char *name)
{
    struct hd_host_part *part;

    if (strncmp(name, "ttyS", 4) && strncmp(name, "ttyUSB", 6) &&
        strncmp(name, "ttyACM", 6) && strncmp(name, "ttyAMA", 6))
        return;
    if (hd_sysfs_exists(root, "sys/class/tty/%s/type", name) &&
        !hd_sysfs_number(root, 10, "sys/class/tty/%s/type", name))
        return;
    part = add(ctx, HD_PART_SERIAL, name);
    if (part)
        hd_sysfs_link_name(root, part->text, sizeof(part->text),
                           "sys/class/tty/%s/device/driver", name);
}

void hd_scan_parts(struct hd_inventory *inv, int root)
{
    uint32_t before = inv->n_parts;

    hd_sysfs_each(root, "sys/class/drm", add_display, inv);
    if (inv->n_parts == before)
        hd_sysfs_each(root, "sys/class/graphics", add_framebuffer, inv);
    hd_sysfs_each(root, "sys/class/input", add_input, inv);
    hd_sysfs_each(root, "sys/class/sound", add_sound, inv);
    hd_sysfs_each(root, "sys/class/tty", add_serial, inv);
}
