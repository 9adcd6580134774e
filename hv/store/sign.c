/* SPDX-License-Identifier: MIT */
/* Ed25519 by OpenSSL; takes one text form of a key each and never a key for
 * which anybody can sign. */
#include "sign.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define TEXT_PREFIX "ed25519:"
#define PEM_HEAD    "-----BEGIN PUBLIC KEY-----\n"
#define PEM_TAIL    "\n-----END PUBLIC KEY-----\n"
#define KEY_FILE    4096 /* bytes of a private key's file, at most */

/* SubjectPublicKeyInfo of Ed25519 up to the key (RFC 8410, section 10.1). */
static const uint8_t der_head[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

/*
 * The y coordinates of the points of order 1, 2, 4 and 8, little endian without
 * the sign, the non-canonical ones included.  OpenSSL takes them as keys, and
 * a signature that fits many messages needs no secret then.
 */
static const uint8_t small_order[][HD_SIGNER_BYTES] = {
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static void pkey_freep(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

static void md_freep(EVP_MD_CTX **p)
{
    EVP_MD_CTX_free(*p);
}

static void bio_freep(BIO **p)
{
    BIO_free(*p);
}

#define autopkey __attribute__((cleanup(pkey_freep))) EVP_PKEY
#define automd   __attribute__((cleanup(md_freep))) EVP_MD_CTX
#define autobio  __attribute__((cleanup(bio_freep))) BIO

static int check_key(const struct hd_signer *signer, struct hd_err *err)
{
    struct hd_signer y = *signer;

    y.key[HD_SIGNER_BYTES - 1] &= 0x7f;
    for (size_t i = 0; i < HD_ARRAY_LEN(small_order); i++)
        if (!memcmp(y.key, small_order[i], sizeof(y.key)))
            return hd_fail(err, HD_E_BAD_SIGNATURE,
                           "the signer's key is one that anybody can sign for");
    return 0;
}

/* 32 bytes are 43 characters and "="; the URL's alphabet has - and _. */
void hd_signer_format(const struct hd_signer *signer, char text[HD_SIGNER_TEXT])
{
    unsigned char base64[45];

    EVP_EncodeBlock(base64, signer->key, HD_SIGNER_BYTES);
    snprintf(text, HD_SIGNER_TEXT, TEXT_PREFIX "%.43s", base64);
    for (char *c = text; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

/* Decodes loosely, writes it again, and takes it only if that is the same. */
int hd_signer_parse(const char *text, struct hd_signer *ret, struct hd_err *err)
{
    size_t prefix = strlen(TEXT_PREFIX), len = strlen(text);
    unsigned char base64[45] = {0}, raw[33];
    char again[HD_SIGNER_TEXT];
    struct hd_signer signer;

    if (len != HD_SIGNER_TEXT - 1 || strncmp(text, TEXT_PREFIX, prefix))
        return hd_fail(err, HD_E_USAGE,
                       "a signer is written ed25519: and 43 characters");
    for (size_t i = 0; i < 43; i++) {
        char c = text[prefix + i];

        base64[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    base64[43] = '=';
    if (EVP_DecodeBlock(raw, base64, 44) != sizeof(raw))
        return hd_fail(err, HD_E_USAGE, "not a signer: %s", text);
    memcpy(signer.key, raw, sizeof(signer.key));
    hd_signer_format(&signer, again);
    if (strcmp(text, again))
        return hd_fail(err, HD_E_USAGE, "not a signer: %s", text);
    if (check_key(&signer, err))
        return -1;
    *ret = signer;
    return 0;
}

void hd_signer_format_pem(const struct hd_signer *signer,
                          char pem[HD_SIGNER_PEM + 1])
{
    uint8_t der[sizeof(der_head) + HD_SIGNER_BYTES];
    unsigned char base64[61];

    memcpy(der, der_head, sizeof(der_head));
    memcpy(der + sizeof(der_head), signer->key, HD_SIGNER_BYTES);
    EVP_EncodeBlock(base64, der, sizeof(der));
    snprintf(pem, HD_SIGNER_PEM + 1, PEM_HEAD "%s" PEM_TAIL, base64);
}

int hd_signer_parse_pem(const char *pem, size_t len, struct hd_signer *ret,
                        struct hd_err *err)
{
    char again[HD_SIGNER_PEM + 1];
    struct hd_signer signer;
    uint8_t der[45];

    if (len != HD_SIGNER_PEM ||
        EVP_DecodeBlock(der, (const unsigned char *)pem + strlen(PEM_HEAD),
                        60) != sizeof(der))
        return hd_fail(err, HD_E_BAD_SIGNATURE,
                       "not the PEM of an Ed25519 public key");
    memcpy(signer.key, der + sizeof(der_head), sizeof(signer.key));
    hd_signer_format_pem(&signer, again);
    if (memcmp(pem, again, HD_SIGNER_PEM))
        return hd_fail(err, HD_E_BAD_SIGNATURE,
                       "not the PEM of an Ed25519 public key");
    if (check_key(&signer, err))
        return -1;
    *ret = signer;
    return 0;
}

static int signer_of(EVP_PKEY *key, struct hd_signer *ret, struct hd_err *err)
{
    size_t len = sizeof(ret->key);

    if (EVP_PKEY_get_raw_public_key(key, ret->key, &len) != 1 ||
        len != sizeof(ret->key))
        return hd_fail(err, HD_E_FAILED, "cannot take the public key");
    return 0;
}

static int create_file(const char *path, mode_t mode, const void *buf,
                       size_t len, struct hd_err *err)
{
    hd_autofd int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0 && errno == EEXIST)
        return hd_fail(err, HD_E_EXISTS,
                       "%s exists; choose another name or move it away", path);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot create %s", path);
    if (hd_io_write(fd, buf, len, err) || fsync(fd)) {
        unlink(path);
        return hd_fail(err, HD_E_IO, "cannot write %s", path);
    }
    return 0;
}

int hd_sign_keygen(const char *path, struct hd_signer *ret, struct hd_err *err)
{
    autopkey *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    autobio *bio = BIO_new(BIO_s_secmem());
    char key_path[PATH_MAX], pub_path[PATH_MAX], pem[HD_SIGNER_PEM + 1], *text;
    struct hd_signer signer;
    long len;

    if (!key || !bio ||
        !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
        return hd_fail(err, HD_E_FAILED, "cannot make a key");
    if ((size_t)snprintf(key_path, sizeof(key_path), "%s.key", path) >=
            sizeof(key_path) ||
        (size_t)snprintf(pub_path, sizeof(pub_path), "%s.pub", path) >=
            sizeof(pub_path))
        return hd_fail(err, HD_E_USAGE, "the name is too long");
    if (signer_of(key, &signer, err))
        return -1;
    hd_signer_format_pem(&signer, pem);
    len = BIO_get_mem_data(bio, &text);
    if (create_file(key_path, 0600, text, (size_t)len, err))
        return -1;
    if (create_file(pub_path, 0644, pem, HD_SIGNER_PEM, err)) {
        unlink(key_path);
        return -1;
    }
    *ret = signer;
    return 0;
}

/* OpenSSL would ask on the terminal for the password of an encrypted key. */
static int no_password(char *buf, int size, int rwflag, void *data)
{
    (void)buf, (void)size, (void)rwflag, (void)data;
    return -1;
}

static EVP_PKEY *load_key(const char *path, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    autobio *bio = NULL;
    EVP_PKEY *key;
    size_t len;

    if (hd_io_read_file(path, KEY_FILE, &text, &len, err))
        return NULL;
    bio = BIO_new_mem_buf(text, (int)len);
    key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    OPENSSL_cleanse(text, len);
    if (key && EVP_PKEY_is_a(key, "ED25519"))
        return key;
    EVP_PKEY_free(key);
    hd_fail(err, HD_E_USAGE,
            "%s is no Ed25519 private key; make one: hotdom "
            "keygen NAME",
            path);
    return NULL;
}

int hd_sign(const char *key_path, const void *data, size_t len,
            uint8_t sig[HD_SIG_BYTES], struct hd_signer *ret,
            struct hd_err *err)
{
    autopkey *key = load_key(key_path, err);
    automd *md = EVP_MD_CTX_new();
    size_t sig_len = HD_SIG_BYTES;

    if (!key)
        return -1;
    if (!md || EVP_DigestSignInit(md, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(md, sig, &sig_len, data, len) != 1)
        return hd_fail(err, HD_E_FAILED, "cannot sign with %s", key_path);
    return signer_of(key, ret, err);
}

int hd_sign_verify(const struct hd_signer *signer, const void *data, size_t len,
                   const uint8_t sig[HD_SIG_BYTES], struct hd_err *err)
{
    autopkey *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                signer->key, HD_SIGNER_BYTES);
    automd *md = EVP_MD_CTX_new();

    if (check_key(signer, err))
        return -1;
    if (!key || !md || EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) != 1)
        return hd_fail(err, HD_E_FAILED, "cannot verify a signature");
    if (EVP_DigestVerify(md, sig, HD_SIG_BYTES, data, len) != 1)
        return hd_fail(err, HD_E_BAD_SIGNATURE,
                       "the signature does not fit the manifest; do not use "
                       "this store");
    return 0;
}
