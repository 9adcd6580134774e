/* SPDX-License-Identifier: MIT */
/* Tests the parsers when memory runs out: the Nth allocation of ours fails, for
 * every N; the linker sends malloc and its kin here (--wrap in the Makefile).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../dom-guest/guard.h"
#include "../../hv/control/wire.h"
#include "../../hv/host/policy.h"
#include "../../hv/host/trust.h"
#include "../../hv/plan/json_read.h"
#include "../../hv/run/job_request.h"
#include "../../hv/store/header.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/fs9p/fids.h"
#include "store_kit.h"
#include "unit.h"

static long left = -1; /* allocations until one fails; -1: none does */

static bool fails(void)
{
    if (left > 0)
        left--;
    else if (left == 0)
        errno = ENOMEM;
    return left == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

/* json-c has a malloc of its own; its first is here. */
struct json_tokener *__real_json_tokener_new_ex(int depth);
struct json_tokener *__wrap_json_tokener_new_ex(int depth);

struct json_tokener *__wrap_json_tokener_new_ex(int depth)
{
    return fails() ? NULL : __real_json_tokener_new_ex(depth);
}

/* What is tried again with more memory each time, until it has enough. */
typedef int attempt_fn(void *ctx, struct hd_err *err);

/* Every lack of memory is an error that says what was lost; `least` of them
 * before it works.  Leaks are the sanitizer's to find. */
static void survives(attempt_fn *attempt, void *ctx, long least)
{
    for (long n = 1;; n++) {
        struct hd_err err = {0};
        int rc;

        left = n;
        rc = attempt(ctx, &err);
        left = -1;
        if (!rc) {
            CU_ASSERT_TRUE(n > least);
            return;
        }
        CU_ASSERT_EQUAL(err.code, HD_E_FAILED);
        CU_ASSERT_TRUE(err.msg[0]);
        CU_ASSERT_TRUE_FATAL(n < 1000);
    }
}

struct medium {
    int fd;
    const struct hd_signer *who;
    struct hd_answer *answer;
};

static int read_header(void *ctx, struct hd_err *err)
{
    const struct medium *m = ctx;
    struct hd_header_keys keys = {.list = m->who, .n = 1};
    int fds[HD_MAX_FDS];

    if (hd_header_read(m->fd, &keys, m->answer, fds, err))
        return -1;
    for (uint32_t i = 0; i < m->answer->manifest.n_files; i++)
        close(fds[i]);
    return 0;
}

static void a_store_is_refused_when_memory_runs_out(void)
{
    struct medium m = {.answer = calloc(1, sizeof(*m.answer))};
    struct kit_store s;

    kit_store_init(&s);
    m.fd = kit_store_build(&s);
    m.who = &s.who;
    survives(read_header, &m, 8);
    close(m.fd);
    free(m.answer);
    kit_store_fini(&s);
}

static int receive(void *ctx, struct hd_err *err)
{
    hd_autofree struct hd_answer *back = NULL;
    int pair[2], fds[HD_MAX_FDS], rc;
    size_t n = 0;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    CHECK_OK(hd_io_send_fds(pair[1], HD_READER_HELLO, strlen(HD_READER_HELLO),
                            ctx, 1, err),
             err);
    rc = hd_reader_receive(pair[0], &back, fds, &n, err);
    close(pair[0]);
    close(pair[1]);
    return rc;
}

static void an_answer_is_an_error_when_memory_runs_out(void)
{
    struct hd_answer *refusal = calloc(1, sizeof(*refusal));
    struct hd_err err = {0};
    int fd = hd_io_memfd("answer", sizeof(*refusal), &err);

    refusal->err.code = HD_E_NOT_A_STORE;
    CHECK_OK(hd_io_pwrite(fd, refusal, sizeof(*refusal), 0, &err), &err);
    CHECK_OK(hd_io_seal(fd, &err), &err);
    survives(receive, &fd, 1);
    close(fd);
    free(refusal);
}

static int take_request(void *ctx, struct hd_err *err)
{
    hd_autofree struct hd_job_request *req = NULL;
    hd_autofree struct hd_plan *plan = NULL;

    return hd_job_request_read(*(int *)ctx, &req, &plan, err);
}

static void a_job_ends_when_memory_runs_out(void)
{
    struct hd_job_request req = {.op = HD_JOB_START,
                                 .store = {{7}},
                                 .head = {.store = {{7}}, .label = "travel"},
                                 .plan_size = (uint32_t)hd_plan_size(0)};
    struct hd_plan plan = {.store = {{7}}, .label = "travel"};
    struct hd_err err = {0};
    int fd = hd_io_memfd("request", sizeof(req) + req.plan_size, &err);

    CHECK_OK(hd_io_pwrite(fd, &req, sizeof(req), 0, &err), &err);
    CHECK_OK(hd_io_pwrite(fd, &plan, req.plan_size, sizeof(req), &err), &err);
    CHECK_OK(hd_io_seal(fd, &err), &err);
    survives(take_request, &fd, 2);
    close(fd);
}

static int take_message(void *ctx, struct hd_err *err)
{
    struct hd_frame frame = {.max = 64};
    int rc;

    (void)ctx;
    rc = hd_frame_add(&frame, "x", 2, err);
    hd_frame_clear(&frame);
    return rc;
}

static int read_json(void *ctx, struct hd_err *err)
{
    struct json_object *root = hd_json_read(ctx, 2, 4, HD_E_FAILED, "it", err);

    json_object_put(root);
    return root ? 0 : -1;
}

static int load_policy(void *ctx, struct hd_err *err)
{
    static struct hd_policy policy;

    return hd_policy_load(ctx, &policy, err);
}

static int list_signers(void *ctx, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    size_t n;

    return hd_trust_list(ctx, &list, &n, NULL, err);
}

static void messages_and_settings_are_errors_when_memory_runs_out(void)
{
    survives(take_message, NULL, 1);
    survives(read_json, "{}", 1);
    survives(load_policy, "/nonexistent/hotdom.yaml", 2);
    survives(load_policy, "config/hotdom.yaml", 2);
    survives(list_signers, "/nonexistent", 1);
}

static int say(void *ctx, struct hd_guard *g, struct hd_entries *out,
               struct hd_err *err)
{
    static const char much[200000];

    (void)ctx, (void)g;
    return hd_entries_put(out, much, sizeof(much), err);
}

static int hear(void *ctx, struct hd_err *err)
{
    struct hd_entries out = {.max = 1 << 20};
    int rc = hd_guard_run(say, ctx, "read", hd_io_now_ms() + 9000, &out, err);

    hd_entries_fini(&out);
    return rc;
}

/* Though it has more to say than the pipe holds. */
static void a_child_is_not_heard_when_memory_runs_out(void)
{
    survives(hear, NULL, 1);
}

static int make_fid(struct hd_9p_fids *fids, uint32_t id, long allocations)
{
    int rc;

    left = allocations;
    rc = hd_9p_fid_make(fids, id, "/");
    left = -1;
    return rc;
}

/* The table has 256 slots, and takes more for the next. */
static void fids_are_refused_when_memory_runs_out_and_the_others_stay(void)
{
    struct hd_9p_fids fids = {0};
    int rc;

    CU_ASSERT_EQUAL(make_fid(&fids, 0, 0), ENOMEM);
    for (uint32_t id = 0; id < 256; id++)
        CU_ASSERT_EQUAL(make_fid(&fids, id, -1), 0);
    CU_ASSERT_EQUAL(make_fid(&fids, 256, 0), ENOMEM);
    CU_ASSERT_EQUAL(make_fid(&fids, 256, 2), 0);
    left = 0;
    rc = hd_9p_fid_move(&fids, hd_9p_fid_find(&fids, 7), "/elsewhere");
    left = -1;
    CU_ASSERT_EQUAL(rc, ENOMEM);
    CU_ASSERT_EQUAL(fids.n, 257);
    for (uint32_t id = 0; id <= 256; id++) {
        const struct hd_9p_fid *f = hd_9p_fid_find(&fids, id);

        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        CU_ASSERT_STRING_EQUAL(f->path, "/");
    }
    hd_9p_fids_drop(&fids);
}

static const struct hd_test tests[] = {
    HD_TEST(a_store_is_refused_when_memory_runs_out),
    HD_TEST(an_answer_is_an_error_when_memory_runs_out),
    HD_TEST(a_job_ends_when_memory_runs_out),
    HD_TEST(messages_and_settings_are_errors_when_memory_runs_out),
    HD_TEST(a_child_is_not_heard_when_memory_runs_out),
    HD_TEST(fids_are_refused_when_memory_runs_out_and_the_others_stay),
};

HD_SUITE("base/no_memory", tests);
