/* SPDX-License-Identifier: MIT */
/* Tests hv/host/policy: what a host says, and what it means to say nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/host/policy.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* Loads `text` as the policy. */
static int load(const char *text, struct hd_policy *p, struct hd_err *err)
{
    char path[] = "/tmp/hd-policy-XXXXXX";
    int failed;

    close(mkstemp(path));
    failed = hd_io_write_file(path, text, strlen(text), 0644, err) ||
             hd_policy_load(path, p, err);
    unlink(path);
    return failed ? -1 : 0;
}

static void no_file_means_ask_and_no_limit_of_memory(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(hd_policy_load("/nonexistent/hotdom.yaml", &p, &err), &err);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "anyone", "any"),
                    HD_ACTIVATION_ASK);
    CU_ASSERT_EQUAL(p.limits.memory, 0);
    CU_ASSERT_EQUAL(p.limits.guests, HD_MAX_GUESTS);
    CU_ASSERT_EQUAL(p.limits.stores, 64);
    CU_ASSERT_EQUAL(p.limits.weight, 64);
    CU_ASSERT_EQUAL(p.limits.cache, 256 << 20);
    CU_ASSERT_PTR_NULL(hd_policy_network(&p, "internet"));
}

static void the_entry_of_a_signer_beats_the_default(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("activation: deny\n"
                  "signers:\n"
                  "  - {name: lab, activation: auto}\n",
                  &p, &err),
             &err);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab", "any"), HD_ACTIVATION_AUTO);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab2", "any"),
                    HD_ACTIVATION_DENY);
}

static void a_role_is_joined_to_its_bridge(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("networks: [{role: internet, bridge: brLAN}]\n"
                  "limits: {memory: 2G, vcpus: 3, cache: 0}\n",
                  &p, &err),
             &err);
    const struct hd_policy_network *n = hd_policy_network(&p, "internet");
    CU_ASSERT_PTR_NOT_NULL_FATAL(n);
    CU_ASSERT_STRING_EQUAL(n->bridge, "brLAN");
    CU_ASSERT_EQUAL(p.limits.memory, (uint64_t)2 << 30);
    CU_ASSERT_EQUAL(p.limits.vcpus, 3);
    CU_ASSERT_EQUAL(p.limits.cache, 0);
}

static void a_mistake_is_named_with_file_line_and_column(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_FAILS(load("activation: maybe\n", &p, &err), &err, HD_E_FAILED,
                "line 1, column 13");
    CHECK_FAILS(load("activation: ask\nautostart: yes\n", &p, &err), &err,
                HD_E_FAILED, "line 2, column 1");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "/tmp/hd-policy-"));
}

static void a_kdf_within_the_limits_is_allowed_and_one_above_is_not(void)
{
    struct hd_luks_facts facts = {
        .memory_kib = 1 << 20, .time = 16, .lanes = 4};
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("activation: ask\n", &p, &err), &err);
    CHECK_OK(hd_policy_check_kdf(&p, &facts, &err), &err);
    facts.memory_kib = (1 << 20) + 1;
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "take 1025 MiB of memory to check and the policy allows 1024 "
                "MiB; raise limits.kdf_memory");
    facts.memory_kib = 1 << 20;
    facts.time = 17;
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "take 17 passes to check and the policy allows 16; raise "
                "limits.kdf_time");
}

static void a_file_that_cannot_be_read_is_no_policy(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_FAILS(hd_policy_load("/", &p, &err), &err, HD_E_IO, "/");
}

static void a_host_may_allow_more_of_the_kdf_or_less(void)
{
    struct hd_luks_facts facts = {.memory_kib = 64 << 10, .time = 4};
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("limits: {kdf_memory: 2G, kdf_time: 64}\n", &p, &err), &err);
    CHECK_OK(hd_policy_check_kdf(&p, &facts, &err), &err);
    CHECK_OK(load("limits: {kdf_memory: 32M, kdf_time: 64}\n", &p, &err), &err);
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "allows 32 MiB");
    CHECK_FAILS(load("limits: {kdf_memory: 3G}\n", &p, &err), &err, HD_E_FAILED,
                "line 1");
}

