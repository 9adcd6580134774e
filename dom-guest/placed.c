/* SPDX-License-Identifier: MIT */
/* Keeps a copy of each layer's mount, and sees when the guest's own hide it;
 * takes no mount away. */
#include "placed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "../pv-drivers/base/mem.h"
#include "../pv-drivers/base/tables.h"
#include "mounted.h"

/* ---- the mount */

void hd_placed_init(struct hd_placed *p)
{
    *p = (struct hd_placed){.spare = -1};
}

void hd_placed_fini(struct hd_placed *p)
{
    free(hd_steal(&p->at));
    if (p->spare >= 0)
        close(hd_steal_fd(&p->spare));
}

int hd_placed_note(struct hd_placed *p, const char *at, const char *of,
                   struct hd_err *err)
{
    char *copy = strdup(at);

    if (!copy)
        return hd_fail_errno(err, HD_E_FAILED, "note %s", at);
    free(p->at);
    p->at = copy;
    p->id = hd_mounted_at(at);
    return hd_mounted_note(at, of, err);
}

void hd_placed_copy(struct hd_placed *p)
{
    if (p->spare >= 0)
        close(p->spare);
    p->spare = hd_mounted_copy(p->at);
}

int hd_placed_repeat(struct hd_placed *p, const char *at, const char *of,
                     struct hd_err *err)
{
    if (p->spare < 0)
        return hd_fail(err, HD_E_FAILED, "there is no copy of it");
    if (move_mount(p->spare, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH))
        return hd_fail_errno(err, HD_E_IO, "mount it at %s", at);
    close(hd_steal_fd(&p->spare));
    p->times++;
    if (hd_placed_note(p, at, of, err))
        return -1;
    hd_placed_copy(p);
    return 0;
}

/* ---- what hides it */

/* NULL: the guest has taken it away. */
static const struct hd_mount *find_mount(struct hd_placed *p,
                                         const struct hd_mountinfo *m)
{
    const struct hd_mount *e = hd_mountinfo_find(m, p->id, p->at);

    if (e && !p->dev)
        p->dev = e->dev;
    return e && e->dev == p->dev ? e : NULL;
}

static bool is_one_of(const struct hd_placed *placed, size_t n,
                      const struct hd_mount *e)
{
    for (size_t i = 0; i < n; i++)
        if (placed[i].at && placed[i].id == e->id &&
            !strcmp(placed[i].at, e->at))
            return true;
    return false;
}

/* Has the guest mounted something below `at` that can be seen there? */
static bool is_used_below(const struct hd_placed *placed, size_t n,
                          const struct hd_mountinfo *m, const char *at)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct hd_mount *e = &m->mounts[i];

        if (hd_tables_is_below(e->at, at) && !is_one_of(placed, n, e) &&
            hd_mountinfo_reach(m, e->at) == e)
            return true;
    }
    return false;
}

bool hd_placed_is_used(const struct hd_placed *placed, size_t n, size_t i,
                       const struct hd_mountinfo *m)
{
    const struct hd_placed *p = &placed[i];
    const struct hd_mount *reached =
        p->at ? hd_mountinfo_reach(m, p->at) : NULL;

    return reached &&
           ((!strcmp(reached->at, p->at) && p->dev && reached->dev != p->dev) ||
            is_used_below(placed, n, m, p->at));
}

bool hd_placed_is_hidden(struct hd_placed *placed, size_t n, size_t i,
                         const struct hd_mountinfo *m)
{
    struct hd_placed *p = &placed[i];
    const struct hd_mount *ours = p->at ? find_mount(p, m) : NULL;
    const struct hd_mount *reached =
        p->at ? hd_mountinfo_reach(m, p->at) : NULL;

    if (!reached)
        return false;
    if (!strcmp(reached->at, p->at)) {
        if (reached->dev == p->dev)
            p->id = reached->id; /* an earlier one has come to light again */
        return false;
    }
    return ours && strcmp(reached->at, "/") != 0 && !reached->is_on_touch &&
           !is_used_below(placed, n, m, p->at);
}

bool hd_placed_may(struct hd_placed *p, uint64_t now_ms)
{
    if (p->times < HD_PLACED_TIMES &&
        now_ms - p->since_ms > HD_PLACED_WITHIN_MS) {
        p->times = 0;
        p->since_ms = now_ms;
    }
    return p->times < HD_PLACED_TIMES;
}
