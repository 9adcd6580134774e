/* SPDX-License-Identifier: MIT */
/* Makes the links below /dev/hotdom and names interfaces; decides no name. */
#include "names.h"

#include <dirent.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "../pv-drivers/base/io.h"
#include "altname.h"
#include "folder.h"
#include "paths.h"

#define LOOK_MS 10

const struct hd_names hd_names_usual = {"/dev", "/sys/class/net",
                                        HD_GUEST_NAMES};

/* ---- disks and consoles */

static int link_one(const struct hd_names *n, const struct hd_promise *p,
                    struct hd_err *err)
{
    char target[300], path[300], is[300] = "";

    snprintf(target, sizeof(target), "%s/%s", n->dev, p->device);
    snprintf(path, sizeof(path), "%s/%s", n->links, p->name);
    if (readlink(path, is, sizeof(is) - 1) > 0 && !strcmp(is, target))
        return 0;
    (void)unlink(path);
    if (symlink(target, path))
        return hd_fail_errno(err, HD_E_IO, "make the link %s", path);
    return 0;
}

static bool is_promised(const char *name, const struct hd_promise *promises,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*promises[i].device && !strcmp(promises[i].name, name))
            return true;
    return false;
}

static void unlink_others(const struct hd_names *n,
                          const struct hd_promise *promises, size_t n_promises)
{
    DIR *dir = opendir(n->links);
    const struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (e->d_type == DT_LNK &&
            !is_promised(e->d_name, promises, n_promises))
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

int hd_names_link(const struct hd_names *n, const struct hd_promise *promises,
                  size_t n_promises, struct hd_err *err)
{
    if (hd_folder_make(n->links, err))
        return -1;
    unlink_others(n, promises, n_promises);
    for (size_t i = 0; i < n_promises; i++)
        if (*promises[i].device && link_one(n, &promises[i], err))
            return -1;
    return 0;
}

/* ---- interfaces */

static bool has_mac(const struct hd_names *n, const char *name,
                    const uint8_t mac[6])
{
    char path[300], want[18];
    hd_autofree char *text = NULL;

    snprintf(path, sizeof(path), "%s/%.16s/address", n->net, name);
    snprintf(want, sizeof(want), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
             mac[1], mac[2], mac[3], mac[4], mac[5]);
    return !hd_io_read_file(path, 64, &text, NULL, NULL) &&
           !strncmp(text, want, 17);
}

int hd_names_find_nic(const struct hd_names *n, const uint8_t mac[6],
                      char ret[16])
{
    DIR *dir = opendir(n->net);
    const struct dirent *e;
    int found = 0;

    while (dir && !found && (e = readdir(dir)))
        if (*e->d_name != '.' && strlen(e->d_name) < 16 &&
            has_mac(n, e->d_name, mac)) {
            snprintf(ret, 16, "%.15s", e->d_name);
            found = 1;
        }
    if (dir)
        closedir(dir);
    return found;
}

/* Of an interface that is down. */
static int rename_nic(int sock, const char *from, const char *to,
                      struct hd_err *err)
{
    struct ifreq r = {0};

    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", from);
    snprintf(r.ifr_newname, sizeof(r.ifr_newname), "%s", to);
    if (ioctl(sock, SIOCSIFNAME, &r))
        return hd_fail_errno(err, HD_E_FAILED, "name interface %s %s", from,
                             to);
    return 0;
}

static int name_nic(const char *from, const char *to, struct hd_err *err)
{
    hd_autofd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r = {0};

    if (!strcmp(from, to))
        return 0;
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", from);
    if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &r))
        return hd_fail_errno(err, HD_E_FAILED, "look at interface %s", from);
    if (r.ifr_flags & IFF_UP || strlen(to) >= IFNAMSIZ)
        return hd_altname_add((unsigned)if_nametoindex(from), to, err);
    return rename_nic(sock, from, to, err);
}

/* 1: it has its name; 0: it is not there; -1: it cannot have it. */
static int try_nic(const struct hd_names *n, const struct hd_promise *p,
                   struct hd_err *err)
{
    char name[16];

    if (!hd_names_find_nic(n, p->mac, name))
        return 0;
    return name_nic(name, p->name, err) ? -1 : 1;
}

size_t hd_names_nics(const struct hd_names *n,
                     const struct hd_promise *promises, size_t n_promises,
                     uint64_t deadline_ms, struct hd_err *err)
{
    size_t named = 0;

    *err = (struct hd_err){0};
    for (size_t i = 0; i < n_promises; i++) {
        struct hd_err why;
        int rc;

        if (!promises[i].is_nic)
            continue;
        while (!(rc = try_nic(n, &promises[i], &why)) &&
               hd_io_left_ms(deadline_ms))
            nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
        if (!rc)
            hd_fail(&why, HD_E_NO_DEVICE, "there is no interface for %s",
                    promises[i].name);
        if (rc != 1 && !err->code)
            *err = why;
        named += rc == 1;
    }
    return named;
}
