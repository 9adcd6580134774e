/* SPDX-License-Identifier: MIT */
/* What the manifest's table cannot say: names that are unique or refer to one
 * another, sizes that add up; safe on bytes from anywhere. */
#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "after.h"
#include "host_view.h"
#include "manifest.h"
#include "registry_keys.h"
#include "settings.h"
#include "wish.h"
#include "yaml_locate.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_MANIFEST, __VA_ARGS__)

/* The entry that is being looked at, for the message. */
struct place {
    const char *list;
    uint32_t index;
};

/* Every list's struct begins with its name, `size` bytes apart. */
static int find(const void *list, uint32_t n, size_t size, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp((const char *)list + i * size, name))
            return (int)i;
    return -1;
}

#define FIND(list, n, name) find(list, n, sizeof(*(list)), name)

static int check_unique(const char *what, const void *list, uint32_t n,
                        size_t size, struct place *at, struct hd_err *err)
{
    for (uint32_t i = 1; i < n; i++) {
        const char *name = (const char *)list + i * size;

        *at = (struct place){what, i};
        if (find(list, i, size, name) >= 0)
            return BAD(err, "two %s are named \"%s\"", what, name);
    }
    return 0;
}

#define CHECK_UNIQUE(list, n, at, err)                                         \
    check_unique(#list, m->list, n, sizeof(*m->list), at, err)

static int check_files(const struct hd_manifest *m, struct place *at,
                       struct hd_err *err)
{
    uint64_t packed = 0, unpacked = 0;

    for (uint32_t i = 0; i < m->n_files; i++) {
        const struct hd_file *f = &m->files[i];

        *at = (struct place){"files", i};
        if (!strcmp(f->name, HD_MEMBER_MANIFEST) ||
            !strcmp(f->name, HD_MEMBER_SIG) ||
            !strcmp(f->name, HD_MEMBER_SIGNER))
            return BAD(err, "file \"%s\": the name is taken", f->name);
        if (!f->unpacked && f->size > HD_UNPACKED_BYTES)
            return BAD(err, "file \"%s\": it is too large", f->name);
        packed += f->size;
        unpacked += hd_file_bytes(f);
    }
    /* Each is bounded by its field, so 64 of them do not overflow. */
    if (packed > HD_HEADER_BYTES || unpacked > HD_HEADER_BYTES)
        return BAD(err, "the files have more than %u MiB together",
                   HD_HEADER_BYTES >> 20);
    return 0;
}

static int check_source_volume(const struct hd_manifest *m,
                               const struct hd_volume *v, struct hd_err *err)
{
    if (v->kind == HD_VOLUME_IMAGE && !v->from[0])
        return BAD(err, "image \"%s\" has no from", v->name);
    if (v->kind == HD_VOLUME_DATA && v->encryption == HD_ENCRYPTION_LUKS2 &&
        !m->n_users)
        return BAD(err,
                   "volume \"%s\" is encrypted and the store has no users; "
                   "name one, or say encryption: none",
                   v->name);
    return 0;
}

/* Data and what describes it fit into the partition. */
static int check_signed_volume(const struct hd_volume *v, struct hd_err *err)
{
    bool image = v->kind == HD_VOLUME_IMAGE;
    bool luks = !image && v->encryption == HD_ENCRYPTION_LUKS2;

    if (luks != !!v->luks.offset)
        return BAD(err, "volume \"%s\" has %s luks", v->name,
                   luks ? "no" : "a needless");
    if (image != !!v->verity.blocks)
        return BAD(err, "volume \"%s\" has %s verity", v->name,
                   image ? "no" : "a needless");
    if (luks && v->luks.offset >= v->size)
        return BAD(err, "volume \"%s\" has no room behind its luks.offset",
                   v->name);
    if (image && (v->verity.blocks > v->size / HD_VERITY_BLOCK ||
                  hd_verity_tree_size(v->verity.blocks) >
                      v->size - v->verity.blocks * HD_VERITY_BLOCK))
        return BAD(err, "image \"%s\" has no room for verity.blocks", v->name);
    if (!image && v->replaces[0])
        return BAD(err, "volume \"%s\": only images have replaces", v->name);
    return 0;
}

static int check_volumes(const struct hd_manifest *m, unsigned which,
                         struct place *at, struct hd_err *err)
{
    int first = hd_manifest_luks(m, -1);
    uint32_t encrypted = 0;

    for (int i = first; i >= 0; i = hd_manifest_luks(m, i)) {
        uint64_t offset =
            i == first ? HD_LUKS_OFFSET_KEY : HD_LUKS_OFFSET_OTHER;

        *at = (struct place){"volumes", (uint32_t)i};
        if (++encrypted > HD_MAX_LUKS)
            return BAD(err, "more than %d volumes are encrypted", HD_MAX_LUKS);
        if (which == HD_F_SIGNED && m->volumes[i].luks.offset &&
            m->volumes[i].luks.offset != offset)
            return BAD(err, "volume \"%s\" has luks.offset %lluM, not %lluM",
                       m->volumes[i].name,
                       (unsigned long long)m->volumes[i].luks.offset >> 20,
                       (unsigned long long)offset >> 20);
    }
    for (uint32_t i = 0; i < m->n_volumes; i++) {
        const struct hd_volume *v = &m->volumes[i];

        *at = (struct place){"volumes", i};
        if (v->discard && v->kind == HD_VOLUME_IMAGE)
            return BAD(err, "image \"%s\": only data has discard", v->name);
        if (which == HD_F_SOURCE) {
            if (!v->size && !v->from[0])
                return BAD(err, "volume \"%s\" has neither size nor from",
                           v->name);
            if (check_source_volume(m, v, err))
                return -1;
            continue;
        }
        if (check_signed_volume(v, err))
            return -1;
        if (v->size % (1 << 20))
            return BAD(err, "volume \"%s\": its size is not whole MiB",
                       v->name);
        for (uint32_t j = 0; j < i; j++)
            if (hd_uuid_equal(&v->partuuid, &m->volumes[j].partuuid))
                return BAD(err, "volumes \"%s\" and \"%s\" have one partuuid",
                           m->volumes[j].name, v->name);
    }
    return 0;
}

/* A password is checked by the keyslots where there are any. */
static int check_users(const struct hd_manifest *m, unsigned which,
                       struct place *at, struct hd_err *err)
{
    bool keyslots = hd_manifest_luks(m, -1) >= 0;

    for (uint32_t i = 0; i < m->n_users; i++) {
        uint64_t n = m->users[i].auth.n;

        *at = (struct place){"users", i};
        if (!strcmp(m->users[i].name, HD_LUKS_RECOVERY_USER))
            return BAD(err, "a user cannot be named \"%s\"",
                       HD_LUKS_RECOVERY_USER);
        if (which == HD_F_SIGNED && keyslots == !!n)
            return BAD(err, "user \"%s\" has %s auth", m->users[i].name,
                       keyslots ? "a needless" : "no");
        if (n & (n - 1))
            return BAD(err, "user \"%s\": n is not a power of two",
                       m->users[i].name);
        if (hd_settings_check(m, &m->users[i], err))
            return -1;
    }
    return 0;
}

static int check_disks(const struct hd_manifest *m, const struct hd_guest *g,
                       bool used[HD_MAX_VOLUMES], struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_disks; i++) {
        const struct hd_disk *d = &g->disks[i];
        int v = hd_manifest_volume(m, d->name);

        if (v < 0)
            return BAD(err, "guest \"%s\": no volume is named \"%s\"", g->name,
                       d->name);
        if (used[v])
            return BAD(err, "guest \"%s\": volume \"%s\" is in use already",
                       g->name, d->name);
        used[v] = true;
        if (!hd_wish_is_disk_name(d->as))
            return BAD(err, "guest \"%s\": \"%s\" is not one of xvda to xvdp",
                       g->name, d->as);
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(d->as, g->disks[j].as))
                return BAD(err, "guest \"%s\": two volumes are \"%s\"", g->name,
                           d->as);
    }
    return 0;
}

