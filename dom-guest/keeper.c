/* SPDX-License-Identifier: MIT */
/* Serves the registry to the host and to files; never answers a question that
 * another agent was asked. */
#include "keeper.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../pv-drivers/base/log.h"
#include "../pv-drivers/base/regcall.h"
#include "news.h"
#include "registry.h"
#include "respond.h"

#define ROUNDS 16 /* of changes, before anything else is looked at */

/* ---- files */

/* A key that is not there leaves its file. */
static int write_one(struct hd_keeper *k, struct hd_xsdev *x,
                     const struct hd_bind *bind, struct hd_err *err)
{
    struct hd_regcall call = {.op = HD_REGCALL_EXPORT};
    struct hd_entries bytes = {.max = HD_REGCALL_ANSWER_MAX};
    struct hd_reganswer answer;
    struct hd_entry e;
    int rc;

    strcpy(call.key, bind->key);
    rc = hd_respond_call(k->dir, x, &call, &bytes, &answer, err);
    if (!rc && hd_entries_next(&answer.entries, &answer.len, &e, NULL) > 0 &&
        !strcmp(e.key, bind->key))
        rc = hd_bind_write_by(k->hand, bind, &e.value, k->root, err);
    hd_entries_fini(&bytes);
    return rc;
}

/* The first of several is told. */
static int keep(int rc, const struct hd_err *why, struct hd_err *first)
{
    if (rc < 0 && !first->code)
        *first = *why;
    return rc;
}

static int tell(const struct hd_err *first, struct hd_err *err)
{
    if (!first->code)
        return 0;
    if (err)
        *err = *first;
    return -1;
}

/* A file that cannot be written holds up no other; a registry that is in use
 * does, for the next would wait for it as long. */
static int write_dirty(struct hd_keeper *k, struct hd_xsdev *x,
                       struct hd_err *err)
{
    struct hd_err first = {0}, why;

    for (size_t i = 0; i < k->n_binds; i++) {
        if (!k->dirty[i])
            continue;
        k->dirty[i] = keep(write_one(k, x, &k->binds[i], &why), &why, &first);
        if (k->dirty[i] && (why.code == HD_E_BUSY || why.code == HD_E_TIMEOUT))
            break;
    }
    return tell(&first, err);
}

/* ---- changes */

static void mark_all(struct hd_keeper *k)
{
    for (size_t i = 0; i < k->n_binds; i++)
        k->dirty[i] = true;
}

static void mark(struct hd_keeper *k, const struct hd_entry *e)
{
    for (size_t i = 0; i < k->n_binds; i++) {
        if (strcmp(k->binds[i].key, e->key) != 0)
            continue;
        k->dirty[i] = true;
        if (e->value.type == HD_VALUE_NONE)
            hd_log(HD_LOG_INFO, "%s is gone; %s stays as it was", e->key,
                   k->binds[i].file);
    }
}

/* 1: there may be more. */
static int take_changes(struct hd_keeper *k, struct hd_xsdev *x,
                        struct hd_entries *bytes, struct hd_err *err)
{
    struct hd_regcall call = {.op = HD_REGCALL_CHANGES, .since = k->seen};
    struct hd_reganswer answer;
    uint64_t before = k->seen;
    struct hd_entry e;

    bytes->used = 0;
    if (hd_respond_call(k->dir, x, &call, bytes, &answer, err))
        return -1;
    k->seen = answer.sequence;
    /* Without a number yet all is new. */
    if (!before || answer.lost)
        mark_all(k);
    while (hd_entries_next(&answer.entries, &answer.len, &e, NULL) > 0)
        mark(k, &e);
    return before && answer.sequence > before;
}

/* A root that takes no writes has no registry, and needs none; where no file is
 * bound to a key, none is looked at. */
static void open_news(struct hd_keeper *k)
{
    if (k->news >= 0 || !k->n_binds)
        return;
    k->news = hd_news_open(k->dir, NULL);
    k->behind |= k->news >= 0;
}

/* Somebody may set keys without a pause. */
static int catch_up(struct hd_keeper *k, struct hd_xsdev *x, struct hd_err *err)
{
    struct hd_entries bytes = {.max = HD_REGCALL_ANSWER_MAX};
    int rc = !k->bound || k->n_binds;

    hd_news_drain(k->news);
    for (unsigned i = 0; rc > 0 && i < ROUNDS; i++)
        rc = take_changes(k, x, &bytes, err);
    hd_entries_fini(&bytes);
    k->more = rc > 0;
    k->behind = rc < 0;
    return rc < 0 ? -1 : 0;
}

static int load_binds(struct hd_keeper *k, struct hd_xsdev *x,
                      struct hd_err *err)
{
    if (k->bound)
        return 0;
    if (hd_bind_load(x, k->binds, &k->n_binds, err))
        return -1;
    k->bound = true;
    mark_all(k);
    return 0;
}

