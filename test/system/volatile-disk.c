/* SPDX-License-Identifier: MIT */
/* volatile-disk [--deaf] IMAGE SOCKET SEED: an NBD server for one client whose
 * disk has a volatile write cache, the worst that one may have.  IMAGE is the
 * medium: a write gets there by FLUSH or FUA alone.  When the client goes the
 * power is cut, and behind SIGTERM, at once or, three times of four, when the
 * next flush was asked for.  Of what is in the cache then each sector gets
 * there or not, by chance.  --deaf is a disk that lies: it says yes to FLUSH
 * and FUA and does nothing, so that a test can be seen to notice.
 *
 * The protocol: https://github.com/NetworkBlockDevice/nbd, doc/proto.md, as far
 * as QEMU needs it. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING     UINT64_C(0x4e42444d41474943) /* NBDMAGIC */
#define OPTION       UINT64_C(0x49484156454f5054) /* IHAVEOPT */
#define OPTION_REPLY UINT64_C(0x0003e889045565a9)
#define REQUEST      0x25609513u
#define REPLY        0x67446698u
#define FIXED        1u /* handshake flags: fixed newstyle, no zeroes */
#define NO_ZEROES    2u
#define OPT_GO       7u
#define OPT_ABORT    2u
#define REP_ACK      1u
#define REP_INFO     3u
#define REP_UNKNOWN  0x80000001u
#define HAS_FLAGS    1u /* transmission flags */
#define HAS_FLUSH    4u
#define HAS_FUA      8u
#define WITH_FUA     1u /* of a request */
#define OPTION_MAX   4096u
#define REQUEST_MAX  (32u << 20) /* the protocol's own */
/* Bytes that a medium writes whole or not at all: a physical sector of today's.
 * With 512 a pull may tear ext4's superblock, whose checksum is in its last. */
#define SECTOR      4096u
#define BLOCK       512u /* what the client counts in */
#define FLUSH_TAKES 5    /* ms: who does not wait for it is found out */
#define PATIENCE    2000 /* ms between two requests */

enum command { CMD_READ, CMD_WRITE, CMD_DISCONNECT, CMD_FLUSH };

struct request {
    uint32_t magic;
    uint16_t flags, command;
    uint64_t handle, offset;
    uint32_t length;
} __attribute__((packed));

struct reply {
    uint32_t magic, error;
    uint64_t handle;
} __attribute__((packed));

struct option {
    uint64_t magic;
    uint32_t option, length;
} __attribute__((packed));

static struct {
    int medium, client, cut; /* `cut` is a signalfd */
    bool deaf, patient;      /* with the cut, for a flush */
    uint64_t size;           /* bytes */
    uint8_t *now; /* what the client sees, a private map of the medium */
    bool *cached; /* by sector: not on the medium yet */
    unsigned flushes, fuas, writes;
} disk;

static int die(const char *what)
{
    perror(what);
    exit(1);
}

/* Within `ms`, or -1 for ever. */
static bool is_cut(int fd, int ms)
{
    struct pollfd p[] = {{disk.cut, POLLIN, 0}, {fd, POLLIN, 0}};

    return poll(p, fd < 0 ? 1 : 2, ms) > 0 && p[0].revents;
}

static bool get(void *to, size_t n)
{
    return recv(disk.client, to, n, MSG_WAITALL) == (ssize_t)n;
}

static bool put(const void *from, size_t n)
{
    while (n) {
        ssize_t done = send(disk.client, from, n, MSG_NOSIGNAL);

        if (done < 0)
            return false;
        from = (const uint8_t *)from + done;
        n -= (size_t)done;
    }
    return true;
}

/* ---- the medium */

static void keep(uint64_t sector)
{
    uint64_t at = sector * SECTOR;
    size_t n = disk.size - at < SECTOR ? disk.size - at : SECTOR;

    if (pwrite(disk.medium, disk.now + at, n, (off_t)at) != (ssize_t)n)
        die("medium");
    disk.cached[sector] = false;
}

/* Behind the last sector that has one of these bytes. */
static uint64_t end_of(uint64_t offset, uint64_t length)
{
    return (offset + length + SECTOR - 1) / SECTOR;
}

/* Of these bytes, what is not there yet. */
static void keep_range(uint64_t offset, uint64_t length)
{
    uint64_t end = end_of(offset, length);

    if (disk.deaf)
        return;
    for (uint64_t i = offset / SECTOR; i < end; i++)
        if (disk.cached[i])
            keep(i);
}

static void lose_power(void)
{
    unsigned cached = 0, lost = 0;

    for (uint64_t i = 0; i < end_of(0, disk.size); i++) {
        if (!disk.cached[i])
            continue;
        cached++;
        if (random() & 1)
            keep(i);
        else
            lost++;
    }
    printf("%u writes, %u FUA, %u flushes, cached %u, lost %u\n", disk.writes,
           disk.fuas, disk.flushes, cached, lost);
}

/* ---- requests: each returns an errno, or -1 when the client or the power went
 */

static int do_read(const struct request *r)
{
    struct reply reply = {htobe32(REPLY), 0, r->handle};

    return put(&reply, sizeof(reply)) && put(disk.now + r->offset, r->length)
               ? 0
               : -1;
}

