/* SPDX-License-Identifier: MIT */
/* Bridges of dom0: found, and without an uplink made and removed; never changes
 * one that was there. */
#include "bridge.h"

#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "links.h"
#include "rtnl.h"

static int create(const char *name)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh =
        hd_rtnl_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    struct nlattr *info;

    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
    mnl_attr_nest_end(nlh, info);
    return hd_rtnl_talk(nlh);
}

static int delete (uint32_t index)
{
    struct hd_rtnl_request req;

    return hd_rtnl_talk(hd_rtnl_link(&req, RTM_DELLINK, 0, index));
}

int hd_bridge_find(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = hd_links_find(name, &link, err);

    if (found < 0)
        return -1;
    if (!found || strcmp(link.kind, "bridge"))
        return hd_fail(err, HD_E_NO_NETWORK,
                       "this host has no bridge %s any more; make it, or name "
                       "another one under networks in the policy",
                       name);
    return 0;
}

int hd_bridge_check_free(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = hd_links_find(name, &link, err);

    if (found > 0)
        return hd_fail(err, HD_E_EXISTS,
                       "an interface is called %s already; remove it", name);
    return found;
}

int hd_bridge_make(const char *name, struct hd_err *err)
{
    struct hd_link link;

    if (create(name))
        return hd_fail_errno(err, errno == EEXIST ? HD_E_EXISTS : HD_E_FAILED,
                             "cannot make the bridge %s", name);
    if (hd_links_find(name, &link, err) != 1)
        return hd_fail(err, HD_E_FAILED, "the bridge %s went away", name);
    if (hd_rtnl_keep_dom0_out(link.index) || hd_rtnl_up(link.index)) {
        hd_fail_errno(err, HD_E_FAILED, "cannot set the bridge %s up", name);
        (void)delete (link.index);
        return -1;
    }
    return 0;
}

int hd_bridge_remove(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = hd_links_find(name, &link, err);

    if (found <= 0)
        return found;
    if (strcmp(link.kind, "bridge"))
        return hd_fail(err, HD_E_EXISTS,
                       "the interface %s is no bridge of hotdom's; remove it",
                       name);
    if (delete (link.index) && errno != ENODEV)
        return hd_fail_errno(err, HD_E_FAILED, "cannot remove the bridge %s",
                             name);
    return 0;
}
