/* SPDX-License-Identifier: MIT */
/* Speaks as udev does, in a network namespace of the test's own (net_kit). */
#include "udev_kit.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

#define UDEV_GROUP 2 /* MONITOR_GROUP_UDEV of libudev */
#define MAGIC      0xfeedcafe

/* What libudev has the kernel look at, big-endian, in front of properties. */
struct header {
    char prefix[8];
    uint32_t magic;
    uint32_t size, properties_at,
        properties_len; /* these as the CPU has them */
    uint32_t subsystem, devtype, tags_high, tags_low;
};

struct message {
    struct header header;
    char properties[4000];
};

/* MurmurHash2, of little-endian words. */
static uint32_t hash(const char *text)
{
    const uint32_t by = 0x5bd1e995;
    size_t left = strlen(text);
    uint32_t h = (uint32_t)left, k = 0;

    for (; left >= sizeof(k); text += sizeof(k), left -= sizeof(k)) {
        memcpy(&k, text, sizeof(k));
        k *= by;
        h = h * by ^ (k ^ k >> 24) * by;
    }
    if (left) {
        k = 0;
        memcpy(&k, text, left);
        h = (h ^ k) * by;
    }
    h = (h ^ h >> 13) * by;
    return h ^ h >> 15;
}

/* A Bloom filter of one word. */
static uint64_t bloom(const char *tag)
{
    uint32_t h = hash(tag);
    uint64_t bits = 0;

    for (unsigned shift = 0; shift < 24; shift += 6)
        bits |= UINT64_C(1) << (h >> shift & 63);
    return bits;
}

static size_t compose(struct message *m, const char *disk, const char *tag,
                      const char *more)
{
    int n = snprintf(m->properties, sizeof(m->properties),
                     "ACTION=change\nDEVPATH=/devices/virtual/block/%s\n"
                     "SUBSYSTEM=block\nDEVTYPE=disk\nSEQNUM=1\n"
                     "TAGS=:%s:\nCURRENT_TAGS=:%s:\n%s\nPAD=%03000d\n",
                     disk, tag, tag, more, 0);

    for (char *at = m->properties; (at = strchr(at, '\n')); at++)
        *at = '\0';
    m->header = (struct header){
        .prefix = "libudev",
        .magic = htonl(MAGIC),
        .size = sizeof(m->header),
        .properties_at = sizeof(m->header),
        .properties_len = (uint32_t)n,
        .subsystem = htonl(hash("block")),
        .devtype = htonl(hash("disk")),
        .tags_high = htonl((uint32_t)(bloom(tag) >> 32)),
        .tags_low = htonl((uint32_t)bloom(tag)),
    };
    return sizeof(m->header) + (size_t)n;
}

bool udev_kit_tell(const char *disk, const char *tag, const char *more,
                   unsigned times)
{
    const struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                                   .nl_groups = UDEV_GROUP};
    hd_autofd int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    struct message m;
    size_t len = compose(&m, disk, tag, more);

    while (times--)
        if (sendto(fd, &m, len, 0, (const struct sockaddr *)&to, sizeof(to)) <
            0)
            return false;
    return true;
}

bool udev_kit_is_heard(void)
{
    FILE *f = fopen("/proc/net/netlink", "r");
    unsigned protocol, groups;
    char line[200];
    bool heard = false;

    while (f && fgets(line, sizeof(line), f))
        heard |= sscanf(line, "%*s %u %*u %x", &protocol, &groups) == 2 &&
                 protocol == NETLINK_KOBJECT_UEVENT && groups == UDEV_GROUP;
    if (f)
        fclose(f);
    return heard && geteuid() == 0;
}
