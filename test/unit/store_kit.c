/* SPDX-License-Identifier: MIT */
/* Builds stores for tests out of the same parts as hotdom pack does. */
#include "store_kit.h"

#include <elf.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "../../hv/store/header.h"
#include "../../hv/store/sign.h"
#include "../../hv/store/ustar.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "unit.h"

static const char manifest[] =
    "hotdom: 1\n"
    "store: {id: 11111111-2222-4333-8444-555555555555, name: travel, "
    "generation: 7}\n"
    "%s" /* files */
    "volumes:\n"
    "- {name: root, kind: data, encryption: none, partuuid: "
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, size: 1M}\n"
    "users:\n"
    "- name: owner\n"
    "  auth: {n: 32768, r: 8, p: 1, salt: %064d, hash: %064d}\n"
    "guests:\n"
    "- name: desk\n"
    "  id: 99999999-2222-4333-8444-555555555555\n"
    "  kernel: desk/vmlinux\n"
    "  volumes:\n"
    "  - {name: root, as: xvda}\n";

void kit_kernel(uint8_t elf[KIT_KERNEL])
{
    Elf64_Ehdr h = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(h),
        .e_ehsize = sizeof(h),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    Elf64_Phdr p[2] = {
        {.p_type = PT_LOAD,
         .p_filesz = KIT_KERNEL,
         .p_memsz = 4096,
         .p_paddr = 1 << 20,
         .p_vaddr = 0xffffffff80100000},
        {.p_type = PT_NOTE, .p_offset = 512, .p_filesz = 44},
    };
    /* A note before it, of an odd length: GNU, 3 bytes. */
    uint32_t notes[] = {4, 3, 1,        0x554e47,   0,         4,
                        8, 1, 0x6e6558, 0x80100000, 0xffffffff};

    memset(elf, 0x90, KIT_KERNEL);
    memcpy(elf, &h, sizeof(h));
    memcpy(elf + sizeof(h), p, sizeof(p));
    memcpy(elf + 512, notes, sizeof(notes));
}

void kit_store_put(struct kit_member *m, const void *data, size_t len)
{
    void *copy = malloc(len + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, data, len);
    free(m->data);
    m->data = copy;
    m->len = len;
}

static void add_file(struct kit_store *s, const char *name, const void *data,
                     size_t len, size_t unpacked)
{
    struct kit_member *m = &s->files[s->n_files++];

    *m = (struct kit_member){.name = name, .unpacked = unpacked};
    kit_store_put(m, data, len);
}

static void write_manifest(struct kit_store *s)
{
    char files[2048] = "files:\n";

    for (size_t i = 0; i < s->n_files; i++) {
        const struct kit_member *m = &s->files[i];
        char *at = files + strlen(files);
        uint8_t digest[32];

        EVP_Digest(m->data, m->len, digest, NULL, EVP_sha256(), NULL);
        at += sprintf(at, "- {name: %s, size: %zu, unpacked: %zu, sha256: ",
                      m->name, m->len, m->unpacked);
        for (size_t b = 0; b < sizeof(digest); b++)
            at += sprintf(at, "%02x", digest[b]);
        strcpy(at, "}\n");
    }
    snprintf(s->text, sizeof(s->text), manifest, files, 1, 2);
}

void kit_store_sign(struct kit_store *s, const char *text)
{
    uint8_t sig[HD_SIG_BYTES];
    struct hd_err err = {0};
    struct hd_signer who;

    if (text)
        snprintf(s->text, sizeof(s->text), "%s", text);
    else
        write_manifest(s);
    kit_store_put(&s->manifest, s->text, strlen(s->text));
    CHECK_OK(hd_sign(s->key, s->text, strlen(s->text), sig, &who, &err), &err);
    kit_store_put(&s->sig, sig, sizeof(sig));
}

void kit_store_edit(struct kit_store *s, const char *from, const char *to)
{
    char edited[KIT_TEXT];
    char *at = strstr(s->text, from);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(edited, sizeof(edited), "%.*s%s%s", (int)(at - s->text), s->text,
             to, at + strlen(from));
    kit_store_sign(s, edited);
}

static void init_gpt(struct hd_gpt *gpt)
{
    struct hd_part *p = gpt->parts;

    gpt->sector = 512;
    gpt->n = 2;
    hd_uuid_parse(HD_GUID_HEADER, &p[0].type, NULL);
    hd_uuid_make(&p[0].id, NULL);
    hd_uuid_make(&gpt->disk, NULL);
    p[0].start = KIT_HEADER;
    p[0].length = KIT_VOLUME - KIT_HEADER;
    strcpy(p[0].name, "hotdom:");
    hd_uuid_parse(HD_GUID_VOLUME, &p[1].type, NULL);
    hd_uuid_parse("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", &p[1].id, NULL);
    p[1].start = KIT_VOLUME;
    p[1].length = KIT_VOLUME;
    strcpy(p[1].name, "hotdom:root");
}

