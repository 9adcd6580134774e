/* SPDX-License-Identifier: MIT */
/* Counts the processes that are made in dom0, as the kernel tells of them; for
 * test/bench.  /proc/stat counts threads as well, and the kernel's own, of
 * which every device of a guest brings some.  For each line on its input it
 * prints how many there were, and how many more udev's, which looks at whatever
 * device the kernel makes; it does nothing in between. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define KTHREADD 2 /* makes all threads of the kernel */

#define PIDS (1 << 22) /* linux/threads.h, PID_MAX_LIMIT */

enum { OTHERS, UDEVS, WHOSE };
static uint64_t forks[WHOSE];
static unsigned char whose[PIDS]; /* what a process is, its children are */

static void count(const struct proc_event *event)
{
    int parent = event->event_data.fork.parent_tgid;
    int child = event->event_data.fork.child_tgid;

    if (event->what != PROC_EVENT_FORK || parent == KTHREADD ||
        event->event_data.fork.child_pid != child || parent < 0 ||
        parent >= PIDS || child < 0 || child >= PIDS)
        return;
    whose[child] = whose[parent];
    forks[whose[child]]++;
}

/* udevd, and its workers that are there. */
static void find_udev(void)
{
    DIR *dir = opendir("/proc");
    const struct dirent *e;

    while (dir && (e = readdir(dir))) {
        char path[300], comm[32] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
        f = atoi(e->d_name) > 0 ? fopen(path, "re") : NULL;
        if (!f)
            continue;
        if (fgets(comm, sizeof(comm), f) && strstr(comm, "udev"))
            whose[atoi(e->d_name)] = UDEVS;
        fclose(f);
    }
    if (dir)
        closedir(dir);
}

/* linux/Documentation/driver-api/connector.rst */
static int begin(void)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK,
                               .nl_groups = CN_IDX_PROC};
    struct {
        struct nlmsghdr header;
        struct cn_msg cn;
        enum proc_cn_mcast_op op;
    } __attribute__((packed))
    order = {.header = {.nlmsg_len = sizeof(order), .nlmsg_type = NLMSG_DONE},
             .cn = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(order.op)},
             .op = PROC_CN_MCAST_LISTEN};
    int size = 64 << 20; /* of all that is told between two lines */
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
        bind(fd, (struct sockaddr *)&self, sizeof(self)) ||
        send(fd, &order, sizeof(order), 0) != sizeof(order))
        return -1;
    return fd;
}

/* All that wait.  One that is lost (ENOBUFS) would be a wrong figure. */
static int drain(int fd)
{
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } buf;
    ssize_t n;

    while ((n = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
        const struct cn_msg *cn = NLMSG_DATA(&buf.header);

        if (n >= (ssize_t)NLMSG_LENGTH(sizeof(*cn)) + cn->len &&
            cn->id.idx == CN_IDX_PROC && cn->len >= sizeof(struct proc_event))
            count((const struct proc_event *)cn->data);
    }
    return errno == EAGAIN ? 0 : -1;
}

int main(void)
{
    char line[64];
    int fd = begin();
    int rc = fd < 0 ? -1 : 0;

    find_udev();
    while (!rc && read(STDIN_FILENO, line, sizeof(line)) > 0) {
        rc = drain(fd);
        if (!rc)
            printf("%llu %llu\n", (unsigned long long)forks[OTHERS],
                   (unsigned long long)forks[UDEVS]);
        fflush(stdout);
    }
    if (rc)
        perror("forks");
    return rc ? 1 : 0;
}
