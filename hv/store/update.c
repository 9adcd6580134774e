/* SPDX-License-Identifier: MIT */
/* Which images of a guest come, stay and go; never touches one that the store
 * in force needs. */
#include "update.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "edit.h"
#include "pack_volume.h"

/* A disk of a guest and the image behind it, in the next manifest. */
struct choice {
    struct hd_disk *disk;
    int volume;
};

/* The guest's disk that `in` means; with `back`, of those that can go back. */
static int choose(struct hd_manifest *m, const struct hd_update *in, bool back,
                  struct choice *ret, struct hd_err *err)
{
    int g = hd_manifest_guest(m, in->guest);
    struct choice found = {NULL, -1};

    if (g < 0)
        return hd_fail(err, HD_E_NO_GUEST, "the store has no guest %s",
                       in->guest);
    for (uint32_t i = 0; i < m->guests[g].n_disks; i++) {
        struct hd_disk *d = &m->guests[g].disks[i];
        int v = hd_manifest_volume(m, d->name);

        if (v < 0 || m->volumes[v].kind != HD_VOLUME_IMAGE ||
            (back && !m->volumes[v].replaces[0]) ||
            (in->volume && strcmp(in->volume, d->name)))
            continue;
        if (found.disk)
            return hd_fail(err, HD_E_USAGE,
                           "guest %s has images %s and %s; name one with "
                           "--volume",
                           in->guest, found.disk->name, d->name);
        found = (struct choice){d, v};
    }
    if (!found.disk)
        return hd_fail(err, HD_E_FAILED, "guest %s has no image %s%s",
                       in->guest, in->volume ? in->volume : "",
                       back ? "that replaced another one" : "");
    *ret = found;
    return 0;
}

/* The digits behind the last dot: the generation that brought the image. */
static const char *suffix_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    if (!dot || dot == name || !dot[1] ||
        dot[1 + strspn(dot + 1, "0123456789")])
        return NULL;
    return dot;
}

static void name_image(const char *old, uint64_t generation,
                       char ret[HD_NAME_SIZE])
{
    const char *dot = suffix_of(old);
    size_t len = dot ? (size_t)(dot - old) : strlen(old), room;
    char suffix[24];

    snprintf(suffix, sizeof(suffix), ".%llu", (unsigned long long)generation);
    room = HD_NAME_SIZE - 1 - strlen(suffix);
    snprintf(ret, HD_NAME_SIZE, "%.*s%s", (int)(len < room ? len : room), old,
             suffix);
}

/* The image and all that it goes back to. */
static void drop_chain(struct hd_edit *e, const char *name)
{
    char next[HD_NAME_SIZE];
    int v;

    snprintf(next, sizeof(next), "%s", name);
    while (*next && (v = hd_manifest_volume(&e->m, next)) >= 0) {
        memcpy(next, e->m.volumes[v].replaces, sizeof(next));
        hd_edit_drop(e, v);
    }
}

/*
 * Drops what the present image makes needless.  `*disk` names what the new one
 * will replace afterwards; `ret_spare` what may go too when room is missing.
 */
static void thin_out(struct hd_edit *e, const struct hd_update *in,
                     struct hd_disk *disk, char ret_spare[HD_NAME_SIZE])
{
    int now = hd_manifest_volume(&e->m, disk->name), before;
    const char *dot = suffix_of(disk->name);
    uint64_t since = dot ? strtoull(dot + 1, NULL, 10) : 0;
    char old[HD_NAME_SIZE], name[HD_NAME_SIZE];

    ret_spare[0] = '\0';
    memcpy(old, e->m.volumes[now].replaces, sizeof(old));
    before = *old ? hd_manifest_volume(&e->m, old) : -1;
    if (before < 0)
        return;
    if (in->seen && in->booted >= since) {
        drop_chain(e, old);
        return;
    }
    memcpy(name, e->m.volumes[before].replaces, sizeof(name));
    drop_chain(e, name);
    if (!in->seen) {
        memcpy(ret_spare, old, sizeof(old));
        return;
    }
    hd_edit_drop(e, hd_manifest_volume(&e->m, disk->name));
    memcpy(disk->name, old, sizeof(old));
}

/* Room for the image; where there is none, what was dropped makes way first. */
static int make_room(struct hd_edit *e, uint64_t size, const char *spare,
                     struct hd_err *err)
{
    if (!hd_edit_room(e, size, false, err))
        return 0;
    if (hd_edit_room(e, size, true, err)) {
        if (!*spare)
            return -1;
        drop_chain(e, spare);
        if (hd_edit_room(e, size, true, err))
            return -1;
    }
    if (hd_edit_prepare(e, err) || hd_edit_commit(e, err))
        return -1;
    hd_edit_next(e);
    return hd_edit_room(e, size, false, err);
}

