/* SPDX-License-Identifier: MIT */
/* Fuzzes what hotdomd takes from a reader that a store has captured: the checks
 * of hv/store/reader, included, and what root is told of the rest.  An input
 * patches a good answer. */
#include "fuzz.h"

#include "../../hv/plan/plan.h"
#include "../../hv/run/job_request.h"
#include "../../hv/store/reader.c"

#define GOOD "test/golden/manifest/pass-signed.yaml"
#define MIB  (1ull << 20)

static const struct hd_inventory host = {
    .memory_total = 4096 * MIB,
    .memory_free = 4096 * MIB,
    .cpus = 4,
    .n_bridges = 1,
    .bridges = {"xenbr0"},
};
static const struct hd_policy policy = {
    .limits = {.guests = HD_MAX_GUESTS, .stores = 64}};

static struct hd_answer *good_answer(void)
{
    struct hd_answer *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_manifest *m = NULL;
    hd_autofree char *text = NULL;
    uint64_t at = MIB;
    size_t len;

    MUST(a && !hd_io_read_file(GOOD, HD_MANIFEST_BYTES, &text, &len, NULL));
    MUST(!hd_manifest_parse(text, len, HD_F_SIGNED, &m, NULL));
    a->trusted = 1;
    a->medium_size = 1ull << 40;
    a->manifest = *m;
    for (uint32_t i = 0; i < m->n_volumes; i++) {
        a->extents[i] = (struct hd_extent){at, m->volumes[i].size};
        at += m->volumes[i].size;
    }
    return a;
}

/* The plan of an accepted answer is one that the job takes. */
static void check_plan_of(const struct hd_answer *a)
{
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_job_request req = {
        .op = HD_JOB_START,
        .store = a->manifest.store.id,
        .head = {.store = a->manifest.store.id, .devname = "sda"},
        .n_files = a->manifest.n_files,
    };
    struct hd_err err = {0};

    strcpy(req.head.label, a->manifest.store.name);
    for (int i = -1; (i = hd_manifest_luks(&a->manifest, i)) >= 0;)
        req.n_headers++;
    if (hd_plan_make(a, a->manifest.store.name, &host, &policy, &plan, &err))
        return;
    req.plan_size = (uint32_t)hd_plan_size(plan->n_steps);
    MUST(!hd_job_request_check(&req, plan, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hd_answer *good, a;
    struct fuzz_input in = {data, len};
    struct hd_err err = {0};

    if (!good)
        good = good_answer();
    a = *good;
    fuzz_patch(&in, &a, sizeof(a));
    if (check_answer(&a, true, a.manifest.n_files, &err)) {
        MUST(err.code && strnlen(err.msg, sizeof(err.msg)) < sizeof(err.msg));
        return 0;
    }
    if (a.err.code)
        return 0;
    MUST(a.trusted && a.manifest.n_files <= HD_MAX_FILES);
    check_plan_of(&a);
    return 0;
}
