/* SPDX-License-Identifier: MIT */
/* Unpacks and checks kernels in memory; never runs another program for it. */
#include "kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "format.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_KERNEL, __VA_ARGS__)

/* Xen's public/elfnote.h: the virtual address of a PV guest's first
 * instruction; its owner's name is "Xen". */
#define XEN_ELFNOTE_ENTRY 1

#define MAX_PHDRS  64
#define MAX_MEMORY (1ull << 32) /* what a kernel may occupy, in bytes */

/* Linux' x86 boot protocol: offsets in the image. */
#define SETUP_SECTS    0x1f1
#define SETUP_MAGIC    0x202 /* "HdrS" */
#define SETUP_VERSION  0x206 /* 2.08 brought the payload's place */
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_END      0x250

static void archive_freep(struct archive **a)
{
    archive_read_free(*a);
}

#define autoarchive __attribute__((cleanup(archive_freep))) struct archive

static uint32_t get32(const void *image, size_t at)
{
    uint32_t v;

    memcpy(&v, (const char *)image + at, sizeof(v));
    return le32toh(v);
}

static bool is_elf(const void *image, size_t len)
{
    return len >= SELFMAG && !memcmp(image, ELFMAG, SELFMAG);
}

static int find_payload(const uint8_t *image, size_t len, size_t *ret_at,
                        size_t *ret_len, struct hd_err *err)
{
    uint64_t at, n;

    if (len < SETUP_END || memcmp(image + SETUP_MAGIC, "HdrS", 4))
        return BAD(err, "it is no bzImage and no ELF");
    if ((get32(image, SETUP_VERSION) & 0xffff) < 0x0208)
        return BAD(err, "it is older than Linux 2.6.24");
    /* Zero sectors of setup code mean four, for old times' sake. */
    at = ((image[SETUP_SECTS] ? image[SETUP_SECTS] : 4) + 1ull) * 512 +
         get32(image, PAYLOAD_OFFSET);
    n = get32(image, PAYLOAD_LENGTH);
    if (n < 8 || at > len || n > len - at)
        return BAD(err, "it is cut off");
    /* But for gzip, the build appends the unpacked size to the stream. */
    if (image[at] != 0x1f || image[at + 1] != 0x8b)
        n -= 4;
    *ret_at = at;
    *ret_len = n;
    return 0;
}

static struct archive *open_payload(const void *payload, size_t len,
                                    struct hd_err *err)
{
    autoarchive *a = archive_read_new();
    struct archive_entry *entry;

