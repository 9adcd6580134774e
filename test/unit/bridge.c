/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/net/bridge against the running kernel, in a network
 * namespace of its own. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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
    free(hd_steal(&text));
    EXPECT(!hd_io_read_file("/proc/sys/net/ipv6/conf/" NAME "/disable_ipv6", 16,
                            &text, NULL, &err));
    EXPECT(text[0] == '1');
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

static const struct hd_link *find(const struct hd_link *links, size_t n,
                                  const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].name, name))
            return &links[i];
    return NULL;
}

static const char *port(void)
{
    hd_autofree struct hd_link *links = NULL, *then = NULL;
    const struct hd_link *v0, *bridge;
    struct hd_err err = {0};
    size_t n;

    if (system("ip link add v0 type veth peer name v1 2>/dev/null"))
        return "skipped: this machine makes no pair of interfaces";
    EXPECT(!hd_links_list(&links, &n, &err));
    v0 = find(links, n, "v0");
    EXPECT(v0 && !v0->set_up && !v0->addressed && !v0->master);
    EXPECT(!hd_bridge_check_port("v0", v0->index, &err));
    EXPECT(hd_bridge_check_port("v0", v0->index + 7, &err) &&
           err.code == HD_E_GONE);
    EXPECT(hd_bridge_add_port(NAME, "v0", v0->index, &err) &&
           err.code == HD_E_NO_NETWORK);
    EXPECT(!hd_bridge_make(NAME, &err));
    EXPECT(!hd_bridge_add_port(NAME, "v0", v0->index, &err));
    EXPECT(hd_bridge_check_port("v0", v0->index, &err) &&
           err.code == HD_E_BUSY);
    EXPECT(!hd_links_list(&then, &n, &err));
    v0 = find(then, n, "v0");
    bridge = find(then, n, NAME);
    EXPECT(v0->set_up && bridge && v0->master == bridge->index);
    EXPECT(!hd_bridge_free_port("hdother", "v0", &err));
    EXPECT(hd_bridge_check_port("v0", v0->index, &err));
    EXPECT(!hd_bridge_free_port(NAME, "v0", &err));
    EXPECT(!hd_bridge_check_port("v0", v0->index, &err));
    EXPECT(!hd_bridge_free_port(NAME, "v0", &err));
    EXPECT(!hd_bridge_free_port(NAME, "none", &err));
    EXPECT(!hd_bridge_remove(NAME, &err));
    return NULL;
}

static const char *addressed(void)
{
    hd_autofree struct hd_link *links = NULL;
    const struct hd_link *v0;
    struct hd_err err = {0};
    size_t n;

    if (system("ip link add v0 type veth peer name v1 2>/dev/null"))
        return "skipped: this machine makes no pair of interfaces";
    EXPECT(!system("ip address add 192.0.2.1/24 dev v0"));
    EXPECT(!hd_links_list(&links, &n, &err));
    v0 = find(links, n, "v0");
    EXPECT(v0 && v0->addressed && !v0->set_up);
    EXPECT(hd_bridge_check_port("v0", v0->index, &err) &&
           err.code == HD_E_BUSY);
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

static void a_port_is_set_up_and_given_back_down(void)
{
    net_kit_run(port);
}

static void an_interface_with_an_address_becomes_no_port(void)
{
    net_kit_run(addressed);
}

static const struct hd_test tests[] = {
    HD_TEST(a_bridge_is_made_once_and_removed_as_often_as_asked),
    HD_TEST(dom0_gets_no_address_on_it),
    HD_TEST(a_port_is_set_up_and_given_back_down),
    HD_TEST(an_interface_with_an_address_becomes_no_port),
    HD_TEST(an_interface_of_another_kind_is_left_alone),
};

HD_SUITE("net/bridge", tests);
