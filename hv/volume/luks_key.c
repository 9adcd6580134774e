/* SPDX-License-Identifier: MIT */
/* What comes from a volume key or from chance: marks, derived passphrases,
 * recovery keys; never touches a header. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "luks.h"

#define GROUPS 8
#define GROUP  8

static int hmac(const struct hd_secret *key, const char *prefix,
                const struct hd_uuid *uuid, uint8_t ret[32], struct hd_err *err)
{
    char id[HD_UUID_SIZE], text[64];
    int len;

    hd_uuid_format(uuid, id);
    len = snprintf(text, sizeof(text), "%s%s", prefix, id);
    if (!HMAC(EVP_sha256(), key->data, (int)key->len, (const uint8_t *)text,
              (size_t)len, ret, NULL))
        return hd_fail(err, HD_E_FAILED, "OpenSSL makes no HMAC");
    return 0;
}

int hd_luks_mark(const struct hd_secret *key, const struct hd_uuid *uuid,
                 uint8_t ret[32], struct hd_err *err)
{
    return hmac(key, "", uuid, ret, err);
}

int hd_luks_check_mark(const struct hd_secret *key, const struct hd_luks *luks,
                       struct hd_err *err)
{
    uint8_t mark[sizeof(luks->mark)];

    if (hd_luks_mark(key, &luks->uuid, mark, err))
        return -1;
    if (hd_secret_compare(mark, luks->mark, sizeof(mark)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the header is not the one that was signed");
    return 0;
}

/* Each byte as two of 16 letters. */
static void spell(const uint8_t *bytes, size_t n, const char letters[16],
                  char *ret)
{
    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = letters[bytes[i] >> 4];
        ret[2 * i + 1] = letters[bytes[i] & 15];
    }
}

int hd_luks_derive(const struct hd_secret *key, const struct hd_uuid *uuid,
                   struct hd_secret **ret, struct hd_err *err)
{
    hd_auto(hd_secret) raw = hd_secret_new(32);
    hd_auto(hd_secret) hex = hd_secret_new(64);

    if (!raw || !hex)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for a passphrase");
    if (hmac(key, "hotdom derived ", uuid, (uint8_t *)raw->data, err))
        return -1;
    spell((const uint8_t *)raw->data, 32, "0123456789abcdef", hex->data);
    hex->len = 64;
    *ret = hd_steal(&hex);
    return 0;
}

int hd_luks_recovery_key(struct hd_secret **ret, struct hd_err *err)
{
    const size_t len = GROUPS * (GROUP + 1) - 1;
    hd_auto(hd_secret) raw = hd_secret_new(GROUPS * GROUP / 2);
    hd_auto(hd_secret) text = hd_secret_new(len);

    if (!raw || !text)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for a recovery key");
    if (getrandom(raw->data, raw->size, 0) != (ssize_t)raw->size)
        return hd_fail_errno(err, HD_E_FAILED, "no random bytes");
    for (size_t i = 0; i < GROUPS; i++) {
        spell((const uint8_t *)raw->data + i * GROUP / 2, GROUP / 2,
              "cbdefghijklnrtuv", text->data + i * (GROUP + 1));
        if (i)
            text->data[i * (GROUP + 1) - 1] = '-';
    }
    text->len = len;
    *ret = hd_steal(&text);
    return 0;
}
