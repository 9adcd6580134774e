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
    .limits = {.guests = HD_MAX_GUESTS, .stores = 64, .weight = 64}};

/* The plan of an accepted answer, if there is one, is one that the job takes.
 */
static bool check_plan_of(const struct hd_answer *a)
{
    hd_autofree struct hd_plan *plan = NULL;
    hd_auto(hd_map) map = NULL;
    const struct hd_commitments none = {0};
    const struct hd_map_input in = {.store = a,
                                    .label = a->manifest.store.name,
                                    .inventory = &host,
                                    .policy = &policy,
                                    .commitments = &none};
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
    if (hd_map_make(&in, &map, &err) || hd_plan_make(a, map, &plan, &err))
        return false;
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
    MUST(!hd_job_request_check(&req, plan, &err));
    return true;
}

static void add_part(struct hd_gpt *gpt, const char *type,
                     const struct hd_uuid *id, struct hd_extent at,
                     const char *name)
{
    struct hd_part *p = &gpt->parts[gpt->n++];

    MUST(!hd_uuid_parse(type, &p->type, NULL));
    p->id = *id;
    p->start = at.start;
    p->length = at.length;
    snprintf(p->name, sizeof(p->name), "hotdom:%s", name);
}

static struct hd_answer *good_answer(void)
{
    struct hd_answer *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_manifest *m = NULL;
    struct hd_extent at = {1 * MIB, 512 * MIB};
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t len;

    MUST(a && !hd_io_read_file(GOOD, HD_MANIFEST_BYTES, &text, &len, &err));
    MUST(!hd_manifest_parse(text, len, HD_F_SIGNED, &m, &err));
    a->trusted = 1;
    a->medium_size = 1ull << 40;
    a->files_at = at.start + 8192;
    a->manifest = *m;
    a->gpt.sector = 512;
    a->gpt.entries = 1024;
    add_part(&a->gpt, HD_GUID_HEADER, &m->store.id, at, "");
    for (uint32_t i = 0; i < m->n_volumes; i++) {
        at.start += at.length;
        at.length = m->volumes[i].size;
        a->extents[i] = at;
        add_part(&a->gpt, HD_GUID_VOLUME, &m->volumes[i].partuuid, at,
                 m->volumes[i].name);
    }
    MUST(!check_answer(a, true, m->n_files, &err));
    MUST(check_plan_of(a));
    return a;
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
