/* SPDX-License-Identifier: MIT */
/* Whether somebody listens where the answer to a question goes; sends nothing.
 */
#include "asked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

bool hd_asked_is_awaited(const char *file)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    hd_autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const char *name = strrchr(file, '/');
    int len;

    if (!name || strlen(name) < 4 || fd < 0)
        return false;
    len = snprintf(to.sun_path, sizeof(to.sun_path), "%.*s/sck%s",
                   (int)(name - file), file, name + 4);
    if (len < (int)sizeof(to.sun_path) &&
        !connect(fd, (struct sockaddr *)&to, sizeof(to)))
        return true;
    /* It may have ended meanwhile. */
    return access(file, F_OK) && errno == ENOENT;
}
