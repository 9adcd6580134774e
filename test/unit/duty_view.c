/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/duty_view: when the agent looks for what is hidden. */
#include "../../dom-guest/duty_view.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/folder.h"
#include "../../dom-guest/paths.h"
#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "stall_kit.h"
#include "unit.h"

static struct hd_duty d;

static void begin(void)
{
    struct hd_err err;

    d = (struct hd_duty){.look_ms = UINT64_MAX, .hand = HD_HAND_NONE};
    CHECK_OK(hd_duty_view_open(&d, &err), &err);
}

/* The hand has ended as well. */
static void end(void)
{
    hd_duty_view_leave(&d);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static void what_is_hidden_for_a_reason_is_looked_at_again(void)
{
    begin();
    strcpy(d.why[HD_DUTY_HIDDEN], "there is no room");
    d.hand.late = true; /* so that nothing else is done */
    hd_duty_view_retry(&d);
    CU_ASSERT_TRUE(hd_io_left_ms(d.look_ms) <= 1000);
    d.hand.late = false;
    end();
}

static void an_agent_looks_after_a_mount_alone(void)
{
    begin();
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    hd_duty_view_ring(&d);
    CU_ASSERT_TRUE(hd_io_left_ms(d.look_ms) <= 1000);
    d.look_ms = hd_io_now_ms();
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    end();
}

static void a_burst_of_mounts_is_one_look_and_puts_it_off_no_further(void)
{
    uint64_t first_ms;

    begin();
    hd_duty_view_ring(&d);
    first_ms = d.look_ms;
    d.look_ms -= 100; /* so much later it rings again */
    hd_duty_view_ring(&d);
    CU_ASSERT_EQUAL(d.look_ms, first_ms - 100);
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, first_ms - 100);
    end();
}

