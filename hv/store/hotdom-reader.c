/* SPDX-License-Identifier: MIT */
/* hotdom-reader: answers about one medium from inside a sandbox; never looks at
 * the medium before it is confined. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "confine.h"
#include "header.h"
#include "reader.h"

/* Our caller's memory, whoever that is: sealed, so that nobody changes it while
 * we look.  The caller frees `*ret`. */
static int read_list(int fd, size_t each, void **ret, size_t *ret_n,
                     struct hd_err *err)
{
    hd_autofree char *list = NULL;
    struct stat st;
    size_t n;

    if (hd_io_check_sealed(fd, UINT64_MAX, err))
        return -1;
    if (fstat(fd, &st))
        return hd_fail_errno(err, HD_E_FAILED, "cannot stat a list");
    n = (size_t)st.st_size / each;
    list = calloc(n + 1, each);
    if (!list)
        return hd_fail_errno(err, HD_E_FAILED, "read a list");
    if (hd_io_pread(fd, list, n * each, 0, err))
        return -1;
    *ret = hd_steal(&list);
    *ret_n = n;
    return 0;
}

static int read_lists(struct hd_header_keys *keys, void **ret_signers,
                      void **ret_known, struct hd_err *err)
{
    if (read_list(HD_READER_KEYS, sizeof(*keys->list), ret_signers, &keys->n,
                  err))
        return hd_wrap(err, "the trusted signers");
    keys->list = *ret_signers;
    if (keys->any || fcntl(HD_READER_KNOWN, F_GET_SEALS) < 0)
        return 0;
    if (read_list(HD_READER_KNOWN, sizeof(*keys->known), ret_known,
                  &keys->n_known, err))
        return hd_wrap(err, "the known files");
    keys->known = *ret_known;
    return 0;
}

/* OpenSSL looks for its configuration at first use, which the sandbox would
 * punish: so that use is here, with nothing of a store. */
static int warm_up(struct hd_err *err)
{
    static const struct hd_signer rfc8032_test1 = {
        {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
         0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
         0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a}};
    static const uint8_t no_signature[HD_SIG_BYTES];
    struct hd_err refused = {0};

    if (!hd_sign_verify(&rfc8032_test1, "", 0, no_signature, &refused) ||
        refused.code != HD_E_BAD_SIGNATURE)
        return hd_fail(err, HD_E_FAILED, "signatures do not work here");
    return 0;
}

static int send_answer(const struct hd_answer *answer, const int *given,
                       size_t n, struct hd_err *err)
{
    int fds[1 + HD_MAX_FDS];
    size_t n_fds = 1;

    fds[0] = hd_io_memfd("hotdom-answer", sizeof(*answer), err);
    if (fds[0] < 0 || hd_io_pwrite(fds[0], answer, sizeof(*answer), 0, err) ||
        hd_io_seal(fds[0], err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (given[i] >= 0)
            fds[n_fds++] = given[i];
    return hd_io_send_fds(HD_READER_SOCK, HD_READER_HELLO,
                          strlen(HD_READER_HELLO), fds, n_fds, err);
}

static int run(bool any, struct hd_err *err)
{
    hd_autofree struct hd_answer *answer = calloc(1, sizeof(*answer));
    hd_autofree void *signers = NULL;
    hd_autofree void *known = NULL;
    struct hd_header_keys keys = {.any = any};
    struct hd_err refused = {0};
    int fds[HD_MAX_FDS];
    size_t n = 0, from = 0;

    if (!answer)
        return hd_fail_errno(err, HD_E_FAILED, "cannot answer");
    if (warm_up(err) || hd_confine("hotdom-reader", HD_READER_MEMORY, err) ||
        read_lists(&keys, &signers, &known, err))
        return -1;
    if (hd_header_read(HD_READER_MEDIUM, &keys, answer, fds, &refused))
        answer->err = refused;
    else
        n = answer->manifest.n_files +
            hd_manifest_count_luks(&answer->manifest);
    if (any && n)
        from = answer->manifest.n_files;
    return send_answer(answer, fds + from, n - from, err);
}

int main(int argc, char **argv)
{
    struct hd_err err = {0};

    hd_log_init("hotdom-reader", HD_LOG_INFO);
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "--any-signer"))) {
        hd_log(HD_LOG_ERROR, "usage: hotdom-reader [--any-signer]");
        _exit(hd_err_status(HD_E_USAGE));
    }
    if (run(argc == 2, &err)) {
        hd_log(HD_LOG_ERROR, "%s", err.msg);
        _exit(hd_err_status(err.code));
    }
    /* Nothing to flush, and exit handlers may not do what they would. */
    _exit(0);
}
