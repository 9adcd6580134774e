/* SPDX-License-Identifier: MIT */
/* Finds interfaces by their MAC and names them; decides no name. */
#include "nics.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "../pv-drivers/base/io.h"
#include "altname.h"

#define LOOK_MS 10

/* ioctls of netdevice(7), on any socket. */
static int ask(int sock, unsigned long what, const char *name,
               struct ifreq *ret)
{
    *ret = (struct ifreq){0};
    snprintf(ret->ifr_name, sizeof(ret->ifr_name), "%s", name);
    return ioctl(sock, what, ret);
}

static bool has_mac(int sock, const char *name, const uint8_t mac[6])
{
    struct ifreq r;

    return !ask(sock, SIOCGIFHWADDR, name, &r) &&
           r.ifr_hwaddr.sa_family == ARPHRD_ETHER &&
           !memcmp(r.ifr_hwaddr.sa_data, mac, 6);
}

static bool is_up(int sock, const char *name)
{
    struct ifreq r;

    return ask(sock, SIOCGIFFLAGS, name, &r) || r.ifr_flags & IFF_UP;
}

/* Its index and its name; 0: none has the MAC. */
static unsigned find(int sock, const uint8_t mac[6], char ret[IFNAMSIZ])
{
    struct if_nameindex *all = if_nameindex();
    unsigned found = 0;

    for (size_t i = 0; all && all[i].if_index && !found; i++)
        if (has_mac(sock, all[i].if_name, mac)) {
            snprintf(ret, IFNAMSIZ, "%s", all[i].if_name);
            found = all[i].if_index;
        }
    if_freenameindex(all);
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

/* It gets the next name of its kind, as the kernel gives them: "eth%d".  Its
 * own turn may come later. */
static int move_aside(int sock, const char *name, struct hd_err *err)
{
    size_t stem = strcspn(name, "0123456789");
    char next[IFNAMSIZ];

    snprintf(next, sizeof(next), "%.*s%%d", stem > 10 ? 10 : (int)stem, name);
    return rename_nic(sock, name, next, err);
}

static int name_nic(int sock, unsigned index, const char *from, const char *to,
                    struct hd_err *err)
{
    unsigned other = hd_altname_find(to);
    char name[IF_NAMESIZE];

    if (index == other)
        return 0;
    if (is_up(sock, from) || strlen(to) >= IFNAMSIZ)
        return hd_altname_add(index, to, err);
    /* A second name of another's stays where it is. */
    if (other && if_indextoname(other, name) && !strcmp(name, to) &&
        !is_up(sock, to) && move_aside(sock, to, err))
        return -1;
    return rename_nic(sock, from, to, err);
}

/* 1: it has its name; 0: it is not there; -1: it cannot have it. */
static int try_nic(int sock, const struct hd_promise *p, struct hd_err *err)
{
    char name[IFNAMSIZ];
    unsigned index = find(sock, p->mac, name);

    if (!index)
        return 0;
    return name_nic(sock, index, name, p->name, err) ? -1 : 1;
}

static int await_nic(int sock, const struct hd_promise *p, uint64_t deadline_ms,
                     struct hd_err *err)
{
    int rc;

    while (!(rc = try_nic(sock, p, err)) && hd_io_left_ms(deadline_ms))
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    if (!rc)
        return hd_fail(err, HD_E_NO_DEVICE, "there is no interface for %s",
                       p->name);
    return rc > 0 ? 0 : -1;
}

size_t hd_nics_name(const struct hd_promise *promises, size_t n_promises,
                    uint64_t deadline_ms, struct hd_err *err)
{
    hd_autofd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t named = 0;

    *err = (struct hd_err){0};
    for (size_t i = 0; i < n_promises; i++) {
        struct hd_err why;

        if (!promises[i].is_nic)
            continue;
        if (!await_nic(sock, &promises[i], deadline_ms, &why))
            named++;
        else if (!err->code)
            *err = why;
    }
    return named;
}
