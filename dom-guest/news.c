/* SPDX-License-Identifier: MIT */
/* inotify(7) on the registry's folder; reads nothing of it. */
#include "news.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "../pv-drivers/base/mem.h"
#include "registry_lock.h"

int hd_news_open(const char *dir, struct hd_err *err)
{
    hd_autofd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (hd_registry_folder(dir, err))
        return -1;
    if (fd < 0 ||
        inotify_add_watch(fd, dir, IN_MODIFY | IN_MOVED_TO | IN_ONLYDIR) < 0)
        return hd_fail_errno(err, HD_E_FAILED, "watch the registry");
    return hd_steal_fd(&fd);
}

void hd_news_drain(int fd)
{
    char buf[4096];

    while (read(fd, buf, sizeof(buf)) > 0)
        continue;
}