    if (!a || archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
        archive_read_support_filter_lzma(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_lz4(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_open_memory(a, payload, len) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK) {
        BAD(err, "cannot unpack it: %s",
            a ? archive_error_string(a) : "no memory");
        return NULL;
    }
    if (archive_filter_code(a, 0) == ARCHIVE_FILTER_NONE) {
        BAD(err, "cannot unpack it: an unknown compression");
        return NULL;
    }
    return hd_steal(&a);
}

/* Grows by doubling up to the bound. */
static int unpack(const void *payload, size_t len, void **ret_elf,
                  size_t *ret_len, struct hd_err *err)
{
    autoarchive *a = open_payload(payload, len, err);
    hd_autofree char *buf = NULL;
    size_t used = 0, room = 0;

    if (!a)
        return -1;
    for (;;) {
        la_ssize_t n;

        if (used == room) {
            char *more;

            room = room ? 2 * room : 1 << 24;
            if (room > HD_UNPACKED_BYTES)
                return BAD(err, "it unpacks to more than %u MiB",
                           HD_UNPACKED_BYTES >> 20);
            more = realloc(buf, room);
            if (!more)
                return hd_fail_errno(err, HD_E_FAILED, "unpack a kernel");
            buf = more;
        }
        n = archive_read_data(a, buf + used, room - used);
        if (n < 0)
            return BAD(err, "cannot unpack it: %s", archive_error_string(a));
        if (!n)
            break;
        used += (size_t)n;
    }
    if (hd_kernel_check(buf, used, err))
        return -1;
    *ret_elf = hd_steal(&buf);
    *ret_len = used;
    return 0;
}

/* Notes are name size, descriptor size, type, then both padded to 4 bytes. */
static bool has_entry_note(const char *notes, size_t len)
{
    while (len >= sizeof(Elf64_Nhdr)) {
        uint64_t name = get32(notes, 0), desc = get32(notes, 4);
        uint64_t padded = sizeof(Elf64_Nhdr) + ((name + 3) & ~3ull);

        if (padded + desc > len)
            return false;
        if (get32(notes, 8) == XEN_ELFNOTE_ENTRY && name == 4 && desc == 8 &&
            !memcmp(notes + sizeof(Elf64_Nhdr), "Xen", 4))
            return true;
        padded += (desc + 3) & ~3ull;
        if (padded > len)
            return false;
        notes += padded;
        len -= padded;
    }
    return false;
}

static int check_phdr(const char *elf, size_t len, const Elf64_Phdr *p,
                      uint64_t *memory, bool *entry, struct hd_err *err)
{
    uint64_t at = le64toh(p->p_offset), n = le64toh(p->p_filesz);
    uint64_t mem = le64toh(p->p_memsz), end;
    uint32_t type = le32toh(p->p_type);

    if (type != PT_LOAD && type != PT_NOTE)
        return 0;
    if (at > len || n > len - at)
        return BAD(err, "a program header points outside the file");
    if (type == PT_NOTE) {
        *entry = *entry || has_entry_note(elf + at, n);
        return 0;
    }
    if (n > mem || mem > MAX_MEMORY ||
        __builtin_add_overflow(le64toh(p->p_paddr), mem, &end) ||
        __builtin_add_overflow(le64toh(p->p_vaddr), mem, &end))
        return BAD(err, "a program header overflows");
    *memory += mem;
    return *memory > MAX_MEMORY ? BAD(err, "it takes too much memory") : 0;
}

int hd_kernel_check(const void *elf, size_t len, struct hd_err *err)
{
    uint64_t phoff, memory = 0;
    bool entry = false;
    Elf64_Ehdr h;

    if (len < sizeof(h) || !is_elf(elf, len))
        return BAD(err, "it is no ELF file");
    memcpy(&h, elf, sizeof(h));
    if (h.e_ident[EI_CLASS] != ELFCLASS64 ||
        h.e_ident[EI_DATA] != ELFDATA2LSB || le16toh(h.e_machine) != EM_X86_64)
        return BAD(err, "it is not for x86-64");
    phoff = le64toh(h.e_phoff);
    if (le16toh(h.e_phentsize) != sizeof(Elf64_Phdr) || !h.e_phnum ||
        le16toh(h.e_phnum) > MAX_PHDRS || phoff > len ||
        le16toh(h.e_phnum) * sizeof(Elf64_Phdr) > len - phoff)
        return BAD(err, "its program headers are out of bounds");
    for (size_t i = 0; i < le16toh(h.e_phnum); i++) {
        Elf64_Phdr p;

        memcpy(&p, (const char *)elf + phoff + i * sizeof(p), sizeof(p));
        if (check_phdr(elf, len, &p, &memory, &entry, err))
            return -1;
    }
    if (!memory || !entry)
        return BAD(err, "it has no entry for Xen PV guests");
    return 0;
}

int hd_kernel_unpack(const void *image, size_t len, void **ret_elf,
                     size_t *ret_len, struct hd_err *err)
{
    size_t at = 0, n = 0;

    if (is_elf(image, len)) {
        if (len > HD_UNPACKED_BYTES)
            return BAD(err, "it is larger than %u MiB",
                       HD_UNPACKED_BYTES >> 20);
        if (hd_kernel_check(image, len, err))
            return -1;
        *ret_elf = malloc(len);
        if (!*ret_elf)
            return hd_fail_errno(err, HD_E_FAILED, "copy a kernel");
        memcpy(*ret_elf, image, len);
        *ret_len = len;
        return 0;
    }
    if (find_payload(image, len, &at, &n, err))
        return -1;
    return unpack((const char *)image + at, n, ret_elf, ret_len, err);
}
