/* SPDX-License-Identifier: MIT */
/* dm-verity over an image volume: its hash tree, made and checked in user
 * space; never touches device-mapper. */
#include "verity.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "../../pv-drivers/base/io.h"

#define DIGEST     32
#define PER_BLOCK  (HD_VERITY_BLOCK / DIGEST) /* digests */
#define MAX_LEVELS 9                          /* the data and 128^8 blocks */
#define CHUNK      256u                       /* blocks of one read: 1 MiB */

struct level {
    uint64_t at; /* byte of the file */
    uint64_t blocks;
};

/* levels[0] is the data, levels[top] has one block, whose digest is the root:
 * the data itself, when that is one block. */
struct tree {
    unsigned top;
    struct level levels[MAX_LEVELS];
};

struct hasher {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    uint8_t salt[32];
};

/* The block of one level that is being filled. */
struct open_block {
    uint8_t digests[HD_VERITY_BLOCK];
    unsigned n;       /* digests in it */
    uint64_t written; /* blocks of the level */
};

struct hd_verity_maker {
    int fd;
    uint64_t added; /* blocks of data */
    struct tree tree;
    struct hasher hasher;
    struct open_block open[MAX_LEVELS]; /* [0] is unused */
    uint8_t root[DIGEST];
};

static uint64_t blocks_above(uint64_t blocks)
{
    return (blocks + PER_BLOCK - 1) / PER_BLOCK;
}

static int lay_out(uint64_t start, uint64_t blocks, struct tree *t,
                   struct hd_err *err)
{
    uint64_t at = start + blocks * HD_VERITY_BLOCK;

    if (!blocks || blocks > (uint64_t)INT64_MAX / 2 / HD_VERITY_BLOCK)
        return hd_fail(err, HD_E_BAD_VOLUME, "an image cannot have %llu blocks",
                       (unsigned long long)blocks);
    t->top = 0;
    t->levels[0] = (struct level){start, blocks};
    while (blocks > 1) {
        blocks = blocks_above(blocks);
        t->levels[++t->top].blocks = blocks;
    }
    /* The top level stands first. */
    for (unsigned l = t->top; l > 0; l--) {
        t->levels[l].at = at;
        at += t->levels[l].blocks * HD_VERITY_BLOCK;
    }
    return 0;
}

static int hasher_init(struct hasher *h, struct hd_err *err)
{
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx || !EVP_DigestInit_ex2(h->ctx, h->md, NULL))
        return hd_fail(err, HD_E_FAILED, "cannot use SHA-256");
    return 0;
}

static void hasher_fini(struct hasher *h)
{
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
}

static int hash(struct hasher *h, const uint8_t *block, uint8_t ret[DIGEST],
                struct hd_err *err)
{
    if (!EVP_DigestInit_ex2(h->ctx, NULL, NULL) ||
        !EVP_DigestUpdate(h->ctx, h->salt, sizeof(h->salt)) ||
        !EVP_DigestUpdate(h->ctx, block, HD_VERITY_BLOCK) ||
        !EVP_DigestFinal_ex(h->ctx, ret, NULL))
        return hd_fail(err, HD_E_FAILED, "cannot hash a block");
    return 0;
}

/* Hashes a block of level `l` into the open block above it, and writes each
 * one that is full, or the last of its level. */
static int put(struct hd_verity_maker *v, unsigned l, const uint8_t *block,
               struct hd_err *err)
{
    uint8_t digest[DIGEST];

    for (;; l++) {
        const struct level *above = &v->tree.levels[l + 1];
        struct open_block *o = &v->open[l + 1];

        if (hash(&v->hasher, block, digest, err))
            return -1;
        if (l == v->tree.top) {
            memcpy(v->root, digest, DIGEST);
            return 0;
        }
        memcpy(o->digests + o->n++ * DIGEST, digest, DIGEST);
        if (o->n < PER_BLOCK &&
            o->written * PER_BLOCK + o->n < v->tree.levels[l].blocks)
            return 0;
        memset(o->digests + o->n * DIGEST, 0, (PER_BLOCK - o->n) * DIGEST);
        if (hd_io_pwrite(v->fd, o->digests, HD_VERITY_BLOCK,
                         (off_t)(above->at + o->written * HD_VERITY_BLOCK),
                         err))
            return hd_wrap(err, "hash tree");
        o->written++;
        o->n = 0;
        block = o->digests;
    }
}

