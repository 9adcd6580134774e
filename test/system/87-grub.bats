#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A guest whose kernel is no Linux: Debian's GRUB for Xen.

load lib

@test "a guest begins with GRUB from its own disk, beside a Linux guest of its store" {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_grub
    plug grub
    await 60 running state grub
    await 120 yes answers loader
    await 60 yes answers plain
    [[ $(in_guest loader 'cat /proc/cmdline') == *from.grub* ]]
    [[ $(in_guest plain 'cat /proc/cmdline') != *from.grub* ]]
    # GRUB has let go of the disk and the guest's own driver has it.
    [[ $(in_guest loader 'head -c 1082 /dev/xvda | tail -c 2 | od -An -tx1') == *'53 ef'* ]]
    dom0 hotdom eject grub
    rm "$stores/grub.img"
}
