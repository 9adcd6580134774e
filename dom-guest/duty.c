/* SPDX-License-Identifier: MIT */
/* Applies what the host says and tells it how the guest is; never ends the
 * guest but when the host asks and the kernel does not hear it. */
#include "duty.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "duty_own.h"
#include "duty_registry.h"
#include "duty_report.h"
#include "duty_view.h"
#include "folder.h"
#include "nics.h"
#include "paths.h"
#include "table.h"

#define MAP      "data/hotdom/map"
#define HOST     "data/hotdom/host"
#define SHUTDOWN "control/shutdown"

/* Interfaces come up to this long after their driver was loaded. */
#define NICS_MS 2000
/* News of addresses come in bursts. */
#define BURST_MS 500

enum bell { BELL_TABLE, BELL_MAP, BELL_HOST, BELL_SHUTDOWN, BELL_REGISTRY };

/* ---- at the start */

void hd_duty_settle(struct hd_duty *d, enum hd_duty_part part,
                    const struct hd_err *err)
{
    char text[sizeof(d->why[0])] = "";

    if (err && err->code)
        snprintf(text, sizeof(text), "%.127s", err->msg);
    if (*text && strcmp(d->why[part], text) != 0)
        hd_log(HD_LOG_WARNING, "%s", err->msg);
    strcpy(d->why[part], text);
}

int hd_duty_open(struct hd_duty *d, struct hd_err *err)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d\n", getpid());

    *d = (struct hd_duty){.lock = -1,
                          .look_ms = UINT64_MAX,
                          .hand = HD_HAND_NONE,
                          .keeper = HD_KEEPER_NONE,
                          .names = &hd_names_usual,
                          .beat.os = "Linux"};
    if (hd_folder_make(HD_GUEST_RUN, err))
        return -1;
    /* Whoever may open it may hold it: root alone. */
    d->lock = open(HD_GUEST_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock < 0 || fchmod(d->lock, 0600)) {
        hd_fail_errno(err, HD_E_IO, "open " HD_GUEST_LOCK);
        hd_duty_fini(d);
        return -1;
    }
    if (flock(d->lock, LOCK_EX | LOCK_NB)) {
        hd_duty_fini(d);
        return hd_fail(err, HD_E_BUSY, "an agent runs already");
    }
    if (hd_xsdev_open(&d->x, err) || hd_duty_view_open(d, err) ||
        ftruncate(d->lock, 0) ||
        hd_io_pwrite(d->lock, text, (size_t)len, 0, err)) {
        hd_duty_fini(d);
        return -1;
    }
    return 0;
}

void hd_duty_fini(struct hd_duty *d)
{
    hd_duty_view_fini(d);
    hd_xsdev_free(hd_steal(&d->x));
    hd_keeper_fini(&d->keeper);
    if (d->lock >= 0)
        close(hd_steal_fd(&d->lock));
}

/* Without a code when all are given. */
static void give_names(const struct hd_duty *d,
                       const struct hd_promise *promises, size_t n,
                       uint64_t deadline_ms, struct hd_err *ret)
{
    struct hd_err links = {0};

    (void)hd_names_link(d->names, promises, n, &links);
    hd_nics_name(promises, n, deadline_ms, ret);
    if (links.code)
        *ret = links;
}

void hd_duty_name(struct hd_duty *d)
{
    struct hd_err err;

    give_names(d, d->known, d->n_known, 0, &err);
    d->named = !err.code;
}

static void apply_names(struct hd_duty *d, uint64_t deadline_ms)
{
    static struct hd_promise read[HD_PROMISES];
    const struct hd_promise *promises = hd_steal(&d->known);
    struct hd_err err = {0};
    size_t n = d->n_known;

    if (!promises && !hd_promise_load(d->x, read, &n, &err))
        promises = read;
    if (promises && !d->named)
        give_names(d, promises, n, deadline_ms, &err);
    d->named = false;
    hd_duty_settle(d, HD_DUTY_NAMES, &err);
}

/* The settings and files before the view: they are the guest's own, whatever of
 * /etc the host covers.  While the hand waits for the disk the agent does what
 * is not the hand's. */
