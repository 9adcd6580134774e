/* SPDX-License-Identifier: MIT */
/* Which guests a guest is after: checks it, and puts them in order; never knows
 * whether one runs. */
#include "after.h"

#include <string.h>

#define BAD(err, ...) hd_fail(err, HD_E_BAD_MANIFEST, __VA_ARGS__)

static int check_names(const struct hd_manifest *m, const struct hd_guest *g,
                       struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_after; i++) {
        const char *name = g->after[i].name;

        if (hd_manifest_guest(m, name) < 0)
            return BAD(err, "guest \"%s\": after: no guest is named \"%s\"",
                       g->name, name);
        if (!strcmp(name, g->name))
            return BAD(err, "guest \"%s\" is after itself", g->name);
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(name, g->after[j].name))
                return BAD(err, "guest \"%s\": after: \"%s\" stands twice",
                           g->name, name);
    }
    return 0;
}

/* Marks all that are before guest `index`; a name that nobody has is the other
 * guest's fault.  Each guest is marked once, so loops end. */
static void mark_before(const struct hd_manifest *m, uint32_t index,
                        bool before[HD_MAX_GUESTS])
{
    uint32_t todo[HD_MAX_GUESTS], n = 0;

    todo[n++] = index;
    while (n > 0) {
        const struct hd_guest *g = &m->guests[todo[--n]];

        for (uint32_t i = 0; i < g->n_after; i++) {
            int other = hd_manifest_guest(m, g->after[i].name);

            if (other < 0 || before[other])
                continue;
            before[other] = true;
            if ((uint32_t)other != index)
                todo[n++] = (uint32_t)other;
        }
    }
}

int hd_after_check(const struct hd_manifest *m, uint32_t index,
                   struct hd_err *err)
{
    const struct hd_guest *g = &m->guests[index];
    bool before[HD_MAX_GUESTS] = {false};

    if (check_names(m, g, err))
        return -1;
    mark_before(m, index, before);
    if (!before[index])
        return 0;
    for (uint32_t i = 0; i < g->n_after; i++) {
        bool of[HD_MAX_GUESTS] = {false};
        uint32_t other = (uint32_t)hd_manifest_guest(m, g->after[i].name);

        mark_before(m, other, of);
        if (of[index])
            return BAD(err, "guest \"%s\" is after \"%s\", which is after it",
                       g->name, g->after[i].name);
    }
    return 0;
}

void hd_after_ranks(const struct hd_manifest *m, uint32_t ret[HD_MAX_GUESTS])
{
    bool moved = true;

    memset(ret, 0, HD_MAX_GUESTS * sizeof(*ret));
    /* Without a loop each round settles at least one more. */
    for (uint32_t round = 0; moved && round < m->n_guests; round++) {
        moved = false;
        for (uint32_t i = 0; i < m->n_guests; i++)
            for (uint32_t k = 0; k < m->guests[i].n_after; k++) {
                int other = hd_manifest_guest(m, m->guests[i].after[k].name);

                if (other < 0 || ret[i] > ret[other])
                    continue;
                ret[i] = ret[other] + 1;
                moved = true;
            }
    }
}

static bool is_ready(const struct hd_manifest *m, const struct hd_guest *g,
                     const bool placed[HD_MAX_GUESTS])
{
    for (uint32_t i = 0; i < g->n_after; i++) {
        int other = hd_manifest_guest(m, g->after[i].name);

        if (other >= 0 && !placed[other])
            return false;
    }
    return true;
}

void hd_after_order(const struct hd_manifest *m, uint32_t ret[HD_MAX_GUESTS])
{
    bool placed[HD_MAX_GUESTS] = {false};

    for (uint32_t n = 0; n < m->n_guests; n++) {
        uint32_t i = 0, first;

        while (placed[i])
            i++;
        first = i;
        while (i < m->n_guests &&
               (placed[i] || !is_ready(m, &m->guests[i], placed)))
            i++;
        ret[n] = i < m->n_guests ? i : first;
        placed[ret[n]] = true;
    }
}
