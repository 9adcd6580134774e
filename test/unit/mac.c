/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/mac. */
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static void an_address_comes_back_from_its_text(void)
{
    static const uint8_t mac[6] = {0x00, 0x16, 0x3e, 0x0a, 0xff, 0x01};
    char text[HD_MAC_SIZE];
    uint8_t again[6];

    hd_mac_format(mac, text);
    CU_ASSERT_STRING_EQUAL(text, "00:16:3e:0a:ff:01");
    CU_ASSERT_TRUE(hd_mac_parse(text, again));
    CU_ASSERT_EQUAL(memcmp(again, mac, 6), 0);
    CU_ASSERT_TRUE(hd_mac_parse("00:16:3E:0A:FF:01", again));
    CU_ASSERT_EQUAL(memcmp(again, mac, 6), 0);
}

static void what_is_no_address_is_none(void)
{
    static const char *const bad[] = {
        "",
        "lan0",
        "00:16:3e:0a:ff",
        "00:16:3e:0a:ff:0",
        "00:16:3e:0a:ff:012",
        "00:16:3e:0a:ff:01:",
        "00-16-3e-0a-ff-01",
        "00:16:3e:0a:ff:0g",
    };
    uint8_t mac[6];

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_mac_parse(bad[i], mac));
}

static const struct hd_test tests[] = {
    HD_TEST(an_address_comes_back_from_its_text),
    HD_TEST(what_is_no_address_is_none),
};

HD_SUITE("base/mac", tests);