void hd_duty_begin(struct hd_duty *d)
{
    struct hd_err read;
    bool told = hd_duty_own_begin(d, &read);

    hd_duty_registry_open(d);
    if (told)
        hd_duty_own_end(d, &read);
    hd_duty_registry_do(d, hd_keeper_follow);
    told = hd_duty_view_begin(d);
    apply_names(d, hd_io_now_ms() + NICS_MS);
    if (told)
        hd_duty_view_end(d);
}

/* ---- what the host wants */

static const struct {
    const char *order, *feature, *program;
} ends[] = {
    {"poweroff", "control/feature-poweroff", "/sbin/poweroff"},
    {"halt", "control/feature-halt", "/sbin/poweroff"},
    {"reboot", "control/feature-reboot", "/sbin/reboot"},
};

static void run(const char *program)
{
    if (fork() == 0) {
        execl(program, program, (char *)NULL);
        _exit(127);
    }
}

/* Linux's kernel takes the order off the node and runs the program itself; so
 * it does with suspend, after which reports go on. */
static void obey(struct hd_duty *d)
{
    char order[32] = "", feature[8] = "";

    if (hd_xsdev_read(d->x, SHUTDOWN, order, sizeof(order), NULL) != 1)
        return;
    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++) {
        if (strcmp(order, ends[i].order) != 0)
            continue;
        hd_duty_view_leave(d);
        hd_duty_report(d, "leaving");
        if (hd_xsdev_read(d->x, ends[i].feature, feature, sizeof(feature),
                          NULL) == 1 &&
            !strcmp(feature, "1"))
            return;
        (void)hd_xsdev_write(d->x, SHUTDOWN, "", NULL);
        run(ends[i].program);
    }
}

static int take_bells(struct hd_duty *d, struct hd_err *err)
{
    uint32_t bells;

    if (hd_xsdev_bells(d->x, &bells, err))
        return -1;
    if (bells & 1u << BELL_TABLE)
        hd_duty_view_apply(d, false);
    if (bells & 1u << BELL_MAP)
        apply_names(d, 0);
    if (bells & (1u << BELL_MAP | 1u << BELL_HOST))
        hd_duty_registry_do(d, hd_keeper_follow_host);
    if (bells & 1u << BELL_SHUTDOWN)
        obey(d);
    if (bells & 1u << BELL_REGISTRY)
        hd_duty_registry_answer(d);
    return 0;
}

/* True: a hand that was late is back, and what it could not do meanwhile is
 * done. */
static bool make_up(struct hd_duty *d)
{
    if (!hd_hand_is_back(&d->hand) || d->lates == d->hand.times || !d->view)
        return false;
    d->lates = d->hand.times;
    if (*d->why[HD_DUTY_PREFS])
        hd_duty_own_apply(d);
    if (*d->why[HD_DUTY_VIEW] || *d->why[HD_DUTY_HIDDEN] ||
        d->by != d->hand.starts)
        hd_duty_view_apply(d, true);
    return true;
}

/* With a report: an interface may come late, a full volume have room again. */
static void retry(struct hd_duty *d)
{
    hd_duty_view_retry(d);
    hd_duty_registry_do(d, hd_keeper_retry);
    if (!d->beat.number || !d->view)
        return;
    if (*d->why[HD_DUTY_NAMES])
        apply_names(d, 0);
    if (*d->why[HD_DUTY_PREFS])
        hd_duty_own_apply(d);
}

/* ---- the loop */

static int listen_addresses(struct hd_err *err)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                             .nl_groups =
                                 RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    hd_autofd int fd = socket(
        AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
        return hd_fail_errno(err, HD_E_FAILED, "listen for addresses");
    return hd_steal_fd(&fd);
}

static int listen_signals(struct hd_err *err)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    /* Ended children are nobody's to wait for. */
    signal(SIGCHLD, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return hd_fail_errno(err, HD_E_FAILED, "listen for signals");
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? hd_fail_errno(err, HD_E_FAILED, "listen for signals") : fd;
}

