/* SPDX-License-Identifier: MIT */
/* Joins the host end of a virtual NIC to its bridge; never makes or changes a
 * bridge itself. */
#include "vif_hotplug.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define MTU_MIN 68 /* RFC 791 */
#define MTU_MAX 65535

static void node_of(const struct hd_backend_path *p, const char *leaf,
                    char node[96])
{
    snprintf(node, 96, "backend/vif/%u/%u/%s", p->domid, p->devid, leaf);
}

/* The request's interface is vifDOMID.DEVID. */
static struct ifreq request_for(const struct hd_backend_path *p)
{
    struct ifreq req = {0};

    snprintf(req.ifr_name, sizeof(req.ifr_name), "vif%u.%u", p->domid,
             p->devid);
    return req;
}

/* 1 with the MTU that the backend wants, 0: it wants none, -1. */
static int wanted_mtu(struct hd_xs *xs, const struct hd_backend_path *path,
                      int *ret, struct hd_err *err)
{
    char node[96], text[8];
    int mtu, found;

    node_of(path, "mtu", node);
    found = hd_xs_read(xs, node, text, sizeof(text), err);
    if (found <= 0)
        return found;
    mtu = atoi(text);
    if (text[strspn(text, "0123456789")] || mtu < MTU_MIN || mtu > MTU_MAX)
        return hd_fail(err, HD_E_FAILED, "\"%s\" is no MTU", text);
    *ret = mtu;
    return 1;
}

static int set_mtu(int sock, struct hd_xs *xs,
                   const struct hd_backend_path *path, struct hd_err *err)
{
    struct ifreq req = request_for(path);
    int found = wanted_mtu(xs, path, &req.ifr_mtu, err);

    if (found <= 0)
        return found;
    if (ioctl(sock, SIOCSIFMTU, &req))
        return hd_fail_errno(err, HD_E_FAILED, "cannot set the mtu of %s",
                             req.ifr_name);
    return 0;
}

static int set_up(int sock, const struct hd_backend_path *path, int up,
                  struct hd_err *err)
{
    struct ifreq req = request_for(path);

    if (!ioctl(sock, SIOCGIFFLAGS, &req)) {
        req.ifr_flags =
            (short)(up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP);
        if (!ioctl(sock, SIOCSIFFLAGS, &req))
            return 0;
    }
    return hd_fail_errno(err, HD_E_FAILED, "cannot bring %s %s", req.ifr_name,
                         up ? "up" : "down");
}

static int join(int sock, const struct hd_backend_path *path,
                const char *bridge, struct hd_err *err)
{
    struct ifreq vif = request_for(path), req = {0};

    strcpy(req.ifr_name, bridge);
    req.ifr_ifindex = (int)if_nametoindex(vif.ifr_name);
    if (!req.ifr_ifindex)
        return hd_fail_errno(err, HD_E_FAILED, "cannot find %s", vif.ifr_name);
    /* EBUSY: it is a port already, and ours can only be of this bridge. */
    if (ioctl(sock, SIOCBRADDIF, &req) && errno != EBUSY)
        return hd_fail_errno(err, HD_E_NO_NETWORK, "cannot join %s to %s",
                             vif.ifr_name, bridge);
    return 0;
}

int hd_vif_hotplug_check(const char *bridge, struct hd_err *err)
{
    size_t len = strlen(bridge);
    int ok = len > 0 && len < IFNAMSIZ && strcmp(bridge, ".") &&
             strcmp(bridge, "..");

    for (size_t i = 0; i < len; i++)
        ok = ok && bridge[i] > ' ' && bridge[i] <= '~' && bridge[i] != '/' &&
             bridge[i] != ':';
    if (!ok)
        return hd_fail(err, HD_E_NO_NETWORK, "\"%s\" is no name of a bridge",
                       bridge);
    return 0;
}

/* Copies the backend's node `bridge`, checked. */
static int bridge_of(struct hd_xs *xs, const struct hd_backend_path *path,
                     char bridge[IFNAMSIZ], struct hd_err *err)
{
    char node[96];
    int found;

    node_of(path, "bridge", node);
    found = hd_xs_read(xs, node, bridge, IFNAMSIZ, err);
    if (found < 0)
        return -1;
    if (!found)
        return hd_fail(err, HD_E_NO_NETWORK, "there is no node %s", node);
    return hd_vif_hotplug_check(bridge, err);
}

int hd_vif_hotplug_add(struct hd_xs *xs, const struct hd_backend_path *path,
                       struct hd_err *err)
{
    hd_autofd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char bridge[IFNAMSIZ], status[96];

    if (sock < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open a socket");
    if (bridge_of(xs, path, bridge, err) || set_mtu(sock, xs, path, err) ||
        join(sock, path, bridge, err) || set_up(sock, path, 1, err))
        return -1;
    node_of(path, "hotplug-status", status);
    return hd_xs_write(xs, &(struct hd_xs_node){status, "connected"}, 1, err);
}

static int is_there(const char *interface)
{
    char path[16 + IFNAMSIZ];

    snprintf(path, sizeof(path), "/sys/class/net/%s", interface);
    return !access(path, F_OK);
}

int hd_vif_hotplug_remove(struct hd_xs *xs, const struct hd_backend_path *path,
                          struct hd_err *err)
{
    hd_autofd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq vif = request_for(path), req = {0};
    char status[96];

    if (sock < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open a socket");
    /* Asked about a name that is not there, the kernel would run modprobe. */
    if (is_there(vif.ifr_name))
        req.ifr_ifindex = (int)if_nametoindex(vif.ifr_name);
    /* Gone, or off its bridge by itself as netback let go: both are what we
     * want, so only the nodes' removal can fail. */
    if (req.ifr_ifindex && !bridge_of(xs, path, req.ifr_name, NULL)) {
        (void)ioctl(sock, SIOCBRDELIF, &req);
        (void)set_up(sock, path, 0, NULL);
    }
    node_of(path, "hotplug-status", status);
    return hd_xs_write(xs, &(struct hd_xs_node){status, NULL}, 1, err);
}
