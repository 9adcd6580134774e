/* SPDX-License-Identifier: MIT */
/* Tests hv/store/header and member with good and hostile stores. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "../../hv/store/header.h"
#include "../../hv/store/ustar.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "store_kit.h"
#include "unit.h"

/* A good store, spoilt by the body, must be refused so. */
#define REFUSED(spoil, want, words)                                            \
    do {                                                                       \
        struct hd_err err = {0};                                               \
        struct kit_store s;                                                    \
                                                                               \
        kit_store_init(&s);                                                    \
        spoil;                                                                 \
        CHECK_FAILS(kit_refuse(&s, &err), &err, want, words);                  \
        kit_store_fini(&s);                                                    \
    } while (0)

static void a_good_store_is_read(void)
{
    struct hd_err err = {0};
    struct kit_store s;

    kit_store_init(&s);
    CHECK_OK(kit_refuse(&s, &err), &err);
    kit_store_fini(&s);
}

static void what_is_no_store_says_so(void)
{
    static const off_t sizes[] = {0, 1, 512, 1023, 1024, 4096, 1 << 20};
    struct hd_signer none = {{0}};

    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++) {
        struct hd_err err = {0};
        hd_autofd int fd = hd_io_memfd("empty", (uint64_t)sizes[i], &err);

        CHECK_FAILS(kit_read(fd, &none, &err), &err, HD_E_NOT_A_STORE,
                    "no hotdom store on it");
    }
    REFUSED(s.gpt.parts[0].type.byte[0] ^= 1, HD_E_NOT_A_STORE,
            "no hotdom store on it");
    REFUSED(s.gpt.n = 0, HD_E_NOT_A_STORE, "no hotdom store on it");
}

static void what_is_neither_a_file_nor_a_device_is_no_store(void)
{
    struct hd_signer none = {{0}};
    struct hd_err err = {0};
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CHECK_FAILS(kit_read(ends[0], &none, &err), &err, HD_E_NOT_A_STORE,
                "neither a device nor a file");
    close(ends[0]);
    close(ends[1]);
    CHECK_FAILS(kit_read(-1, &none, &err), &err, HD_E_IO, "cannot stat");
}

static void a_store_cut_anywhere_is_refused(void)
{
    struct hd_err err = {0};
    struct kit_store s;
    int fd;

    kit_store_init(&s);
    fd = kit_store_build(&s);
    /* The last 33 sectors are the backup table, which nobody needs. */
    for (off_t cut = KIT_SIZE - 20480; cut > 0; cut -= 4096) {
        CU_ASSERT_EQUAL(ftruncate(fd, cut), 0);
        CHECK_FAILS(kit_read(fd, &s.who, &err), &err, HD_E_BAD_HEADER, "");
    }
    close(fd);
    kit_store_fini(&s);
}