static int watch(struct hd_duty *d, struct hd_err *err)
{
    if (hd_xsdev_watch(d->x, HD_TABLE_NODE, BELL_TABLE, err) ||
        hd_xsdev_watch(d->x, MAP, BELL_MAP, err) ||
        hd_xsdev_watch(d->x, HOST, BELL_HOST, err) ||
        hd_xsdev_watch(d->x, HD_KEEPER_ASK, BELL_REGISTRY, err))
        return -1;
    return hd_xsdev_watch(d->x, SHUTDOWN, BELL_SHUTDOWN, err);
}

/* False: it is to end. */
static bool take_signals(struct hd_duty *d, int fd)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGTERM)
            return false;
        hd_duty_begin(d);
    }
    return true;
}

/* Something was mounted a moment ago: over the registry, or over the view. */
static void look(struct hd_duty *d)
{
    if (hd_io_left_ms(d->look_ms))
        return;
    hd_duty_registry_do(d, hd_keeper_retry);
    hd_duty_view_look(d);
}

/* Until there is something to do of which no descriptor tells. */
static int left_ms(const struct hd_duty *d, uint64_t next_ms)
{
    if (hd_xsdev_rung(d->x) || d->keeper.more)
        return 0;
    return hd_io_left_ms(next_ms < d->look_ms ? next_ms : d->look_ms);
}

static int loop(struct hd_duty *d, int signals, int addresses,
                struct hd_err *err)
{
    /* An address that came since the first report is in the next one. */
    uint64_t next_ms = d->beat.number ? hd_io_now_ms() + BURST_MS : 0;
    struct pollfd p[] = {{.fd = hd_xsdev_fd(d->x), .events = POLLIN},
                         {.fd = signals, .events = POLLIN},
                         {.fd = addresses, .events = POLLIN},
                         {.fd = -1, .events = POLLIN},
                         {.fd = -1, .events = POLLPRI},
                         {.fd = -1, .events = POLLIN}};

    for (;;) {
        if (!hd_io_left_ms(next_ms)) {
            retry(d);
            hd_duty_report_learn(d);
            hd_duty_report(d, "ready");
            next_ms = hd_io_now_ms() + HD_BEAT_MS;
        }
        look(d);
        if (make_up(d))
            next_ms = hd_io_within_ms(BURST_MS, next_ms);
        p[3].fd = d->keeper.news; /* another one after SIGHUP */
        p[4].fd = hd_view_bell(d->view);
        p[5].fd = hd_hand_fd(&d->hand);
        if (poll(p, HD_ARRAY_LEN(p), left_ms(d, next_ms)) < 0)
            continue;
        if (p[1].revents && !take_signals(d, signals))
            return 0;
        if ((p[0].revents || hd_xsdev_rung(d->x)) && take_bells(d, err))
            return -1;
        if (p[3].revents || d->keeper.more)
            hd_duty_registry_do(d, hd_keeper_follow);
        if (p[4].revents)
            hd_duty_view_ring(d);
        if (p[2].revents) {
            hd_io_drain(addresses); /* what changed is seen by looking */
            next_ms = hd_io_within_ms(BURST_MS, next_ms);
        }
    }
}

int hd_duty_go_on(struct hd_duty *d, struct hd_err *err)
{
    hd_autofd int addresses = listen_addresses(err);
    hd_autofd int signals = addresses < 0 ? -1 : listen_signals(err);

    if (signals < 0 || watch(d, err) || loop(d, signals, addresses, err))
        return -1;
    hd_duty_report(d, "leaving");
    return 0;
}

/* ---- behind */

static void detach(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

    (void)setsid();
    (void)!chdir("/");
    (void)dup2(null, 0);
    (void)dup2(null, 1);
    (void)dup2(log < 0 ? null : log, 2);
}

int hd_duty_go_on_behind(struct hd_duty *d, struct hd_err *err)
{
    char text[16];
    pid_t pid;
    int len;

    pid = fork();
    if (pid < 0)
        return hd_fail_errno(err, HD_E_FAILED, "start the agent");
    if (pid)
        return 0;
    detach();
    len = snprintf(text, sizeof(text), "%d\n", getpid());
    if (ftruncate(d->lock, 0) ||
        hd_io_pwrite(d->lock, text, (size_t)len, 0, err) ||
        hd_duty_go_on(d, err)) {
        hd_log(HD_LOG_ERROR, "%s", err->msg);
        _exit(1);
    }
    _exit(0);
}
