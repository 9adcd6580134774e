/* SPDX-License-Identifier: MIT */
/* Tests hv/domain/agent: what the host believes of a guest's report. */
#include <string.h>

#include "../../dom-guest/beat.h"
#include "../../hv/domain/agent.h"
#include "unit.h"

static void what_the_agent_writes_is_what_the_host_reads(void)
{
    struct hd_beat beat = {.number = 7,
                           .state = "trouble",
                           .why = "no disk; none\n",
                           .os = "Debian GNU/Linux 12 (bookworm)",
                           .n_addresses = 2,
                           .addresses = {"10.77.0.12", "fd00::1"}};
    struct hd_agent_report r;
    char line[HD_BEAT_SIZE];
    struct hd_err err;

    hd_beat_format(&beat, line);
    CHECK_OK(hd_agent_parse(line, &r, &err), &err);
    CU_ASSERT_EQUAL(r.beat, 7);
    CU_ASSERT_EQUAL(r.word, HD_AGENT_TROUBLE);
    CU_ASSERT_STRING_EQUAL(r.os, "Debian GNU/Linux 12 (bookworm)");
    CU_ASSERT_EQUAL(r.n_addresses, 2);
    CU_ASSERT_STRING_EQUAL(r.addresses[1], "fd00::1");
    /* What would end the field or the line is not in it. */
    CU_ASSERT_STRING_EQUAL(r.why, "no disk, none?");
}

static void the_longest_report_is_still_one(void)
{
    struct hd_beat beat = {.number = UINT64_MAX / 32,
                           .state = "trouble",
                           .n_addresses = HD_BEAT_ADDRESSES};
    char line[HD_BEAT_SIZE], why[128];
    struct hd_agent_report r;
    struct hd_err err;

    memset(why, 'w', sizeof(why));
    why[sizeof(why) - 1] = '\0';
    memset(beat.os, 'o', sizeof(beat.os) - 1);
    beat.why = why;
    for (size_t i = 0; i < HD_BEAT_ADDRESSES; i++)
        strcpy(beat.addresses[i], "fd00:1111:2222:3333:4444:5555:6666:7777");
    hd_beat_format(&beat, line);
    CU_ASSERT_EQUAL(strlen(line), HD_BEAT_SIZE - 1);
    CHECK_OK(hd_agent_parse(line, &r, &err), &err);
    CU_ASSERT_EQUAL(r.n_addresses, HD_AGENT_ADDRESSES);
}

static void keys_of_a_newer_agent_are_left_out(void)
{
    struct hd_agent_report r;
    struct hd_err err;

    CHECK_OK(hd_agent_parse("beat=1;mood=fine;state=ready;", &r, &err), &err);
    CU_ASSERT_EQUAL(r.word, HD_AGENT_READY);
    CU_ASSERT_EQUAL(r.n_addresses, 0);
}

static void addresses_are_written_as_the_system_writes_them(void)
{
    struct hd_agent_report r;
    struct hd_err err;

    CHECK_OK(hd_agent_parse("beat=1;state=ready;addresses= FD00:0::1  10.0.0.1",
                            &r, &err),
             &err);
    CU_ASSERT_EQUAL(r.n_addresses, 2);
    CU_ASSERT_STRING_EQUAL(r.addresses[0], "fd00::1");
}

/* A guest's, to its host's programs and its people's terminals. */
static void garbage_is_no_report(void)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "no \"beat\""},
        {"beat=1", "no \"state\""},
        {"ready", "without a key"},
        {"=1;state=ready", "without a key"},
        {"beat=;state=ready", "empty"},
        {"beat=-1;state=ready", "no number"},
        {"beat=99999999999999999999;state=ready", "no number"},
        {"beat=1;state=root", "state is none"},
        {"beat=1;state=", "state is none"},
        {"beat=1;state=ready;state=leaving", "twice"},
        {"beat=1;state=ready;os=\033[2J", "not printable"},
        {"beat=1;state=ready;os=a\nb", "not printable"},
        {"beat=1;state=ready;why=\x9b\x32J", "not printable"},
        {"beat=1;state=ready;version=01234567890123456", "value of 17 bytes"},
        {"beat=1;state=ready;addresses=10.0.0.256", "address that is none"},
        {"beat=1;state=ready;addresses=10.0.0.1/24", "address that is none"},
        {"beat=1;state=ready;addresses=$(reboot)", "address that is none"},
        {"beat=1;state=ready;addresses=::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1",
         "more than 8"},
    };
    struct hd_agent_report r = {.beat = 5};
    struct hd_err err;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK_FAILS(hd_agent_parse(bad[i].text, &r, &err), &err, HD_E_FAILED,
                    bad[i].words);
    CU_ASSERT_EQUAL(r.beat, 5);
}

static void a_report_without_end_is_none(void)
{
    char text[4096];
    struct hd_agent_report r;
    struct hd_err err;

    memset(text, ';', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    CHECK_FAILS(hd_agent_parse(text, &r, &err), &err, HD_E_FAILED,
                "longer than 511");
}

static const struct hd_test tests[] = {
    HD_TEST(what_the_agent_writes_is_what_the_host_reads),
    HD_TEST(the_longest_report_is_still_one),
    HD_TEST(keys_of_a_newer_agent_are_left_out),
    HD_TEST(addresses_are_written_as_the_system_writes_them),
    HD_TEST(garbage_is_no_report),
    HD_TEST(a_report_without_end_is_none),
};
HD_SUITE("domain/agent", tests);
