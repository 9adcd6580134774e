/* SPDX-License-Identifier: MIT */
/* Tests hv/control/control: who has how many connections, and for how long. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "control_kit.h"
#include "unit.h"

/* A connection of this user's, when we may be him. */
static int dial_as(uid_t uid)
{
    bool root = geteuid() == 0;
    int fd;

    /* The kernel notes who connects; nothing that comes later counts. */
    if (root)
        CU_ASSERT_EQUAL_FATAL(seteuid(uid), 0);
    fd = kit_control_dial();
    if (root)
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
    kit_control_turn(2);
    return fd;
}

static bool is_closed(int fd)
{
    char byte;

    kit_control_turn(3);
    return recv(fd, &byte, 1, 0) == 0;
}

static void one_user_cannot_lock_out_the_others(void)
{
    int fds[HD_CONTROL_USER_CONNS + 1];
    hd_autofd int other = -1;

    if (geteuid()) {
        puts("skipped: it takes root to be two users");
        return;
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++)
        fds[i] = dial_as(65534);
    CU_ASSERT_TRUE(is_closed(fds[HD_CONTROL_USER_CONNS]));
    CU_ASSERT_FALSE(is_closed(fds[HD_CONTROL_USER_CONNS - 1]));
    other = dial_as(65533);
    CHECK_SAYS(ASK(other, "{\"method\":\"io.hotdom.List\"}"), "stores");
    /* Whoever lets go of one may have another. */
    close(fds[0]);
    kit_control_turn(3);
    fds[0] = dial_as(65534);
    CHECK_SAYS(ASK(fds[0], "{\"method\":\"io.hotdom.List\"}"), "stores");
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++)
        close(fds[i]);
    kit_control_turn(5);
}

#define EVENTS "{\"method\":\"io.hotdom.Events\",\"more\":true}"
#define LATER  (hd_io_now_ms() + HD_CONTROL_CALL_MS)

static void who_does_not_call_is_hung_up_on(void)
{
    hd_autofd int idle = kit_control_dial();
    hd_autofd int half = kit_control_dial();

    kit_control_turn(3);
    CU_ASSERT_STRING_EQUAL(kit_control_ask(half, "{\"method\":", 10),
                           "(nothing)");
    CU_ASSERT_TRUE(hd_control_expire(kit_control.control, LATER - 1000) <=
                   1000);
    CU_ASSERT_FALSE(is_closed(idle));
    /* That it says something on and on is no call. */
    CU_ASSERT_STRING_EQUAL(kit_control_ask(half, "\"", 1), "(nothing)");
    CU_ASSERT_EQUAL(hd_control_expire(kit_control.control, LATER), UINT64_MAX);
    CU_ASSERT_TRUE(is_closed(idle));
    CU_ASSERT_TRUE(is_closed(half));
}

static void who_was_answered_may_call_again_for_as_long(void)
{
    hd_autofd int fd = kit_control_dial();

    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
    CU_ASSERT_TRUE(hd_control_expire(kit_control.control, LATER - 1000) <=
                   1000);
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
    CU_ASSERT_EQUAL(hd_control_expire(kit_control.control, LATER), UINT64_MAX);
    CU_ASSERT_TRUE(is_closed(fd));
}

static void who_waits_for_what_is_told_is_left_alone(void)
{
    hd_autofd int fd = kit_control_dial();

    ASK(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
            "\"parameters\":{\"follow\":true}}");
    CU_ASSERT_EQUAL(hd_control_expire(kit_control.control, LATER + 3600000),
                    UINT64_MAX);
    CU_ASSERT_FALSE(is_closed(fd));
    CU_ASSERT_EQUAL(uv_backend_timeout(kit_control.loop), -1);
}

static void who_asks_for_events_and_reads_none_is_hung_up_on(void)
{
    struct hd_event event = {.store = "travel", .to = HD_STATE_LOCKED};
    hd_autofd int fd = kit_control_dial();
    static char rest[1 << 22];

    memset(event.message, 'm', sizeof(event.message) - 1);
    for (int i = 0; i < HD_EVENTS_KEPT; i++)
        hd_events_add(kit_control.events, &event);
    kit_control_ask(fd, EVENTS, sizeof(EVENTS));
    CU_ASSERT_TRUE(hd_control_expire(kit_control.control, LATER - 1000) <=
                   1000);
    CU_ASSERT_EQUAL(hd_control_expire(kit_control.control, LATER), UINT64_MAX);
    kit_control_turn(3);
    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
    CU_ASSERT_TRUE(is_closed(fd));
}

/* Its last bytes fill a read, behind which there is nothing yet. */
static void a_call_of_any_length_is_no_talking_on(void)
{
    static const char call[] =
        "{\"method\":\"io.hotdom.Events\",\"more\":true,"
        "\"parameters\":{\"follow\":true,\"since\":9000000000000}}";
    static char text[3 * 4096];
    struct hd_event event = {.store = "travel", .to = HD_STATE_LOCKED};

    for (size_t len = 4096; len <= sizeof(text); len += 4096) {
        hd_autofd int fd = kit_control_dial();

        memset(text, ' ', sizeof(text));
        memcpy(text, call, sizeof(call) - 1);
        text[len - 1] = '\0';
        kit_control_ask(fd, text, len);
        hd_events_add(kit_control.events, &event);
        CHECK_SAYS(kit_control_ask(fd, "", 0), "\"to\":\"locked\"");
    }
}

static void nobody_wakes_up_for_who_is_not_there(void)
{
    int fd = kit_control_dial();

    kit_control_turn(3);
    CU_ASSERT_TRUE(uv_backend_timeout(kit_control.loop) > 0);
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
    close(fd);
    kit_control_turn(5);
    CU_ASSERT_EQUAL(uv_backend_timeout(kit_control.loop), -1);
}

static const struct hd_test tests[] = {
    HD_TEST(one_user_cannot_lock_out_the_others),
    HD_TEST(who_does_not_call_is_hung_up_on),
    HD_TEST(who_was_answered_may_call_again_for_as_long),
    HD_TEST(who_waits_for_what_is_told_is_left_alone),
    HD_TEST(who_asks_for_events_and_reads_none_is_hung_up_on),
    HD_TEST(a_call_of_any_length_is_no_talking_on),
    HD_TEST(nobody_wakes_up_for_who_is_not_there),
};

HD_SUITE("control/room", tests);
