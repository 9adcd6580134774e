/* SPDX-License-Identifier: MIT */
/* Makes what a guest has mounted; writes no file of this machine. */
#include "view_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../dom-guest/folder.h"
#include "../../dom-guest/paths.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "apart_kit.h"

struct hd_view *view_kit;
struct hd_view_outcome view_kit_out;
uint64_t view_kit_now_ms = 1000;

bool view_kit_memory_at(const char *path)
{
    return !hd_folder_make(path, NULL) &&
           !mount("guest", path, "tmpfs", 0, "mode=755");
}

bool view_kit_write(const char *path, const char *text)
{
    hd_autofd int fd = -1;

    if (hd_folder_make_above(path, NULL))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd >= 0 && !hd_io_write(fd, text, strlen(text), NULL);
}

bool view_kit_holds(const char *path, const char *text)
{
    hd_autofree char *found = NULL;

    return !hd_io_read_file(path, 4096, &found, NULL, NULL) &&
           !strcmp(found, text);
}

/* A guest's disk on /srv, with a file of its own. */
bool view_kit_cover(void)
{
    return view_kit_memory_at("/srv") && view_kit_write("/srv/disk", "disk");
}

bool view_kit_compose(const char *tables, size_t made)
{
    hd_view_compose(view_kit, tables, &view_kit_out);
    return !view_kit_out.why.code && view_kit_out.made == made;
}

/* How many hidden layers a look shows again. */
size_t view_kit_look(void)
{
    hd_view_look(view_kit, view_kit_now_ms, &view_kit_out);
    return view_kit_out.made;
}

/* Mounts are shared, as systemd has them. */
static bool make_guest(void)
{
    return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           view_kit_memory_at("/run") && view_kit_memory_at("/var/lib") &&
           view_kit_memory_at("/srv") && view_kit_memory_at("/mnt") &&
           view_kit_memory_at(HD_GUEST_HOST) &&
           view_kit_write(HD_GUEST_HOST "/srv/agent/file", "host") &&
           view_kit_write(HD_GUEST_HOST "/srv/agent/own/file", "host") &&
           view_kit_write(HD_GUEST_HOST "/srv/motd", "host") &&
           view_kit_write(HD_GUEST_HOST "/mnt/other/file", "host") &&
           !mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

const char *view_kit_prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    if (!make_guest())
        return "a guest's mounts cannot be made";
    view_kit = hd_view_new(NULL);
    EXPECT(view_kit && hd_view_bell(view_kit) >= 0);
    hd_view_compose(view_kit, "+/srv/agent\n", &view_kit_out);
    if (view_kit_out.why.code &&
        (view_kit_out.why.sys == ENODEV || view_kit_out.why.sys == EPERM))
        return "skipped: this machine has no overlay";
    EXPECT(!view_kit_out.why.code && view_kit_out.made == 1);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    return NULL;
}

/* And a folder of the guest's own where the host has one too. */
const char *view_kit_prepare_own(void)
{
    const char *why = view_kit_prepare();

    EXPECT(why || (view_kit_compose("", 0) &&
                   view_kit_write("/srv/agent/own/mine", "own") &&
                   view_kit_compose("+/srv/agent\n", 1)));
    return why;
}

/* What tells one overlay from another, though both show the same. */
dev_t view_kit_device_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : st.st_dev;
}
