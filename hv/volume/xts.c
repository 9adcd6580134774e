/* SPDX-License-Identifier: MIT */
/* AES-256-XTS by OpenSSL, a sector at a time as dm-crypt does it; never keeps
 * the key outside OpenSSL's context, which it cleanses. */
#include "xts.h"

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

#include "luks_header.h"

#define SECTOR 512

struct hd_xts {
    EVP_CIPHER_CTX *encrypt, *decrypt;
};

static EVP_CIPHER_CTX *context(const struct hd_secret *key, int enc)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_xts(), NULL,
                                 (const uint8_t *)key->data, NULL, enc) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

int hd_xts_new(const struct hd_secret *key, struct hd_xts **ret,
               struct hd_err *err)
{
    hd_auto(hd_xts) x = NULL;

    if (key->len != HD_LUKS_KEY_BYTES)
        return hd_fail(err, HD_E_FAILED, "a volume key has %d bytes, not %zu",
                       HD_LUKS_KEY_BYTES, key->len);
    x = calloc(1, sizeof(*x));
    if (!x)
        return hd_fail_errno(err, HD_E_FAILED, "cannot encrypt");
    x->encrypt = context(key, 1);
    x->decrypt = context(key, 0);
    if (!x->encrypt || !x->decrypt)
        return hd_fail(err, HD_E_FAILED, "OpenSSL does not take the key");
    *ret = hd_steal(&x);
    return 0;
}

void hd_xts_free(struct hd_xts *x)
{
    if (!x)
        return;
    EVP_CIPHER_CTX_free(x->encrypt);
    EVP_CIPHER_CTX_free(x->decrypt);
    free(x);
}

/* plain64: the tweak is the sector's number in the volume, little endian. */
static int convert(EVP_CIPHER_CTX *ctx, uint8_t *data, size_t len, uint64_t at,
                   struct hd_err *err)
{
    if (len % SECTOR || at % SECTOR)
        return hd_fail(err, HD_E_FAILED,
                       "%zu bytes at %llu are not whole sectors", len,
                       (unsigned long long)at);
    for (size_t done = 0; done < len; done += SECTOR) {
        uint64_t tweak[2] = {htole64((at + done) / SECTOR), 0};
        int got;

        if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, (uint8_t *)tweak, -1) !=
                1 ||
            EVP_CipherUpdate(ctx, data + done, &got, data + done, SECTOR) !=
                1 ||
            got != SECTOR)
            return hd_fail(err, HD_E_FAILED, "OpenSSL failed at a sector");
    }
    return 0;
}

int hd_xts_encrypt(struct hd_xts *x, void *data, size_t len, uint64_t at,
                   struct hd_err *err)
{
    return convert(x->encrypt, data, len, at, err);
}

int hd_xts_decrypt(struct hd_xts *x, void *data, size_t len, uint64_t at,
                   struct hd_err *err)
{
    return convert(x->decrypt, data, len, at, err);
}
