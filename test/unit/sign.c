/* SPDX-License-Identifier: MIT */
/* Tests hv/store/sign. */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../../hv/store/sign.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* RFC 8032, section 7.1, test 2: one byte, 0x72. */
static const struct hd_signer rfc_signer = {
    {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
     0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
     0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c}};
static const uint8_t rfc_sig[HD_SIG_BYTES] = {
    0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82,
    0x0b, 0x5f, 0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50,
    0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08,
    0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13,
    0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30, 0x2a,
    0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};
static const char rfc_text[] =
    "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";

struct folder {
    char dir[32], name[48], key[56], pub[56];
};

static void folder_init(struct folder *f)
{
    strcpy(f->dir, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
    snprintf(f->name, sizeof(f->name), "%s/k", f->dir);
    snprintf(f->key, sizeof(f->key), "%s.key", f->name);
    snprintf(f->pub, sizeof(f->pub), "%s.pub", f->name);
}

static void folder_fini(struct folder *f)
{
    unlink(f->key);
    unlink(f->pub);
    rmdir(f->dir);
}

static void the_vector_of_the_rfc_verifies(void)
{
    struct hd_err err = {0};

    CHECK_OK(hd_sign_verify(&rfc_signer, "\x72", 1, rfc_sig, &err), &err);
}

static void any_changed_bit_is_refused(void)
{
    for (size_t bit = 0; bit < 8 * HD_SIG_BYTES; bit++) {
        uint8_t sig[HD_SIG_BYTES];
        struct hd_err err = {0};

        memcpy(sig, rfc_sig, sizeof(sig));
        sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_FAILS(hd_sign_verify(&rfc_signer, "\x72", 1, sig, &err), &err,
                    HD_E_BAD_SIGNATURE, "does not fit");
    }
}

static void another_message_is_refused(void)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_sign_verify(&rfc_signer, "\x73", 1, rfc_sig, &err), &err,
                HD_E_BAD_SIGNATURE, "does not fit");
    CHECK_FAILS(hd_sign_verify(&rfc_signer, "\x72\0", 2, rfc_sig, &err), &err,
                HD_E_BAD_SIGNATURE, "does not fit");
    CHECK_FAILS(hd_sign_verify(&rfc_signer, "", 0, rfc_sig, &err), &err,
                HD_E_BAD_SIGNATURE, "does not fit");
}

/* S + L is the same number modulo the group's order: a second signature of the
 * same message, made without the key. */