static void nothing_is_due_in_a_guest_that_is_to_end(void)
{
    begin();
    hd_duty_view_ring(&d);
    hd_duty_view_leave(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    CU_ASSERT_EQUAL(hd_view_bell(d.view), -1);
    hd_duty_view_ring(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    d.look_ms = 0;
    hd_duty_view_look(&d);
    hd_duty_view_apply(&d, true); /* d has no xenstore to read */
    CU_ASSERT_STRING_EQUAL(d.why[HD_DUTY_VIEW], "");
}

/* ---- by the hand, in a namespace where no file of this machine is written */

static int peer;
static uint32_t seq;

static bool memory_at(const char *path)
{
    return !hd_folder_make(path, NULL) &&
           !mount("guest", path, "tmpfs", 0, "mode=755");
}

static const char *prepare(void)
{
    static const char file[] = HD_GUEST_HOST "/srv/agent/file";
    struct hd_err err;
    int fds[2];

    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    EXPECT(memory_at("/run") && memory_at("/var/lib") && memory_at("/srv"));
    EXPECT(memory_at(HD_GUEST_HOST) && !hd_folder_make_above(file, NULL));
    EXPECT(!hd_io_write_file(file, "host", 4, 0644, NULL));
    EXPECT(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    peer = fds[1];
    begin();
    EXPECT(!hd_xsdev_take(fds[0], &d.x, &err));
    return NULL;
}

/* What the host says when it is asked. */
static void say(const char *tables)
{
    struct xsd_sockmsg msg = {
        .type = XS_READ, .req_id = ++seq, .len = (uint32_t)strlen(tables)};

    (void)!hd_io_write(peer, &msg, sizeof(msg), NULL);
    (void)!hd_io_write(peer, tables, msg.len, NULL);
}

/* NULL when all of that is made. */
static const char *apply(const char *tables)
{
    say(tables);
    hd_duty_view_apply(&d, false);
    if (strstr(d.why[HD_DUTY_VIEW], "No such device") ||
        strstr(d.why[HD_DUTY_VIEW], "not permitted"))
        return "skipped: this machine has no overlay";
    return *d.why[HD_DUTY_VIEW] ? d.why[HD_DUTY_VIEW] : NULL;
}

static const char *by_hand(void)
{
    hd_autofd int fd = -1;
    struct stat st, now;
    const char *why = apply("+/srv/agent\n");

    if (why)
        return why;
    fd = open("/srv/agent/file", O_RDONLY | O_CLOEXEC);
    EXPECT(fd >= 0 && !fstat(fd, &st));
    EXPECT(!(why = apply("+/srv/agent\n-/srv/agent/own\n")));
    EXPECT(!stat("/srv/agent/file", &now));
    EXPECT(now.st_dev == st.st_dev && now.st_ino == st.st_ino);
    close(hd_steal_fd(&fd));
    /* What the hand keeps holds no file system up. */
    hd_duty_view_leave(&d);
    EXPECT(!umount("/srv/agent") && !umount("/var/lib"));
    return NULL;
}

static void a_view_by_the_hand_is_the_agent_s_as_well(void)
{
    apart_kit_run(prepare, by_hand);
}

static int die(void *ctx, const void *ask, size_t len, void *ret,
               struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)ret, (void)err;
    _exit(1);
}

static int nothing(void *ctx, const void *ask, size_t len, void *ret,
                   struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)ret, (void)err;
    return 0;
}

static bool tell(hd_hand_fn *fn)
{
    return !hd_hand_do(&d.hand, fn, "", 0, NULL, 0,
                       hd_io_now_ms() + STALL_KIT_MS, NULL);
}

static const char *another_hand(void)
{
    const char *why = apply("+/srv/agent\n");
    hd_autofd int fd = open("/srv/agent/file", O_RDONLY | O_CLOEXEC);
    struct stat st, now;

    if (why)
        return why;
    EXPECT(fd >= 0 && !fstat(fd, &st));
    /* That it has ended is seen by whoever tells it something. */
    EXPECT(!tell(die) && tell(nothing));
    say("+/srv/agent\n");
    hd_duty_view_apply(&d, false);
    hd_duty_view_retry(&d);
    EXPECT(!*d.why[HD_DUTY_VIEW] && !stat("/srv/agent/file", &now));
    EXPECT(now.st_dev == st.st_dev && now.st_ino == st.st_ino);
    hd_duty_view_retry(&d); /* which asks nothing, or would fail */
    EXPECT(!tell(die));
    say("+/srv/agent\n");
    hd_duty_view_retry(&d);
    EXPECT(d.by == 3 && d.hand.starts == 3 && d.hand.fd >= 0);
    EXPECT(!*d.why[HD_DUTY_VIEW] && !stat("/srv/agent/file", &now));
    EXPECT(now.st_dev == st.st_dev && now.st_ino == st.st_ino);
    EXPECT(memory_at("/srv"));
    d.look_ms = 0;
    hd_duty_view_look(&d);
    EXPECT(!stat("/srv/agent/file", &now) && now.st_dev == st.st_dev);
    hd_duty_view_leave(&d);
    return NULL;
}

static void another_hand_goes_on_with_the_view(void)
{
    apart_kit_run(prepare, another_hand);
}

static const char *part(void)
{
    static const char both[] = "+/srv/agent\n+/srv/other\n",
                      taken[] = HD_GUEST_WRITES "/!srv!other",
                      host[] = HD_GUEST_HOST "/srv/other/file";
    const char *why;

    EXPECT(!hd_folder_make_above(host, NULL) &&
           !hd_io_write_file(host, "", 0, 0644, NULL));
    EXPECT(!hd_folder_make_above(taken, NULL) &&
           !hd_io_write_file(taken, "", 0, 0644, NULL));
    why = apply(both);
    if (!why || !strncmp(why, "skipped", 7))
        return why ? why : "all is made";
    d.beat.number = 1;
    for (int i = 0; i < 2; i++) {
        EXPECT(strstr(d.why[HD_DUTY_VIEW], "!srv!other"));
        EXPECT(!access("/srv/agent/file", F_OK) &&
               access("/srv/other/file", F_OK));
        if (i)
            EXPECT(!unlink(taken));
        say(both);
        hd_duty_view_retry(&d);
    }
    EXPECT(!*d.why[HD_DUTY_VIEW] && !access("/srv/other/file", F_OK));
    hd_duty_view_retry(&d); /* which asks nothing, or would fail */
    EXPECT(!*d.why[HD_DUTY_VIEW]);
    hd_duty_view_leave(&d);
    return NULL;
}

static void a_part_that_could_not_be_shown_is_when_it_can_be(void)
{
    apart_kit_run(prepare, part);
}

static const char *unread(void)
{
    struct xsd_sockmsg msg = {.type = XS_ERROR, .req_id = ++seq, .len = 4};
    const char *why;

    (void)!hd_io_write(peer, &msg, sizeof(msg), NULL);
    (void)!hd_io_write(peer, "EIO", msg.len, NULL);
    hd_duty_view_apply(&d, false);
    EXPECT(strstr(d.why[HD_DUTY_VIEW], "xenstore"));
    EXPECT(tell(nothing));
    d.by = d.hand.starts;
    d.beat.number = 1;
    say("+/srv/agent\n");
    hd_duty_view_retry(&d);
    why = d.why[HD_DUTY_VIEW];
    if (strstr(why, "No such device") || strstr(why, "not permitted"))
        return "skipped: this machine has no overlay";
    EXPECT(!*why && !access("/srv/agent/file", F_OK));
    hd_duty_view_leave(&d);
    return NULL;
}

static void tables_that_could_not_be_read_are_read_later(void)
{
    apart_kit_run(prepare, unread);
}

/* The tables are asked for, and nobody answers any more. */
static unsigned count_tries(unsigned reports)
{
    unsigned tries = 0;
    int before, now;

    for (unsigned i = 0; i < reports; i++) {
        ioctl(peer, FIONREAD, &before);
        hd_duty_view_retry(&d);
        ioctl(peer, FIONREAD, &now);
        tries += now > before;
    }
    return tries;
}

static void a_view_that_cannot_be_shown_is_tried_less_often_in_time(void)
{
    struct hd_err err;
    int fds[2];

    begin();
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_OK(hd_xsdev_take(fds[0], &d.x, &err), &err);
    peer = fds[1];
    CU_ASSERT_FATAL(!shutdown(peer, SHUT_WR) && tell(nothing));
    d.by = d.hand.starts;
    d.unseen = true;
    CU_ASSERT_EQUAL(count_tries(3), 0); /* before the first report */
    d.beat.number = 1;
    CU_ASSERT_EQUAL(count_tries(6), 6);
    CU_ASSERT_EQUAL(count_tries(18), 3);
    end();
    hd_xsdev_free(hd_steal(&d.x));
    close(peer);
}

static int touch(void *ctx, const void *path, size_t len, void *ret,
                 struct hd_err *err)
{
    struct stat st;

    (void)ctx, (void)len, (void)ret, (void)err;
    (void)!stat(path, &st);
    return 0;
}

/* A file system that nobody serves yet, and then nobody any more. */
static const char *unserved(void)
{
    static const char host[] = HD_GUEST_HOST;
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    char options[80];
    struct pollfd p = {.events = POLLIN};
    struct hd_err err;

    snprintf(options, sizeof(options),
             "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
    if (fuse < 0 || mount("host", host, "fuse", 0, options))
        return "skipped: this machine has no fuse";
    EXPECT(hd_hand_do(&d.hand, touch, host, sizeof(host), NULL, 0,
                      hd_io_now_ms() + 100, &err));
    EXPECT(err.code == HD_E_TIMEOUT);
    EXPECT(strstr(apply("+/srv/agent\n"), "does not answer"));
    p.fd = hd_hand_fd(&d.hand);
    EXPECT(poll(&p, 1, 0) == 0);
    close(fuse);
    EXPECT(poll(&p, 1, STALL_KIT_MS) == 1 && hd_hand_is_back(&d.hand));
    EXPECT(strstr(apply("+/srv/agent\n-/srv/own\n"), "not connected"));
    hd_duty_view_leave(&d);
    return NULL;
}

static void a_host_that_serves_its_files_no_more_is_trouble(void)
{
    apart_kit_run(prepare, unserved);
}

/* ---- */

/* The agent's hand waits for a file of a host that has gone. */
static void a_view_that_does_not_answer_is_trouble_and_no_wait(void)
{
    static const char tables[] = "+/hotdom/nowhere\n";
    struct xsd_sockmsg msg = {
        .type = XS_READ, .req_id = 1, .len = sizeof(tables) - 1};
    uint64_t before = hd_io_now_ms();
    struct hd_err err;
    int fds[2];

    begin();
    stall_kit_begin();
    stall_kit_hold(&d.hand);
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_OK(hd_xsdev_take(fds[0], &d.x, &err), &err);
    CHECK_OK(hd_io_write(fds[1], &msg, sizeof(msg), &err), &err);
    CHECK_OK(hd_io_write(fds[1], tables, msg.len, &err), &err);
    hd_duty_view_apply(&d, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.why[HD_DUTY_VIEW], "does not answer"));
    CU_ASSERT_TRUE(d.unseen);
    d.look_ms = hd_io_now_ms();
    hd_duty_view_look(&d);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.why[HD_DUTY_HIDDEN], "does not answer"));
    hd_duty_view_leave(&d); /* and it does not wait for it either */
    CU_ASSERT_TRUE(hd_io_now_ms() - before < STALL_KIT_MS);
    CU_ASSERT_TRUE(stall_kit_begun() <= 1);
    hd_xsdev_free(hd_steal(&d.x));
    close(fds[1]);
    stall_kit_go();
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    stall_kit_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_view_by_the_hand_is_the_agent_s_as_well),
    HD_TEST(another_hand_goes_on_with_the_view),
    HD_TEST(a_part_that_could_not_be_shown_is_when_it_can_be),
    HD_TEST(tables_that_could_not_be_read_are_read_later),
    HD_TEST(a_view_that_cannot_be_shown_is_tried_less_often_in_time),
    HD_TEST(what_is_hidden_for_a_reason_is_looked_at_again),
    HD_TEST(a_host_that_serves_its_files_no_more_is_trouble),
    HD_TEST(a_view_that_does_not_answer_is_trouble_and_no_wait),
    HD_TEST(an_agent_looks_after_a_mount_alone),
    HD_TEST(a_burst_of_mounts_is_one_look_and_puts_it_off_no_further),
    HD_TEST(nothing_is_due_in_a_guest_that_is_to_end),
};
HD_SUITE("dom-guest/duty_view", tests);
