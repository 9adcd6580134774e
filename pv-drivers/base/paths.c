/* SPDX-License-Identifier: MIT */
/* Finds the programs that belong to the running one; never starts one. */
#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void hd_beside(const char *installed, char ret[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);
    char *slash;

    ret[n > 0 ? n : 0] = '\0';
    slash = strrchr(ret, '/');
    if (slash) {
        snprintf(slash, (size_t)(ret + PATH_MAX - slash), "%s",
                 strrchr(installed, '/'));
        if (!access(ret, X_OK))
            return;
    }
    snprintf(ret, PATH_MAX, "%s", installed);
}
