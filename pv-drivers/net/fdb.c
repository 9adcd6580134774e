/* SPDX-License-Identifier: MIT */
/* A bridge's forwarding table: gives a port its address, and never takes one
 * from another guest. */
#include "fdb.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../base/io.h"
#include "../base/mac.h"
#include "links.h"
#include "rtnl.h"

#define ENDS_MS 1000 /* netback takes its interface away behind its guest */
#define LOOK_NS 5000000

/* Entries of an address that are looked at in one go; one that is left out is
 * found at the next try, when these are gone. */
#define ENTRIES 16

struct entry {
    uint32_t port;
    uint16_t vlan; /* 0: none */
    bool set;      /* by somebody, and not learned */
};

/* Who else has an address. */
struct owner {
    uint32_t master, self;
    const uint8_t *mac;
    struct entry entries[ENTRIES];
    size_t n;
    uint32_t port; /* 0: nobody; the bridge itself is one */
    uint16_t vlan; /* 0: none */
    bool mine;     /* `self` has it, too */
    bool stays;    /* it is not to be taken */
    bool ends;     /* ... but a guest's, which may be about to end */
    char name[IFNAMSIZ];
};

static struct ndmsg *begin(struct hd_rtnl_request *req, uint16_t type,
                           uint16_t flags, uint32_t port)
{
    struct ndmsg *msg = hd_rtnl_begin(req, type, flags, sizeof(*msg));

    msg->ndm_family = AF_BRIDGE;
    msg->ndm_ifindex = (int)port;
    msg->ndm_flags = NTF_MASTER;
    return msg;
}

/* Static, not permanent: that would be an address of the bridge itself.
 * Sticky: else a frame from it at another port would move it there. */
static int add(struct hd_rtnl *nl, uint32_t port, const uint8_t mac[6],
               uint16_t how)
{
    struct hd_rtnl_request req;
    struct ndmsg *msg =
        begin(&req, RTM_NEWNEIGH, (uint16_t)(NLM_F_CREATE | how), port);

    msg->ndm_state = NUD_NOARP;
    msg->ndm_flags |= NTF_STICKY;
    mnl_attr_put((struct nlmsghdr *)req.buf, NDA_LLADDR, 6, mac);
    return hd_rtnl_talk(nl, (struct nlmsghdr *)req.buf);
}

/* Of that port alone: the kernel leaves it when it has moved on. */
static void forget(struct hd_rtnl *nl, const struct owner *owner)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = (struct nlmsghdr *)req.buf;

    begin(&req, RTM_DELNEIGH, 0, owner->port);
    mnl_attr_put(nlh, NDA_LLADDR, 6, owner->mac);
    if (owner->vlan)
        mnl_attr_put_u16(nlh, NDA_VLAN, owner->vlan);
    (void)hd_rtnl_talk(nl, nlh);
}

/* netback's, whatever it is called; and what has such a name, as the tap of a
 * guest that QEMU serves. */
static bool is_guests(const struct hd_link *link)
{
    char path[64], bus[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/sys/class/net/%s/device/subsystem",
             link->name);
    n = readlink(path, bus, sizeof(bus) - 1);
    bus[n < 0 ? 0 : n] = '\0';
    return (n > 0 && strstr(bus, "/xen-backend")) ||
           (!strncmp(link->name, "vif", 3) && link->name[3] >= '0' &&
            link->name[3] <= '9');
}

/* What was learned from a guest's interface that is down is of no use to it. */
static void note(struct hd_rtnl *nl, struct owner *owner,
                 const struct entry *entry)
{
    struct hd_link link = {0};

    if (owner->stays || hd_links_at(nl, entry->port, &link, NULL) != 1)
        return;
    owner->port = entry->port;
    owner->vlan = entry->vlan;
    owner->ends = is_guests(&link);
    owner->stays = entry->set || (owner->ends && link.set_up);
    memcpy(owner->name, link.name, sizeof(owner->name));
}

