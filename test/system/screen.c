/* SPDX-License-Identifier: MIT */
/* screen SOCKET [TEXT [PPM]]: types TEXT on the VNC server's keyboard, then
 * prints the size of its screen and how many of its pixels are unlike the last
 * one; writes the picture to PPM.  For tests: it trusts the server. */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE 30 /* seconds for any answer */

/* RFC 6143, "The Remote Framebuffer Protocol"; numbers are big-endian. */
enum { NO_PASSWORD = 1, SET_ENCODINGS = 2, ASK_UPDATE = 3, KEY = 4 };
enum { UPDATE = 0, BELL = 2 };
#define RETURN 0xff0d

struct screen {
    int fd;
    uint16_t width, height;
    uint32_t *pixels;
};

static void get(const struct screen *s, void *to, size_t len)
{
    if (len && recv(s->fd, to, len, MSG_WAITALL) != (ssize_t)len)
        err(1, "the server does not answer");
}

static void put(const struct screen *s, const void *from, size_t len)
{
    if (send(s->fd, from, len, MSG_NOSIGNAL) != (ssize_t)len)
        err(1, "the server does not listen");
}

static uint16_t get16(const struct screen *s)
{
    uint16_t n;

    get(s, &n, sizeof(n));
    return ntohs(n);
}

static void skip(const struct screen *s, size_t len)
{
    char c;

    while (len--)
        get(s, &c, 1);
}

static void begin(struct screen *s, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE};
    static const char version[] = "RFB 003.008\n";
    const uint8_t choice = NO_PASSWORD, shared = 1;
    uint8_t n;
    uint32_t len, result;

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)))
        err(1, "%s", path);
    skip(s, sizeof(version) - 1);
    put(s, version, sizeof(version) - 1);
    get(s, &n, 1);
    skip(s, n);
    put(s, &choice, 1);
    get(s, &result, sizeof(result));
    if (result)
        errx(1, "the server wants a password");
    put(s, &shared, 1);
    s->width = get16(s);
    s->height = get16(s);
    skip(s, 16); /* the pixels' format: QEMU's is four bytes */
    get(s, &len, sizeof(len));
    skip(s, ntohl(len));
    s->pixels = calloc((size_t)s->width * s->height, sizeof(*s->pixels));
    if (!s->pixels)
        err(1, "a screen of %ux%u", s->width, s->height);
}

static void type(const struct screen *s, const char *text)
{
    for (; *text; text++) {
        uint32_t key = htonl(*text == '\n' ? RETURN : (uint8_t)*text);

        for (uint8_t down = 2; down-- > 0;) {
            uint8_t event[8] = {KEY, down};

            memcpy(event + 4, &key, sizeof(key));
            put(s, event, sizeof(event));
        }
    }
}

/* One rectangle; returns how many pixels it had. */
static size_t take(const struct screen *s)
{
    uint16_t x = get16(s), y = get16(s), w = get16(s), h = get16(s);

    skip(s, 4); /* its encoding: raw, for no other was named */
    if (x + w > s->width || y + h > s->height)
        errx(1, "pixels beyond the screen");
    for (uint16_t row = 0; row < h; row++)
        get(s, s->pixels + (size_t)(y + row) * s->width + x,
            w * sizeof(*s->pixels));
    return (size_t)w * h;
}

static void look(const struct screen *s)
{
    static const uint8_t raw[8] = {SET_ENCODINGS, 0, 0, 1};
    static const uint8_t all[10] = {ASK_UPDATE, [6] = 0xff, 0xff, 0xff, 0xff};
    size_t left = (size_t)s->width * s->height, n;
    uint8_t what;

    put(s, raw, sizeof(raw));
    put(s, all, sizeof(all));
    while (left) {
        get(s, &what, 1);
        if (what == BELL)
            continue;
        if (what != UPDATE)
            errx(1, "the server says %u", what);
        skip(s, 1);
        for (uint16_t i = get16(s); i; i--) {
            n = take(s);
            left = n < left ? left - n : 0;
        }
    }
}

static void write_ppm(const struct screen *s, const char *path)
{
    size_t n = (size_t)s->width * s->height;
    FILE *f = fopen(path, "w");

    if (!f)
        err(1, "%s", path);
    fprintf(f, "P6 %u %u 255\n", s->width, s->height);
    for (size_t i = 0; i < n; i++) {
        uint32_t p = s->pixels[i];

        fprintf(f, "%c%c%c", p >> 16 & 0xff, p >> 8 & 0xff, p & 0xff);
    }
    if (fclose(f))
        err(1, "%s", path);
}

int main(int argc, char **argv)
{
    struct screen s = {0};
    size_t n, ink = 0;

    if (argc < 2 || argc > 4)
        errx(2, "usage: screen SOCKET [TEXT [PPM]]");
    begin(&s, argv[1]);
    if (argc > 2)
        type(&s, argv[2]);
    look(&s);
    n = (size_t)s.width * s.height;
    for (size_t i = 0; i < n; i++)
        ink += s.pixels[i] != s.pixels[n - 1];
    printf("%ux%u %zu\n", s.width, s.height, ink);
    if (argc > 3)
        write_ppm(&s, argv[3]);
    return 0;
}
