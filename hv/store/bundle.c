/* SPDX-License-Identifier: MIT */
/* Gathers and signs what goes in a store's header, in memory; never writes. */
#include "bundle.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "bzimage.h"
#include "initrd.h"
#include "unpack.h"
#include "ustar.h"

/* Level 9 needs a quarter of the time of 19 for a tenth more bytes, and its
 * window of 4 MiB is within what the reader allows. */
#define ZSTD_LEVEL 9

struct blob {
    void *data; /* owned */
    size_t len, unpacked;
};

static void blob_fini(struct blob *b)
{
    free(b->data);
}

#define autoblob __attribute__((cleanup(blob_fini))) struct blob

void hd_bundle_free(struct hd_bundle *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->files[i]);
    free(b->tar);
    free(b);
}

static int read_at(int dir, const char *path, struct blob *ret,
                   struct hd_err *err)
{
    hd_autofd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    hd_autofree void *data = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", path);
    if (!S_ISREG(st.st_mode) || !st.st_size || st.st_size > HD_UNPACKED_BYTES)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "%s is not a file of 1 byte to %u MiB", path,
                       HD_UNPACKED_BYTES >> 20);
    data = malloc((size_t)st.st_size);
    if (!data)
        return hd_fail_errno(err, HD_E_FAILED, "read %s", path);
    if (hd_io_pread(fd, data, (size_t)st.st_size, 0, err))
        return hd_wrap(err, "%s", path);
    ret->data = hd_steal(&data);
    ret->len = (size_t)st.st_size;
    return 0;
}

static int compress_blob(struct blob *plain, struct blob *ret,
                         struct hd_err *err)
{
    size_t room = ZSTD_compressBound(plain->len), n;
    hd_autofree void *packed = malloc(room);

    if (!packed)
        return hd_fail_errno(err, HD_E_FAILED, "compress a file");
    n = ZSTD_compress(packed, room, plain->data, plain->len, ZSTD_LEVEL);
    if (ZSTD_isError(n))
        return hd_fail(err, HD_E_FAILED, "cannot compress a file: %s",
                       ZSTD_getErrorName(n));
    ret->data = hd_steal(&packed);
    ret->len = n;
    ret->unpacked = plain->len;
    return 0;
}

static int load_kernel(int dir, const char *path, struct blob *ret,
                       struct hd_err *err)
{
    autoblob image = {0};
    autoblob elf = {0};

    if (read_at(dir, path, &image, err))
        return -1;
    if (hd_bzimage_unpack(image.data, image.len, &elf.data, &elf.len, err))
        return hd_wrap(err, "kernel %s", path);
    return compress_blob(&elf, ret, err);
}

/* One that gzip has packed libxc would unpack at each start, and no other.  One
 * with something behind it is for the guest's kernel to make out. */
static int load_ramdisk(int dir, const char *path, struct blob *ret,
                        struct hd_err *err)
{
    autoblob image = {0};
    autoblob plain = {0};
    bool all = false;

    if (read_at(dir, path, &image, err))
        return -1;
    if (hd_is_gzip(image.data, image.len) &&
        hd_unpack(image.data, image.len, &plain.data, &plain.len, &all, err))
        return hd_wrap(err, "ramdisk %s", path);
    if (all)
        return compress_blob(&plain, ret, err);
    *ret = image;
    image.data = NULL;
    return 0;
}

/* Takes the blob. */
static int add_file(struct hd_bundle *b, struct hd_manifest *m,
                    const char *name, struct blob *blob, struct hd_err *err)
{
    struct hd_file *f = &m->files[b->n];

    if (b->n == HD_MAX_FILES)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "the guests have more than %d kernels and ramdisks",
                       HD_MAX_FILES);
    snprintf(f->name, sizeof(f->name), "%s%s", name,
             blob->unpacked ? ".zst" : "");
    f->size = blob->len;
    f->unpacked = blob->unpacked;
    if (EVP_Digest(blob->data, blob->len, f->sha256, NULL, EVP_sha256(),
                   NULL) != 1)
        return hd_fail(err, HD_E_FAILED, "cannot take a digest");
    b->files[b->n++] = hd_steal(&blob->data);
    m->n_files = (uint32_t)b->n;
    return 0;
}

typedef int load_fn(int dir, const char *path, struct blob *ret,
                    struct hd_err *err);

/* Where a file has come from. */
struct seen {
    char path[HD_PATH_SIZE];
    load_fn *load; /* NULL: it was made */
};

/* `text` is the member of a guest that holds the local path.  The first guest
 * that needs a file gives it its name, the others share it. */
static bool find_seen(const struct hd_bundle *b, const struct hd_manifest *m,
                      const struct seen *seen, load_fn *load, char *text)
{
    for (size_t i = 0; i < b->n; i++)
        /* A file that is one guest's kernel and another's ramdisk is two. */
        if (!strcmp(seen[i].path, text) && seen[i].load == load) {
            strcpy(text, m->files[i].name);
            return true;
        }
    return false;
}

static int add_seen(struct hd_bundle *b, struct hd_manifest *m,
                    struct seen *seen, load_fn *load, const char *name,
                    struct blob *blob, char *text, struct hd_err *err)
{
    struct seen *this = &seen[b->n];

