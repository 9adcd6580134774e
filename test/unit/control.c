/* SPDX-License-Identifier: MIT */
/* Tests hv/control/control and method over a real socket: who may do what, and
 * what hostile clients get. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "../../hv/control/method.h"
#include "../../hv/control/wire.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/version.h"
#include "control_kit.h"
#include "xen_kit.h"

static void an_empty_host_lists_no_stores(void)
{
    hd_autofd int fd = kit_control_dial();

    CU_ASSERT_STRING_EQUAL(ASK(fd, "{\"method\":\"io.hotdom.List\"}"),
                           "{\"parameters\":{\"stores\":[]}}");
}

static void a_method_that_does_not_exist_is_named(void)
{
    hd_autofd int fd = kit_control_dial();

    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.Format\"}"),
               "there is no method \\\"Format\\\"");
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
}

static void errors_have_a_reason_and_a_message(void)
{
    hd_autofd int fd = kit_control_dial();

    CU_ASSERT_STRING_EQUAL(
        ASK(fd, "{\"method\":\"io.hotdom.List\",\"parameters\":"
                "{\"x\":1}}"),
        "{\"error\":\"io.hotdom.Error\",\"parameters\":{\"reason\":"
        "\"usage\",\"message\":\"List takes no parameter \\\"x\\\"\"}}");
}

static void garbage_gets_an_answer_and_the_next_call_works(void)
{
    static const char *const garbage[] = {
        "", "{", "nonsense", "[[[[[[[[[[[[[[[[[[[[", "{\"method\":[]}", "\x01"};
    hd_autofd int fd = kit_control_dial();

    for (size_t i = 0; i < HD_ARRAY_LEN(garbage); i++)
        CHECK_SAYS(kit_control_ask(fd, garbage[i], strlen(garbage[i]) + 1),
                   "\"reason\":\"usage\"");
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
}

static void a_message_without_end_is_cut_off(void)
{
    static char flood[HD_WIRE_REQUEST_MAX + 4096];
    hd_autofd int fd = kit_control_dial();

    memset(flood, 'x', sizeof(flood));
    CHECK_SAYS(kit_control_ask(fd, flood, sizeof(flood)),
               "longer than 65536 bytes");
    kit_control_turn(3);
    CU_ASSERT_TRUE(recv(fd, flood, 1, 0) <= 0);
}

static void a_message_may_come_byte_by_byte(void)
{
    static const char text[] = "{\"method\":\"io.hotdom.GetVersion\"}";
    hd_autofd int fd = kit_control_dial();

    for (size_t i = 0; i < sizeof(text) - 1; i++)
        CU_ASSERT_STRING_EQUAL(kit_control_ask(fd, text + i, 1), "(nothing)");
    CHECK_SAYS(kit_control_ask(fd, "", 1),
               "{\"parameters\":{\"version\":1,\"program\":\"" HD_VERSION
               "\"}}");
}

static void events_end_unless_they_are_followed(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_event event = {.store = "travel", .to = HD_STATE_LOCKED};
    char buf[4096];
    ssize_t n;

    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.Events\"}"), "more");
    CU_ASSERT_STRING_EQUAL(
        ASK(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true}"),
        "{\"parameters\":{}}");
    ASK(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
            "\"parameters\":{\"follow\":true}}");
    hd_events_add(kit_control.events, &event);
    kit_control_turn(3);
    n = recv(fd, buf, sizeof(buf) - 1, 0);
    CU_ASSERT_TRUE_FATAL(n > 0);
    buf[n] = '\0';
    CHECK_SAYS(buf, "\"to\":\"locked\"");
    CHECK_SAYS(buf, "\"continues\":true");
}

static void a_follower_that_does_not_read_is_cut_off(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_event event = {.store = "travel", .to = HD_STATE_LOCKED};
    struct pollfd pfd = {.fd = fd, .events = POLLRDHUP};

    memset(event.message, 'm', sizeof(event.message) - 1);
    ASK(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
            "\"parameters\":{\"follow\":true}}");
    for (int i = 0; i < 5000; i++)
        hd_events_add(kit_control.events, &event);
    kit_control_turn(5);
    CU_ASSERT_EQUAL(poll(&pfd, 1, 0), 1);
    CU_ASSERT_TRUE(pfd.revents & (POLLHUP | POLLRDHUP));
}

static void who_talks_on_before_the_answer_is_cut_off(void)
{
    hd_autofd int fd = kit_control_dial();
    char buf[1 << 16];

    ASK(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
            "\"parameters\":{\"follow\":true}}");
    ASK(fd, "{\"method\":\"io.hotdom.List\"}");
    CU_ASSERT_TRUE(recv(fd, buf, sizeof(buf), 0) <= 0);
}

static void more_connections_than_the_cap_are_closed(void)
{
    int fds[HD_CONTROL_CONNS + 1];
    char byte;

    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++) {
        fds[i] = kit_control_dial();
        kit_control_turn(2);
    }
    CU_ASSERT_EQUAL(recv(fds[HD_CONTROL_CONNS], &byte, 1, 0), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++)
        close(fds[i]);
    kit_control_turn(5);
    fds[0] = kit_control_dial();
    CHECK_SAYS(ASK(fds[0], "{\"method\":\"io.hotdom.List\"}"), "stores");
    close(fds[0]);
    kit_control_turn(2);
}

static void changing_methods_are_for_root_and_the_group(void)
{
    static const gid_t groups[] = {100, 7, 2000};

    CU_ASSERT_TRUE(hd_control_may_change(0, 0, NULL, 0, (gid_t)-1));
    CU_ASSERT_TRUE(hd_control_may_change(1000, 1000, groups, 3, 7));
    CU_ASSERT_TRUE(hd_control_may_change(1000, 7, NULL, 0, 7));
    CU_ASSERT_FALSE(hd_control_may_change(1000, 1000, groups, 3, 8));
    CU_ASSERT_FALSE(hd_control_may_change(1000, 1000, groups, 1, 7));
    /* No such group: the number that means "none" is nobody's. */
    CU_ASSERT_FALSE(hd_control_may_change(1000, (gid_t)-1, NULL, 0, (gid_t)-1));
}