static void any_changed_byte_before_the_files_is_refused(void)
{
    struct hd_err err = {0};
    struct kit_store s;
    uint8_t *map;
    size_t end;
    int fd;

    kit_store_init(&s);
    fd = kit_store_build(&s);
    map = mmap(NULL, KIT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    /* The table, the members, their padding and the blocks of zeros. */
    end = KIT_HEADER + 12 * HD_USTAR_BLOCK + hd_ustar_padded(s.manifest.len);
    for (size_t at = 512; at < end; at += at < KIT_HEADER ? 41 : 7) {
        bool table = at < 512 + 92 || (at >= 1024 && at < 1024 + 16384);

        if (at < KIT_HEADER && !table)
            continue;
        map[at] ^= 0x20;
        if (!kit_read(fd, &s.who, &err)) {
            printf("\n    byte %zu\n", at);
            CU_FAIL("a changed byte was taken");
        }
        map[at] ^= 0x20;
    }
    CHECK_OK(kit_read(fd, &s.who, &err), &err);
    munmap(map, KIT_SIZE);
    close(fd);
    kit_store_fini(&s);
}

static void the_signature_must_be_the_signers_over_this_manifest(void)
{
    REFUSED(kit_store_put(&s.manifest, s.text, strlen(s.text) - 1),
            HD_E_BAD_SIGNATURE, "the signature does not fit the manifest");
    REFUSED(((uint8_t *)s.sig.data)[0] ^= 1, HD_E_BAD_SIGNATURE,
            "does not fit");
    REFUSED(kit_store_put(&s.sig, s.sig.data, 63), HD_E_BAD_SIGNATURE,
            "the signature has 63 bytes, not 64");
    REFUSED(kit_store_put(&s.sig, s.text, 65), HD_E_BAD_SIGNATURE,
            "manifest.sig has 65 bytes");
    REFUSED(free(s.sig.data); s.sig.data = NULL, HD_E_BAD_HEADER,
                              "manifest.sig is not where it must be");
    REFUSED(kit_store_put(&s.signer, s.text, 113), HD_E_BAD_SIGNATURE,
            "signer.pub: not the PEM");
    REFUSED(kit_store_put(&s.signer, s.signer.data, 112), HD_E_BAD_SIGNATURE,
            "signer.pub: not the PEM");
}

/* Signed by one key, delivered with another that is trusted. */
static void anothers_signature_is_refused(void)
{
    struct kit_store other;
    char pem[HD_SIGNER_PEM + 1];

    kit_store_init(&other);
    hd_signer_format_pem(&other.who, pem);
    REFUSED(kit_store_put(&s.signer, pem, HD_SIGNER_PEM);
            s.who = other.who, HD_E_BAD_SIGNATURE, "does not fit");
    kit_store_fini(&other);
}

static void the_all_zero_key_is_refused_before_trust_is_asked(void)
{
    struct hd_signer zero = {{0}};
    char pem[HD_SIGNER_PEM + 1];

    hd_signer_format_pem(&zero, pem);
    REFUSED(kit_store_put(&s.signer, pem, HD_SIGNER_PEM);
            s.who = zero, HD_E_BAD_SIGNATURE, "anybody can sign");
}

static void an_unknown_signer_is_named_with_the_line_that_trusts_it(void)
{
    struct hd_err err = {0};
    char words[200], text[HD_SIGNER_TEXT];
    struct kit_store s;
    int fd;

    kit_store_init(&s);
    /* Not even looked at: the manifest is rubbish. */
    kit_store_sign(&s, "rubbish");
    fd = kit_store_build(&s);
    hd_signer_format(&s.who, text);
    snprintf(words, sizeof(words),
             "signer %s is not trusted here; if you know it: hotdom trust add "
             "NAME %s",
             text, text);
    CHECK_FAILS(kit_read(fd, NULL, &err), &err, HD_E_UNTRUSTED_SIGNER, words);
    close(fd);
    kit_store_fini(&s);
}

static void a_signed_manifest_may_still_be_bad(void)
{
    REFUSED(kit_store_edit(&s, "generation: 7", "generation: -7"),
            HD_E_BAD_MANIFEST, "manifest.yaml: line 2, column 77: generation");
    REFUSED(kit_store_edit(&s, "n: 32768", "n: 1024"), HD_E_BAD_MANIFEST,
            "n: 1024 is out of range, 32768 to 1048576");
    REFUSED(kit_store_edit(&s, "n: 32768", "n: 1099511627776"),
            HD_E_BAD_MANIFEST, "out of range, 32768 to 1048576");
    REFUSED(kit_store_edit(&s, "n: 32768", "n: 32769"), HD_E_BAD_MANIFEST,
            "n is not a power of two");
    REFUSED(kit_store_edit(&s, "kernel: desk/vmlinux", "kernel: desk/other"),
            HD_E_BAD_MANIFEST, "no file is named \"desk/other\"");
    REFUSED(kit_store_edit(&s, "kernel: desk/vmlinux", "kernel: ../vmlinux"),
            HD_E_BAD_MANIFEST, "is not a relative path");
}

static void a_manifest_over_one_mebibyte_is_refused(void)
{
    char *large = calloc(1, HD_MANIFEST_BYTES + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, '#', HD_MANIFEST_BYTES + 1);
    REFUSED(kit_store_put(&s.manifest, large, HD_MANIFEST_BYTES + 1);
            s.gpt.parts[0].length = KIT_VOLUME - KIT_HEADER, HD_E_BAD_MANIFEST,
            "manifest.yaml has 1048577 bytes");
    free(large);
}

static void volumes_and_partitions_must_be_the_same(void)
{
    REFUSED(s.gpt.parts[1].length -= 512, HD_E_BAD_HEADER,
            "volume root has 1048064 bytes and the manifest says 1048576");
    REFUSED(strcpy(s.gpt.parts[1].name, "hotdom:r00t"), HD_E_BAD_HEADER,
            "volume root has no partition");
    REFUSED(strcpy(s.gpt.parts[1].name, "root"), HD_E_BAD_HEADER,
            "volume root has no partition");
    REFUSED(s.gpt.parts[1].id.byte[3] ^= 1, HD_E_BAD_HEADER,
            "volume root has no partition");
    REFUSED(s.gpt.parts[1].type.byte[3] ^= 1, HD_E_BAD_HEADER,
            "it has 0 volumes and the manifest names 1");
    REFUSED(s.gpt.n = 1, HD_E_BAD_HEADER,
            "it has 0 volumes and the manifest names 1");
    REFUSED(s.gpt.parts[2] = s.gpt.parts[1]; s.gpt.parts[1].length = 512 << 10;
            s.gpt.parts[2].start += 512 << 10;
            s.gpt.parts[2].length = 512 << 10; s.gpt.parts[2].id.byte[0] ^= 1;
            s.gpt.n = 3, HD_E_BAD_HEADER,
            "it has 2 volumes and the manifest names 1");
}

static void there_is_one_header_partition(void)
{
    REFUSED(s.gpt.parts[1].type = s.gpt.parts[0].type, HD_E_BAD_HEADER,
            "two header partitions");
    REFUSED(strcpy(s.gpt.parts[0].name, "x"), HD_E_BAD_HEADER,
            "a wrong name or size");
}

static void files_must_be_what_the_manifest_says(void)
{
    REFUSED(((char *)s.files[0].data)[KIT_KERNEL - 1] ^= 1, HD_E_BAD_MEMBER,
            "desk/vmlinux is not what the manifest says");
    REFUSED(s.files[0].len -= 1, HD_E_BAD_MEMBER,
            "desk/vmlinux has 1023 bytes and the manifest says 1024");
    REFUSED(s.files[0].name = "desk/other", HD_E_BAD_HEADER,
            "desk/vmlinux is not where it must be");
    REFUSED(s.files[0].name = "../desk/vmlinux", HD_E_BAD_HEADER,
            "desk/vmlinux is not where it must be");
    REFUSED(s.files[0].name = "/desk/vmlinux", HD_E_BAD_HEADER,
            "desk/vmlinux is not where it must be");
    REFUSED(s.n_files = 1; free(s.files[1].data), HD_E_BAD_HEADER,
                           "desk/extra.zst is not where it must be");
}

static void a_zstd_file_unpacks_to_exactly_its_size(void)
{
    char two[64];
    size_t len = ZSTD_compress(two, sizeof(two), "abc", 3, 1);

    REFUSED(s.files[1].unpacked = KIT_UNPACKED - 1;
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER,
            "desk/extra.zst does not unpack to the 299999");
    REFUSED(s.files[1].unpacked = KIT_UNPACKED + 1;
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER,
            "desk/extra.zst does not unpack to the 300001");
    REFUSED(s.files[1].unpacked = 1; kit_store_sign(&s, NULL), HD_E_BAD_MEMBER,
                                     "does not unpack to the 1 bytes");
    REFUSED(s.files[1].len--;
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER, "does not unpack");
    REFUSED(kit_store_put(&s.files[1], "rubbish", 7);
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER, "does not unpack");
    memcpy(two + len, two, len);
    REFUSED(kit_store_put(&s.files[1], two, 2 * len); s.files[1].unpacked = 6;
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER, "does not unpack");
}

/* A window of 128 MiB for a frame of a few bytes. */
static void a_zstd_window_that_takes_all_memory_is_refused(void)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3,
                                    0x19, 0x00, 0x00, 'a',  'b',  'c'};

    REFUSED(kit_store_put(&s.files[1], frame, sizeof(frame));
            s.files[1].unpacked = 3;
            kit_store_sign(&s, NULL), HD_E_BAD_MEMBER, "does not unpack");
}

