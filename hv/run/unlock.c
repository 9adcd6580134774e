/* SPDX-License-Identifier: MIT */
/* The password of a job's user, and the volume keys that it opens; never
 * changes the host, and keeps secrets in locked memory only. */
#include "unlock.h"

#include <stdbool.h>
#include <string.h>

#include "../store/auth.h"

/* One byte more than allowed, so that a longer one shows. */
static int read_all(int fd, struct hd_secret *secret, struct hd_err *err)
{
    while (secret->len < secret->size) {
        ssize_t n =
            read(fd, secret->data + secret->len, secret->size - secret->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_IO, "cannot read the password");
        if (n == 0)
            return 0;
        secret->len += (size_t)n;
    }
    return hd_fail(err, HD_E_WRONG_PASSWORD,
                   "no password has more than %d bytes", HD_PASSWORD_MAX);
}

static struct hd_secret *new_secret(size_t size, struct hd_err *err)
{
    struct hd_secret *secret = hd_secret_new(size);

    if (!secret)
        hd_fail_errno(err, HD_E_FAILED, "no memory for a password");
    return secret;
}

static struct hd_secret *copy(const char *data, size_t len, struct hd_err *err)
{
    struct hd_secret *secret = new_secret(len, err);

    if (!secret)
        return NULL;
    memcpy(secret->data, data, len);
    secret->len = len;
    return secret;
}

int hd_unlock_read(int fd, struct hd_secret **ret, struct hd_err *err)
{
    hd_auto(hd_secret) secret = new_secret(HD_PASSWORD_MAX + 1, err);

    if (!secret || read_all(fd, secret, err))
        return -1;
    *ret = hd_steal(&secret);
    return 0;
}

int hd_unlock_read_two(int fd, struct hd_secret **ret,
                       struct hd_secret **ret_new, struct hd_err *err)
{
    hd_auto(hd_secret) both = new_secret(2 * HD_PASSWORD_MAX + 2, err);
    hd_auto(hd_secret) first = NULL;
    hd_auto(hd_secret) second = NULL;
    const char *nul;
    size_t len;

    if (!both || read_all(fd, both, err))
        return -1;
    nul = memchr(both->data, '\0', both->len);
    len = nul ? (size_t)(nul - both->data) : both->len;
    first = copy(both->data, len, err);
    if (!first)
        return -1;
    if (nul && both->len > len + 1) {
        second = copy(nul + 1, both->len - len - 1, err);
        if (!second)
            return -1;
    }
    *ret = hd_steal(&first);
    *ret_new = hd_steal(&second);
    return 0;
}

static bool is_encrypted(const struct hd_step *step)
{
    return step->kind == HD_STEP_OPEN_VOLUME &&
           step->u.volume.target == HD_TARGET_CRYPT;
}

/* The header of a volume that is not the key volume. */
static int open_derived(const struct hd_step_volume *v, int header,
                        const struct hd_secret *key, struct hd_secret **ret,
                        struct hd_err *err)
{
    hd_auto(hd_secret) passphrase = NULL;
    struct hd_err why = {0};

    if (hd_luks_derive(key, &v->luks.uuid, &passphrase, err))
        return -1;
    if (!hd_luks_users_open(header, 0, &v->luks, passphrase, ret, &why))
        return 0;
    /* The user's password was right: that is no wrong try of theirs. */
    if (why.code == HD_E_WRONG_PASSWORD)
        hd_fail(&why, HD_E_BAD_VOLUME,
                "the header is not the one that was signed");
    if (err)
        *err = why;
    return hd_wrap(err, "volume %s", v->dm_name);
}

static int open_all(const struct hd_job_request *req,
                    const struct hd_plan *plan, int headers,
                    const struct hd_secret *password,
                    struct hd_secret *keys[HD_MAX_LUKS], struct hd_err *err)
{
    if (hd_luks_users_open(headers, req->keyslot, &plan->luks, password,
                           &keys[0], err))
        return -1;
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step_volume *v = &plan->steps[i].u.volume;

        if (is_encrypted(&plan->steps[i]) && v->header &&
            open_derived(v, headers + (int)v->header, keys[0], &keys[v->header],
                         err))
            return -1;
    }
    return 0;
}

int hd_unlock(const struct hd_job_request *req, const struct hd_plan *plan,
              int headers, const struct hd_secret *password,
              struct hd_secret *keys[HD_MAX_LUKS], struct hd_err *err)
{
    if (req->ask == HD_ASK_KEYSLOT)
        return open_all(req, plan, headers, password, keys, err);
    for (uint32_t i = 0; i < plan->n_steps; i++)
        if (is_encrypted(&plan->steps[i]))
            return hd_fail(err, HD_E_DENIED,
                           "the store is encrypted; it needs a password");
    if (req->ask == HD_ASK_VERIFIER)
        return hd_auth_check(&req->auth, password, err);
    return 0;
}
