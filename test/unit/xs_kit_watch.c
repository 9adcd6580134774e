/* SPDX-License-Identifier: MIT */
/* The watches of the xenstore in memory: who has which, and what comes of them,
 * between answers as well. */
#include "xs_kit_watch.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "../../pv-drivers/bus/xs_events.h"
#include "xs_kit.h"

#define MOST 32

int __real_hd_xs_events_wait(struct hd_xs_events *events, uint64_t deadline_ms);
int __wrap_hd_xs_events_wait(struct hd_xs_events *events, uint64_t deadline_ms);

static struct watch {
    int fd; /* the client's */
    char path[160], token[40];
} watches[MOST];
static size_t n_watches;
/* Messages go whole; and the table above. */
static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER;

bool xs_kit_send(int fd, const void *head, size_t head_len, const void *body,
                 size_t len)
{
    bool good;

    pthread_mutex_lock(&sending);
    good = send(fd, head, head_len, MSG_NOSIGNAL) == (ssize_t)head_len &&
           send(fd, body, len, MSG_NOSIGNAL) == (ssize_t)len;
    pthread_mutex_unlock(&sending);
    return good;
}

/* Who does not take them has enough to look for. */
static void tell(const struct watch *w, const char *path)
{
    char whole[sizeof(struct xsd_sockmsg) + sizeof(w->path) + sizeof(w->token)];
    struct xsd_sockmsg msg = {.type = XS_WATCH_EVENT};
    char *end = whole + sizeof(msg);

    end = stpcpy(end, path) + 1;
    end = stpcpy(end, w->token) + 1;
    msg.len = (uint32_t)(end - whole - (ptrdiff_t)sizeof(msg));
    memcpy(whole, &msg, sizeof(msg));
    (void)!send(w->fd, whole,
                xs_kit.event_bytes ? (size_t)xs_kit.event_bytes
                                   : (size_t)(end - whole),
                MSG_NOSIGNAL | MSG_DONTWAIT);
}

static size_t find(int fd, const char *path, const char *token)
{
    size_t i = 0;

    while (i < n_watches &&
           (watches[i].fd != fd || strcmp(watches[i].path, path) ||
            strcmp(watches[i].token, token)))
        i++;
    return i;
}

bool xs_kit_watch(int fd, const char *path, const char *token)
{
    struct watch *w;

    errno = xs_kit.watch_errno;
    if (errno)
        return false;
    pthread_mutex_lock(&sending);
    errno = find(fd, path, token) < n_watches ? EEXIST : E2BIG;
    w = errno == EEXIST || n_watches == MOST ||
                strlen(path) >= sizeof(w->path) ||
                strlen(token) >= sizeof(w->token)
            ? NULL
            : &watches[n_watches++];
    if (w) {
        w->fd = fd;
        strcpy(w->path, path);
        strcpy(w->token, token);
    }
    pthread_mutex_unlock(&sending);
    return w;
}

void xs_kit_watch_begins(int fd, const char *path, const char *token)
{
    size_t i;

    pthread_mutex_lock(&sending);
    i = find(fd, path, token);
    if (i < n_watches)
        tell(&watches[i], path);
    pthread_mutex_unlock(&sending);
}

bool xs_kit_unwatch(int fd, const char *path, const char *token)
{
    bool there;
    size_t i;

    pthread_mutex_lock(&sending);
    i = find(fd, path, token);
    there = i < n_watches;
    if (there)
        watches[i] = watches[--n_watches];
    pthread_mutex_unlock(&sending);
    errno = ENOENT;
    return there;
}

void xs_kit_watch_no_more(int fd)
{
    pthread_mutex_lock(&sending);
    for (size_t i = n_watches; i-- > 0;)
        if (watches[i].fd == fd)
            watches[i] = watches[--n_watches];
    pthread_mutex_unlock(&sending);
}

void xs_kit_changed(const char *path)
{
    pthread_mutex_lock(&sending);
    for (size_t i = 0; i < n_watches; i++) {
        size_t len = strlen(watches[i].path);

        if (!strncmp(path, watches[i].path, len) &&
            (!path[len] || path[len] == '/'))
            tell(&watches[i], path);
    }
    pthread_mutex_unlock(&sending);
}

static void hang_up(void)
{
    pthread_mutex_lock(&sending);
    for (size_t i = 0; i < n_watches; i++)
        shutdown(watches[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&sending);
}

int __wrap_hd_xs_events_wait(struct hd_xs_events *events, uint64_t deadline_ms)
{
    if (xs_kit.driver)
        xs_kit.driver();
    if (xs_kit.lost)
        hang_up();
    return __real_hd_xs_events_wait(events, deadline_ms);
}
