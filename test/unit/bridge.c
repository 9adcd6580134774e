/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/net/bridge against the running kernel, in a network
 * namespace of its own. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/net/bridge.h"
#include "../../pv-drivers/net/links.h"
#include "net_kit.h"
#include "unit.h"

#define NAME "hd5c0e77aa0"

static bool is_a_bridge(const char *name)
{
    hd_autofree struct hd_link *links = NULL;
    size_t n;

    if (hd_links_list(&links, &n, NULL))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].name, name))
            return !strcmp(links[i].kind, "bridge") && !links[i].way_out;
    return false;
}

static const char *life(void)
{
    struct hd_err err = {0};

    EXPECT(!hd_bridge_check_free(NAME, &err));
    EXPECT(hd_bridge_find(NAME, &err) && err.code == HD_E_NO_NETWORK);
    EXPECT(strstr(err.msg, "no bridge " NAME " any more"));
    EXPECT(strstr(err.msg, "under networks in the policy"));
    EXPECT(!hd_bridge_make(NAME, &err));
    EXPECT(is_a_bridge(NAME));
    EXPECT(!hd_bridge_find(NAME, &err));
    EXPECT(hd_bridge_check_free(NAME, &err) && err.code == HD_E_EXISTS);
    EXPECT(hd_bridge_make(NAME, &err) && err.code == HD_E_EXISTS);
    EXPECT(!hd_bridge_remove(NAME, &err));
    EXPECT(!is_a_bridge(NAME));
    EXPECT(!hd_bridge_remove(NAME, &err));
    return NULL;
}

static const char *address(void)
{
    hd_autofree char *text = NULL;
    struct hd_err err = {0};

    EXPECT(!hd_bridge_make(NAME, &err));
    /* The kernel gives one when the first port has a carrier. */
    if (hd_io_read_file("/proc/sys/net/ipv6/conf/" NAME "/addr_gen_mode", 16,
                        &text, NULL, NULL))
        return "skipped: this machine has no IPv6";
    EXPECT(text[0] == '1'); /* IN6_ADDR_GEN_MODE_NONE */
    return NULL;
}

static const char *other(void)
{
    struct hd_err err = {0};

    EXPECT(hd_bridge_find("lo", &err) && err.code == HD_E_NO_NETWORK);
    EXPECT(hd_bridge_check_free("lo", &err) && err.code == HD_E_EXISTS);
    EXPECT(hd_bridge_remove("lo", &err) && err.code == HD_E_EXISTS);
    EXPECT(!hd_bridge_make("hd0", &err) && !hd_bridge_remove("hd0", &err));
    return NULL;
}

static void a_bridge_is_made_once_and_removed_as_often_as_asked(void)
{
    net_kit_run(life);
}

static void dom0_gets_no_address_on_it(void)
{
    net_kit_run(address);
}

static void an_interface_of_another_kind_is_left_alone(void)
{
    net_kit_run(other);
}

static const struct hd_test tests[] = {
    HD_TEST(a_bridge_is_made_once_and_removed_as_often_as_asked),
    HD_TEST(dom0_gets_no_address_on_it),
    HD_TEST(an_interface_of_another_kind_is_left_alone),
};

HD_SUITE("net/bridge", tests);
