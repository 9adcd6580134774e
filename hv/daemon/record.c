/* SPDX-License-Identifier: MIT */
/* What was seen of stores, written by libuv's threads; the loop never waits. */
#include "record.h"

#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/kept.h"
#include "../host/seen.h"
#include "../store/reader.h"

struct hd_record {
    uv_work_t work;
    void (*run)(struct hd_record *record); /* in a thread */
    hd_record_fn *fn;                      /* NULL: cancelled */
    void *ctx;
    struct hd_uuid id;
    uint64_t generation;
    uint8_t digest[32];
    char *text; /* owned, or NULL */
    struct hd_err outcome;
};

/* ---- in a thread: `record` is its own until it is done */

static void run_accept(struct hd_record *r)
{
    hd_seen_accept(HD_SEEN_DIR, &r->id, r->generation, r->digest, &r->outcome);
}

static void run_forget(struct hd_record *r)
{
    if (!hd_kept_forget(HD_LAST_DIR, &r->id, &r->outcome))
        hd_seen_forget(HD_SEEN_DIR, &r->id, &r->outcome);
}

static void run_last(struct hd_record *r)
{
    hd_kept_save(HD_LAST_DIR, &r->id, r->text, strlen(r->text), HD_LAST_MAX,
                 &r->outcome);
}

static void run_boot(struct hd_record *r)
{
    hd_seen_boot(HD_SEEN_DIR, &r->id, r->generation, &r->outcome);
}

static void on_work(uv_work_t *work)
{
    struct hd_record *r = work->data;

    r->run(r);
}

/* ---- in the loop */

static void on_done(uv_work_t *work, int status)
{
    struct hd_record *r = work->data;

    if (status)
        hd_fail(&r->outcome, HD_E_FAILED, "cannot write: %s",
                uv_strerror(status));
    if (r->fn)
        r->fn(r->ctx, &r->outcome);
    free(r->text);
    free(r);
}

static void log_boot(void *ctx, const struct hd_err *outcome)
{
    (void)ctx;
    if (outcome->code)
        hd_log(HD_LOG_WARNING, "a generation that booted is not noted: %s",
               outcome->msg);
}

static int queue(uv_loop_t *loop, const struct hd_record *what,
                 struct hd_record **ret, struct hd_err *err)
{
    hd_autofree struct hd_record *r = malloc(sizeof(*r));
    int rc;

    if (!r)
        return hd_fail_errno(err, HD_E_FAILED, "note what was seen");
    *r = *what;
    r->work.data = r;
    rc = uv_queue_work(loop, &r->work, on_work, on_done);
    if (rc)
        return hd_fail(err, HD_E_FAILED, "note what was seen: %s",
                       uv_strerror(rc));
    *ret = hd_steal(&r);
    return 0;
}

int hd_record_accept(uv_loop_t *loop, const struct hd_answer *answer,
                     hd_record_fn *fn, void *ctx, struct hd_record **ret,
                     struct hd_err *err)
{
    struct hd_record what = {
        .run = run_accept,
        .fn = fn,
        .ctx = ctx,
        .id = answer->manifest.store.id,
        .generation = answer->manifest.store.generation,
    };

    memcpy(what.digest, answer->digest, sizeof(what.digest));
    return queue(loop, &what, ret, err);
}

int hd_record_forget(uv_loop_t *loop, const struct hd_uuid *id,
                     hd_record_fn *fn, void *ctx, struct hd_record **ret,
                     struct hd_err *err)
{
    struct hd_record what = {
        .run = run_forget, .fn = fn, .ctx = ctx, .id = *id};

    return queue(loop, &what, ret, err);
}

void hd_record_boot(uv_loop_t *loop, const struct hd_uuid *id,
                    uint64_t generation)
{
    struct hd_record what = {
        .run = run_boot, .fn = log_boot, .id = *id, .generation = generation};
    struct hd_record *ignored;
    struct hd_err err;

    if (queue(loop, &what, &ignored, &err))
        log_boot(NULL, &err);
}

static void log_last(void *ctx, const struct hd_err *outcome)
{
    (void)ctx;
    if (outcome->code)
        hd_log(HD_LOG_WARNING, "a map is not kept to compare with: %s",
               outcome->msg);
}

void hd_record_last(uv_loop_t *loop, const struct hd_uuid *id, const char *text)
{
    struct hd_record what = {
        .run = run_last, .fn = log_last, .id = *id, .text = strdup(text)};
    struct hd_record *ignored;
    struct hd_err err;

    if (what.text && !queue(loop, &what, &ignored, &err))
        return;
    if (!what.text)
        hd_fail_errno(&err, HD_E_FAILED, "no memory");
    log_last(NULL, &err);
    free(what.text);
}

void hd_record_cancel(struct hd_record *record)
{
    if (record)
        record->fn = NULL;
}
