/* SPDX-License-Identifier: MIT */
/* scrypt verifiers by OpenSSL; never keeps, prints or leaks a password. */
#include "auth.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>
#include <sys/random.h>

static int derive(const struct hd_auth *auth, const struct hd_secret *password,
                  uint8_t hash[sizeof(auth->hash)], struct hd_err *err)
{
    uint64_t n = auth->n, r = auth->r, p = auth->p;
    /* What scrypt allocates (RFC 7914, section 2), and a little over; OpenSSL
     * refuses more than 32 MiB unless told. */
    uint64_t most = 128 * r * (n + p + 2);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, password->data,
                                password->len),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)auth->salt,
                                sizeof(auth->salt)),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
        OSSL_PARAM_END,
    };
    int ok = ctx && EVP_KDF_derive(ctx, hash, sizeof(auth->hash), params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    if (!ok)
        return hd_fail(err, HD_E_FAILED,
                       "cannot derive a key; it takes %llu MiB of memory",
                       (unsigned long long)(most >> 20));
    return 0;
}

static int check_password(const struct hd_secret *password, struct hd_err *err)
{
    if (!password->len || password->len > HD_PASSWORD_MAX)
        return hd_fail(err, HD_E_USAGE, "a password has 1 to %d bytes",
                       HD_PASSWORD_MAX);
    return 0;
}

/* A power of two (RFC 7914, section 2). */
static uint64_t n_for(uint32_t memory_kib)
{
    uint64_t n = HD_SCRYPT_N_MIN;

    while (n < HD_SCRYPT_N_MAX && 2 * n <= memory_kib / 2)
        n *= 2;
    return n;
}

int hd_auth_make(const struct hd_secret *password, uint32_t memory_kib,
                 struct hd_auth *ret, struct hd_err *err)
{
    struct hd_auth auth = {
        .n = n_for(memory_kib), .r = HD_SCRYPT_R, .p = HD_SCRYPT_P};

    if (check_password(password, err))
        return -1;
    if (getrandom(auth.salt, sizeof(auth.salt), 0) != sizeof(auth.salt))
        return hd_fail_errno(err, HD_E_FAILED, "no random bytes");
    if (derive(&auth, password, auth.hash, err))
        return -1;
    *ret = auth;
    return 0;
}

int hd_auth_check(const struct hd_auth *auth, const struct hd_secret *password,
                  struct hd_err *err)
{
    uint8_t hash[sizeof(auth->hash)];
    int differs;

    if (check_password(password, NULL))
        return hd_fail(err, HD_E_WRONG_PASSWORD, "wrong password");
    if (derive(auth, password, hash, err))
        return -1;
    differs = hd_secret_compare(hash, auth->hash, sizeof(hash));
    OPENSSL_cleanse(hash, sizeof(hash));
    if (differs)
        return hd_fail(err, HD_E_WRONG_PASSWORD, "wrong password");
    return 0;
}
