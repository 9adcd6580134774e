#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store in a file of the host's.

load lib

setup() { bed push "$stores/auto.img" /root/file.img >/dev/null; }

teardown() {
    dom0 'hotdom eject --all >/dev/null 2>&1; rm -f /root/file.img /root/plain'
    end_test
}

disks() { dom0 "losetup -n -O NAME -j /root/$1 | wc -l"; }

@test "a file becomes a disk, its guest runs, and an eject lets go of it" {
    dom0 hotdom attach file.img
    await 60 running state auto
    [ "$(disks file.img)" = 1 ]
    # Two disks of it would each write.
    run dom0 hotdom attach ./file.img
    echo "$output"
    [[ $status -eq 1 && $output == *'file.img is /dev/loop'*' already'* ]]
    # Nobody but hotdom has looked at it.
    [ "$(dom0 'udevadm info -q property /dev/loop0 | grep -c ID_FS_ || true')" = 0 ]
    dom0 systemctl restart hotdomd
    await 60 running guest_state auto
    await 90 yes answers auto
    in_guest auto 'echo kept | dd of=/dev/xvda conv=fsync 2>/dev/null'
    dom0 hotdom eject auto
    await 10 0 disks file.img
    clean
    dom0 hotdom attach file.img
    await 60 running guest_state auto
    await 90 yes answers auto
    [[ $(in_guest auto 'head -c 4 /dev/xvda') == *kept* ]]
}

@test "a file that is no store does not stay a disk" {
    run dom0 'head -c 16M /dev/zero >plain; hotdom attach plain'
    echo "$output"
    [ "$status" -ne 0 ]
    await 10 0 disks plain
    run dom0 'hotdom attach /etc/missing'
    [ "$status" -ne 0 ]
}
