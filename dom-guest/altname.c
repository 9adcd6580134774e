/* SPDX-License-Identifier: MIT */
/* Adds an alternative name to an interface, and finds one by any of its names;
 * changes nothing else of it. */
#include "altname.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "../pv-drivers/base/mem.h"

#define NAME_MAX_LEN 127 /* ALTIFNAMSIZ - 1 */

struct request {
    struct nlmsghdr head;
    struct ifinfomsg link;
    struct rtattr list, name;
    char text[NAME_MAX_LEN + 1];
};

struct question {
    struct nlmsghdr head;
    struct ifinfomsg link;
    struct rtattr name;
    char text[NAME_MAX_LEN + 1];
};

/* Its beginning; the rest of a long one is of no use here. */
struct reply {
    struct nlmsghdr head;
    union {
        struct nlmsgerr why;
        struct ifinfomsg link;
    };
    char rest[256];
};

static int talk(const struct nlmsghdr *head, struct reply *ret)
{
    hd_autofd int sock =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    return sock < 0 || send(sock, head, head->nlmsg_len, 0) < 0 ||
                   recv(sock, ret, sizeof(*ret), 0) <
                       (ssize_t)NLMSG_LENGTH(sizeof(ret->link))
               ? -1
               : 0;
}

static void fill(struct request *r, unsigned index, const char *name)
{
    size_t len = strlen(name) + 1;

    memcpy(r->text, name, len);
    r->name.rta_type = IFLA_ALT_IFNAME;
    r->name.rta_len = (unsigned short)RTA_LENGTH(len);
    r->list.rta_type = IFLA_PROP_LIST | NLA_F_NESTED;
    r->list.rta_len = (unsigned short)RTA_LENGTH(RTA_ALIGN(r->name.rta_len));
    r->link.ifi_index = (int)index;
    r->head.nlmsg_type = RTM_NEWLINKPROP;
    r->head.nlmsg_flags =
        NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL;
    r->head.nlmsg_len =
        (uint32_t)NLMSG_LENGTH(sizeof(r->link)) + RTA_ALIGN(r->list.rta_len);
}

unsigned hd_altname_find(const char *name)
{
    struct question q = {.head.nlmsg_type = RTM_GETLINK,
                         .head.nlmsg_flags = NLM_F_REQUEST};
    struct reply reply = {0};
    size_t len = strlen(name) + 1;

    if (len > sizeof(q.text))
        return 0;
    /* Linux before 5.5 knows the first alone, which finds both since. */
    q.name.rta_type = len <= IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME;
    memcpy(q.text, name, len);
    q.name.rta_len = (unsigned short)RTA_LENGTH(len);
    q.head.nlmsg_len =
        (uint32_t)NLMSG_LENGTH(sizeof(q.link)) + RTA_ALIGN(q.name.rta_len);
    return !talk(&q.head, &reply) && reply.head.nlmsg_type == RTM_NEWLINK
               ? (unsigned)reply.link.ifi_index
               : 0;
}

int hd_altname_add(unsigned index, const char *name, struct hd_err *err)
{
    struct reply reply = {0};
    struct request r = {0};

    if (strlen(name) > NAME_MAX_LEN)
        return hd_fail(err, HD_E_FAILED, "the name %.32s... is too long", name);
    fill(&r, index, name);
    if (talk(&r.head, &reply))
        return hd_fail_errno(err, HD_E_FAILED, "ask for the name %s", name);
    errno = -reply.why.error;
    if (errno && !(errno == EEXIST && hd_altname_find(name) == index))
        return hd_fail_errno(err, HD_E_FAILED, "name interface %u %s", index,
                             name);
    return 0;
}
