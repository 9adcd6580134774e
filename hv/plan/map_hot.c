/* SPDX-License-Identifier: MIT */
/* Maps what a running guest is given by hand; never what it was started with.
 */
#include "map_hot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../store/text.h"
#include "../store/wish.h"
#include "map_kept.h"
#include "map_text.h"
#include "mapper.h"

#define MIB     ((uint64_t)1 << 20)
#define LETTERS 16 /* xvda to xvdp */
#define RAM     "ram:"
/* Behind a NIC's name that hotdom chooses. */
#define NUMBERS (2 * HD_MAX_NICS + HD_MAX_HOT_NICS)

/* ---- wishes */

static bool take_name(const char *text, char ret[HD_NAME_SIZE])
{
    size_t len = strlen(text);

    if (len >= HD_NAME_SIZE || !hd_text_is_name(text, len))
        return false;
    strcpy(ret, text);
    return true;
}

/* "64M" or "1G"; 0: something else, or too much. */
static uint64_t size_of(const char *text)
{
    char *unit;
    uint64_t n = strtoull(text, &unit, 10);
    uint64_t factor = !strcmp(unit, "M")   ? MIB
                      : !strcmp(unit, "G") ? MIB << 10
                                           : 0;

    return *text < '0' || *text > '9' || n > 1 << 20 ? 0 : n * factor;
}

int hd_hot_wish_disk(const char *source, const char *as, bool read_only,
                     struct hd_hot_wish *ret, struct hd_err *err)
{
    struct hd_hot_wish wish = {.class = HD_CLASS_USB, .read_only = read_only};

    if (as && !hd_wish_is_disk_name(as))
        return hd_fail(err, HD_E_USAGE, "\"%.16s\" is no disk of xvda to xvdp",
                       as);
    if (!strncmp(source, RAM, sizeof(RAM) - 1)) {
        wish.class = HD_CLASS_BLOCK;
        wish.size = size_of(source + sizeof(RAM) - 1);
        if (!wish.size)
            return hd_fail(err, HD_E_USAGE,
                           "\"%.32s\" is no size; ram:64M and ram:1G are",
                           source);
        if (read_only)
            return hd_fail(err, HD_E_USAGE,
                           "a disk in memory is empty, so it must be writable");
    } else if (!take_name(source, wish.role)) {
        return hd_fail(err, HD_E_USAGE,
                       "\"%.32s\" is neither ram:SIZE nor a role of the "
                       "policy's `devices`",
                       source);
    }
    strcpy(wish.as, as ? as : "");
    *ret = wish;
    return 0;
}

int hd_hot_wish_nic(const char *role, const char *as, struct hd_hot_wish *ret,
                    struct hd_err *err)
{
    struct hd_hot_wish wish = {.class = HD_CLASS_NET};

    if (!take_name(role, wish.role))
        return hd_fail(err, HD_E_USAGE,
                       "\"%.32s\" is no role of the policy's `networks`", role);
    if (as && !take_name(as, wish.as))
        return hd_fail(err, HD_E_USAGE,
                       "\"%.32s\" is no name: a-z, 0-9 and . _ -, at most %d "
                       "of them",
                       as, HD_NAME_SIZE - 1);
    *ret = wish;
    return 0;
}

/* ---- its row */

struct hot {
    const struct hd_guest *guest;
    const struct hd_hot_wish *wish;
    struct json_object *kept;
    struct hd_map_row *row;
};

static bool is_taken(const struct hot *h, const char *name)
{
    return hd_map_kept_is_wished(h->guest, name) ||
           hd_map_kept_find(h->kept, name);
}

static int taken(const struct hot *h, struct hd_err *err)
{
    return hd_fail(err, HD_E_EXISTS,
                   "guest %s has %s already; without --as it is the next free "
                   "name",
                   h->guest->name, h->wish->as);
}

static int name_disk(const struct hot *h, struct hd_err *err)
{
    char vdev[] = "xvda";

    if (*h->wish->as) {
        if (is_taken(h, h->wish->as))
            return taken(h, err);
        memcpy(vdev, h->wish->as, sizeof(vdev));
    } else {
        while (vdev[3] < 'a' + LETTERS && is_taken(h, vdev))
            vdev[3]++;
    }
    if (!hd_wish_is_disk_name(vdev))
        return hd_fail(err, HD_E_LIMIT,
                       "guest %s has all of xvda to xvdp; detach one",
                       h->guest->name);
    HD_SAY(h->row->vdev, "%s", vdev);
    HD_SAY(h->row->guest_name, "%s", vdev);
    h->row->index = HD_MAX_WISHES + (uint32_t)(vdev[3] - 'a');
    return 0;
}

/* One that was not there when the guest started has come. */
static void meet_wish(const struct hot *h)
{
    struct json_object *rows = hd_map_kept_rows(h->kept);

    for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        const char *name = hd_map_text_get(row, "name");

        if (strcmp(hd_map_text_get(row, "class"),
                   hd_class_name(HD_CLASS_USB)) ||
            strcmp(hd_map_text_get(row, "role"), h->wish->role) ||
            strcmp(hd_map_text_get(row, "how"), hd_how_name(HD_HOW_ABSENT)) ||
            !hd_map_kept_is_wished(h->guest, name))
            continue;
        HD_SAY(h->row->guest_name, "%.29s", name);
        return;
    }
}