static void every_method_that_changes_something_is_marked(void)
{
    static const struct {
        const char *name;
        bool changes;
    } want[] = {{"List", false},   {"Events", false},  {"GetVersion", false},
                {"Unlock", true},  {"Eject", true},    {"Attach", true},
                {"Rescan", true},  {"Keys", true},     {"Users", true},
                {"Pause", true},   {"Unpause", true},  {"Shutdown", true},
                {"Destroy", true}, {"Metrics", false}, {"list", false},
                {"", false}};

    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++)
        CU_ASSERT_EQUAL(hd_method_changes(want[i].name), want[i].changes);
}

static void a_plain_user_is_denied_before_the_parameters_are_looked_at(void)
{
    static const char *const methods[] = {
        "Unlock", "Eject",   "Attach",   "Rescan", "Keys",   "Users",
        "Pause",  "Unpause", "Shutdown", "Reboot", "Destroy"};
    bool root = geteuid() == 0;
    hd_autofd int fd = -1;
    char text[128];

    /* The kernel notes who connects; nothing that comes later counts. */
    if (root)
        CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
    fd = kit_control_dial();
    if (root)
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(methods); i++) {
        snprintf(text, sizeof(text),
                 "{\"method\":\"io.hotdom.%s\",\"parameters\":{\"x\":1}}",
                 methods[i]);
        CHECK_SAYS(kit_control_ask(fd, text, strlen(text) + 1),
                   "\"reason\":\"denied\"");
    }
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.List\"}"), "stores");
}

/* A store that was verified; its last user is the recovery key. */
static struct hd_store *attach(bool encrypted)
{
    struct hd_device device = {.name = "sdx", .diskseq = 1};
    struct hd_store *s = hd_store_new(&kit_control, kit_control.loop, &device);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->answer = calloc(1, sizeof(*s->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->answer);
    s->answer->manifest.n_volumes = 1;
    s->answer->manifest.volumes[0].encryption =
        encrypted ? HD_ENCRYPTION_LUKS2 : HD_ENCRYPTION_NONE;
    s->answer->luks = (struct hd_luks_facts){
        .n_users = 2, .users = {{"owner", 1}, {"recovery", 0}}};
    s->answer->manifest.n_users = 1;
    strcpy(s->answer->manifest.users[0].name, "owner");
    strcpy(s->label, "travel");
    s->state = HD_STATE_LOCKED;
    hd_stores_add(&kit_control.stores, s);
    return s;
}

static void detach(struct hd_store *s)
{
    hd_stores_remove(&kit_control.stores, s);
    hd_store_free(s);
    kit_control_turn(3);
}

static void users_are_told_apart_from_the_recovery_key(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_store *s = attach(true);

    CU_ASSERT_STRING_EQUAL(
        ASK(fd, "{\"method\":\"io.hotdom.Users\"}"),
        "{\"parameters\":{\"store\":\"travel\",\"users\":[\"owner\"],"
        "\"recovery\":true,\"encrypted\":true}}");
    detach(s);
}

#define KEYS(more)                                                             \
    "{\"method\":\"io.hotdom.Keys\",\"parameters\":{\"store\":"                \
    "\"travel\"," more "}}"

static void a_change_of_users_is_refused_with_what_is_wrong(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_store *s = attach(true);

    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"steal\"")),
               "action is change, add or remove");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"remove\"")), "Keys needs a password");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"remove\",\"password\":\"a\","
                            "\"new_password\":\"b\"")),
               "new_password belongs to change and add");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"change\",\"password\":\"a\"")),
               "new_password belongs to change and add");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"add\",\"password\":\"a\","
                            "\"new_password\":\"b\"")),
               "say which user");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"add\",\"user\":\"../x\","
                            "\"password\":\"a\",\"new_password\":\"b\"")),
               "\"reason\":\"usage\"");
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"add\",\"user\":\"recovery\","
                            "\"password\":\"a\",\"new_password\":\"b\"")),
               "has a recovery key, no password");
    s->state = HD_STATE_BUILDING;
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"remove\",\"user\":\"x\","
                            "\"password\":\"a\"")),
               "\"reason\":\"busy\"");
    s->state = HD_STATE_LOCKED;
    s->stale = true;
    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"remove\",\"user\":\"x\","
                            "\"password\":\"a\"")),
               "could not be read since its users were changed");
    detach(s);
}

