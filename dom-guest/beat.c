/* SPDX-License-Identifier: MIT */
/* Gathers what the host is told of the guest; tells it to nobody itself. */
#include "beat.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "../pv-drivers/base/version.h"

#define OS_RELEASE "/etc/os-release"

/* Appends what fits; false when not all of it did. */
static bool append(char *line, const char *text, bool tame)
{
    size_t used = strlen(line);

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (used + 1 >= HD_BEAT_SIZE)
            return false;
        if (tame && c == ';') /* between fields */
            c = ',';
        if (tame && (c < ' ' || c > '~'))
            c = '?';
        line[used++] = (char)c;
        line[used] = '\0';
    }
    return true;
}

static void append_field(char *line, const char *key, const char *value)
{
    append(line, *line ? ";" : "", false);
    append(line, key, false);
    append(line, "=", false);
    append(line, value, true);
}

void hd_beat_format(const struct hd_beat *beat, char ret[HD_BEAT_SIZE])
{
    char text[HD_BEAT_ADDRESSES * 47 + 1] = "";

    snprintf(text, sizeof(text), "%llu", (unsigned long long)beat->number);
    *ret = '\0';
    append_field(ret, "beat", text);
    append_field(ret, "state", beat->state);
    append_field(ret, "version", HD_VERSION);
    append_field(ret, "os", beat->os);
    *text = '\0';
    for (size_t i = 0; i < beat->n_addresses; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i ? " " : "", beat->addresses[i]);
    /* Half an address is another one. */
    if (strlen(ret) + strlen(text) + sizeof(";addresses=;why=") <= HD_BEAT_SIZE)
        append_field(ret, "addresses", text);
    if (*beat->why)
        append_field(ret, "why", beat->why);
}

void hd_beat_os(const char *text, char ret[64])
{
    static const char key[] = "PRETTY_NAME=";
    size_t len;

    strcpy(ret, "Linux");
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (!strncmp(text, key, sizeof(key) - 1)) {
            text += sizeof(key) - 1;
            len = strcspn(text, "\n");
            if (len >= 2 && (*text == '"' || *text == '\'') &&
                text[len - 1] == *text) {
                text++;
                len -= 2;
            }
            snprintf(ret, 64, "%.*s", (int)(len > 63 ? 63 : len), text);
            return;
        }
}

/* Not of lo, and not of a link alone. */
static bool is_reachable(const struct ifaddrs *a)
{
    if (!a->ifa_addr || a->ifa_flags & IFF_LOOPBACK || !(a->ifa_flags & IFF_UP))
        return false;
    if (a->ifa_addr->sa_family == AF_INET6)
        return !IN6_IS_ADDR_LINKLOCAL(
            &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)
                 ->sin6_addr);
    return a->ifa_addr->sa_family == AF_INET;
}

void hd_beat_gather(struct hd_beat *beat)
{
    struct ifaddrs *all;

    beat->n_addresses = 0;
    if (getifaddrs(&all))
        return;
    for (const struct ifaddrs *a = all;
         a && beat->n_addresses < HD_BEAT_ADDRESSES; a = a->ifa_next) {
        const void *in = (const char *)a->ifa_addr;

        if (!is_reachable(a))
            continue;
        in = a->ifa_addr->sa_family == AF_INET
                 ? (const void *)&((const struct sockaddr_in *)in)->sin_addr
                 : (const void *)&((const struct sockaddr_in6 *)in)->sin6_addr;
        if (inet_ntop(a->ifa_addr->sa_family, in,
                      beat->addresses[beat->n_addresses],
                      sizeof(beat->addresses[0])))
            beat->n_addresses++;
    }
    freeifaddrs(all);
}

void hd_beat_read_os(char ret[64])
{
    hd_autofree char *text = NULL;

    hd_beat_os(hd_io_read_file(OS_RELEASE, 64 << 10, &text, NULL, NULL) ? ""
                                                                        : text,
               ret);
}