static int do_write(const struct request *r)
{
    if (!get(disk.now + r->offset, r->length))
        return -1;
    for (uint64_t i = r->offset / SECTOR; i < end_of(r->offset, r->length); i++)
        disk.cached[i] = true;
    disk.writes++;
    if (r->flags & WITH_FUA) {
        disk.fuas++;
        keep_range(r->offset, r->length);
    }
    return 0;
}

static int do_flush(void)
{
    if (is_cut(-1, FLUSH_TAKES))
        return -1;
    disk.flushes++;
    keep_range(0, disk.size);
    return 0;
}

static bool answer(const struct request *r, uint32_t error)
{
    struct reply reply = {htobe32(REPLY), htobe32(error), r->handle};

    return put(&reply, sizeof(reply));
}

/* False at the end. */
static bool serve(const struct request *r)
{
    bool inside = r->length <= REQUEST_MAX && r->offset <= disk.size &&
                  r->length <= disk.size - r->offset;

    switch (r->command) {
    case CMD_READ:
        return inside ? !do_read(r) : answer(r, EINVAL);
    case CMD_WRITE: /* what follows one that is outside is not worth reading */
        return inside && !do_write(r) && answer(r, 0);
    case CMD_FLUSH:
        return !do_flush() && answer(r, 0);
    case CMD_DISCONNECT:
        return false;
    default:
        return answer(r, EINVAL);
    }
}

/* Behind SIGTERM too, while it waits for a flush; do_flush ends it then. */
static bool request_comes(void)
{
    struct pollfd p = {disk.client, POLLIN, 0};

    if (!is_cut(disk.client, -1))
        return true;
    return disk.patient && poll(&p, 1, PATIENCE) > 0;
}

static void serve_all(void)
{
    struct request r;

    while (request_comes() && get(&r, sizeof(r)) &&
           be32toh(r.magic) == REQUEST) {
        r.flags = be16toh(r.flags);
        r.command = be16toh(r.command);
        r.offset = be64toh(r.offset);
        r.length = be32toh(r.length);
        if (!serve(&r))
            return;
    }
}

/* ---- the handshake */

static bool reply_option(uint32_t option, uint32_t type, const void *data,
                         uint32_t n)
{
    struct {
        uint64_t magic;
        uint32_t option, type, length;
    } __attribute__((packed))
    h = {htobe64(OPTION_REPLY), htobe32(option), htobe32(type), htobe32(n)};

    return put(&h, sizeof(h)) && (!n || put(data, n));
}

static bool go(void)
{
    struct {
        uint16_t what; /* NBD_INFO_EXPORT */
        uint64_t size;
        uint16_t flags;
    } __attribute__((packed)) export = {
        0, htobe64(disk.size), htobe16(HAS_FLAGS | HAS_FLUSH | HAS_FUA)};

    return reply_option(OPT_GO, REP_INFO, &export, sizeof(export)) &&
           reply_option(OPT_GO, REP_ACK, NULL, 0);
}

static bool shake_hands(void)
{
    struct {
        uint64_t greeting, option;
        uint16_t flags;
    } __attribute__((packed))
    hello = {htobe64(GREETING), htobe64(OPTION), htobe16(FIXED | NO_ZEROES)};
    struct option o;
    uint8_t data[OPTION_MAX];
    uint32_t flags;

    if (!put(&hello, sizeof(hello)) || !get(&flags, sizeof(flags)))
        return false;
    while (get(&o, sizeof(o)) && be64toh(o.magic) == OPTION) {
        uint32_t what = be32toh(o.option), n = be32toh(o.length);

        if (n > sizeof(data) || (n && !get(data, n)) || what == OPT_ABORT)
            return false;
        if (what == OPT_GO)
            return go();
        if (!reply_option(what, REP_UNKNOWN, NULL, 0))
            return false;
    }
    return false;
}

/* ---- the beginning */

static void open_medium(const char *path)
{
    struct stat st;

    disk.medium = open(path, O_RDWR | O_CLOEXEC);
    if (disk.medium < 0 || fstat(disk.medium, &st))
        die(path);
    disk.size = (uint64_t)st.st_size / BLOCK * BLOCK;
    disk.now = mmap(NULL, disk.size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
                    disk.medium, 0);
    disk.cached = calloc(end_of(0, disk.size), sizeof(*disk.cached));
    if (disk.now == MAP_FAILED || !disk.cached)
        die(path);
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(at.sun_path)) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(at.sun_path, path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1))
        die(path);
    return fd;
}

int main(int argc, char **argv)
{
    sigset_t term;
    int listener;

    disk.deaf = argc > 1 && !strcmp(argv[1], "--deaf");
    argv += disk.deaf;
    if (argc - disk.deaf != 4) {
        fputs("usage: volatile-disk [--deaf] IMAGE SOCKET SEED\n", stderr);
        return 2;
    }
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    disk.cut = signalfd(-1, &term, SFD_CLOEXEC);
    srandom((unsigned)strtoul(argv[3], NULL, 10));
    disk.patient = random() % 4;
    open_medium(argv[1]);
    listener = listen_at(argv[2]);
    if (!is_cut(listener, -1)) {
        disk.client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (disk.client >= 0 && shake_hands())
            serve_all();
    }
    lose_power();
    return 0;
}
