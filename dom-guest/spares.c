/* SPDX-License-Identifier: MIT */
/* Keeps overlays for when they are wanted again; mounts none. */
#include "spares.h"

#include <string.h>
#include <unistd.h>

/* The descriptor is the caller's. */
static int cut(struct hd_spares *s, size_t i)
{
    int fd = s->of[i].fd;

    s->n--;
    memmove(&s->of[i], &s->of[i + 1], (s->n - i) * sizeof(s->of[0]));
    return fd;
}

int hd_spares_take(struct hd_spares *s, const char *path)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->of[i].path, path))
            return cut(s, i);
    return -1;
}

void hd_spares_put(struct hd_spares *s, const char *path, int fd)
{
    int other;

    if (fd < 0)
        return;
    other = hd_spares_take(s, path);
    if (other >= 0)
        close(other);
    if (s->n == HD_LAYERS)
        close(cut(s, 0));
    strcpy(s->of[s->n].path, path);
    s->of[s->n++].fd = fd;
}

void hd_spares_fini(struct hd_spares *s)
{
    while (s->n)
        close(cut(s, s->n - 1));
}