static void the_entry_of_a_signers_store_beats_the_signers(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("signers:\n"
                  "  - {name: lab, store: travel, activation: auto}\n"
                  "  - {name: lab, activation: deny}\n"
                  "  - {name: lab, store: home, activation: ask}\n",
                  &p, &err),
             &err);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab", "travel"),
                    HD_ACTIVATION_AUTO);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab", "home"), HD_ACTIVATION_ASK);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab", "x"), HD_ACTIVATION_DENY);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "me", "travel"),
                    HD_ACTIVATION_ASK);
}

static void devices_classes_and_paths_are_read(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("devices:\n"
                  "  - {role: modem, usb: \"1199:9071\"}\n"
                  "  - {role: stick, usb: \"08\"}\n"
                  "  - {role: card, pci: \"0000:03:1f.7\"}\n"
                  "  - {role: audio, pci: \"0403\"}\n"
                  "denied: [sound, pci]\n"
                  "host_paths: [/usr/share/fonts, /etc/resolv.conf, /a/...]\n"
                  "limits: {all_guests: 9}\n",
                  &p, &err),
             &err);
    CU_ASSERT_EQUAL(p.n_devices, 4);
    CU_ASSERT_STRING_EQUAL(p.devices[0].usb, "1199:9071");
    CU_ASSERT_STRING_EQUAL(p.devices[3].pci, "0403");
    CU_ASSERT_TRUE(hd_policy_denies(&p, HD_CLASS_SOUND));
    CU_ASSERT_TRUE(hd_policy_denies(&p, HD_CLASS_PCI));
    CU_ASSERT_FALSE(hd_policy_denies(&p, HD_CLASS_USB));
    CU_ASSERT_EQUAL(p.n_host_paths, 3);
    CU_ASSERT_STRING_EQUAL(p.host_paths[1].path, "/etc/resolv.conf");
    CU_ASSERT_EQUAL(p.limits.all_guests, 9);
}