void kit_store_init(struct kit_store *s)
{
    char pem[HD_SIGNER_PEM + 1], name[48];
    uint8_t elf[KIT_KERNEL], packed[1024];
    hd_autofree char *zeros = calloc(1, KIT_UNPACKED);
    struct hd_err err = {0};

    memset(s, 0, sizeof(*s));
    strcpy(s->dir, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->dir));
    snprintf(name, sizeof(name), "%s/k", s->dir);
    snprintf(s->key, sizeof(s->key), "%s/k.key", s->dir);
    CHECK_OK(hd_sign_keygen(name, &s->who, &err), &err);
    hd_signer_format_pem(&s->who, pem);
    s->manifest.name = HD_MEMBER_MANIFEST;
    s->sig.name = HD_MEMBER_SIG;
    s->signer.name = HD_MEMBER_SIGNER;
    kit_store_put(&s->signer, pem, HD_SIGNER_PEM);
    kit_kernel(elf);
    add_file(s, "desk/vmlinux", elf, sizeof(elf), 0);
    add_file(s, "desk/extra.zst", packed,
             ZSTD_compress(packed, sizeof(packed), zeros, KIT_UNPACKED, 3),
             KIT_UNPACKED);
    init_gpt(&s->gpt);
    kit_store_sign(s, NULL);
}

void kit_store_fini(struct kit_store *s)
{
    char pub[48];

    snprintf(pub, sizeof(pub), "%s/k.pub", s->dir);
    unlink(s->key);
    unlink(pub);
    rmdir(s->dir);
    free(s->manifest.data);
    free(s->sig.data);
    free(s->signer.data);
    for (size_t i = 0; i < s->n_files; i++)
        free(s->files[i].data);
}

static uint64_t put_member(int fd, const struct kit_member *m, uint64_t at)
{
    uint8_t block[HD_USTAR_BLOCK];
    struct hd_err err = {0};

    hd_ustar_make(m->name, m->len, block);
    CHECK_OK(hd_io_pwrite(fd, block, sizeof(block), (off_t)at, &err), &err);
    at += sizeof(block);
    CHECK_OK(hd_io_pwrite(fd, m->data, m->len, (off_t)at, &err), &err);
    return at + hd_ustar_padded(m->len);
}

int kit_store_build(const struct kit_store *s)
{
    const struct kit_member *first[] = {&s->manifest, &s->sig, &s->signer};
    struct hd_err err = {0};
    int fd = hd_io_memfd("store", KIT_SIZE, &err);
    uint64_t at = KIT_HEADER;

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (size_t i = 0; i < 3; i++)
        if (first[i]->data)
            at = put_member(fd, first[i], at);
    for (size_t i = 0; i < s->n_files; i++)
        at = put_member(fd, &s->files[i], at);
    CHECK_OK(hd_gpt_write(fd, KIT_SIZE, &s->gpt, &err), &err);
    return fd;
}

static void exec_reader(int sock, int medium, int keys, int known)
{
    int high[] = {fcntl(sock, F_DUPFD, 10), fcntl(medium, F_DUPFD, 10),
                  fcntl(keys, F_DUPFD, 10), fcntl(known, F_DUPFD, 10)};
    char path[PATH_MAX];

    hd_beside(HD_READER, path);
    for (int i = 0; i < 4; i++)
        dup2(high[i], HD_READER_SOCK + i);
    execl(path, path, (char *)NULL);
    _exit(127);
}

struct rusage kit_reader_usage;

int kit_run_reader_knowing(int medium, const struct hd_signer *trusted,
                           const struct hd_known *known, size_t n_known,
                           struct hd_answer **ret, int fds[HD_MAX_FDS],
                           size_t *ret_n, struct hd_err *err)
{
    hd_autofd int keys = hd_reader_keys(trusted, trusted ? 1 : 0, err);
    hd_autofd int list = hd_reader_known(known, n_known, err);
    int pair[2], rc;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid = fork();
    if (!pid)
        exec_reader(pair[1], medium, keys, list);
    close(pair[1]);
    rc = hd_reader_receive(pair[0], ret, fds, ret_n, err);
    close(pair[0]);
    wait4(pid, NULL, 0, &kit_reader_usage);
    return rc;
}

int kit_run_reader(int medium, const struct hd_signer *trusted,
                   struct hd_answer **ret, int fds[HD_MAX_FDS], size_t *ret_n,
                   struct hd_err *err)
{
    return kit_run_reader_knowing(medium, trusted, NULL, 0, ret, fds, ret_n,
                                  err);
}

int kit_read(int medium, const struct hd_signer *trusted, struct hd_err *err)
{
    hd_autofree struct hd_answer *answer = malloc(sizeof(*answer));
    struct hd_header_keys keys = {.list = trusted, .n = trusted ? 1 : 0};
    int fds[HD_MAX_FDS];

    if (hd_header_read(medium, &keys, answer, fds, err))
        return -1;
    for (uint32_t i = 0; i < answer->manifest.n_files +
                                 hd_manifest_count_luks(&answer->manifest);
         i++)
        close(fds[i]);
    return 0;
}

int kit_refuse(const struct kit_store *s, struct hd_err *err)
{
    hd_autofd int medium = kit_store_build(s);

    return kit_read(medium, &s->who, err);
}
