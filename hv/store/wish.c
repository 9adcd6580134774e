/* SPDX-License-Identifier: MIT */
/* Checks the wishes of a guest against one another and against its volumes and
 * nics; never looks at a host. */
#include "wish.h"

#include <string.h>

#include "../../pv-drivers/base/mem.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_MANIFEST, __VA_ARGS__)

/* What a class takes, and what it must have. */
enum {
    ONCE = 1,   /* at most one wish of it */
    ROLE = 2,   /* needs a role */
    DISK = 4,   /* needs `as`, a disk's name, and a size */
    PIXELS = 8, /* may have width and height */
};

static const struct {
    unsigned takes;
    const char *instead; /* it is no wish: where the manifest has it */
} rules[] = {
    [HD_CLASS_CPU] = {0, "vcpus"},
    [HD_CLASS_MEMORY] = {0, "memory"},
    [HD_CLASS_BLOCK] = {DISK, NULL},
    [HD_CLASS_NET] = {0, "nics"},
    [HD_CLASS_CONSOLE] = {ONCE, NULL},
    [HD_CLASS_DISPLAY] = {ONCE | PIXELS, NULL},
    [HD_CLASS_INPUT] = {ONCE, NULL},
    [HD_CLASS_SOUND] = {ONCE, NULL},
    [HD_CLASS_USB] = {ROLE, NULL},
    [HD_CLASS_PCI] = {ROLE, NULL},
    [HD_CLASS_TIME] = {ONCE, NULL},
    [HD_CLASS_FILES] = {0, "tables"},
};

bool hd_wish_is_disk_name(const char *as)
{
    return !strncmp(as, "xvd", 3) && as[3] >= 'a' && as[3] <= 'p' && !as[4];
}

static int check_disk(const struct hd_guest *g, const struct hd_wish *w,
                      struct hd_err *err)
{
    if (!hd_wish_is_disk_name(w->as))
        return BAD(err,
                   "guest \"%s\": block wishes need as, one of xvda to xvdp, "
                   "not \"%s\"",
                   g->name, w->as);
    if (!w->size)
        return BAD(err, "guest \"%s\": the block wish \"%s\" has no size",
                   g->name, w->as);
    if (w->size % (1 << 20))
        return BAD(err,
                   "guest \"%s\": the size of the block wish \"%s\" is not "
                   "whole MiB",
                   g->name, w->as);
    return 0;
}

static int fail_needless(const struct hd_guest *g, const struct hd_wish *w,
                         const char *what, struct hd_err *err)
{
    return BAD(err, "guest \"%s\": %s wishes have no %s; leave it out", g->name,
               hd_class_name(w->class), what);
}

/* It has what its class needs, and nothing of another's. */
static int check_fields(const struct hd_guest *g, const struct hd_wish *w,
                        struct hd_err *err)
{
    unsigned takes = rules[w->class].takes;

    if (rules[w->class].instead)
        return BAD(err,
                   "guest \"%s\": %s is no wish; write it as the guest's %s",
                   g->name, hd_class_name(w->class), rules[w->class].instead);
    if (takes & ROLE && !w->role[0])
        return BAD(err,
                   "guest \"%s\": %s wishes need a role, which the host's "
                   "policy joins to a device",
                   g->name, hd_class_name(w->class));
    if (!(takes & ROLE) && w->role[0])
        return fail_needless(g, w, "role", err);
    if (!(takes & DISK) && w->size)
        return fail_needless(g, w, "size", err);
    if (!(takes & PIXELS) && (w->width || w->height))
        return fail_needless(g, w, w->width ? "width" : "height", err);
    if (!w->width != !w->height)
        return BAD(err,
                   "guest \"%s\": a display wish has both width and height or "
                   "neither",
                   g->name);
    return takes & DISK ? check_disk(g, w, err) : 0;
}

static bool is_taken(const struct hd_guest *g, uint32_t index)
{
    const char *as = g->wishes[index].as;

    for (uint32_t i = 0; i < g->n_disks; i++)
        if (!strcmp(as, g->disks[i].as))
            return true;
    for (uint32_t i = 0; i < g->n_nics; i++)
        if (!strcmp(as, g->nics[i].as))
            return true;
    for (uint32_t i = 0; i < index; i++)
        if (!strcmp(as, g->wishes[i].as))
            return true;
    return false;
}

int hd_wish_check(const struct hd_guest *g, struct hd_err *err)
{
    bool seen[HD_ARRAY_LEN(rules)] = {false};

    for (uint32_t i = 0; i < g->n_wishes; i++) {
        const struct hd_wish *w = &g->wishes[i];

        if (check_fields(g, w, err))
            return -1;
        if (seen[w->class] && rules[w->class].takes & ONCE)
            return BAD(err, "guest \"%s\": two %s wishes; keep one", g->name,
                       hd_class_name(w->class));
        seen[w->class] = true;
        if (w->as[0] && is_taken(g, i))
            return BAD(err, "guest \"%s\": two things are \"%s\"", g->name,
                       w->as);
    }
    return 0;
}
