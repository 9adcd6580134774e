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
#include "../host/trust.h"
#include "child.h"

struct hd_read {
    struct hd_child *child;
    char path[80];
    int sock; /* our end; the answer waits in it until the reader has ended */
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
    close(read->sock);
    free(read);
}

static void no_answer(struct hd_read *read, int status, bool timed_out,
                      struct hd_err *err)
{
    char how[64];

    if (timed_out) {
        hd_fail(err, HD_E_TIMEOUT, "%s was not read within %d s; is it sick?",
                read->path, HD_READER_DEADLINE_MS / 1000);
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == HD_CHILD_NO_MEDIUM) {
        hd_fail(err, HD_E_NOT_A_STORE, "%s holds no medium", read->path);
        return;
    }
    hd_child_describe(status, how, sizeof(how));
    hd_fail(err, HD_E_IO, "the reader of %s %s", read->path, how);
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
    else if (hd_reader_receive(read->sock, &answer, fds, &n, &err))
        hd_wrap(&err, "the reader of %s", read->path);
    else
        clean(answer->err.msg);
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

int hd_read_start(uv_loop_t *loop, const struct hd_device *device,
                  hd_read_fn *fn, void *ctx, struct hd_read **ret,
                  struct hd_err *err)
{
    hd_autofree struct hd_read *read = calloc(1, sizeof(*read));
    hd_autofd int keys = trusted_keys(err);
    hd_autofd int theirs = -1;
    hd_autofd int ours = -1;
    int pair[2];

    if (keys < 0)
        return -1;
    if (!read || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a reader");
    ours = pair[0];
    theirs = pair[1];
    snprintf(read->path, sizeof(read->path), "/dev/%s", device->name);
    read->fn = fn;
    read->ctx = ctx;
    if (hd_child_start(
            loop,
            &(struct hd_child_spec){
                .path = HD_READER,
                .open_path = read->path,
                .fds = {[HD_READER_SOCK - 3] = theirs,
                        [HD_READER_MEDIUM - 3] = HD_CHILD_OPEN,
                        [HD_READER_KEYS - 3] = keys},
                .n_fds = 3,
                .deadline_ms = hd_io_now_ms() + HD_READER_DEADLINE_MS,
                .leave_at_deadline = true},
            on_ended, read, &read->child, err))
        return -1;
    read->sock = hd_steal_fd(&ours);
    *ret = hd_steal(&read);
    return 0;
}

void hd_read_cancel(struct hd_read *read)
{
    hd_child_abandon(read->child);
    free_read(read);
}
