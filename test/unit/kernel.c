/* SPDX-License-Identifier: MIT */
/* Tests hv/store/kernel with small kernels made here. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/kernel.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "store_kit.h"
#include "unit.h"

/* A file of `len` bytes that begins with these. */
static int kernel_file(const uint8_t *elf, size_t n, uint64_t len)
{
    struct hd_err err = {0};
    int fd = hd_io_memfd("kernel", len, &err);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CHECK_OK(hd_io_pwrite(fd, elf, n, 0, &err), &err);
    return fd;
}

#define EHDR(m) offsetof(Elf64_Ehdr, m), sizeof(((Elf64_Ehdr *)0)->m)
#define PHDR(i, m)                                                             \
    sizeof(Elf64_Ehdr) + (i) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, m),   \
        sizeof(((Elf64_Phdr *)0)->m)

static void elf_headers_that_lie_are_refused(void)
{
    static const struct {
        size_t at, len;
        uint64_t value;
        const char *words;
    } cases[] = {
        {EHDR(e_ident[0]), 'x', "no ELF file"},
        {EHDR(e_ident[EI_CLASS]), ELFCLASS32, "not for x86-64"},
        {EHDR(e_ident[EI_DATA]), ELFDATA2MSB, "not for x86-64"},
        {EHDR(e_machine), EM_AARCH64, "not for x86-64"},
        {EHDR(e_phentsize), 55, "program headers are out of bounds"},
        {EHDR(e_phnum), 0, "program headers are out of bounds"},
        {EHDR(e_phnum), 65, "program headers are out of bounds"},
        {EHDR(e_phnum), 60, "program headers are out of bounds"},
        {EHDR(e_phoff), KIT_KERNEL, "program headers are out of bounds"},
        {EHDR(e_phoff), UINT64_MAX, "program headers are out of bounds"},
        {EHDR(e_phoff), UINT64_MAX - 55, "program headers are out of bounds"},
        {PHDR(0, p_offset), 1, "points outside the file"},
        {PHDR(0, p_offset), UINT64_MAX, "points outside the file"},
        {PHDR(0, p_filesz), UINT64_MAX, "points outside the file"},
        {PHDR(0, p_filesz), KIT_KERNEL + 1, "points outside the file"},
        {PHDR(0, p_memsz), KIT_KERNEL - 1, "overflows"},
        {PHDR(0, p_memsz), UINT64_MAX, "overflows"},
        {PHDR(0, p_paddr), UINT64_MAX - 4094, "overflows"},
        {PHDR(0, p_vaddr), UINT64_MAX - 4094, "overflows"},
        {PHDR(0, p_type), PT_NULL, "no entry for Xen PV"},
        {PHDR(1, p_type), PT_NULL, "no entry for Xen PV"},
        {PHDR(1, p_filesz), 43, "no entry for Xen PV"},
        {PHDR(1, p_filesz), 0, "no entry for Xen PV"},
        {PHDR(1, p_offset), KIT_KERNEL - 43, "points outside the file"},
        {512 + 0, 4, UINT32_MAX, "no entry for Xen PV"},
        {512 + 4, 4, UINT32_MAX, "no entry for Xen PV"},
        {512 + 20, 4, 5, "no entry for Xen PV"},
        {512 + 24, 4, 4, "no entry for Xen PV"},
        {512 + 28, 4, 2, "no entry for Xen PV"},
        {512 + 32, 4, 0x6e6559, "no entry for Xen PV"},
    };
    uint8_t elf[KIT_KERNEL];
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_autofd int fd = -1;

        kit_kernel(elf);
        CHECK_OK(hd_kernel_check(elf, sizeof(elf), &err), &err);
        memcpy(elf + cases[i].at, &cases[i].value, cases[i].len);
        CHECK_FAILS(hd_kernel_check(elf, sizeof(elf), &err), &err,
                    HD_E_BAD_KERNEL, cases[i].words);
        fd = kernel_file(elf, sizeof(elf), sizeof(elf));
        CHECK_FAILS(hd_kernel_check_fd(fd, sizeof(elf), &err), &err,
                    HD_E_BAD_KERNEL, cases[i].words);
    }
}

static void a_kernel_in_a_file_is_taken(void)
{
    struct hd_err err = {0};
    uint8_t elf[KIT_KERNEL];
    hd_autofd int fd = -1;

    kit_kernel(elf);
    fd = kernel_file(elf, sizeof(elf), sizeof(elf));
    CHECK_OK(hd_kernel_check_fd(fd, sizeof(elf), &err), &err);
    CHECK_FAILS(hd_kernel_check_fd(fd, 63, &err), &err, HD_E_BAD_KERNEL,
                "it is no ELF file");
}

/* They would be read whole, and a segment may be as large as the file. */
static void notes_without_end_are_refused(void)
{
    uint64_t len = (uint64_t)1 << 28, filesz = (64 << 10) + 1;
    struct hd_err err = {0};
    uint8_t elf[KIT_KERNEL];
    hd_autofd int fd = -1;

    kit_kernel(elf);
    memcpy(elf + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) +
               offsetof(Elf64_Phdr, p_filesz),
           &filesz, sizeof(filesz));
    fd = kernel_file(elf, sizeof(elf), len);
    CHECK_FAILS(hd_kernel_check_fd(fd, len, &err), &err, HD_E_BAD_KERNEL,
                "its notes have more than 64 KiB");
}

static const struct hd_test tests[] = {
    HD_TEST(elf_headers_that_lie_are_refused),
    HD_TEST(a_kernel_in_a_file_is_taken),
    HD_TEST(notes_without_end_are_refused),
};

HD_SUITE("store/kernel", tests);
