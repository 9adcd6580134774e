/* SPDX-License-Identifier: MIT */
/* hotdom-reader: answers about one medium from inside a sandbox; never looks at
 * the medium before it is confined. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "confine.h"
#include "header.h"
#include "reader.h"

/* Our own memory's content, whoever sent it: sealed, so that nobody changes it
 * while we look. */
static int read_keys(struct hd_signer **ret, size_t *ret_n, struct hd_err *err)
{
    hd_autofree struct hd_signer *keys = NULL;
    struct stat st;

    if (hd_io_check_sealed(HD_READER_KEYS, UINT64_MAX, err) ||
        fstat(HD_READER_KEYS, &st))
        return hd_wrap(err, "the trusted signers");
    *ret_n = (size_t)st.st_size / sizeof(*keys);
    keys = calloc(*ret_n + 1, sizeof(*keys));
    if (!keys)
        return hd_fail_errno(err, HD_E_FAILED, "the trusted signers");
    if (hd_io_pread(HD_READER_KEYS, keys, *ret_n * sizeof(*keys), 0, err))
        return hd_wrap(err, "the trusted signers");
    *ret = hd_steal(&keys);
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

static int send_answer(const struct hd_answer *answer, const int *files,
                       size_t n, struct hd_err *err)
{
    int fds[1 + HD_MAX_FILES];

    fds[0] = hd_io_memfd("hotdom-answer", sizeof(*answer), err);
    if (fds[0] < 0 || hd_io_pwrite(fds[0], answer, sizeof(*answer), 0, err) ||
        hd_io_seal(fds[0], err))
        return -1;
    memcpy(fds + 1, files, n * sizeof(*fds));
    return hd_io_send_fds(HD_READER_SOCK, HD_READER_HELLO,
                          strlen(HD_READER_HELLO), fds, 1 + n, err);
}

static int run(bool any, struct hd_err *err)
{
    hd_autofree struct hd_answer *answer = calloc(1, sizeof(*answer));
    hd_autofree struct hd_signer *list = NULL;
    struct hd_header_keys keys = {.any = any};
    struct hd_err refused = {0};
    int fds[HD_MAX_FILES];
    size_t n = 0;

    if (!answer)
        return hd_fail_errno(err, HD_E_FAILED, "cannot answer");
    if (warm_up(err) || hd_confine("hotdom-reader", HD_READER_MEMORY, err) ||
        read_keys(&list, &keys.n, err))
        return -1;
    keys.list = list;
    if (hd_header_read(HD_READER_MEDIUM, &keys, answer, fds, &refused))
        answer->err = refused;
    else if (!any)
        n = answer->manifest.n_files;
    return send_answer(answer, fds, n, err);
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
