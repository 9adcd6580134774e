/* SPDX-License-Identifier: MIT */
/* How many wrong passwords a host answers, and when; pure, on a clock that it
 * is given. */
#include "throttle.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 60 * 60 * 1000ull)

struct count {
    uint32_t tries; /* since the last right one; the delay grows by it */
    uint32_t today;
    uint64_t day; /* when the first of today's was */
    uint64_t until;
};

struct entry {
    struct hd_uuid id;
    struct count count;
};

struct hd_throttle {
    struct hd_clock clock; /* as it was at `now` */
    uint64_t now;          /* our own time, ms */
    struct count host;
    size_t n;
    struct entry entries[HD_THROTTLE_STORES];
};

struct limits {
    const char *whose;
    uint32_t free, a_day;
    uint64_t max_ms;
    bool forgets; /* a new day brings the free tries back */
};

static const struct limits of_store = {"for this store", HD_THROTTLE_FREE,
                                       HD_THROTTLE_A_DAY, HD_THROTTLE_MAX_MS,
                                       false};
static const struct limits of_host = {"on this host", HD_THROTTLE_HOST_FREE,
                                      HD_THROTTLE_HOST_A_DAY,
                                      HD_THROTTLE_HOST_MAX_MS, true};

/* ---- one count */

static bool day_is_over(const struct count *c, uint64_t now)
{
    return !c->today || now >= c->day + DAY_MS;
}

static uint64_t delay_ms(const struct count *c, const struct limits *l)
{
    uint32_t doubled;

    if (c->tries < l->free)
        return 0;
    doubled = c->tries - l->free;
    if (doubled > 20 || (1000ull << doubled) > l->max_ms)
        return l->max_ms;
    return 1000ull << doubled;
}

static uint64_t left_ms(const struct count *c, const struct limits *l,
                        uint64_t now)
{
    uint64_t until = c->until;

    if (l->forgets && day_is_over(c, now))
        return 0;
    if (c->today >= l->a_day && c->day + DAY_MS > until)
        until = c->day + DAY_MS;
    return until > now ? until - now : 0;
}

static void wait_again(struct count *c, const struct limits *l, uint64_t now)
{
    uint64_t until = now + delay_ms(c, l);

    if (until > c->until)
        c->until = until;
}

static void add(struct count *c, const struct limits *l, uint64_t now)
{
    if (day_is_over(c, now)) {
        c->today = 0;
        c->day = now;
        if (l->forgets)
            c->tries = 0;
    }
    c->today++;
    if (c->tries < UINT32_MAX)
        c->tries++;
    wait_again(c, l, now);
}

static int must_wait(const struct limits *l, uint64_t ms, struct hd_err *err)
{
    return hd_fail(err, HD_E_THROTTLED,
                   "too many wrong passwords %s; wait %" PRIu64 " s", l->whose,
                   (ms + 999) / 1000);
}

/* ---- the stores */

static struct entry *find(const struct hd_throttle *t, const struct hd_uuid *id)
{
    for (size_t i = 0; i < t->n; i++)
        if (hd_uuid_equal(&t->entries[i].id, id))
            return (struct entry *)&t->entries[i];
    return NULL;
}

/* The one that waits for nothing and has had no try for the longest time. */
static struct entry *oldest(struct hd_throttle *t)
{
    struct entry *best = NULL;

    for (size_t i = 0; i < t->n; i++) {
        struct entry *e = &t->entries[i];

        if (day_is_over(&e->count, t->now) && e->count.until <= t->now &&
            (!best || e->count.day < best->count.day))
            best = e;
    }
    return best;
}

static struct entry *make(struct hd_throttle *t, const struct hd_uuid *id,
                          struct hd_err *err)
{
    struct entry *e =
        t->n < HD_THROTTLE_STORES ? &t->entries[t->n++] : oldest(t);

    if (!e) {
        hd_fail(err, HD_E_THROTTLED,
                "too many stores had wrong passwords today");
        return NULL;
    }
    *e = (struct entry){.id = *id};
    return e;
}

struct hd_throttle *hd_throttle_new(const struct hd_clock *clock)
{
    struct hd_throttle *t = calloc(1, sizeof(*t));

    if (t)
        t->clock = *clock;
    return t;
}

void hd_throttle_free(struct hd_throttle *throttle)
{
    free(throttle);
}

