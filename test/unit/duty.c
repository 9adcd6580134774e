/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/duty: an agent in a process of its own, with the test as its
 * xenstore. */
#include "../../dom-guest/duty.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/duty_report.h"
#include "../../dom-guest/duty_view.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "apart_kit.h"
#include "stall_kit.h"
#include "unit.h"

static char root[40], said[4096];
static int peer, log_fd;
static pid_t agent;

/* ---- the agent */

static bool left;         /* it knows that the guest is to end */
static int lock = -1;     /* of one that goes on behind who has started it */
static unsigned watching; /* watches that it has set */
static unsigned binds;    /* times that it has asked for those */

/* What names and settings have failed with before its second report. */
static const char *failed;

/* As the first report has said it. */
static void fail(struct hd_duty *d, const char *why)
{
    d->beat.number = 1;
    strcpy(d->why[HD_DUTY_NAMES], why);
    strcpy(d->why[HD_DUTY_PREFS], why);
}

static void be_agent(int x, int log, bool held)
{
    struct hd_names names = {"/dev", root};
    struct hd_duty d = {.lock = -1,
                        .names = &names,
                        .look_ms = UINT64_MAX,
                        .hand = HD_HAND_NONE,
                        .keeper = HD_KEEPER_NONE,
                        .beat.os = "Linux",
                        .begun_ms = hd_io_now_ms()};
    struct hd_err err = {0};
    bool good;

    (void)dup2(log, 2);
    hd_log_init("hotdom-guest", HD_LOG_INFO);
    d.keeper.dir = d.keeper.root = root;
    d.keeper.hand = &d.hand;
    good = !hd_xsdev_take(x, &d.x, &err) && !hd_duty_view_open(&d, &err);
    if (left)
        hd_duty_view_leave(&d);
    if (held)
        stall_kit_hold(&d.hand);
    if (failed)
        fail(&d, failed);
    if (lock >= 0) {
        d.lock = lock;
        hd_duty_report(&d, "ready");
        _exit(good && !hd_duty_go_on_behind(&d, &err) ? 0 : 1);
    }
    good = good && !hd_duty_go_on(&d, &err);
    hd_duty_fini(&d);
    _exit(good ? 0 : 1);
}

static void begin(bool held)
{
    int xs[2], log[2];

    strcpy(root, "/tmp/hotdom-duty-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    stall_kit_begin();
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, xs) &&
                    !pipe2(log, O_CLOEXEC));
    agent = fork();
    CU_ASSERT_FATAL(agent >= 0);
    if (!agent)
        be_agent(xs[0], log[1], held);
    close(xs[0]);
    close(log[1]);
    peer = xs[1];
    log_fd = log[0];
}