static void a_malleable_signature_is_refused(void)
{
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    uint8_t sig[HD_SIG_BYTES];
    struct hd_err err = {0};
    unsigned carry = 0;

    memcpy(sig, rfc_sig, sizeof(sig));
    for (size_t i = 0; i < 32; i++) {
        carry += sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CU_ASSERT_EQUAL(carry, 0);
    CHECK_FAILS(hd_sign_verify(&rfc_signer, "\x72", 1, sig, &err), &err,
                HD_E_BAD_SIGNATURE, "does not fit");
}

/* With the identity as key, R = identity and S = 0 sign everything. */
static void keys_of_small_order_are_refused_everywhere(void)
{
    static const uint8_t low[] = {0x00, 0x01, 0xec, 0xed, 0xee};
    uint8_t sig[HD_SIG_BYTES] = {1};

    for (size_t i = 0; i < 2 * sizeof(low); i++) {
        uint8_t fill = low[i / 2] >= 0xec ? 0xff : 0;
        char pem[HD_SIGNER_PEM + 1], text[HD_SIGNER_TEXT];
        struct hd_err err = {0};
        struct hd_signer s, got;

        memset(s.key, fill, sizeof(s.key));
        s.key[0] = low[i / 2];
        s.key[31] = (uint8_t)((fill & 0x7f) | (i % 2 ? 0x80 : 0));
        hd_signer_format(&s, text);
        hd_signer_format_pem(&s, pem);
        CHECK_FAILS(hd_sign_verify(&s, "x", 1, sig, &err), &err,
                    HD_E_BAD_SIGNATURE, "anybody can sign");
        CHECK_FAILS(hd_signer_parse(text, &got, &err), &err, HD_E_BAD_SIGNATURE,
                    "anybody can sign");
        CHECK_FAILS(hd_signer_parse_pem(pem, HD_SIGNER_PEM, &got, &err), &err,
                    HD_E_BAD_SIGNATURE, "anybody can sign");
    }
}

static void both_text_forms_read_back(void)
{
    char pem[HD_SIGNER_PEM + 1], text[HD_SIGNER_TEXT];
    struct hd_err err = {0};
    struct hd_signer got;

    hd_signer_format(&rfc_signer, text);
    CU_ASSERT_STRING_EQUAL(text, rfc_text);
    CHECK_OK(hd_signer_parse(text, &got, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&got, &rfc_signer, sizeof(got)), 0);
    hd_signer_format_pem(&rfc_signer, pem);
    CU_ASSERT_EQUAL(strlen(pem), HD_SIGNER_PEM);
    CHECK_OK(hd_signer_parse_pem(pem, HD_SIGNER_PEM, &got, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&got, &rfc_signer, sizeof(got)), 0);
}

static void any_other_text_of_a_signer_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "ed25519:",
        "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
        "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw",
        "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgx",
        "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zg=",
        "Ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
        "ed25519:PUAXw-hDiVqStwqn Rt-vJyYLM8uxJaMwM1V8Sr0Zgw",
        "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw\n",
    };
    struct hd_signer got;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        struct hd_err err = {0};

        CHECK_FAILS(hd_signer_parse(bad[i], &got, &err), &err, HD_E_USAGE,
                    "signer");
    }
}

static void any_changed_byte_of_a_pem_is_refused(void)
{
    char pem[HD_SIGNER_PEM + 1];
    struct hd_signer got;

    hd_signer_format_pem(&rfc_signer, pem);
    for (size_t i = 0; i < HD_SIGNER_PEM; i++) {
        struct hd_err err = {0};
        char old = pem[i];

        pem[i] = '\n' == old ? ' ' : '!';
        CHECK_FAILS(hd_signer_parse_pem(pem, HD_SIGNER_PEM, &got, &err), &err,
                    HD_E_BAD_SIGNATURE, "not the PEM");
        pem[i] = old;
        CHECK_FAILS(hd_signer_parse_pem(pem, i, &got, &err), &err,
                    HD_E_BAD_SIGNATURE, "not the PEM");
    }
    CU_ASSERT_EQUAL(hd_signer_parse_pem(pem, HD_SIGNER_PEM + 1, &got, NULL),
                    -1);
}

