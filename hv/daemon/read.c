/* SPDX-License-Identifier: MIT */
/* A hotdom-reader as hotdomd sees it: started, heard, ended at its deadline. */
#include "read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/policy.h"
#include "../host/trust.h"
#include "child.h"
#include "daemon.h"
#include "filecache.h"

struct hd_read {
    struct hd_child *child;
    char path[80];
    uint64_t began_ms;
    int sock; /* our end; the answer waits in it until the reader has ended */
    struct hd_filecache *cache;      /* borrowed */
    struct hd_filecache_view *known; /* what the reader was told */
    hd_read_fn *fn;
    void *ctx;
};

/* It came from a sandbox and goes to logs, terminals and JSON. */
static void clean(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static void free_read(struct hd_read *read)
{
    if (read->sock >= 0)
        close(read->sock);
    hd_filecache_view_free(read->known);
    free(read);
}

static void no_answer(struct hd_read *read, int status, bool timed_out,
                      struct hd_err *err)
{
    char how[64];

    if (timed_out) {
        hd_fail(err, HD_E_TIMEOUT, "%s was not read within %d s; is it sick?",
                read->path, (int)((hd_io_now_ms() - read->began_ms) / 1000));
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == HD_CHILD_NO_MEDIUM) {
        hd_fail(err, HD_E_NOT_A_STORE, "%s holds no medium", read->path);
        return;
    }
    hd_child_describe(status, how, sizeof(how));
    hd_fail(err, HD_E_IO, "the reader of %s %s", read->path, how);
}

/* As if all its files had come; 0 of a refused store, too. */
static int complete(struct hd_read *read, const struct hd_answer *answer,
                    int *fds, struct hd_err *err)
{
    if (answer->err.code)
        return 0;
    if (hd_filecache_view_fill(read->known, answer, fds, err))
        return -1;
    hd_filecache_add(read->cache, &answer->manifest, fds, hd_io_now_ms());
    return 0;
}

static int receive(struct hd_read *read, struct hd_answer **ret, int *fds,
                   size_t *n, struct hd_err *err)
{
    hd_autofree struct hd_answer *answer = NULL;

    if (hd_reader_receive(read->sock, &answer, fds, n, err))
        return -1;
    if (complete(read, answer, fds, err)) {
        for (size_t i = 0; i < *n; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        *n = 0;
        return -1;
    }
    clean(answer->err.msg);
    *ret = hd_steal(&answer);
    return 0;
}

/* After the reader's end its message, if it sent one, is in the socket: one
 * place for all outcomes, and nothing that can come too late.  At the deadline
 * the reader may live on, but not in here: its end of the socket is read once.
 */
static void on_ended(void *ctx, int status, bool timed_out)
{
    struct hd_read *read = ctx;
    struct hd_answer *answer = NULL;
    int fds[HD_MAX_FDS];
    struct hd_err err = {0};
    size_t n = 0;
    char peek;

    if (recv(read->sock, &peek, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        no_answer(read, status, timed_out, &err);
    else if (receive(read, &answer, fds, &n, &err))
        hd_wrap(&err, "the reader of %s", read->path);
    clean(err.msg);
    read->fn(read->ctx, answer, fds, n, &err);
    free_read(read);
}

static int trusted_keys(struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    hd_autofree struct hd_signer *keys = NULL;
    hd_autofree char *skipped = NULL;
    size_t n;

    if (hd_trust_list(HD_TRUSTED_DIR, &list, &n, &skipped, err))
        return -1;
    if (skipped)
        hd_log(HD_LOG_WARNING, "signers left out: %s", skipped);
    keys = calloc(n + 1, sizeof(*keys));
    if (!keys)
        return hd_fail_errno(err, HD_E_FAILED, "read signers");
    for (size_t i = 0; i < n; i++)
        keys[i] = list[i].signer;
    return hd_reader_keys(keys, n, err);
}

/* The policy counts from the next store on; where there is none nothing is
 * allowed. */
static int known_files(struct hd_read *read, const struct hd_rules *rules,
                       struct hd_err *err)
{
    struct hd_err ignored;
    const struct hd_policy *policy = hd_rules_policy(rules, &ignored);
    const struct hd_known *list;
    size_t n;

    hd_filecache_expire(read->cache, hd_io_now_ms());
    hd_filecache_limit(read->cache, policy ? policy->limits.cache : 0);
    read->known = hd_filecache_view_new(read->cache);
    if (!read->known)
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a reader");
    list = hd_filecache_view_list(read->known, &n);
    return hd_reader_known(list, n, err);
}

static void read_freep(struct hd_read **read)
{
    if (*read)
        free_read(*read);
}

#define autoread __attribute__((cleanup(read_freep))) struct hd_read

static struct hd_read *new_read(struct hd_filecache *cache, const char *device,
                                hd_read_fn *fn, void *ctx)
{
    struct hd_read *read = calloc(1, sizeof(*read));

    if (!read)
        return NULL;
    snprintf(read->path, sizeof(read->path), "/dev/%s", device);
    read->sock = -1;
    read->cache = cache;
    read->fn = fn;
    read->ctx = ctx;
    return read;
}

int hd_read_start(struct hd_daemon *daemon, const struct hd_device *device,
                  hd_read_fn *fn, void *ctx, struct hd_read **ret,
                  struct hd_err *err)
{
    const struct hd_work_kind *work = hd_work(HD_WORK_READ);
    autoread *read = new_read(daemon->files, device->name, fn, ctx);
    hd_autofd int keys = trusted_keys(err);
    hd_autofd int known = -1;
    hd_autofd int theirs = -1;
    int pair[2];

    if (keys < 0)
        return -1;
    if (!read || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a reader");
    read->sock = pair[0];
    theirs = pair[1];
    known = known_files(read, &daemon->rules, err);
    if (known < 0)
        return -1;
    read->began_ms = hd_io_now_ms();
    if (hd_child_start(daemon->loop,
                       &(struct hd_child_spec){
                           .path = HD_READER,
                           .open_path = read->path,
                           .fds = {[HD_READER_SOCK - 3] = theirs,
                                   [HD_READER_MEDIUM - 3] = HD_CHILD_OPEN,
                                   [HD_READER_KEYS - 3] = keys,
                                   [HD_READER_KNOWN - 3] = known},
                           .n_fds = 4,
                           .deadline_ms = read->began_ms + work->within_ms,
                           .leave_at_deadline = true,
                           .work_ms = HD_READER_WORK_MS,
                           .longest_ms = read->began_ms + work->at_work_ms},
                       on_ended, read, &read->child, err))
        return -1;
    *ret = hd_steal(&read);
    return 0;
}

void hd_read_cancel(struct hd_read *read)
{
    hd_child_abandon(read->child);
    free_read(read);
}
