/* SPDX-License-Identifier: MIT */
/* Gathers what a source manifest names and makes a store of it; never writes
 * to a medium itself. */
#include "pack.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "bundle.h"
#include "new_store.h"
#include "pack_users.h"
#include "pack_volume.h"
#include "target.h"

struct packer {
    const struct hd_pack *in;
    int dir; /* the manifest's folder */
    struct hd_manifest *m;
    struct hd_bundle *bundle;
    struct hd_target target;
    uint32_t n_volumes; /* open ones */
    struct hd_pack_volume volumes[HD_MAX_VOLUMES];
    struct hd_packed packed;
};

int hd_pack_tell(const struct hd_pack_ops *ops, const char *phase,
                 uint64_t done, uint64_t total, struct hd_err *err)
{
    if (ops->progress(ops->ctx, phase, done, total))
        return hd_fail(err, HD_E_FAILED, "interrupted; %s", ops->interrupted);
    return 0;
}

static int tell(const struct packer *p, const char *phase, uint64_t done,
                uint64_t total, struct hd_err *err)
{
    return hd_pack_tell(&p->in->ops, phase, done, total, err);
}

/* Local paths count from the manifest's folder. */
static int open_folder(const char *manifest, struct hd_err *err)
{
    char path[PATH_MAX];
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s", manifest) >= sizeof(path))
        return hd_fail(err, HD_E_USAGE, "the path is too long");
    fd = open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", path);
    return fd;
}

static int read_source(struct packer *p, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;

    if (hd_io_read_file(p->in->manifest, HD_MANIFEST_BYTES, &text, &len, err))
        return -1;
    if (hd_manifest_parse(text, len, HD_F_SOURCE, &p->m, err))
        return hd_wrap(err, "%s", p->in->manifest);
    p->dir = open_folder(p->in->manifest, err);
    return p->dir < 0 ? -1 : 0;
}

static int open_volumes(struct packer *p, struct hd_err *err)
{
    struct hd_manifest *m = p->m;

    for (int i = hd_manifest_luks(m, -1); i >= 0; i = hd_manifest_luks(m, i))
        m->volumes[i].luks.offset = HD_LUKS_OFFSET_OTHER;
    if (hd_manifest_luks(m, -1) >= 0)
        m->volumes[hd_manifest_luks(m, -1)].luks.offset = HD_LUKS_OFFSET_KEY;
    for (uint32_t i = 0; i < m->n_volumes; i++, p->n_volumes++)
        if (hd_pack_volume_open(&m->volumes[i], p->dir, &p->volumes[i], err))
            return -1;
    return 0;
}

/* From the source form to the signed one. */
static int complete(struct packer *p, struct hd_err *err)
{
    struct hd_manifest *m = p->m;

    if (hd_uuid_is_zero(&m->store.id) && hd_uuid_make(&m->store.id, err))
        return -1;
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (hd_uuid_make(&m->guests[i].id, err))
            return -1;
    if (open_volumes(p, err) ||
        hd_pack_users_make(p->in, m, p->volumes, &p->packed.recovery, err) ||
        tell(p, "kernels", 0, 1, err) ||
        hd_bundle_load(p->bundle, p->dir, p->in->modules, m, err))
        return -1;
    return tell(p, "kernels", 1, 1, err);
}

static int pack(struct packer *p, struct hd_err *err)
{
    struct hd_new_store store = {NULL, p->bundle, p->volumes, p->in->key,
                                 &p->in->ops};

    if (read_source(p, err) ||
        hd_target_open(p->in->output, p->in->force, &p->target, err) ||
        complete(p, err))
        return -1;
    store.m = p->m;
    if (hd_new_store_write(&store, &p->target, &p->packed.signer,
                           &p->packed.size, err))
        return -1;
    p->packed.store = p->m->store;
    return 0;
}

static void packer_fini(struct packer *p)
{
    hd_target_fini(&p->target);
    for (uint32_t i = 0; i < p->n_volumes; i++)
        hd_pack_volume_fini(&p->volumes[i]);
    if (p->packed.recovery)
        hd_secret_free(p->packed.recovery);
    if (p->dir >= 0)
        close(p->dir);
    if (p->bundle)
        hd_bundle_free(p->bundle);
    free(p->m);
    free(p);
}

int hd_pack(const struct hd_pack *in, struct hd_packed *ret, struct hd_err *err)
{
    struct packer *p = calloc(1, sizeof(*p));
    int rc;

    if (!p)
        return hd_fail_errno(err, HD_E_FAILED, "pack a store");
    p->in = in;
    p->dir = p->target.fd = -1;
    p->bundle = calloc(1, sizeof(*p->bundle));
    rc = p->bundle ? pack(p, err)
                   : hd_fail_errno(err, HD_E_FAILED, "pack a store");
    if (!rc) {
        *ret = p->packed;
        p->packed.recovery = NULL;
    }
    packer_fini(p);
    return rc;
}