/* Not even looked at; but what stands around it is. */
static void a_file_known_by_digest_and_sizes_is_passed_over(void)
{
    struct hd_answer *a = calloc(1, sizeof(*a));
    struct hd_header_keys keys = {.n = 1, .n_known = 1};
    struct hd_known known = {.size = KIT_KERNEL, .kernel = 1};
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct kit_store s;

    kit_store_init(&s);
    EVP_Digest(s.files[0].data, KIT_KERNEL, known.sha256, NULL, EVP_sha256(),
               NULL);
    keys.list = &s.who;
    keys.known = &known;
    for (int i = 0; i < 3; i++) {
        hd_autofd int medium = -1;

        if (i == 1)
            ((char *)s.files[0].data)[KIT_KERNEL - 1] ^= 1;
        if (i == 2)
            s.files[0].name = "desk/other";
        medium = kit_store_build(&s);
        if (i == 2) {
            CHECK_FAILS(hd_header_read(medium, &keys, a, fds, &err), &err,
                        HD_E_BAD_HEADER, "desk/vmlinux is not where");
            continue;
        }
        CHECK_OK(hd_header_read(medium, &keys, a, fds, &err), &err);
        CU_ASSERT_EQUAL(a->known[0], 1);
        CU_ASSERT_EQUAL(fds[0], -1);
        close(fds[1]);
    }
    free(a);
    kit_store_fini(&s);
}

