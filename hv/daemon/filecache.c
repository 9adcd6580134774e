/* SPDX-License-Identifier: MIT */
/* Kernels and ramdisks of stores that were here; never looks into them. */
#include "filecache.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

struct entry {
    struct hd_known known;
    int fd; /* sealed memory */
    uint64_t used_ms;
    unsigned refs; /* the cache's, and each view's */
};

struct hd_filecache {
    struct entry *entries[HD_FILECACHE_MAX];
    size_t n;
    uint64_t limit; /* bytes */
};

struct hd_filecache_view {
    struct entry *entries[HD_FILECACHE_MAX];
    struct hd_known list[HD_FILECACHE_MAX];
    size_t n;
};

static void put(struct entry *e)
{
    if (--e->refs)
        return;
    close(e->fd);
    free(e);
}

static uint64_t bytes_of(const struct hd_known *k)
{
    return k->unpacked ? k->unpacked : k->size;
}

static struct entry *find(struct entry *const *entries, size_t n,
                          const struct hd_manifest *m, const struct hd_file *f)
{
    for (size_t i = 0; i < n; i++)
        if (hd_known_serves(&entries[i]->known, m, f))
            return entries[i];
    return NULL;
}

static void drop(struct hd_filecache *cache, size_t i)
{
    put(cache->entries[i]);
    cache->entries[i] = cache->entries[--cache->n];
}

static size_t oldest(const struct hd_filecache *cache)
{
    size_t at = 0;

    for (size_t i = 1; i < cache->n; i++)
        if (cache->entries[i]->used_ms < cache->entries[at]->used_ms)
            at = i;
    return at;
}

static uint64_t bytes_since(const struct hd_filecache *cache, uint64_t used_ms)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < cache->n; i++)
        if (cache->entries[i]->used_ms >= used_ms)
            sum += bytes_of(&cache->entries[i]->known);
    return sum;
}

/* For one more, at the cost of those not used for longest; but one file of a
 * store never makes way for another. */
static bool make_room(struct hd_filecache *cache, uint64_t bytes,
                      uint64_t now_ms)
{
    if (bytes > cache->limit ||
        bytes_since(cache, now_ms) > cache->limit - bytes)
        return false;
    while (cache->n == HD_FILECACHE_MAX ||
           hd_filecache_bytes(cache) > cache->limit - bytes) {
        size_t at = oldest(cache);

        if (cache->entries[at]->used_ms >= now_ms)
            return false;
        drop(cache, at);
    }
    return true;
}

/* The caller has made room for it. */
static void add(struct hd_filecache *cache, const struct hd_known *known,
                int fd, uint64_t now_ms)
{
    struct entry *e = calloc(1, sizeof(*e));
    int copy = e ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;

    if (copy < 0) { /* it is only slower */
        free(e);
        return;
    }
    *e = (struct entry){*known, copy, now_ms, 1};
    cache->entries[cache->n++] = e;
}

/* In place of the same file that was looked at only as a ramdisk. */
static void keep(struct hd_filecache *cache, const struct hd_manifest *m,
                 const struct hd_file *f, int fd, uint64_t now_ms)
{
    struct hd_known known = hd_known_of(m, f);

    if (find(cache->entries, cache->n, m, f))
        return;
    for (size_t i = cache->n; i-- > 0;)
        if (hd_known_same(&cache->entries[i]->known, f))
            drop(cache, i);
    if (make_room(cache, hd_file_bytes(f), now_ms))
        add(cache, &known, fd, now_ms);
}

struct hd_filecache *hd_filecache_new(void)
{
    return calloc(1, sizeof(struct hd_filecache));
}

void hd_filecache_free(struct hd_filecache *cache)
{
    while (cache && cache->n)
        drop(cache, 0);
    free(cache);
}

uint64_t hd_filecache_bytes(const struct hd_filecache *cache)
{
    return bytes_since(cache, 0);
}

void hd_filecache_limit(struct hd_filecache *cache, uint64_t bytes)
{
    cache->limit = bytes;
    while (hd_filecache_bytes(cache) > bytes)
        drop(cache, oldest(cache));
}

void hd_filecache_expire(struct hd_filecache *cache, uint64_t now_ms)
{
    for (size_t i = cache->n; i-- > 0;)
        if (now_ms - cache->entries[i]->used_ms >= HD_FILECACHE_AGE_MS)
            drop(cache, i);
}

void hd_filecache_add(struct hd_filecache *cache, const struct hd_manifest *m,
                      const int *fds, uint64_t now_ms)
{
    for (uint32_t i = 0; i < m->n_files; i++) {
        struct entry *e = find(cache->entries, cache->n, m, &m->files[i]);

        if (e)
            e->used_ms = now_ms;
    }
    for (uint32_t i = 0; i < m->n_files; i++)
        if (hd_manifest_is_kernel(m, &m->files[i]))
            keep(cache, m, &m->files[i], fds[i], now_ms);
    for (uint32_t i = 0; i < m->n_files; i++)
        if (hd_manifest_is_ramdisk(m, &m->files[i]))
            keep(cache, m, &m->files[i], fds[i], now_ms);
}

struct hd_filecache_view *hd_filecache_view_new(struct hd_filecache *cache)
{
    struct hd_filecache_view *view = calloc(1, sizeof(*view));

    for (size_t i = 0; view && i < cache->n; i++) {
        cache->entries[i]->refs++;
        view->list[i] = cache->entries[i]->known;
        view->entries[view->n++] = cache->entries[i];
    }
    return view;
}

void hd_filecache_view_free(struct hd_filecache_view *view)
{
    for (size_t i = 0; view && i < view->n; i++)
        put(view->entries[i]);
    free(view);
}

const struct hd_known *hd_filecache_view_list(
    const struct hd_filecache_view *view, size_t *ret_n)
{
    *ret_n = view->n;
    return view->list;
}

static int fill_one(const struct hd_filecache_view *view,
                    const struct hd_manifest *m, const struct hd_file *f,
                    int *ret, struct hd_err *err)
{
    const struct entry *e = find(view->entries, view->n, m, f);

    if (!e)
        return hd_fail(err, HD_E_FAILED,
                       "the reader's answer is not valid: %s is not known",
                       f->name);
    *ret = fcntl(e->fd, F_DUPFD_CLOEXEC, 3);
    if (*ret < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot share %s", f->name);
    return 0;
}

int hd_filecache_view_fill(const struct hd_filecache_view *view,
                           const struct hd_answer *answer, int *fds,
                           struct hd_err *err)
{
    const struct hd_manifest *m = &answer->manifest;

    for (uint32_t i = 0; i < m->n_files; i++) {
        if (!answer->known[i] || !fill_one(view, m, &m->files[i], &fds[i], err))
            continue;
        while (i-- > 0)
            if (answer->known[i]) {
                close(fds[i]);
                fds[i] = -1;
            }
        return -1;
    }
    return 0;
}