/* It has ended as it should; `said` is its log. */
static void end(void)
{
    char command[64];
    size_t used = 0;
    int status;
    ssize_t n;

    CU_ASSERT_EQUAL(waitpid(agent, &status, 0), agent);
    CU_ASSERT_EQUAL(status, 0);
    while ((n = read(log_fd, said + used, sizeof(said) - 1 - used)) > 0)
        used += (size_t)n;
    said[used] = '\0';
    close(log_fd);
    close(peer);
    stall_kit_end();
    snprintf(command, sizeof(command), "rm -rf %s", root);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* ---- its xenstore */

struct node {
    uint32_t type; /* XS_ERROR: it cannot be read */
    const char *path, *body;
    size_t len;
};
static const struct node *nodes; /* up to one without a path; NULL: no node */

static bool take(void *buf, size_t len, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = peer, .events = POLLIN};
    char *at = buf;

    while (len) {
        ssize_t n;

        if (poll(&p, 1, hd_io_left_ms(deadline_ms)) <= 0)
            return false;
        n = read(peer, at, len);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static void answer(const struct xsd_sockmsg *to, uint32_t type,
                   const char *body, size_t len)
{
    struct xsd_sockmsg msg = {
        .type = type, .req_id = to->req_id, .len = (uint32_t)len};

    CU_ASSERT_FALSE(hd_io_write(peer, &msg, sizeof(msg), NULL) ||
                    hd_io_write(peer, body, len, NULL));
}

static void look_up(const struct xsd_sockmsg *to, const char *path)
{
    for (const struct node *n = nodes; n && n->path; n++)
        if (!strcmp(n->path, path) &&
            (n->type == to->type || n->type == XS_ERROR)) {
            answer(to, n->type, n->body, n->len);
            return;
        }
    answer(to, XS_ERROR, "ENOENT", 7);
}

/* One request; its report, "" for any other, NULL when none comes. */
static const char *serve(uint64_t deadline_ms)
{
    static char body[HD_XSDEV_PAYLOAD + 1];
    struct xsd_sockmsg msg;

    if (!take(&msg, sizeof(msg), deadline_ms) || msg.len > HD_XSDEV_PAYLOAD ||
        !take(body, msg.len, deadline_ms))
        return NULL;
    body[msg.len] = '\0';
    watching += msg.type == XS_WATCH;
    binds += msg.type == XS_DIRECTORY && !strcmp(body, "data/hotdom/bind");
    if (msg.type != XS_WRITE && msg.type != XS_WATCH)
        look_up(&msg, body);
    else
        answer(&msg, msg.type, "OK", 3);
    return msg.type == XS_WRITE && !strcmp(body, HD_BEAT_NODE)
               ? body + strlen(body) + 1
               : "";
}

/* The next report that says `words`, or "" when none comes. */
static const char *await_within(const char *words, uint64_t ms)
{
    uint64_t deadline_ms = hd_io_now_ms() + ms;
    const char *report;

    while ((report = serve(deadline_ms)))
        if (*report && strstr(report, words))
            return report;
    return "";
}

static const char *await_report(const char *words)
{
    return await_within(words, STALL_KIT_MS);
}

/* ---- */

static void an_agent_says_when_it_is_ready_once_it_has_told_so(void)
{
    begin(false);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=1;"), "state=ready"));
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=leaving"));
    end();
    CU_ASSERT_PTR_NOT_NULL(strstr(said, " ms after the root was there"));
}

/* The guest's init, and all that begins with it, has the processor then. */
static void an_agent_is_ready_before_whoever_started_it_goes_on(void)
{
    char pid[16] = "";

    lock = memfd_create("lock", MFD_CLOEXEC);
    watching = 0;
    begin(false);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=1;"), "state=ready"));
    CU_ASSERT_EQUAL(watching, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=ready"));
    CU_ASSERT_TRUE(watching > 0);
    CU_ASSERT_TRUE_FATAL(pread(lock, pid, sizeof(pid) - 1, 0) > 0);
    CU_ASSERT_EQUAL(kill(atoi(pid), SIGTERM), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=3;"), "state=leaving"));
    close(lock);
    lock = -1;
    end();
    CU_ASSERT_PTR_NOT_NULL(strstr(said, " ms after the root was there"));
}

static void an_agent_whose_files_do_not_answer_goes_on(void)
{
    const char *report;

    begin(true);
    report = await_report("beat=1;");
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "state=trouble"));
    CU_ASSERT_PTR_NOT_NULL(strstr(report, "why=a file does not answer"));
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=leaving"));
    stall_kit_go();
    end();
    CU_ASSERT_PTR_NULL(strstr(said, "after the root"));
}

static void an_agent_whose_files_answer_again_is_ready(void)
{
    begin(true);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=1;"), "state=trouble"));
    stall_kit_go();
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=ready"));
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=3;"), "state=leaving"));
    end();
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "after the root was there"));
}

static uint64_t used_ms(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (uint64_t)used.ru_utime.tv_sec * 1000 +
           (uint64_t)used.ru_utime.tv_usec / 1000 +
           (uint64_t)used.ru_stime.tv_sec * 1000 +
           (uint64_t)used.ru_stime.tv_usec / 1000;
}

static void an_agent_that_leaves_does_not_go_round_for_a_late_answer(void)
{
    uint64_t before = used_ms();

    left = true;
    begin(true);
    left = false;
    CU_ASSERT_STRING_NOT_EQUAL(await_report("beat=1;"), "");
    stall_kit_go();
    CU_ASSERT_STRING_EQUAL(await_within("beat=2;", 300), "");
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=leaving"));
    end();
    CU_ASSERT_TRUE(used_ms() - before < 150);
}

/* ---- */

static const char *go_apart(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    return NULL;
}

/* Sooner than it reports again. */
static const char *mounted_over(void)
{
    static const struct node host[] = {
        {XS_DIRECTORY, "data/hotdom/bind", "0", 2},
        {XS_READ, "data/hotdom/bind/0", "guest/hosts /hosts", 18},
        {0}};
    uint64_t deadline_ms = hd_io_now_ms() + STALL_KIT_MS / 2;
    bool ready, mounted;

    nodes = host;
    begin(false);
    ready = strstr(await_report("beat=1;"), "state=ready") && binds == 1;
    mounted = !mount("guest", root, "tmpfs", 0, NULL);
    while (binds < 2 && serve(deadline_ms))
        continue;
    kill(agent, SIGTERM);
    (void)await_report("state=leaving");
    (void)umount(root);
    end();
    EXPECT(ready && mounted && binds == 2);
    return NULL;
}