uint64_t hd_verity_tree_size(uint64_t blocks)
{
    uint64_t tree = 0;

    while (blocks > 1) {
        blocks = blocks_above(blocks);
        tree += blocks;
    }
    return tree * HD_VERITY_BLOCK;
}

int hd_verity_begin(int fd, uint64_t start, uint64_t blocks,
                    struct hd_verity_maker **ret, struct hd_err *err)
{
    hd_auto(hd_verity_maker) v = calloc(1, sizeof(*v));

    if (!v)
        return hd_fail_errno(err, HD_E_FAILED, "make a hash tree");
    v->fd = fd;
    if (lay_out(start, blocks, &v->tree, err) || hasher_init(&v->hasher, err))
        return -1;
    if (RAND_bytes(v->hasher.salt, sizeof(v->hasher.salt)) != 1)
        return hd_fail(err, HD_E_FAILED, "no random bytes for a salt");
    *ret = hd_steal(&v);
    return 0;
}

void hd_verity_salt(struct hd_verity_maker *v, const uint8_t salt[32])
{
    memcpy(v->hasher.salt, salt, sizeof(v->hasher.salt));
}

int hd_verity_add(struct hd_verity_maker *v, const void *data, size_t len,
                  struct hd_err *err)
{
    const uint8_t *block = data;

    if (len % HD_VERITY_BLOCK ||
        len / HD_VERITY_BLOCK > v->tree.levels[0].blocks - v->added)
        return hd_fail(err, HD_E_FAILED, "not the blocks that were announced");
    for (; len; len -= HD_VERITY_BLOCK, block += HD_VERITY_BLOCK) {
        if (put(v, 0, block, err))
            return -1;
        v->added++;
    }
    return 0;
}

int hd_verity_end(struct hd_verity_maker *v, struct hd_verity *ret,
                  struct hd_err *err)
{
    if (v->added != v->tree.levels[0].blocks)
        return hd_fail(err, HD_E_FAILED, "%llu of %llu blocks came",
                       (unsigned long long)v->added,
                       (unsigned long long)v->tree.levels[0].blocks);
    ret->blocks = v->added;
    memcpy(ret->salt, v->hasher.salt, sizeof(ret->salt));
    memcpy(ret->root, v->root, sizeof(ret->root));
    return 0;
}

void hd_verity_maker_free(struct hd_verity_maker *v)
{
    hasher_fini(&v->hasher);
    free(v);
}

struct checker {
    int fd;
    const struct hd_verity *v;
    struct tree tree;
    struct hasher hasher;
    hd_verity_progress_fn *progress;
    void *ctx;
    uint64_t done, total; /* bytes */
    uint64_t bad;         /* for *ret_bad */
    uint8_t want[CHUNK * DIGEST];
    uint8_t blocks[CHUNK * HD_VERITY_BLOCK];
};

static int read_blocks(struct checker *c, unsigned l, uint64_t at, size_t n,
                       void *buf, struct hd_err *err)
{
    uint64_t byte = c->tree.levels[l].at + at * HD_VERITY_BLOCK;

    return hd_io_pread(c->fd, buf, n * HD_VERITY_BLOCK, (off_t)byte, err);
}

/* What the level above, which was checked before, says of `n` blocks. */
static int read_digests(struct checker *c, unsigned l, uint64_t at, size_t n,
                        struct hd_err *err)
{
    if (l == c->tree.top) {
        memcpy(c->want, c->v->root, DIGEST);
        return 0;
    }
    c->bad = UINT64_MAX;
    if (read_blocks(c, l + 1, at / PER_BLOCK, blocks_above(n), c->want, err))
        return hd_wrap(err, "hash tree");
    return 0;
}

