/* SPDX-License-Identifier: MIT */
/* Checks kernels; reads the headers and the notes and no other byte. */
#include "kernel.h"

#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_KERNEL, __VA_ARGS__)

/* Xen's public/elfnote.h: the virtual address of a PV guest's first
 * instruction; its owner's name is "Xen". */
#define XEN_ELFNOTE_ENTRY 1

#define MAX_PHDRS  64
#define MAX_NOTES  (64u << 10)  /* bytes of one segment; Linux has 500 */
#define MAX_MEMORY (1ull << 32) /* what a kernel may occupy, in bytes */

struct image {
    const char *memory; /* NULL: it is in `fd` */
    int fd;
    uint64_t len;
};

/* The caller has compared `at` and `n` with the length. */
static int read_at(const struct image *image, uint64_t at, void *buf, size_t n,
                   struct hd_err *err)
{
    if (!image->memory)
        return hd_io_pread(image->fd, buf, n, (off_t)at, err);
    memcpy(buf, image->memory + at, n);
    return 0;
}

static uint32_t get32(const void *image, size_t at)
{
    uint32_t v;

    memcpy(&v, (const char *)image + at, sizeof(v));
    return le32toh(v);
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

static int check_notes(const struct image *image, uint64_t at, uint64_t n,
                       bool *entry, struct hd_err *err)
{
    hd_autofree char *notes = NULL;

    if (n > MAX_NOTES)
        return BAD(err, "its notes have more than %u KiB", MAX_NOTES >> 10);
    notes = malloc(n + 1);
    if (!notes)
        return hd_fail_errno(err, HD_E_FAILED, "read a kernel's notes");
    if (read_at(image, at, notes, n, err))
        return -1;
    *entry = *entry || has_entry_note(notes, n);
    return 0;
}

static int check_phdr(const struct image *image, const Elf64_Phdr *p,
                      uint64_t *memory, bool *entry, struct hd_err *err)
{
    uint64_t at = le64toh(p->p_offset), n = le64toh(p->p_filesz);
    uint64_t mem = le64toh(p->p_memsz), end;
    uint32_t type = le32toh(p->p_type);

    if (type != PT_LOAD && type != PT_NOTE)
        return 0;
    if (at > image->len || n > image->len - at)
        return BAD(err, "a program header points outside the file");
    if (type == PT_NOTE)
        return check_notes(image, at, n, entry, err);
    if (n > mem || mem > MAX_MEMORY ||
        __builtin_add_overflow(le64toh(p->p_paddr), mem, &end) ||
        __builtin_add_overflow(le64toh(p->p_vaddr), mem, &end))
        return BAD(err, "a program header overflows");
    *memory += mem;
    return *memory > MAX_MEMORY ? BAD(err, "it takes too much memory") : 0;
}

static int check_ehdr(const struct image *image, Elf64_Ehdr *h,
                      struct hd_err *err)
{
    uint64_t phoff;

    if (image->len < sizeof(*h))
        return BAD(err, "it is no ELF file");
    if (read_at(image, 0, h, sizeof(*h), err))
        return -1;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG))
        return BAD(err, "it is no ELF file");
    if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB ||
        le16toh(h->e_machine) != EM_X86_64)
        return BAD(err, "it is not for x86-64");
    phoff = le64toh(h->e_phoff);
    if (le16toh(h->e_phentsize) != sizeof(Elf64_Phdr) || !h->e_phnum ||
        le16toh(h->e_phnum) > MAX_PHDRS || phoff > image->len ||
        le16toh(h->e_phnum) * sizeof(Elf64_Phdr) > image->len - phoff)
        return BAD(err, "its program headers are out of bounds");
    return 0;
}

static int check(const struct image *image, struct hd_err *err)
{
    Elf64_Phdr phdrs[MAX_PHDRS];
    uint64_t memory = 0;
    bool entry = false;
    Elf64_Ehdr h;

    if (check_ehdr(image, &h, err) ||
        read_at(image, le64toh(h.e_phoff), phdrs,
                le16toh(h.e_phnum) * sizeof(*phdrs), err))
        return -1;
    for (size_t i = 0; i < le16toh(h.e_phnum); i++)
        if (check_phdr(image, &phdrs[i], &memory, &entry, err))
            return -1;
    if (!memory || !entry)
        return BAD(err, "it has no entry for Xen PV guests");
    return 0;
}

int hd_kernel_check(const void *elf, size_t len, struct hd_err *err)
{
    return check(&(struct image){.memory = elf, .fd = -1, .len = len}, err);
}

int hd_kernel_check_fd(int fd, uint64_t len, struct hd_err *err)
{
    return check(&(struct image){.fd = fd, .len = len}, err);
}
