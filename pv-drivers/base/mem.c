/* SPDX-License-Identifier: MIT */
/* Memory for secrets; never writes them anywhere else. */
#include "mem.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

struct hd_secret *hd_secret_new(size_t size)
{
    struct hd_secret *secret;
    size_t total = sizeof(*secret) + size + 1;

    secret = mmap(NULL, total, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED)
        return NULL;
    /* Locking may be refused by RLIMIT_MEMLOCK; the rest still holds. */
    (void)mlock(secret, total);
    (void)madvise(secret, total, MADV_DONTDUMP);
    (void)madvise(secret, total, MADV_WIPEONFORK);
    secret->size = size;
    secret->data = (char *)(secret + 1);
    return secret;
}

void hd_secret_free(struct hd_secret *secret)
{
    size_t total;

    if (!secret)
        return;
    total = sizeof(*secret) + secret->size + 1;
    explicit_bzero(secret, total);
    munmap(secret, total);
}

int hd_secret_compare(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t differ = 0;

    for (size_t i = 0; i < len; i++)
        differ |= x[i] ^ y[i];
    return differ;
}