static int check_block(struct checker *c, unsigned l, uint64_t at, size_t i,
                       struct hd_err *err)
{
    uint8_t digest[DIGEST];

    if (hash(&c->hasher, c->blocks + i * HD_VERITY_BLOCK, digest, err))
        return -1;
    if (!memcmp(digest, c->want + i * DIGEST, DIGEST))
        return 0;
    c->bad = l ? UINT64_MAX : at + i;
    if (l)
        return hd_fail(err, HD_E_BAD_VOLUME, "the hash tree was changed");
    return hd_fail(err, HD_E_BAD_VOLUME, "block %llu was changed",
                   (unsigned long long)c->bad);
}

/* A chunk that cannot be read as a whole: which block is it? */
static int check_singly(struct checker *c, unsigned l, uint64_t at, size_t n,
                        struct hd_err *err)
{
    for (size_t i = 0; i < n; i++) {
        c->bad = l ? UINT64_MAX : at + i;
        if (read_blocks(c, l, at + i, 1, c->blocks + i * HD_VERITY_BLOCK, err))
            return l ? hd_wrap(err, "hash tree")
                     : hd_wrap(err, "block %llu", (unsigned long long)c->bad);
        if (check_block(c, l, at, i, err))
            return -1;
    }
    return 0;
}

static int check_chunk(struct checker *c, unsigned l, uint64_t at, size_t n,
                       struct hd_err *err)
{
    if (read_digests(c, l, at, n, err))
        return -1;
    if (read_blocks(c, l, at, n, c->blocks, NULL))
        return check_singly(c, l, at, n, err);
    for (size_t i = 0; i < n; i++)
        if (check_block(c, l, at, i, err))
            return -1;
    return 0;
}

static int check_level(struct checker *c, unsigned l, struct hd_err *err)
{
    uint64_t blocks = c->tree.levels[l].blocks;

    for (uint64_t at = 0; at < blocks; at += CHUNK) {
        size_t n = blocks - at < CHUNK ? blocks - at : CHUNK;

        if (check_chunk(c, l, at, n, err))
            return -1;
        c->done += n * HD_VERITY_BLOCK;
        if (c->progress && c->progress(c->ctx, c->done, c->total))
            return hd_fail(err, HD_E_FAILED, "interrupted");
    }
    return 0;
}

/* From the root down to level `last`. */
static int check(struct checker *c, uint64_t start, unsigned last,
                 struct hd_err *err)
{
    if (lay_out(start, c->v->blocks, &c->tree, err) ||
        hasher_init(&c->hasher, err))
        return -1;
    memcpy(c->hasher.salt, c->v->salt, sizeof(c->v->salt));
    c->total =
        c->v->blocks * HD_VERITY_BLOCK + hd_verity_tree_size(c->v->blocks);
    for (unsigned l = c->tree.top + 1; l-- > last;)
        if (check_level(c, l, err))
            return -1;
    return 0;
}

static int run(int fd, uint64_t start, const struct hd_verity *v, unsigned last,
               hd_verity_progress_fn *progress, void *ctx, uint64_t *ret_bad,
               struct hd_err *err)
{
    hd_autofree struct checker *c = calloc(1, sizeof(*c));
    int rc;

    if (!c)
        return hd_fail_errno(err, HD_E_FAILED, "check a hash tree");
    c->fd = fd;
    c->v = v;
    c->progress = progress;
    c->ctx = ctx;
    c->bad = UINT64_MAX;
    rc = check(c, start, last, err);
    hasher_fini(&c->hasher);
    if (rc && ret_bad)
        *ret_bad = c->bad;
    return rc;
}

int hd_verity_check_tree(int fd, uint64_t start, const struct hd_verity *v,
                         struct hd_err *err)
{
    return run(fd, start, v, v->blocks > 1, NULL, NULL, NULL, err);
}

int hd_verity_check(int fd, uint64_t start, const struct hd_verity *v,
                    hd_verity_progress_fn *progress, void *ctx,
                    uint64_t *ret_bad, struct hd_err *err)
{
    return run(fd, start, v, 0, progress, ctx, ret_bad, err);
}