static void rows_that_contradict_and_odd_names_are_refused_in_place(void)
{
    static const struct {
        const char *text, *words;
    } list[] = {
        {"signers:\n  - {name: lab, activation: ask}\n"
         "  - {name: lab, activation: auto}\n",
         "line 3, column 5: signer \"lab\" stands twice; keep one"},
        {"signers:\n  - {name: lab, store: a, activation: ask}\n"
         "  - {name: lab, store: a, activation: ask}\n",
         "line 3, column 5: signer \"lab\" stands twice for store a; keep one"},
        {"networks: [{role: a, bridge: b}, {role: a, bridge: c}]",
         "line 1, column 34: role \"a\" has a bridge already, \"b\"; keep one"},
        {"networks: [{role: a, bridge: \"\"}]",
         "line 1, column 12: role \"a\": \"\" is no name of a bridge"},
        {"networks: [{role: a, bridge: ../b}]", "\"../b\" is no name of a"},
        {"networks: [{role: a, bridge: a b}]", "\"a b\" is no name of a"},
        {"networks: [{role: a, bridge: ..}]", "\"..\" is no name of a bridge"},
        {"networks: [{role: a, bridge: b, rate: 1}]",
         "a rate of 1 bytes a second is too low; 1K is the lowest"},
        {"networks: [{role: a, bridge: b, rate: 2T}]", "rate: 2T is out of"},
        {"networks: [{role: a, bridge: b, mtu: 67}]", "an mtu of 67 is too"},
        {"networks: [{role: a, bridge: b, mtu: 65536}]", "mtu: 65536 is out"},
        {"networks: [{role: a, bridge: b, isolated: 1}]",
         "\"1\" is not true or false"},
        {"devices: [{role: a}]",
         "line 1, column 11: role \"a\" names no device; "
         "name one of usb and pci"},
        {"devices: [{role: a, usb: \"08\", pci: \"0403\"}]",
         "role \"a\" names two devices; name one of usb and pci"},
        {"devices: [{role: a, usb: \"08\"}, {role: a, pci: \"0403\"}]",
         "line 1, column 33: role \"a\" has a device already; keep one"},
        {"devices: [{role: a, usb: 1199:907A}]",
         "line 1, column 11: role \"a\": usb \"1199:907A\" is neither vendor "
         "and "
         "product like \"1199:9071\" nor a class like \"08\""},
        {"devices: [{role: a, usb: \"8\"}]", "usb \"8\" is neither"},
        {"devices: [{role: a, usb: \"1199:90711\"}]", "is neither vendor"},
        {"devices: [{role: a, usb: \"ff\", speed: 9601}]",
         "role \"a\": no serial adapter has a speed of 9601; name a usual one"},
        {"devices: [{role: a, usb: \"1199:\"}]", "usb \"1199:\" is neither"},
        {"devices: [{role: a, pci: \"03:00.0\"}]",
         "pci \"03:00.0\" is neither an address like \"0000:03:00.0\" nor a "
         "class like \"0403\""},
        {"devices: [{role: a, pci: \"0000:03:00.8\"}]",
         "is neither an address"},
        {"devices: [{role: a, pci: \"0000:03:00.0.\"}]",
         "is neither an address"},
        {"denied: [gpu]",
         "line 1, column 10: denied: \"gpu\" is not one of: cpu"},
        {"denied: [usb, cpu]",
         "line 1, column 15: denied: no guest is without cpu; leave it out"},
        {"denied: [time]", "no guest is without time"},
        {"denied: [usb, usb]", "line 1, column 15: usb is denied twice"},
        {"host_paths: [etc]",
         "line 1, column 14: host_paths: \"etc\" is not an "
         "absolute path below / without"},
        {"host_paths: [/]", "\"/\" is not an absolute path below /"},
        {"host_paths: [/etc/]", "is not an absolute path"},
        {"host_paths: [//etc]", "is not an absolute path"},
        {"host_paths: [/a/../etc]", "is not an absolute path"},
        {"host_paths: [/a/.]", "is not an absolute path"},
        {"host_paths: [\"\"]", "is not an absolute path"},
        {"host_paths: [/a, /b, /a]", "line 1, column 22: host_paths: \"/a\" "
                                     "stands twice; keep one"},
        {"host_paths: [\"/a\\n/b\"]", "is not printable text"},
        {"limits: {all_guests: 65537}", "out of range, 0 to 65536"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(list); i++) {
        struct hd_err err = {0};
        struct hd_policy p;

        CHECK_FAILS(load(list[i].text, &p, &err), &err, HD_E_FAILED,
                    list[i].words);
    }
}

static void paths_of_the_host_are_bounded_together(void)
{
    char text[5000] = "host_paths: [";
    struct hd_policy p;
    struct hd_err err = {0};

    for (int i = 0; i < 18; i++)
        sprintf(text + strlen(text), "%s/%0230d", i ? ", " : "", i);
    strcat(text, "]\n");
    CHECK_FAILS(hd_policy_parse(text, strlen(text), &p, &err), &err,
                HD_E_FAILED, "are longer than 2048 bytes; name the folders");
}

static const struct hd_test tests[] = {
    HD_TEST(the_entry_of_a_signers_store_beats_the_signers),
    HD_TEST(devices_classes_and_paths_are_read),
    HD_TEST(rows_that_contradict_and_odd_names_are_refused_in_place),
    HD_TEST(no_file_means_ask_and_no_limit_of_memory),
    HD_TEST(the_entry_of_a_signer_beats_the_default),
    HD_TEST(a_role_is_joined_to_its_bridge),
    HD_TEST(a_kdf_within_the_limits_is_allowed_and_one_above_is_not),
    HD_TEST(a_file_that_cannot_be_read_is_no_policy),
    HD_TEST(a_host_may_allow_more_of_the_kdf_or_less),
    HD_TEST(a_mistake_is_named_with_file_line_and_column),
    HD_TEST(paths_of_the_host_are_bounded_together),
};

HD_SUITE("host/policy", tests);