int hd_keeper_follow(struct hd_keeper *k, struct hd_xsdev *x,
                     struct hd_err *err)
{
    struct hd_err first = {0}, why;

    keep(load_binds(k, x, &why), &why, &first);
    open_news(k);
    keep(catch_up(k, x, &why), &why, &first);
    keep(write_dirty(k, x, &why), &why, &first);
    return tell(&first, err);
}

int hd_keeper_follow_host(struct hd_keeper *k, struct hd_xsdev *x,
                          struct hd_err *err)
{
    for (size_t i = 0; i < k->n_binds; i++)
        if (hd_key_is_below(k->binds[i].key, "host") ||
            hd_key_is_below(k->binds[i].key, "store"))
            k->dirty[i] = true;
    return write_dirty(k, x, err);
}

bool hd_keeper_is_due(const struct hd_keeper *k)
{
    bool due = k->behind || !k->bound;

    for (size_t i = 0; i < k->n_binds; i++)
        due |= k->dirty[i];
    return due;
}

/* ---- the host */

struct asker {
    struct hd_keeper *keeper;
    struct hd_xsdev *x;
};

static void perform(void *ctx, const struct hd_entries *request,
                    struct hd_entries *answer)
{
    struct asker *a = ctx;

    hd_respond(a->keeper->dir, a->x, request->data, request->used, answer);
}

int hd_keeper_answer(struct hd_keeper *k, struct hd_xsdev *x,
                     struct hd_err *err)
{
    struct asker asker = {k, x};
    char ask[HD_XSDEV_PAYLOAD], text[HD_PIECE_TEXT];
    int rc = hd_xsdev_read(x, HD_KEEPER_ASK, ask, sizeof(ask), err);

    if (rc <= 0 || !hd_piece_serve(&k->server, ask, perform, &asker, text))
        return rc < 0 ? -1 : 0;
    return hd_xsdev_write(x, HD_KEEPER_ANSWER, text, err);
}

/* ---- */

static void rescue(struct hd_keeper *k)
{
    char file[PATH_MAX];
    struct hd_err err;

    snprintf(file, sizeof(file), "%s/" HD_REGISTRY_FILE, k->dir);
    if (!access(file, F_OK) && hd_respond_rescue(k->dir, &err) < 0)
        hd_log(HD_LOG_WARNING, "%s", err.msg);
}

/* What an agent before this one has begun to answer is lost with it; what
 * nobody has answered yet is ours, for a young guest is asked early. */
static void skip_answered(struct hd_keeper *k, struct hd_xsdev *x)
{
    char ask[HD_XSDEV_PAYLOAD], answer[HD_XSDEV_PAYLOAD];
    struct hd_piece asked, answered;

    if (hd_xsdev_read(x, HD_KEEPER_ASK, ask, sizeof(ask), NULL) == 1 &&
        hd_xsdev_read(x, HD_KEEPER_ANSWER, answer, sizeof(answer), NULL) == 1 &&
        hd_piece_parse(ask, &asked) && hd_piece_parse(answer, &answered) &&
        asked.number == answered.number)
        hd_piece_skip(&k->server, ask);
}

void hd_keeper_open(struct hd_keeper *k, const char *dir, const char *root,
                    struct hd_xsdev *x)
{
    struct hd_piece_server server = k->server;
    struct hd_hand *hand = k->hand;
    bool begun = k->begun;

    if (k->news >= 0)
        close(k->news);
    *k = HD_KEEPER_NONE;
    k->dir = dir;
    k->root = root;
    k->hand = hand;
    k->begun = true;
    k->server = server;
    k->server.request.max = HD_REGCALL_ASK_MAX;
    k->server.answer.max = HD_REGCALL_ANSWER_MAX;
    if (!begun)
        skip_answered(k, x);
    rescue(k);
}

int hd_keeper_begin(struct hd_keeper *k, const char *dir, const char *root,
                    struct hd_xsdev *x, struct hd_err *err)
{
    hd_keeper_open(k, dir, root, x);
    return hd_keeper_follow(k, x, err);
}

/* What was mounted there since has a registry of its own. */
int hd_keeper_retry(struct hd_keeper *k, struct hd_xsdev *x, struct hd_err *err)
{
    if (k->news >= 0 && hd_news_is_elsewhere(k->news, k->dir))
        return hd_keeper_begin(k, k->dir, k->root, x, err);
    open_news(k);
    return hd_keeper_is_due(k) ? hd_keeper_follow(k, x, err) : 0;
}

void hd_keeper_fini(struct hd_keeper *k)
{
    if (k->news >= 0)
        close(k->news);
    hd_piece_server_fini(&k->server);
    *k = HD_KEEPER_NONE;
}