static void the_users_of_a_store_without_keyslots_are_in_its_manifest(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_store *s = attach(false);

    CHECK_SAYS(ASK(fd, KEYS("\"action\":\"remove\",\"user\":\"owner\","
                            "\"password\":\"a\"")),
               "in its signed manifest; pack it again, or use encrypted "
               "volumes");
    CHECK_SAYS(ASK(fd, "{\"method\":\"io.hotdom.Users\"}"),
               "\"users\":[\"owner\"],\"recovery\":false,"
               "\"encrypted\":false");
    detach(s);
}

#define EJECT(more)                                                            \
    "{\"method\":\"io.hotdom.Eject\",\"parameters\":{\"store\":"               \
    "\"travel\"" more "}}"

static void an_eject_that_is_only_begun_is_answered_at_once(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_store *s = attach(true);

    hd_log_init("unit", HD_LOG_ERROR - 1);
    xen_kit = (struct xen_kit){.on = true};
    s->state = HD_STATE_RUNNING;
    CHECK_SAYS(ASK(fd, EJECT(",\"begin\":true")), "\"state\":\"ejecting\"");
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_PTR_NULL(s->waiter);
    CHECK_SAYS(ASK(fd, EJECT(",\"begin\":true")), "\"reason\":\"busy\"");
    s->state = HD_STATE_RUNNING;
    s->task = NULL;
    CHECK_SAYS(ASK(fd, EJECT("")), "(nothing)");
    CU_ASSERT_PTR_NOT_NULL(s->waiter);
    /* One that has nothing to wait for is answered by its end. */
    s->state = HD_STATE_LOCKED;
    s->task = NULL;
    hd_control_finish(&s->waiter, NULL, s);
    CHECK_SAYS(kit_control_ask(fd, NULL, 0), "\"state\":\"locked\"");
    CHECK_SAYS(ASK(fd, EJECT(",\"begin\":true")), "safe to remove");
    CU_ASSERT_PTR_NULL(kit_control.stores.first);
    xen_kit.on = false;
    kit_control_turn(3);
    hd_log_init("unit", HD_LOG_WARNING);
}

static const struct hd_test tests[] = {
    HD_TEST(an_empty_host_lists_no_stores),
    HD_TEST(a_method_that_does_not_exist_is_named),
    HD_TEST(errors_have_a_reason_and_a_message),
    HD_TEST(garbage_gets_an_answer_and_the_next_call_works),
    HD_TEST(a_message_without_end_is_cut_off),
    HD_TEST(a_message_may_come_byte_by_byte),
    HD_TEST(events_end_unless_they_are_followed),
    HD_TEST(a_follower_that_does_not_read_is_cut_off),
    HD_TEST(who_talks_on_before_the_answer_is_cut_off),
    HD_TEST(more_connections_than_the_cap_are_closed),
    HD_TEST(changing_methods_are_for_root_and_the_group),
    HD_TEST(every_method_that_changes_something_is_marked),
    HD_TEST(users_are_told_apart_from_the_recovery_key),
    HD_TEST(a_change_of_users_is_refused_with_what_is_wrong),
    HD_TEST(the_users_of_a_store_without_keyslots_are_in_its_manifest),
    HD_TEST(an_eject_that_is_only_begun_is_answered_at_once),
    HD_TEST(a_plain_user_is_denied_before_the_parameters_are_looked_at),
};

HD_SUITE("control/socket", tests);