    if (add_file(b, m, name, blob, err))
        return -1;
    strcpy(this->path, text);
    this->load = load;
    strcpy(text, m->files[b->n - 1].name);
    return 0;
}

static int add_path(struct hd_bundle *b, int dir, struct hd_manifest *m,
                    struct seen *seen, load_fn *load, const char *name,
                    char *text, struct hd_err *err)
{
    autoblob blob = {0};

    if (find_seen(b, m, seen, load, text))
        return 0;
    return load(dir, text, &blob, err) ||
                   add_seen(b, m, seen, load, name, &blob, text, err)
               ? -1
               : 0;
}

/* `text` is empty, which no path of a manifest is. */
static int add_made(struct hd_bundle *b, struct hd_manifest *m,
                    struct seen *seen, const char *modules, const char *name,
                    char *text, struct hd_err *err)
{
    char agent[PATH_MAX];
    autoblob blob = {0};

    if (find_seen(b, m, seen, NULL, text))
        return 0;
    hd_beside(HD_GUEST, agent);
    return hd_initrd_make(modules, agent, &blob.data, &blob.len, err) ||
                   add_seen(b, m, seen, NULL, name, &blob, text, err)
               ? -1
               : 0;
}

int hd_bundle_load(struct hd_bundle *b, int dir, const char *modules,
                   struct hd_manifest *m, struct hd_err *err)
{
    struct seen seen[HD_MAX_FILES + 1];

    for (uint32_t i = 0; i < m->n_guests; i++) {
        struct hd_guest *g = &m->guests[i];
        char kernel[HD_NAME_SIZE + 16], ramdisk[HD_NAME_SIZE + 16];

        snprintf(kernel, sizeof(kernel), "%s/vmlinux", g->name);
        snprintf(ramdisk, sizeof(ramdisk), "%s/initrd.img", g->name);
        if (add_path(b, dir, m, seen, load_kernel, kernel, g->kernel, err) ||
            (g->ramdisk[0] && add_path(b, dir, m, seen, load_ramdisk, ramdisk,
                                       g->ramdisk, err)) ||
            (!g->ramdisk[0] && modules &&
             add_made(b, m, seen, modules, ramdisk, g->ramdisk, err)))
            return hd_wrap(err, "guest %s", g->name);
    }
    return 0;
}

struct member {
    const char *name;
    const void *data;
    size_t len;
};

static uint8_t *put_member(uint8_t *at, const struct member *member)
{
    hd_ustar_make(member->name, member->len, at);
    memcpy(at + HD_USTAR_BLOCK, member->data, member->len);
    return at + HD_USTAR_BLOCK + hd_ustar_padded(member->len);
}

static int make_tar(struct hd_bundle *b, const struct member *members, size_t n,
                    struct hd_err *err)
{
    size_t len = 2 * HD_USTAR_BLOCK;
    uint8_t *at;

    for (size_t i = 0; i < n; i++)
        len += HD_USTAR_BLOCK + hd_ustar_padded(members[i].len);
    if (len > HD_HEADER_BYTES)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "kernels and ramdisks have more than %u MiB together",
                       HD_HEADER_BYTES >> 20);
    free(b->tar);
    b->tar = at = calloc(1, len);
    if (!at)
        return hd_fail_errno(err, HD_E_FAILED, "make the header");
    b->tar_len = len;
    for (size_t i = 0; i < n; i++)
        at = put_member(at, &members[i]);
    return 0;
}

/* What is signed must be what the reader takes, so it is read again. */
static int write_manifest(const struct hd_manifest *m, char **ret_text,
                          size_t *ret_len, struct hd_err *err)
{
    hd_autofree struct hd_manifest *again = NULL;
    hd_autofree char *text = NULL;
    size_t len;

    if (hd_manifest_check(m, HD_F_SIGNED, err) ||
        hd_yaml_write(&hd_manifest_table, HD_F_SIGNED, m, &text, &len, err) ||
        hd_manifest_parse(text, len, HD_F_SIGNED, &again, err))
        return hd_wrap(err, "the signed manifest");
    *ret_text = hd_steal(&text);
    *ret_len = len;
    return 0;
}

int hd_bundle_seal(struct hd_bundle *b, const struct hd_manifest *m,
                   const char *key, struct hd_signer *ret_signer,
                   struct hd_err *err)
{
    struct member members[3 + HD_MAX_FILES];
    hd_autofree char *text = NULL;
    char pem[HD_SIGNER_PEM + 1];
    uint8_t sig[HD_SIG_BYTES];
    size_t len = 0;

    if (write_manifest(m, &text, &len, err) ||
        hd_sign(key, text, len, sig, ret_signer, err))
        return -1;
    hd_signer_format_pem(ret_signer, pem);
    members[0] = (struct member){HD_MEMBER_MANIFEST, text, len};
    members[1] = (struct member){HD_MEMBER_SIG, sig, sizeof(sig)};
    members[2] = (struct member){HD_MEMBER_SIGNER, pem, HD_SIGNER_PEM};
    for (size_t i = 0; i < b->n; i++)
        members[3 + i] =
            (struct member){m->files[i].name, b->files[i], m->files[i].size};
    return make_tar(b, members, 3 + b->n, err);
}
