/* SPDX-License-Identifier: MIT */
/* inotify(7) on the registry's folder; reads nothing of it. */
#include "news.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../pv-drivers/base/mem.h"
#include "registry_lock.h"

#define EVENTS (IN_MODIFY | IN_MOVED_TO | IN_ONLYDIR)

int hd_news_open(const char *dir, struct hd_err *err)
{
    hd_autofd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (hd_registry_folder(dir, err))
        return -1;
    if (fd < 0 || inotify_add_watch(fd, dir, EVENTS) < 0)
        return hd_fail_errno(err, HD_E_FAILED, "watch the registry");
    return hd_steal_fd(&fd);
}

/* The system knows the folder that it hears of by itself, and refuses it. */
bool hd_news_is_elsewhere(int fd, const char *dir)
{
    return inotify_add_watch(fd, dir, EVENTS | IN_MASK_CREATE) >= 0 ||
           errno == ENOENT;
}

void hd_news_drain(int fd)
{
    char buf[4096];

    while (read(fd, buf, sizeof(buf)) > 0)
        continue;
}