/* It may be anything: whoever kept it did not look. */
static void a_kernel_that_is_known_as_a_ramdisk_is_read_and_checked(void)
{
    hd_autofree struct hd_answer *a = calloc(1, sizeof(*a));
    struct hd_header_keys keys = {.n = 1, .n_known = 1};
    struct hd_known known = {.size = KIT_KERNEL};
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct kit_store s;

    kit_store_init(&s);
    keys.list = &s.who;
    keys.known = &known;
    for (int i = 0; i < 2; i++) {
        hd_autofd int medium = -1;

        if (i == 1) {
            ((char *)s.files[0].data)[0] = 'E';
            kit_store_sign(&s, NULL);
        }
        EVP_Digest(s.files[0].data, KIT_KERNEL, known.sha256, NULL,
                   EVP_sha256(), NULL);
        medium = kit_store_build(&s);
        if (i == 1) {
            CHECK_FAILS(hd_header_read(medium, &keys, a, fds, &err), &err,
                        HD_E_BAD_KERNEL, "it is no ELF file");
            continue;
        }
        CHECK_OK(hd_header_read(medium, &keys, a, fds, &err), &err);
        CU_ASSERT_EQUAL(a->known[0], 0);
        CHECK_OK(hd_io_check_sealed(fds[0], KIT_KERNEL, &err), &err);
        close(fds[0]);
        close(fds[1]);
    }
    kit_store_fini(&s);
}

static void a_kernel_that_is_none_is_refused(void)
{
    REFUSED(((char *)s.files[0].data)[0] = 'E';
            kit_store_sign(&s, NULL), HD_E_BAD_KERNEL,
            "desk/vmlinux: it is no ELF file");
    REFUSED(s.files[0].len = 600; kit_store_sign(&s, NULL), HD_E_BAD_KERNEL,
                                  "points outside the file");
}

static const struct hd_test tests[] = {
    HD_TEST(a_good_store_is_read),
    HD_TEST(what_is_no_store_says_so),
    HD_TEST(what_is_neither_a_file_nor_a_device_is_no_store),
    HD_TEST(a_store_cut_anywhere_is_refused),
    HD_TEST(any_changed_byte_before_the_files_is_refused),
    HD_TEST(the_signature_must_be_the_signers_over_this_manifest),
    HD_TEST(anothers_signature_is_refused),
    HD_TEST(the_all_zero_key_is_refused_before_trust_is_asked),
    HD_TEST(an_unknown_signer_is_named_with_the_line_that_trusts_it),
    HD_TEST(a_signed_manifest_may_still_be_bad),
    HD_TEST(a_manifest_over_one_mebibyte_is_refused),
    HD_TEST(volumes_and_partitions_must_be_the_same),
    HD_TEST(there_is_one_header_partition),
    HD_TEST(files_must_be_what_the_manifest_says),
    HD_TEST(a_zstd_file_unpacks_to_exactly_its_size),
    HD_TEST(a_zstd_window_that_takes_all_memory_is_refused),
    HD_TEST(a_file_known_by_digest_and_sizes_is_passed_over),
    HD_TEST(a_kernel_that_is_known_as_a_ramdisk_is_read_and_checked),
    HD_TEST(a_kernel_that_is_none_is_refused),
};

HD_SUITE("store/header", tests);
