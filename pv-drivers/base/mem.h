/* SPDX-License-Identifier: MIT */
/* Clean-up by scope, and memory for secrets; never reports an error. */
#ifndef HD_BASE_MEM_H
#define HD_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * STYLE O1: no goto for clean-up.
 *   hd_autofree char *s = ...;       freed when the scope ends
 *   hd_autofd int fd = -1;           closed when >= 0
 *   hd_auto(hd_ledger) l = ...;      hd_ledger_free(l) when not NULL
 *   return hd_steal(&s);             hands it out and keeps it alive
 */
static inline void hd_mem_freep(void *p)
{
    free(*(void **)p);
}

static inline void hd_mem_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define hd_autofree  __attribute__((cleanup(hd_mem_freep)))
#define hd_autofd    __attribute__((cleanup(hd_mem_closep)))
#define hd_auto(tag) __attribute__((cleanup(tag##_freep))) struct tag *

/* Beside each `tag_free`: makes hd_auto(tag) work. */
#define HD_DEFINE_AUTO(tag)                                                    \
    static inline void tag##_freep(struct tag **p)                             \
    {                                                                          \
        if (*p)                                                                \
            tag##_free(*p);                                                    \
    }

#define hd_steal(p)                                                            \
    (__extension__({                                                           \
        __typeof__(*(p)) hd_stolen = *(p);                                     \
        *(p) = NULL;                                                           \
        hd_stolen;                                                             \
    }))

static inline int hd_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

#define HD_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A secret (STYLE O4): its own locked pages, kept out of core dumps and of
 * children, cleansed by hd_secret_free.  `size` bytes of room; the caller keeps
 * `len`, the bytes in use.  The data is NUL-terminated behind `size`.
 */
struct hd_secret {
    size_t size; /* room, in bytes */
    size_t len;  /* in use */
    char *data;
};

/* NULL when the kernel gives no pages (errno says why). */
struct hd_secret *hd_secret_new(size_t size);
void hd_secret_free(struct hd_secret *secret);
HD_DEFINE_AUTO(hd_secret)

/* 0 when both have the same `len` bytes; takes the same time whatever they
 * hold. */
int hd_secret_compare(const void *a, const void *b, size_t len);

#endif