static void an_agent_whose_registry_is_mounted_over_begins_with_the_new_one(
    void)
{
    binds = 0;
    apart_kit_run(go_apart, mounted_over);
}

/* ---- before the root */

/* True: nothing of it is left to the start. */
static bool is_named_early(const struct hd_promise *promises, size_t n)
{
    char links[] = "/tmp/hotdom-duty-XXXXXX", path[64], to[64] = "";
    struct hd_names names = {"/dev", links};
    struct hd_duty d = {.names = &names, .known = promises, .n_known = n};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(links));
    hd_duty_name(&d);
    snprintf(path, sizeof(path), "%s/data", links);
    CU_ASSERT(readlink(path, to, sizeof(to) - 1) > 0);
    CU_ASSERT_STRING_EQUAL(to, "/dev/xvdb");
    CU_ASSERT(d.known == promises);
    CU_ASSERT(!unlink(path) && !rmdir(links));
    return d.named;
}

static void
an_interface_that_is_not_there_before_the_root_is_named_at_the_start(void)
{
    static const struct hd_promise promises[] = {
        {.name = "data", .device = "xvdb"},
        {.name = "lan0", .is_nic = true, .mac = {2, 0, 0, 0, 0, 1}}};

    CU_ASSERT(is_named_early(promises, 1));
    CU_ASSERT_FALSE(is_named_early(promises, 2));
}

/* ---- tried again */

#define MAP "data/hotdom/map"

static void names_and_settings_that_failed_are_tried_again_with_a_report(void)
{
    static const struct node host[] = {
        {XS_DIRECTORY, MAP, "usb", 4},
        {XS_DIRECTORY, MAP "/usb", "line", 5},
        {XS_READ, MAP "/usb/line", "pv ttyUSB0 hvc1", 15},
        {0}};
    char path[64], link[64] = "";

    nodes = host;
    failed = "there is no interface for lan0";
    begin(false);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), "state=ready"));
    snprintf(path, sizeof(path), "%s/line", root);
    CU_ASSERT(readlink(path, link, sizeof(link) - 1) > 0);
    CU_ASSERT_STRING_EQUAL(link, "/dev/hvc1");
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=3;"), "state=leaving"));
    end();
    nodes = NULL;
    failed = NULL;
}

static void what_fails_again_is_reported_still_and_logged_once(void)
{
    static const struct node host[] = {
        {XS_ERROR, MAP, "EIO", 4},
        {XS_DIRECTORY, "data/hotdom/settings", "locale", 7},
        {XS_ERROR, "data/hotdom/settings/locale", "EIO", 4},
        {0}};

    nodes = host;
    failed = "xenstore " MAP ": Input/output error";
    begin(false);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(await_report("beat=2;"), "state=trouble;version="));
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=3;"), failed));
    end();
    CU_ASSERT_PTR_NULL(strstr(said, failed));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "settings/locale"));
    nodes = NULL;
    failed = NULL;
}

static void a_guest_that_is_to_end_tries_nothing_again(void)
{
    failed = "there is no interface for lan0";
    left = true;
    begin(false);
    left = false;
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=2;"), failed));
    kill(agent, SIGTERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(await_report("beat=3;"), "state=leaving"));
    end();
    failed = NULL;
}

static const struct hd_test tests[] = {
    HD_TEST(an_agent_whose_registry_is_mounted_over_begins_with_the_new_one),
    HD_TEST(an_agent_says_when_it_is_ready_once_it_has_told_so),
    HD_TEST(an_agent_is_ready_before_whoever_started_it_goes_on),
    HD_TEST(an_agent_whose_files_do_not_answer_goes_on),
    HD_TEST(an_agent_whose_files_answer_again_is_ready),
    HD_TEST(an_agent_that_leaves_does_not_go_round_for_a_late_answer),
    HD_TEST(
        an_interface_that_is_not_there_before_the_root_is_named_at_the_start),
    HD_TEST(names_and_settings_that_failed_are_tried_again_with_a_report),
    HD_TEST(what_fails_again_is_reported_still_and_logged_once),
    HD_TEST(a_guest_that_is_to_end_tries_nothing_again),
};
HD_SUITE("dom-guest/duty", tests);