struct checking {
    const struct hd_pack_ops *ops;
    char phase[HD_NAME_SIZE + 16];
};

static int show_check(void *ctx, uint64_t done, uint64_t total)
{
    const struct checking *c = ctx;

    return c->ops->progress(c->ops->ctx, c->phase, done, total);
}

/* All of it is read again: the old image is given up on the word of this. */
static int check_image(const struct hd_edit *e, const struct hd_pack_volume *pv,
                       struct hd_err *err)
{
    struct checking c = {.ops = e->ops};
    uint64_t bad;

    snprintf(c.phase, sizeof(c.phase), "verifying %s", pv->v->name);
    if (hd_target_sync(e->target, err))
        return -1;
    if (!hd_verity_check(e->target->fd, pv->start, &pv->v->verity, show_check,
                         &c, &bad, err))
        return 0;
    if (err && err->code == HD_E_BAD_VOLUME)
        err->code = HD_E_IO; /* it is the medium's fault */
    return hd_wrap(err, "image %s as it was just written", pv->v->name);
}

static int write_image(struct hd_edit *e, struct hd_disk *disk,
                       struct hd_volume *fresh, struct hd_pack_volume *pv,
                       struct hd_err *err)
{
    if (hd_edit_add(e, fresh, &pv->start, err))
        return -1;
    pv->v = &e->m.volumes[e->m.n_volumes - 1];
    memcpy(disk->name, fresh->name, sizeof(disk->name));
    if (hd_edit_prepare(e, err) ||
        hd_pack_volume_write(pv, e->target, e->ops, err) ||
        check_image(e, pv, err))
        return -1;
    return hd_edit_commit(e, err);
}

static int update(struct hd_edit *e, const struct hd_update *in,
                  struct hd_volume *fresh, struct hd_pack_volume *pv,
                  struct hd_err *err)
{
    struct choice choice;
    char spare[HD_NAME_SIZE];

    if (choose(&e->m, in, false, &choice, err))
        return -1;
    thin_out(e, in, choice.disk, spare);
    if (make_room(e, fresh->size, spare, err))
        return -1;
    name_image(choice.disk->name, e->m.store.generation, fresh->name);
    memcpy(fresh->replaces, choice.disk->name, sizeof(fresh->replaces));
    return write_image(e, choice.disk, fresh, pv, err);
}

static void report(const struct hd_edit *e, const char *volume,
                   struct hd_updated *ret)
{
    int v = hd_manifest_volume(&e->m, volume);

    *ret = (struct hd_updated){.store = e->m.store};
    memcpy(ret->volume, e->m.volumes[v].name, sizeof(ret->volume));
    memcpy(ret->replaces, e->m.volumes[v].replaces, sizeof(ret->replaces));
}

int hd_update(const struct hd_update *in, struct hd_updated *ret,
              struct hd_err *err)
{
    hd_auto(hd_edit) e = NULL;
    struct hd_volume fresh = {.kind = HD_VOLUME_IMAGE, .name = "image"};
    struct hd_pack_volume pv;
    int rc;

    if ((size_t)snprintf(fresh.from, sizeof(fresh.from), "%s", in->image) >=
        sizeof(fresh.from))
        return hd_fail(err, HD_E_USAGE, "the path %s is too long", in->image);
    if (hd_pack_volume_open(&fresh, AT_FDCWD, &pv, err))
        return -1;
    rc = hd_edit_begin(in->target, in->store, in->key, in->resign, &in->ops, &e,
                       err) ||
         update(e, in, &fresh, &pv, err);
    hd_pack_volume_fini(&pv);
    if (rc)
        return -1;
    report(e, fresh.name, ret);
    return 0;
}

int hd_revert(const struct hd_update *in, struct hd_updated *ret,
              struct hd_err *err)
{
    hd_auto(hd_edit) e = NULL;
    char old[HD_NAME_SIZE];
    struct choice choice;

    if (hd_edit_begin(in->target, in->store, in->key, in->resign, &in->ops, &e,
                      err) ||
        choose(&e->m, in, true, &choice, err))
        return -1;
    memcpy(old, e->m.volumes[choice.volume].replaces, sizeof(old));
    if (hd_manifest_volume(&e->m, old) < 0)
        return hd_fail(err, HD_E_FAILED, "image %s is no longer on the store",
                       old);
    hd_edit_drop(e, choice.volume);
    memcpy(choice.disk->name, old, sizeof(choice.disk->name));
    if (hd_edit_prepare(e, err) || hd_edit_commit(e, err))
        return -1;
    report(e, old, ret);
    return 0;
}
