/* SPDX-License-Identifier: MIT */
/* Opens beneath a folder; never leaves it and never follows a link. */
#include "beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_as(int root, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_NOFOLLOW | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS | resolve};

    return (int)syscall(SYS_openat2, root, path + 1, &how, sizeof(how));
}

int hd_beneath_open(int root, const char *path, int flags)
{
    return open_as(root, path, flags, 0);
}

int hd_beneath_open_here(int root, const char *path, int flags)
{
    return open_as(root, path, flags, RESOLVE_NO_XDEV);
}
