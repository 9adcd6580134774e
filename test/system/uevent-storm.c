/* SPDX-License-Identifier: MIT */
/* uevent-storm DISK N: has the kernel tell that DISK ("sda") changed, and tells
 * all who listen to udev N times what udev then says.  udev itself takes
 * minutes for so many. */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define UDEV_GROUP 2 /* UDEV_MONITOR_UDEV of libudev */

static int die(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_to_udev(void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP};
    const struct timeval most = {.tv_sec = 60};
    int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)))
        die("listen to udev");
    return fd;
}

static void change(const char *disk)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/sys/class/block/%.16s/uevent", disk);
    f = fopen(path, "w");
    if (!f || fputs("change", f) < 0 || fclose(f))
        die(path);
}

/* Its header is udev's own affair: the bytes are sent as they came. */
static size_t hear(int fd, const char *disk, char *buf, size_t size)
{
    char name[64];
    ssize_t n;

    snprintf(name, sizeof(name), "DEVNAME=/dev/%.16s", disk);
    do {
        n = recv(fd, buf, size, 0);
        if (n < 0)
            die("hear udev");
    } while (!memmem(buf, (size_t)n, name, strlen(name) + 1));
    return (size_t)n;
}

int main(int argc, char **argv)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP};
    unsigned left = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
    static char buf[16384];
    size_t len;
    int fd;

    if (!left) {
        fputs("usage: uevent-storm DISK N\n", stderr);
        return 2;
    }
    fd = listen_to_udev();
    change(argv[1]);
    len = hear(fd, argv[1], buf, sizeof(buf));
    close(fd);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    for (; left; left--)
        if (sendto(fd, buf, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
            die("speak as udev");
    return 0;
}
