#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store in a file of the host's.

load lib

setup_file() { bed push "$stores/auto.img" /root/kept.img >/dev/null; }

teardown_file() { dom0 'rm -f /root/kept.img'; }

setup() { dom0 'cp --sparse=always kept.img file.img'; }

teardown() {
    dom0 'hotdom eject --all >/dev/null 2>&1; rm -f file.img plain'
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
    [ "$(dom0 'udevadm info -q property "$(losetup -n -O NAME -j file.img)" |
        grep -c ID_FS_ || true')" = 0 ]
    dom0 hotdom verify-host
    dom0 systemctl restart hotdomd
    await 60 running guest_state auto
    await 90 yes answers auto
    in_guest auto 'echo kept | dd of=/dev/xvda conv=fsync 2>/dev/null'
    # It is let go of by the time that eject says so.
    dom0 hotdom eject auto
    [ "$(disks file.img)" = 0 ]
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

@test "files that come and go at once do not take each other's place" {
    dom0 'head -c 16M /dev/zero >plain
        hotdom attach plain & hotdom attach file.img & wait
        hotdom attach plain || :'
    await 60 running state auto
    [ "$(disks plain)" = 0 ]
    dom0 'hotdom eject auto && hotdom attach file.img'
    await 60 running state auto
    [ "$(disks file.img)" = 1 ]
}