static void keep(struct owner *owner, struct entry entry)
{
    if (entry.port == owner->self)
        owner->mine = true;
    else if (owner->n < ENTRIES)
        owner->entries[owner->n++] = entry;
}

/* Each port's own addresses come along: NTF_SELF. */
static int on_entry(const struct nlmsghdr *nlh, void *context)
{
    const struct ndmsg *msg = mnl_nlmsg_get_payload(nlh);
    struct owner *owner = context;
    const struct nlattr *attr;
    struct entry entry = {.port = (uint32_t)msg->ndm_ifindex,
                          .set = msg->ndm_state & (NUD_PERMANENT | NUD_NOARP)};
    uint32_t master = 0;
    bool same = false;

    mnl_attr_for_each(attr, nlh, sizeof(*msg)) switch (mnl_attr_get_type(attr))
    {
    case NDA_LLADDR:
        same = mnl_attr_get_payload_len(attr) == 6 &&
               !memcmp(mnl_attr_get_payload(attr), owner->mac, 6);
        break;
    case NDA_MASTER:
        master = mnl_attr_get_u32(attr);
        break;
    case NDA_VLAN:
        entry.vlan = mnl_attr_get_u16(attr);
        break;
    }
    if (same && !(msg->ndm_flags & NTF_SELF) && master == owner->master)
        keep(owner, entry);
    return MNL_CB_OK;
}

/* An interrupted dump may miss one: EINTR. */
static int look(struct hd_rtnl *nl, struct owner *owner)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_GETNEIGH, NLM_F_DUMP, 0);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    msg->ifi_family = AF_BRIDGE;
    mnl_attr_put_u32(nlh, IFLA_MASTER, owner->master);
    if (hd_rtnl_ask(nl, nlh, on_entry, owner))
        return -1;
    for (size_t i = 0; i < owner->n; i++)
        note(nl, owner, &owner->entries[i]);
    return 0;
}

static int taken(const struct owner *owner, const char *bridge,
                 struct hd_err *err)
{
    char mac[HD_MAC_SIZE];

    hd_mac_format(owner->mac, mac);
    return hd_fail(err, HD_E_BUSY,
                   "the address %s on the bridge %s is that of %s; no guest "
                   "takes another's: end that one, or use another bridge",
                   mac, bridge, owner->name);
}

/* 1: try again, 0: it is the port's, -1. */
static int take_over(struct hd_rtnl *nl, const char *bridge,
                     struct owner *owner, bool last, struct hd_err *err)
{
    if (look(nl, owner))
        return errno == EINTR
                   ? 1
                   : hd_fail_errno(err, HD_E_NO_NETWORK,
                                   "cannot list who is on %s", bridge);
    if (owner->stays && (last || !owner->ends))
        return taken(owner, bridge, err);
    if (owner->port && !owner->stays)
        forget(nl, owner);
    else if (!owner->port && owner->mine &&
             !add(nl, owner->self, owner->mac, NLM_F_REPLACE))
        return 0;
    return 1;
}

int hd_fdb_give(struct hd_rtnl *nl, const char *bridge, uint32_t master,
                uint32_t port, const uint8_t mac[6], struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + ENDS_MS;
    int rc = 1;

    for (int tries = 0; rc == 1; tries++) {
        struct owner owner = {.master = master, .self = port, .mac = mac};
        bool last = !hd_io_left_ms(until);

        /* What was learned gives way at once, or there is a reason. */
        if (tries > 1)
            nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
        /* The kernel looks and writes in one: two who ask at once cannot both
         * have it. */
        if (!add(nl, port, mac, NLM_F_EXCL))
            return 0;
        if (errno != EEXIST)
            return hd_fail_errno(err, HD_E_NO_NETWORK,
                                 "cannot give an address on the bridge %s",
                                 bridge);
        rc = take_over(nl, bridge, &owner, last, err);
        if (rc == 1 && last)
            return hd_fail(err, HD_E_BUSY,
                           "an address on the bridge %s does not get free: "
                           "another host sends from it without pause",
                           bridge);
    }
    return rc;
}