static int name_nic(const struct hot *h, struct hd_err *err)
{
    char name[HD_NAME_SIZE], mac[HD_MAC_SIZE];
    uint8_t m[6];
    uint32_t n = 0;

    strcpy(name, h->wish->as);
    if (*name && is_taken(h, name))
        return taken(h, err);
    for (; !*h->wish->as && n < NUMBERS; n++) {
        snprintf(name, sizeof(name), "lan%u", n);
        if (!is_taken(h, name))
            break;
    }
    HD_SAY(h->row->guest_name, "%s", name);
    for (n = 0; n < HD_MAX_HOT_NICS; n++) {
        h->row->index = HD_MAX_NICS + HD_MAX_WISHES + n;
        hd_map_mac(&h->guest->id, h->row->index, m);
        hd_mac_format(m, mac);
        if (!hd_map_kept_find(h->kept, mac))
            return 0;
    }
    return hd_fail(err, HD_E_LIMIT,
                   "guest %s has %d NICs that were attached by hand; detach "
                   "one",
                   h->guest->name, HD_MAX_HOT_NICS);
}

static int name_it(const struct hot *h, struct hd_err *err)
{
    struct hd_map_row *row = h->row;

    HD_SAY(row->guest, "%s", h->guest->name);
    row->class = h->wish->class;
    row->level = HD_LEVEL_OPTIONAL; /* the guest has done without */
    row->how = HD_HOW_ABSENT;
    HD_SAY(row->role, "%s", h->wish->role);
    row->wished = h->wish->size;
    row->own = row->class == HD_CLASS_BLOCK;
    row->read_only = h->wish->read_only;
    if (row->class == HD_CLASS_NET)
        return name_nic(h, err);
    if (name_disk(h, err))
        return -1;
    if (row->class == HD_CLASS_USB)
        meet_wish(h);
    return 0;
}

/* Why the host gives it not. */
static int check_given(const struct hd_policy *policy,
                       const struct hd_map_row *row, struct hd_err *err)
{
    enum hd_code code = row->class == HD_CLASS_NET     ? HD_E_NO_NETWORK
                        : row->class == HD_CLASS_BLOCK ? HD_E_NO_MEMORY
                                                       : HD_E_NO_DEVICE;

    if (row->class == HD_CLASS_USB && (*row->bridge || row->console))
        return hd_fail(err, code,
                       "what the policy names for role %s is a %s, %s, and no "
                       "disk",
                       row->role,
                       row->console ? "serial adapter" : "network interface",
                       row->host_name);
    if (row->how != HD_HOW_ABSENT)
        return 0;
    if (hd_policy_denies(policy, row->class))
        code = HD_E_DENIED;
    return hd_fail(err, code, "guest %s gets no %s%s: %s%s%s", row->guest,
                   row->class == HD_CLASS_NET     ? "network of role "
                   : row->class == HD_CLASS_BLOCK ? "disk in memory"
                                                  : "disk of role ",
                   row->role, row->reason, *row->change ? "; " : "",
                   row->change);
}

/* The wish's text ends with whose it is, and this one is no manifest's. */
static void say_whose(struct hd_map_row *row)
{
    size_t len = strlen(row->wish), end = strlen(hd_map_level(row));

    if (len < end || strcmp(row->wish + len - end, hd_map_level(row)))
        return;
    hd_map_say(row->wish + len - end, sizeof(row->wish) - len + end,
               ", by hand");
}

static struct hd_map *new_map(const struct hd_map_input *in, const char *guest,
                              uint32_t *ret_at, struct hd_err *err)
{
    const struct hd_manifest *mf = &in->store->manifest;
    int at = hd_manifest_guest(mf, guest);
    hd_auto(hd_map) map = calloc(1, sizeof(*map));

    if (map)
        map->rows = calloc(1, sizeof(*map->rows));
    if (!map || !map->rows) {
        hd_fail_errno(err, HD_E_FAILED, "make a resource map");
        return NULL;
    }
    if (at < 0) {
        hd_fail(err, HD_E_NO_GUEST, "%s has no guest %s", in->label, guest);
        return NULL;
    }
    HD_SAY(map->label, "%s", in->label);
    map->hot = true;
    map->n_guests = mf->n_guests;
    for (uint32_t i = 0; i < mf->n_guests; i++) {
        HD_SAY(map->guests[i].name, "%s", mf->guests[i].name);
        map->guests[i].left_out = i != (uint32_t)at;
    }
    map->n_rows = map->guests[at].n_rows = 1;
    *ret_at = (uint32_t)at;
    return hd_steal(&map);
}

int hd_map_hot(const struct hd_map_input *in, const char *guest,
               const struct hd_hot_wish *wish, struct json_object *kept,
               struct hd_map **ret, struct hd_err *err)
{
    uint32_t at = 0;
    hd_auto(hd_map) map = new_map(in, guest, &at, err);
    struct hd_mapper m = {.in = in, .map = map, .at = at};
    struct hot h = {.wish = wish, .kept = kept};

    if (!map)
        return -1;
    m.out = &map->guests[at];
    m.scratch = hd_map_scratch_left(in);
    h.guest = &in->store->manifest.guests[at];
    h.row = map->rows;
    if (name_it(&h, err))
        return -1;
    hd_map_row_fill(&m, h.guest, h.row);
    if (check_given(in->policy, h.row, err))
        return -1;
    say_whose(h.row);
    *ret = hd_steal(&map);
    return 0;
}