static int check_nics(const struct hd_guest *g, struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_nics; i++)
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(g->nics[i].as, g->nics[j].as))
                return BAD(err, "guest \"%s\": two nics are \"%s\"", g->name,
                           g->nics[i].as);
    return 0;
}

static int check_signed_guest(const struct hd_manifest *m, uint32_t index,
                              struct hd_err *err)
{
    const struct hd_guest *g = &m->guests[index];

    if (hd_manifest_file(m, g->kernel) < 0)
        return BAD(err, "guest \"%s\": no file is named \"%s\"", g->name,
                   g->kernel);
    if (g->ramdisk[0] && hd_manifest_file(m, g->ramdisk) < 0)
        return BAD(err, "guest \"%s\": no file is named \"%s\"", g->name,
                   g->ramdisk);
    for (uint32_t i = 0; i < index; i++)
        if (hd_uuid_equal(&g->id, &m->guests[i].id))
            return BAD(err, "guests \"%s\" and \"%s\" have one id",
                       m->guests[i].name, g->name);
    return 0;
}

/* What is packed is better than what was: a store that runs is read again by
 * the next hotdomd, which must not refuse it then. */
static int check_tables(const struct hd_manifest *m, const struct hd_guest *g,
                        unsigned which, struct hd_err *err)
{
    hd_autofree char *text = malloc(HD_VIEW_TEXT);

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    return hd_host_view_text(m, g, text, err) ||
                   (which == HD_F_SOURCE && hd_host_view_check(text, err))
               ? hd_wrap(err, "guest \"%s\"", g->name)
               : 0;
}

static int check_guests(const struct hd_manifest *m, unsigned which,
                        struct place *at, struct hd_err *err)
{
    bool used[HD_MAX_VOLUMES] = {false};