static void a_made_key_signs_and_openssl_agrees(void)
{
    struct hd_signer made, signer, from_pub;
    hd_autofree char *pem = NULL;
    uint8_t sig[HD_SIG_BYTES];
    struct hd_err err = {0};
    struct folder f;
    char command[256];
    struct stat st;
    size_t len;

    folder_init(&f);
    CHECK_OK(hd_sign_keygen(f.name, &made, &err), &err);
    CU_ASSERT_EQUAL(stat(f.key, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CHECK_OK(hd_io_read_file(f.pub, 4096, &pem, &len, &err), &err);
    CHECK_OK(hd_signer_parse_pem(pem, len, &from_pub, &err), &err);
    CHECK_OK(hd_sign(f.key, "hello", 5, sig, &signer, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&made, &signer, sizeof(made)), 0);
    CU_ASSERT_EQUAL(memcmp(&made, &from_pub, sizeof(made)), 0);
    CHECK_OK(hd_sign_verify(&signer, "hello", 5, sig, &err), &err);
    snprintf(command, sizeof(command),
             "openssl pkey -in %s -pubout 2>/dev/null | cmp -s - %s", f.key,
             f.pub);
    CU_ASSERT_EQUAL(system(command), 0);
    folder_fini(&f);
}

static void keys_are_never_overwritten(void)
{
    struct hd_err err = {0};
    struct hd_signer made;
    struct folder f;

    folder_init(&f);
    CHECK_OK(hd_io_write_file(f.pub, "mine", 4, 0600, &err), &err);
    CHECK_FAILS(hd_sign_keygen(f.name, &made, &err), &err, HD_E_EXISTS,
                "k.pub exists");
    CU_ASSERT_EQUAL(access(f.key, F_OK), -1);
    unlink(f.pub);
    CHECK_OK(hd_sign_keygen(f.name, &made, &err), &err);
    unlink(f.pub);
    CHECK_FAILS(hd_sign_keygen(f.name, &made, &err), &err, HD_E_EXISTS,
                "k.key exists");
    folder_fini(&f);
}

static void a_key_that_cannot_be_kept_is_not_made(void)
{
    static char long_name[PATH_MAX + 1];
    struct rlimit none = {0}, old;
    struct hd_err err = {0};
    struct hd_signer made;
    struct folder f;

    folder_init(&f);
    CHECK_FAILS(hd_sign_keygen("/nonexistent/k", &made, &err), &err, HD_E_IO,
                "cannot create /nonexistent/k.key: No such file");
    memset(long_name, 'a', PATH_MAX);
    CHECK_FAILS(hd_sign_keygen(long_name, &made, &err), &err, HD_E_USAGE,
                "the name is too long");
    /* A full disk, as far as this process can see. */
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    none.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &none);
    CU_ASSERT_EQUAL(hd_sign_keygen(f.name, &made, &err), -1);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    CU_ASSERT_EQUAL(err.code, HD_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "cannot write"));
    CU_ASSERT_EQUAL(access(f.key, F_OK), -1);
    folder_fini(&f);
}

/* OpenSSL must not ask for it on the terminal. */
static void a_key_with_a_password_is_refused_without_asking(void)
{
    uint8_t sig[HD_SIG_BYTES];
    struct hd_err err = {0};
    char command[256];
    struct hd_signer s;
    struct folder f;

    folder_init(&f);
    snprintf(command, sizeof(command),
             "openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out %s",
             f.key);
    CU_ASSERT_EQUAL(system(command), 0);
    CHECK_FAILS(hd_sign(f.key, "x", 1, sig, &s, &err), &err, HD_E_USAGE,
                "is no Ed25519 private key");
    folder_fini(&f);
}

static void a_file_that_is_no_private_key_is_named(void)
{
    uint8_t sig[HD_SIG_BYTES];
    struct hd_err err = {0};
    struct hd_signer s;
    struct folder f;

    folder_init(&f);
    CHECK_FAILS(hd_sign(f.key, "x", 1, sig, &s, &err), &err, HD_E_IO,
                "k.key: No such file");
    CHECK_OK(hd_io_write_file(f.key, "rubbish", 7, 0600, &err), &err);
    CHECK_FAILS(hd_sign(f.key, "x", 1, sig, &s, &err), &err, HD_E_USAGE,
                "is no Ed25519 private key");
    folder_fini(&f);
}

static const struct hd_test tests[] = {
    HD_TEST(the_vector_of_the_rfc_verifies),
    HD_TEST(any_changed_bit_is_refused),
    HD_TEST(another_message_is_refused),
    HD_TEST(a_malleable_signature_is_refused),
    HD_TEST(keys_of_small_order_are_refused_everywhere),
    HD_TEST(both_text_forms_read_back),
    HD_TEST(any_other_text_of_a_signer_is_refused),
    HD_TEST(any_changed_byte_of_a_pem_is_refused),
    HD_TEST(a_made_key_signs_and_openssl_agrees),
    HD_TEST(keys_are_never_overwritten),
    HD_TEST(a_key_that_cannot_be_kept_is_not_made),
    HD_TEST(a_key_with_a_password_is_refused_without_asking),
    HD_TEST(a_file_that_is_no_private_key_is_named),
};

HD_SUITE("store/sign", tests);
