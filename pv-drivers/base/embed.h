/* SPDX-License-Identifier: MIT */
/* A file of the build in a program, byte for byte. */
#ifndef HD_BASE_EMBED_H
#define HD_BASE_EMBED_H

/* Declares and defines `name`, the bytes of `file` and a NUL behind them, at
 * which `name`_end is; at an address for any type.  The assembler looks for
 * `file` from where it was started, then in its -I.  Once a program: the names
 * are global. */
#define HD_EMBED(name, file)                                                   \
    extern const char name[], name##_end[];                                    \
    __asm__(".pushsection .rodata\n"                                           \
            ".balign 16\n"                                                     \
            ".global " #name ", " #name "_end\n" #name ": .incbin \"" file     \
            "\"\n" #name "_end: .byte 0\n"                                     \
            ".popsection\n")

#endif