    for (uint32_t i = 0; i < m->n_guests; i++) {
        const struct hd_guest *g = &m->guests[i];

        *at = (struct place){"guests", i};
        if (g->memory.min > g->memory.want)
            return BAD(err, "guest \"%s\": memory.min is more than memory.want",
                       g->name);
        if (g->vcpus.min > g->vcpus.want)
            return BAD(err, "guest \"%s\": vcpus.min is more than vcpus.want",
                       g->name);
        if (hd_after_check(m, i, err) || check_disks(m, g, used, err) ||
            check_nics(g, err) || hd_wish_check(g, err) ||
            check_tables(m, g, which, err) ||
            hd_registry_keys_check_guest(m, g, err) ||
            (which == HD_F_SIGNED && check_signed_guest(m, i, err)))
            return -1;
    }
    return 0;
}

int hd_manifest_file(const struct hd_manifest *m, const char *name)
{
    return FIND(m->files, m->n_files, name);
}

int hd_manifest_volume(const struct hd_manifest *m, const char *name)
{
    return FIND(m->volumes, m->n_volumes, name);
}

int hd_manifest_guest(const struct hd_manifest *m, const char *name)
{
    return FIND(m->guests, m->n_guests, name);
}

int hd_manifest_user(const struct hd_manifest *m, const char *name)
{
    return FIND(m->users, m->n_users, name);
}

bool hd_manifest_is_kernel(const struct hd_manifest *m,
                           const struct hd_file *file)
{
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (!strcmp(m->guests[i].kernel, file->name))
            return true;
    return false;
}

bool hd_manifest_is_ramdisk(const struct hd_manifest *m,
                            const struct hd_file *file)
{
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (!strcmp(m->guests[i].ramdisk, file->name))
            return true;
    return false;
}

int hd_manifest_luks(const struct hd_manifest *m, int after)
{
    for (uint32_t i = (uint32_t)(after + 1); i < m->n_volumes; i++)
        if (m->volumes[i].kind == HD_VOLUME_DATA &&
            m->volumes[i].encryption == HD_ENCRYPTION_LUKS2)
            return (int)i;
    return -1;
}

uint32_t hd_manifest_count_luks(const struct hd_manifest *m)
{
    uint32_t n = 0;

    for (int i = hd_manifest_luks(m, -1); i >= 0; i = hd_manifest_luks(m, i))
        n++;
    return n;
}

static int check(const struct hd_manifest *m, unsigned which, struct place *at,
                 struct hd_err *err)
{
    if (hd_yaml_check(&hd_manifest_table, which, m, HD_E_BAD_MANIFEST, err) ||
        CHECK_UNIQUE(files, m->n_files, at, err) ||
        CHECK_UNIQUE(volumes, m->n_volumes, at, err) ||
        CHECK_UNIQUE(users, m->n_users, at, err) ||
        CHECK_UNIQUE(guests, m->n_guests, at, err) || check_files(m, at, err) ||
        check_volumes(m, which, at, err) || check_users(m, which, at, err))
        return -1;
    *at = (struct place){"registry", 0};
    if (hd_registry_keys_check(m, &at->index, err))
        return -1;
    return check_guests(m, which, at, err);
}

int hd_manifest_check(const struct hd_manifest *m, unsigned which,
                      struct hd_err *err)
{
    struct place at;

    return check(m, which, &at, err);
}

/* "want" that nobody wrote is "min"; an image is read-only. */
static void fill_in(struct hd_manifest *m)
{
    for (uint32_t i = 0; i < m->n_guests; i++) {
        struct hd_guest *g = &m->guests[i];

        if (!g->memory.want)
            g->memory.want = g->memory.min;
        if (!g->vcpus.want)
            g->vcpus.want = g->vcpus.min;
        for (uint32_t j = 0; j < g->n_disks; j++) {
            int v = hd_manifest_volume(m, g->disks[j].name);

            if (v >= 0 && m->volumes[v].kind == HD_VOLUME_IMAGE)
                g->disks[j].mode = HD_MODE_RO;
        }
    }
}

int hd_manifest_parse(const char *text, size_t len, unsigned which,
                      struct hd_manifest **ret_m, struct hd_err *err)
{
    hd_autofree struct hd_manifest *m = calloc(1, sizeof(*m));
    struct place at = {"guests", 0};
    size_t line, column;

    if (!m)
        return hd_fail_errno(err, HD_E_FAILED, "parse the manifest");
    if (len > HD_MANIFEST_BYTES)
        return BAD(err, "the manifest is larger than %d bytes",
                   HD_MANIFEST_BYTES);
    if (hd_yaml_read(text, len, &hd_manifest_table, which, HD_E_BAD_MANIFEST, m,
                     err))
        return -1;
    fill_in(m);
    if (check(m, which, &at, err))
        return hd_yaml_locate(text, len, at.list, at.index, &line, &column)
                   ? -1
                   : hd_wrap(err, "line %zu, column %zu", line, column);
    *ret_m = hd_steal(&m);
    return 0;
}
