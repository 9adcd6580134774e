/* SPDX-License-Identifier: MIT */
/* Hears of changes to guest/ by its file and to the host's parts by xenstore,
 * and prints them; changes nothing. */
#include "registry_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "entry_json.h"
#include "mountinfo.h"
#include "news.h"
#include "registry_show.h"
#include "respond.h"
#include "told.h"

struct watch {
    const char *dir;
    struct hd_xsdev *x;   /* NULL: nothing of the host's is wanted or there */
    struct hd_told *told; /* what it said last */
    int news;             /* -1: nothing of the guest's is wanted */
    int mounts;           /* or -1, as that */
    struct hd_regcall ask;
    struct hd_entries bytes; /* of the answer */
    bool json;
};

static void show(void *ctx, const struct hd_entry *e)
{
    const struct watch *w = ctx;

    if (w->json) {
        hd_registry_show_entry(e, stdout);
        return;
    }
    printf("%s ", e->key);
    hd_entry_json_value(&e->value, stdout);
    putchar('\n');
}

/* ---- guest/ */

static int hear_once(struct watch *w, struct hd_err *err)
{
    struct hd_reganswer answer;
    struct hd_entry e;

    w->bytes.used = 0;
    if (hd_respond_call(w->dir, w->x, &w->ask, &w->bytes, &answer, err))
        return -1;
    if (answer.lost)
        fprintf(stderr, "(%llu more)\n", (unsigned long long)answer.lost);
    while (hd_entries_next(&answer.entries, &answer.len, &e, NULL) > 0)
        show(w, &e);
    w->ask.since = answer.sequence;
    return 0;
}

/* What was mounted over it has a registry of its own, of which all is new. */
static void follow_folder(struct watch *w)
{
    int news =
        hd_news_is_elsewhere(w->news, w->dir) ? hd_news_open(w->dir, NULL) : -1;

    if (news < 0)
        return;
    close(w->news);
    w->news = news;
}

/* At first only what the last change was. */
static int hear_guest(struct watch *w, struct hd_err *err)
{
    uint64_t before;

    if (w->news < 0)
        return 0;
    follow_folder(w);
    hd_news_drain(w->news);
    do {
        before = w->ask.since;
        if (hear_once(w, err))
            return -1;
    } while (before && before != w->ask.since);
    return 0;
}

/* ---- host/ and store/ */

static int listen_to_host(struct watch *w, struct hd_err *err)
{
    static const char *const parts[] = {"data/hotdom/host", "data/hotdom/store",
                                        "data/hotdom/map"};

    if (!w->x)
        return 0;
    for (unsigned i = 0; i < HD_ARRAY_LEN(parts); i++)
        if (hd_xsdev_watch(w->x, parts[i], i, err))
            return -1;
    return hd_told_load(w->x, &w->told, err);
}

static int hear_host(struct watch *w, struct hd_err *err)
{
    hd_auto(hd_told) before = NULL;
    uint32_t bells = 0;

    if (w->x && hd_xsdev_bells(w->x, &bells, err))
        return -1;
    if (!bells)
        return 0;
    before = hd_steal(&w->told);
    if (hd_told_load(w->x, &w->told, err))
        return -1;
    hd_told_compare(before, w->told, w->ask.key, show, w);
    return 0;
}

/* ---- */

static void await(const struct watch *w)
{
    struct pollfd p[] = {
        {.fd = w->news, .events = POLLIN},
        {.fd = w->x ? hd_xsdev_fd(w->x) : -1, .events = POLLIN},
        {.fd = w->mounts, .events = POLLPRI}};

    if (!w->x || !hd_xsdev_rung(w->x))
        (void)poll(p, HD_ARRAY_LEN(p), -1);
}

static int run(struct watch *w, struct hd_err *err)
{
    if (listen_to_host(w, err))
        return -1;
    while (!hear_guest(w, err) && !hear_host(w, err)) {
        fflush(stdout);
        await(w);
    }
    return -1;
}

int hd_registry_watch(const char *dir, struct hd_xsdev *x, const char *key,
                      bool json, struct hd_err *err)
{
    bool guests = !*key || hd_key_is_below(key, "guest");
    bool hosts = !*key || !guests;
    struct watch w = {.dir = dir,
                      .x = hosts ? x : NULL,
                      .news = -1,
                      .mounts = -1,
                      .ask = {.op = HD_REGCALL_CHANGES},
                      .bytes = {.max = HD_REGCALL_ANSWER_MAX},
                      .json = json};

    snprintf(w.ask.key, sizeof(w.ask.key), "%s", key);
    if (guests && (w.news = hd_news_open(dir, err)) < 0)
        return -1;
    if (guests)
        w.mounts = open(HD_MOUNTINFO, O_RDONLY | O_CLOEXEC);
    (void)run(&w, err);
    if (w.news >= 0)
        close(w.news);
    if (w.mounts >= 0)
        close(w.mounts);
    hd_told_free(w.told);
    hd_entries_fini(&w.bytes);
    return -1;
}