static uint64_t since(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

void hd_throttle_advance(struct hd_throttle *t, const struct hd_clock *clock)
{
    uint64_t wall = t->clock.wall_ms, passed;

    if (hd_uuid_equal(&t->clock.boot, &clock->boot)) {
        passed = since(clock->boottime_ms, t->clock.boottime_ms);
        /* What the wall clock would say, had nobody set it: to put it back
         * before the host boots and right behind it gives no time for free. */
        wall += passed;
    } else {
        passed = since(clock->wall_ms, wall);
    }
    t->now += passed;
    t->clock = *clock;
    if (t->clock.wall_ms < wall)
        t->clock.wall_ms = wall;
}

uint64_t hd_throttle_wait_ms(const struct hd_throttle *t,
                             const struct hd_uuid *id)
{
    const struct entry *e = find(t, id);
    uint64_t host = left_ms(&t->host, &of_host, t->now);
    uint64_t store = e ? left_ms(&e->count, &of_store, t->now) : 0;

    return store > host ? store : host;
}

int hd_throttle_charge(struct hd_throttle *t, const struct hd_uuid *id,
                       struct hd_err *err)
{
    struct entry *e = find(t, id);
    uint64_t host = left_ms(&t->host, &of_host, t->now);
    uint64_t store = e ? left_ms(&e->count, &of_store, t->now) : 0;

    if (host > store)
        return must_wait(&of_host, host, err);
    if (store)
        return must_wait(&of_store, store, err);
    if (!e)
        e = make(t, id, err);
    if (!e)
        return -1;
    add(&e->count, &of_store, t->now);
    add(&t->host, &of_host, t->now);
    return 0;
}

void hd_throttle_wrong(struct hd_throttle *t, const struct hd_uuid *id)
{
    struct entry *e = find(t, id);

    if (e)
        wait_again(&e->count, &of_store, t->now);
    wait_again(&t->host, &of_host, t->now);
}

static void give_back(struct count *c)
{
    if (c->today)
        c->today--;
    if (c->tries)
        c->tries--;
}

void hd_throttle_right(struct hd_throttle *t, const struct hd_uuid *id)
{
    struct entry *e = find(t, id);

    if (!e)
        return;
    /* The host's wait stays: another store's try may have begun meanwhile. */
    give_back(&t->host);
    give_back(&e->count);
    e->count.tries = 0;
    e->count.until = 0;
    if (!e->count.today)
        *e = t->entries[--t->n];
}

/* ---- as text */

static void print_count(FILE *out, const struct count *c)
{
    fprintf(out, "%" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", c->tries,
            c->today, c->day, c->until);
}

char *hd_throttle_format(const struct hd_throttle *t)
{
    char id[HD_UUID_SIZE], *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    bool failed;

    if (!out)
        return NULL;
    hd_uuid_format(&t->clock.boot, id);
    fprintf(out,
            "hotdom-throttle 1\n"
            "clock %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n"
            "host ",
            id, t->clock.boottime_ms, t->clock.wall_ms, t->now);
    print_count(out, &t->host);
    for (size_t i = 0; i < t->n; i++) {
        hd_uuid_format(&t->entries[i].id, id);
        fprintf(out, "store %s ", id);
        print_count(out, &t->entries[i].count);
    }
    fputs("end\n", out);
    failed = ferror(out);
    if (!fclose(out) && !failed)
        return text;
    free(text);
    return NULL;
}

/* All after its keyword; `*at` moves behind it. */
static bool scan_count(const char **at, struct count *ret)
{
    int used = 0;

    if (sscanf(*at, "%10" SCNu32 " %10" SCNu32 " %18" SCNu64 " %18" SCNu64 "%n",
               &ret->tries, &ret->today, &ret->day, &ret->until, &used) != 4 ||
        (*at)[used] != '\n')
        return false;
    *at += used + 1;
    return true;
}

static bool scan_uuid(const char *text, struct hd_uuid *ret)
{
    char id[HD_UUID_SIZE];

    snprintf(id, sizeof(id), "%s", text);
    return !hd_uuid_parse(id, ret, NULL);
}

static bool scan_clock(const char **at, struct hd_throttle *t)
{
    static const char head[] = "hotdom-throttle 1\nclock ";
    int used = 0;

    if (strncmp(*at, head, sizeof(head) - 1))
        return false;
    *at += sizeof(head) - 1;
    if (!scan_uuid(*at, &t->clock.boot))
        return false;
    *at += HD_UUID_SIZE - 1;
    if (sscanf(*at, " %18" SCNu64 " %18" SCNu64 " %18" SCNu64 "%n",
               &t->clock.boottime_ms, &t->clock.wall_ms, &t->now, &used) != 3 ||
        strncmp(*at + used, "\nhost ", 6))
        return false;
    *at += used + 6;
    return scan_count(at, &t->host);
}

static bool scan_store(const char **at, struct hd_throttle *t)
{
    struct entry *e = &t->entries[t->n];

    if (t->n == HD_THROTTLE_STORES || strncmp(*at, "store ", 6) ||
        !scan_uuid(*at + 6, &e->id))
        return false;
    *at += 6 + HD_UUID_SIZE - 1;
    if (!scan_count(at, &e->count))
        return false;
    t->n++;
    return true;
}

int hd_throttle_parse(const char *text, struct hd_throttle **ret,
                      struct hd_err *err)
{
    hd_auto(hd_throttle) t = calloc(1, sizeof(*t));
    hd_autofree char *again = NULL;
    const char *at = text;

    if (!t)
        return hd_fail_errno(err, HD_E_FAILED, "read the throttle");
    if (scan_clock(&at, t))
        while (scan_store(&at, t))
            continue;
    /* What a scan let pass, such as a sign or a zero in front, shows here. */
    again = hd_throttle_format(t);
    if (!again)
        return hd_fail_errno(err, HD_E_FAILED, "read the throttle");
    if (strcmp(at, "end\n") || strcmp(again, text))
        return hd_fail(err, HD_E_FAILED, "it is damaged at byte %zu",
                       (size_t)(at - text));
    *ret = hd_steal(&t);
    return 0;
}
