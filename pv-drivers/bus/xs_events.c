/* SPDX-License-Identifier: MIT */
/* Hears what watches say, also between a request and its answer; an event only
 * means "look", so that of many with one token one is kept. */
#include "xs_events.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../base/io.h"
#include "xs_wire.h"

/* Of hotdom's programs the busiest has three tokens, of eight characters. */
#define TOKENS     16
#define TOKEN_SIZE 32

/* Events, more than a socket holds at a time. */
#define MOST_LATE 1000

struct bell {
    char token[TOKEN_SIZE];
    unsigned watches; /* that have this token; 0: the bell is free */
    bool rung;        /* while something else was waited for */
};

struct hd_xs_events {
    struct hd_xs_bulk *wire;
    struct bell bells[TOKENS];
};

int hd_xs_events_open(struct hd_xs_events **ret, struct hd_err *err)
{
    hd_auto(hd_xs_events) e = calloc(1, sizeof(*e));

    if (!e)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    if (hd_xs_bulk_open(&e->wire, HD_XS_SILENT_MS, err))
        return -1;
    *ret = hd_steal(&e);
    return 0;
}

void hd_xs_events_free(struct hd_xs_events *e)
{
    if (!e)
        return;
    hd_xs_bulk_free(e->wire);
    free(e);
}

bool hd_xs_events_lost(const struct hd_xs_events *e)
{
    return e->wire->lost;
}

static struct bell *find(struct hd_xs_events *e, const char *token)
{
    for (size_t i = 0; i < TOKENS; i++)
        if (e->bells[i].watches && !strcmp(e->bells[i].token, token))
            return &e->bells[i];
    return NULL;
}

/* One watch more has it; NULL with errno. */
static struct bell *hang(struct hd_xs_events *e, const char *token)
{
    struct bell *bell = find(e, token);

    errno = E2BIG;
    if (strlen(token) >= TOKEN_SIZE)
        return NULL;
    for (size_t i = 0; !bell && i < TOKENS; i++)
        if (!e->bells[i].watches)
            bell = &e->bells[i];
    errno = ENOBUFS;
    if (!bell)
        return NULL;
    strcpy(bell->token, token);
    bell->watches++;
    return bell;
}

static void take_down(struct bell *bell)
{
    if (!--bell->watches)
        *bell = (struct bell){0};
}

/* The body is the path, its NUL, then the token.  NULL: no watch of ours, or
 * none any more. */
static struct bell *bell_of_message(struct hd_xs_events *e)
{
    const struct hd_xs_bulk *b = e->wire;
    size_t at = strlen(b->body) + 1;

    return at < b->body_len ? find(e, b->body + at) : NULL;
}

static void ring(struct bell *bell)
{
    if (bell)
        bell->rung = true;
}

/* What the one request came to; false: the connection is of no use.  What has
 * come in time is heard however late this process is. */
static bool hear(struct hd_xs_events *e, int *ret_sys)
{
    uint64_t until = hd_io_now_ms() + e->wire->silent_ms;
    struct xsd_sockmsg msg;
    int late = 0;

    while (hd_xs_message(e->wire, &msg)) {
        if (msg.type != XS_WATCH_EVENT)
            return hd_xs_judge(e->wire, 0, &msg, ret_sys);
        ring(bell_of_message(e));
        if (!hd_io_left_ms(until) &&
            (late++ == MOST_LATE || !hd_xs_has_come(e->wire)))
            e->wire->lost = ETIMEDOUT;
    }
    return false;
}

static bool request(struct hd_xs_events *e, uint32_t type, const char *path,
                    const char *token)
{
    int sys = 0;

    hd_xs_begin(e->wire);
    if (!hd_xs_ask(e->wire, type, HD_XS_WANT_OK, path, token,
                   strlen(token) + 1) ||
        !hd_xs_send(e->wire) || !hear(e, &sys))
        return false;
    errno = sys;
    return !sys;
}

/* The bell hangs before the first event can come. */
bool hd_xs_events_add(struct hd_xs_events *e, const char *path,
                      const char *token)
{
    struct bell *bell = hang(e, token);
    int sys;

    if (!bell || request(e, XS_WATCH, path, token))
        return bell;
    sys = errno;
    bell->rung |= sys == EEXIST; /* this very watch */
    take_down(bell);
    errno = sys;
    return sys == EEXIST;
}

void hd_xs_events_remove(struct hd_xs_events *e, const char *path,
                         const char *token)
{
    struct bell *bell = find(e, token);

    if (bell && request(e, XS_UNWATCH, path, token))
        take_down(bell);
}

int hd_xs_events_fd(const struct hd_xs_events *e)
{
    return e->wire->fd;
}

/* The next one that is kept. */
static struct bell *find_rung(struct hd_xs_events *e)
{
    for (size_t i = 0; i < TOKENS; i++)
        if (e->bells[i].rung)
            return &e->bells[i];
    return NULL;
}

/* The next one that has come, which may be to a watch that is no more. */
static struct bell *hear_one(struct hd_xs_events *e)
{
    struct xsd_sockmsg msg;
    bool good = hd_xs_message(e->wire, &msg);

    if (good && msg.type == XS_WATCH_EVENT)
        return bell_of_message(e);
    if (good)
        e->wire->lost = EIO; /* nothing was asked */
    return NULL;
}

int hd_xs_events_take(struct hd_xs_events *e, char *token, size_t size)
{
    struct bell *bell = find_rung(e);

    while (!bell && !e->wire->lost && hd_xs_has_come(e->wire))
        bell = hear_one(e);
    if (bell) {
        bell->rung = false;
        snprintf(token, size, "%s", bell->token);
        return 1;
    }
    errno = e->wire->lost;
    return e->wire->lost ? -1 : 0;
}

int hd_xs_events_wait(struct hd_xs_events *e, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = e ? e->wire->fd : -1, .events = POLLIN};

    if (e && (find_rung(e) || hd_xs_has_come(e->wire)))
        return 0;
    if (poll(&p, 1, hd_io_left_ms(deadline_ms)) < 0 && errno != EINTR)
        return -1;
    return 0;
}
