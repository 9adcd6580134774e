/* SPDX-License-Identifier: MIT */
/* Console, display, input, sound and time: what a host is, for a guest;
 * never pretends that something is there. */
#include <inttypes.h>
#include <string.h>

#include "mapper.h"

#define WIDTH  1024
#define HEIGHT 768

/* "2 displays: card0, card1", as many as fit. */
static void say_parts(const struct hd_inventory *inv, uint32_t class,
                      struct hd_map_row *row)
{
    size_t size = sizeof(row->found);
    uint32_t n = 0;

    for (uint32_t i = 0; i < inv->n_parts; i++) {
        size_t used = strlen(row->found);
        const char *name = inv->parts[i].name;

        if (inv->parts[i].class != class)
            continue;
        if (used + strlen(name) + sizeof(", ...") > size) {
            hd_map_say(row->found + used, size - used, " ...");
            return;
        }
        hd_map_say(row->found + used, size - used, "%s%s", n++ ? ", " : "",
                   name);
    }
    if (!n)
        HD_SAY(row->found, "no %s device", hd_class_name(row->class));
}

void hd_map_console(struct hd_mapper *m, const struct hd_guest *g,
                    struct hd_map_row *row)
{
    (void)m, (void)g;
    row->how = HD_HOW_PV;
    HD_SAY(row->host_name, "hvc0");
    HD_SAY(row->wish, "a console%s", hd_map_level(row));
    HD_SAY(row->found, "Xen's console daemon");
    HD_SAY(row->reason, "every guest has one; `hotdom console` shows it");
}

void hd_map_time(struct hd_mapper *m, const struct hd_guest *g,
                 struct hd_map_row *row)
{
    (void)g;
    row->how = HD_HOW_PV;
    HD_SAY(row->wish, "the time%s", hd_map_level(row));
    HD_SAY(row->found, "the host's clock%s%.60s",
           *m->in->inventory->os.time_zone ? ", time zone " : "",
           m->in->inventory->os.time_zone);
    HD_SAY(row->reason, "Xen gives every guest its clock");
}

/* The guest's first wish of the class. */
static int first_wish(const struct hd_guest *g, uint32_t class)
{
    for (uint32_t i = 0; i < g->n_wishes; i++)
        if (g->wishes[i].class == class)
            return (int)i;
    return -1;
}

void hd_map_display(struct hd_mapper *m, const struct hd_guest *g,
                    struct hd_map_row *row)
{
    const struct hd_wish *wish = &g->wishes[row->index];
    const struct hd_settings *user = &m->map->settings;
    uint64_t width = user->width ? user->width : wish->width;
    uint64_t height = user->height ? user->height : wish->height;

    if (!width || !height)
        width = WIDTH, height = HEIGHT;
    HD_SAY(row->wish, "a display of %" PRIu64 "x%" PRIu64 " as %s%s%s", width,
           height, row->guest_name,
           user->width || user->height ? ", as the user wants" : "",
           hd_map_level(row));
    say_parts(m->in->inventory, HD_PART_DISPLAY, row);
    if (row->index != (uint32_t)first_wish(g, HD_CLASS_DISPLAY)) {
        HD_SAY(row->reason, "a guest has one display at most");
        return;
    }
    if (!m->in->inventory->has_qemu) {
        HD_SAY(row->reason, "dom0 has no program that serves a PV framebuffer");
        HD_SAY(row->change, "install qemu-system-xen in dom0");
        return;
    }
    row->how = HD_HOW_EMULATED;
    row->width = width;
    row->height = height;
    HD_SAY(row->reason, "a PV framebuffer, shown by VNC on a unix socket; "
                        "guests do not get the host's own display");
}

void hd_map_input(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    HD_SAY(row->wish, "keyboard and pointer as %s%s", row->guest_name,
           hd_map_level(row));
    say_parts(m->in->inventory, HD_PART_INPUT, row);
    if (first_wish(g, HD_CLASS_DISPLAY) < 0) {
        HD_SAY(row->reason, "they come with a display, and the guest wishes "
                            "for none");
        HD_SAY(row->change, "add a wish of class display to the manifest");
        return;
    }
    if (!m->in->inventory->has_qemu ||
        hd_policy_denies(m->in->policy, HD_CLASS_DISPLAY)) {
        HD_SAY(row->reason, "they come with a display, and the guest gets "
                            "none");
        HD_SAY(row->change, "what gives it a display gives it these");
        return;
    }
    row->how = HD_HOW_EMULATED;
    HD_SAY(row->reason, "a PV keyboard and pointer that come with the PV "
                        "framebuffer");
}

void hd_map_sound(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    (void)g;
    HD_SAY(row->wish, "sound as %s%s", row->guest_name, hd_map_level(row));
    say_parts(m->in->inventory, HD_PART_SOUND, row);
    HD_SAY(row->reason, "neither Xen's toolstack in Debian nor dom0 has a "
                        "backend for PV sound");
}
